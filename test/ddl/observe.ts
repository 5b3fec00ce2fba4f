import type pg from 'pg'
import { queryRows } from '../../src/postgres/connection/query.js'

/** What a statement did to the relations that were there before it, by their names in SQL. */
export interface Effects {
  /** The locks that make others wait, by PostgreSQL's names: `SHARE`. */
  readonly locks: readonly { readonly table: string; readonly lock: string }[]
  readonly rewritten: readonly string[]
  readonly scanned: readonly string[]
  /** The relations that it made. */
  readonly created: readonly string[]
}

/** Relations with their files. Not what an extension, an identity or a serial column has. */
const relationsQuery = `
  select c.oid::text as oid, format('%s.%s', quote_ident(n.nspname), quote_ident(c.relname)) as name,
    case when c.relkind = 'S' then 0 else coalesce(pg_relation_filenode(c.oid), 0) end::text as file
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm', 'f', 'v', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
        and (d.deptype = 'e' or c.relkind = 'S' and d.deptype in ('a', 'i'))
    )`

/** Indexes, by the names of their tables: queries wait for the lock on an index as for one on its table. */
const indexesQuery = `
  select i.indexrelid::text as oid, format('%s.%s', quote_ident(n.nspname), quote_ident(c.relname)) as name
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

const locksQuery = `
  select relation::text as oid, mode from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation' and granted
    and mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock', 'ShareUpdateExclusiveLock')`

/** The counters contain what the session has not reported yet of earlier transactions. */
const scansQuery = `select relid::text as oid, seq_scan as scans from pg_stat_xact_all_tables where seq_scan > 0`

/**
 * Runs a statement in a transaction of its own and reads what it did, before the commit.
 *
 * @throws Error of PostgreSQL where the statement fails; then the transaction is rolled back
 */
export async function observe(client: pg.Client, sql: string): Promise<Effects> {
  await client.query('begin')
  try {
    const before = await queryRows(client, relationsQuery)
    const indexes = await queryRows(client, indexesQuery)
    const scansBefore = await readScans(client)
    await client.query(sql)
    const scans = await readScans(client)
    const locks = await queryRows(client, locksQuery)
    const after = await queryRows(client, relationsQuery)
    await client.query('commit')
    return effectsOf({
      before,
      after,
      indexes,
      locks,
      scanned: [...scans].filter(([oid, count]) => count !== scansBefore.get(oid)),
    })
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

type Rows = Awaited<ReturnType<typeof queryRows>>

async function readScans(client: pg.Client): Promise<ReadonlyMap<unknown, unknown>> {
  return new Map((await queryRows(client, scansQuery)).map(({ oid, scans }) => [oid, scans]))
}

function effectsOf(found: {
  readonly before: Rows
  readonly after: Rows
  readonly indexes: Rows
  readonly locks: Rows
  readonly scanned: readonly (readonly [unknown, unknown])[]
}): Effects {
  const { before, after, indexes, locks, scanned } = found
  const names = new Map(before.map(({ oid, name }) => [oid, String(name)]))
  const tables = new Map(indexes.map(({ oid, name }) => [oid, String(name)]))
  const files = new Map(after.map(({ oid, file }) => [oid, file]))
  return {
    locks: locks.flatMap(({ oid, mode }) => {
      const lock = modeWords(String(mode))
      // On an index the weakest of these locks makes neither readers nor writers wait.
      const table = names.get(oid) ?? (lock === 'SHARE UPDATE EXCLUSIVE' ? undefined : tables.get(oid))
      return table === undefined ? [] : [{ table, lock }]
    }),
    rewritten: before.flatMap(({ oid, file, name }) =>
      files.has(oid) && files.get(oid) !== file ? [String(name)] : [],
    ),
    scanned: scanned.flatMap(([oid]) => names.get(oid) ?? []),
    created: after.flatMap(({ oid, name }) => (names.has(oid) ? [] : [String(name)])),
  }
}

/** `ShareRowExclusiveLock` -> `SHARE ROW EXCLUSIVE` */
function modeWords(mode: string): string {
  return mode
    .replace(/Lock$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}
