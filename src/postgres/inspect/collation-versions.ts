import type pg from 'pg'
import { queryRows } from '../connection/query.js'

/** A collation whose rules have changed since the server that recorded its version sorted by it. */
export interface ChangedCollation {
  /** The name of the database's own collation is that of the database. */
  readonly of: 'database' | 'collation'
  /** Its name in SQL. */
  readonly name: string
  readonly recorded: string
  /** The version that the server has now. */
  readonly actual: string
}

/** PostgreSQL's own collations count where a table uses them: after an upgrade of ICU all of them have another version. */
const collationsQuery = `select 'collation' as of, quote_ident(n.nspname) || '.' || quote_ident(l.collname) as name,
    l.collversion as recorded, pg_collation_actual_version(l.oid) as actual
  from pg_collation l join pg_namespace n on n.oid = l.collnamespace
  where l.collversion <> pg_collation_actual_version(l.oid)
    and (l.oid >= 16384 or exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.attcollation = l.oid and c.oid >= 16384))`

/** Only since 15 a database has a version of its own. */
const databaseQuery = `select 'database' as of, quote_ident(d.datname) as name, d.datcollversion as recorded,
    pg_database_collation_actual_version(d.oid) as actual
  from pg_database d
  where d.datname = current_database() and d.datcollversion <> pg_database_collation_actual_version(d.oid)`

/** The collations of the database whose version has changed. `major` is the server's major version. */
export async function readChangedCollations(
  client: pg.ClientBase,
  major: number,
): Promise<readonly ChangedCollation[]> {
  const queries = major >= 15 ? [databaseQuery, collationsQuery] : [collationsQuery]
  const rows = await queryRows(client, `${queries.join(' union all ')} order by 1 desc, 2`)
  return rows.map(({ of, name, recorded, actual }) => ({
    of: of === 'database' ? 'database' : 'collation',
    name: String(name),
    recorded: String(recorded),
    actual: String(actual),
  }))
}

/** What it means, and the commands that mend it. */
export function describeChangedCollation({ of, name, recorded, actual }: ChangedCollation): string {
  const mend =
    of === 'database'
      ? `REINDEX DATABASE ${name}; ALTER DATABASE ${name} REFRESH COLLATION VERSION;`
      : `REINDEX the indexes that use it, then ALTER COLLATION ${name} REFRESH VERSION;`
  return `the ${of === 'database' ? 'collation of the database' : of} ${name} was recorded with version ${recorded}, and the server has ${actual}: texts may be sorted in another order than in the indexes. To mend it: ${mend}`
}
