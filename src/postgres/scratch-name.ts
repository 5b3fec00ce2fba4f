import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { queryRows } from './connection/query.js'

const prefix = 'schemagate_scratch_'

/** A name for a scratch database that says when it was made, in UTC. */
export function scratchName(): string {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  return `${prefix}${now}_${randomBytes(6).toString('hex')}`
}

/** Of this role, made a day ago or earlier, and used by nobody: whoever made it was killed. */
const leftBehind = `select datname as name from pg_database d
  where datname ~ '^${prefix}\\d{14}_[0-9a-f]{12}$' and pg_get_userbyid(datdba) = current_user
    and substr(datname, ${prefix.length + 1}, 14) collate "C"
      < to_char(now() at time zone 'utc' - interval '1 day', 'YYYYMMDDHH24MISS') collate "C"
    and not exists (select from pg_stat_activity a where a.datid = d.oid)`

/** Drops the scratch databases that killed processes have left on a server. */
export async function dropLeftBehind(client: pg.ClientBase): Promise<void> {
  for (const { name } of await queryRows(client, leftBehind))
    await client
      .query(`drop database if exists ${pg.escapeIdentifier(String(name))}`)
      .catch((error: unknown) => {
        // Somebody uses it after all, or a subscription in it does.
        if (!(error instanceof pg.DatabaseError) || error.code !== '55006') throw error
      })
}
