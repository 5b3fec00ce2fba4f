import type pg from 'pg'
import { parseApplicationName, waitingForLock } from '../connection/application-name.js'
import { queryRows, type Row } from '../connection/query.js'

/** A session that holds a lock, as pg_stat_activity shows it. */
export interface LockHolder {
  readonly pid: number
  readonly application: string
  readonly user: string
  readonly address: string | null
  /** When it connected. */
  readonly connected: Date | null
  /** When its transaction began, else its statement, else the session. */
  readonly since: Date | null
}

/** The sessions that hold a lock for which this condition on `pg_locks l` is true, the oldest transaction first. */
export async function findLockHolders(
  client: pg.ClientBase,
  condition: string,
): Promise<readonly LockHolder[]> {
  const rows = await queryRows(
    client,
    `select a.pid, a.application_name as application, a.usename as "user", host(a.client_addr) as address,
        a.backend_start as connected, coalesce(a.xact_start, a.query_start, a.backend_start) as since
      from pg_stat_activity a where a.pid in (select l.pid from pg_locks l where ${condition})
      order by a.xact_start, a.pid`,
  )
  return rows.map(parseLockHolder)
}

function parseLockHolder({ pid, application, user, address, connected, since }: Row): LockHolder {
  return {
    pid: Number(pid),
    application: typeof application === 'string' ? application : '',
    user: typeof user === 'string' ? user : '',
    address: typeof address === 'string' ? address : null,
    connected: connected instanceof Date ? connected : null,
    since: since instanceof Date ? since : null,
  }
}

/**
 * `shop-7d9, release 1a2b3c4, at 20261120_add_invoice, since 2026-11-21T09:14:02Z (user app, pid 4711, from 10.0.0.7)`.
 * Of a session that schemagate did not open: its application_name, and since when it is connected.
 */
export function describeLockHolder(holder: LockHolder): string {
  const { pid, application, user, address, connected, since } = holder
  const session = [`user ${user}`, `pid ${pid}`, ...(address === null ? [] : [`from ${address}`])]
  const name = parseApplicationName(application)
  if (name === null) {
    const all = [...session, ...(connected === null ? [] : [`connected since ${formatTime(connected)}`])]
    return `${application === '' ? 'a session' : application} (${all.join(', ')})`
  }
  const parts = [
    name.host ?? 'schemagate',
    ...(name.release === null ? [] : [`release ${name.release}`]),
    ...(name.revision === null || name.revision === waitingForLock ? [] : [`at ${name.revision}`]),
    ...(since === null ? [] : [`since ${formatTime(since)}`]),
  ]
  return `${parts.join(', ')} (${session.join(', ')})`
}

/** ISO 8601, to the second. */
function formatTime(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '')
}
