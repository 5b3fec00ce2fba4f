import type pg from 'pg'
import { type LockMode, lockModes } from '../../ddl/statement.js'
import { type QueryResult, queryAll, rowsOf } from '../connection/query.js'

/** The kinds of relations by what pg_class calls them. */
const relationKinds = {
  r: 'table',
  p: 'table',
  f: 'foreign table',
  m: 'materialized view',
  v: 'view',
  S: 'sequence',
  i: 'index',
  I: 'index',
} as const

export type RelationKind = (typeof relationKinds)[keyof typeof relationKinds]

/** A relation, named as in SQL. */
export interface NamedRelation {
  readonly kind: RelationKind
  readonly name: string
}

export interface Relation extends NamedRelation {
  /** The table of an index, named as in SQL; null for others. */
  readonly table: string | null
  /** The file that holds it: another one where it was rewritten. */
  readonly file: string
  readonly hasRows: boolean
}

/** How many rows of a table a transaction has read by reading all of it, and has written. */
export interface Counters {
  readonly scanned: number
  readonly written: number
  readonly deleted: number
  /** Updated or deleted. */
  readonly changed: number
}

/** What a session sees and holds at one moment. By the oids of relations, which outlast a rename. */
export interface SessionFacts {
  readonly relations: ReadonlyMap<string, Relation>
  readonly columns: ReadonlyMap<string, string>
  readonly locks: ReadonlyMap<string, LockMode>
  /** The relations that it has locked to write rows. */
  readonly writing: ReadonlySet<string>
  readonly counters: ReadonlyMap<string, Counters>
  /** What else a build names: values of enums and schemas, by what they are. */
  readonly names: ReadonlyMap<string, string>
  /** By oid, the constraints that are NOT VALID, and those that have been made or changed lately. */
  readonly constraints: ReadonlyMap<string, { readonly name: string; readonly valid: boolean }>
  /** Whether a statement gives up waiting for a lock at some time. */
  readonly hasLockTimeout: boolean
}

/** Not what belongs to PostgreSQL, an extension, an identity or a serial column. */
const relationsQuery = `
  select c.oid::text as oid, c.relkind as kind,
    format('%s.%s', quote_ident(n.nspname), quote_ident(c.relname)) as name,
    case when i.indrelid is not null then (
      select format('%s.%s', quote_ident(tn.nspname), quote_ident(t.relname))
      from pg_class t join pg_namespace tn on tn.oid = t.relnamespace where t.oid = i.indrelid) end as "table",
    case when c.relkind = 'S' then 0 else coalesce(pg_relation_filenode(c.oid), 0) end::text as file,
    case when c.relkind in ('r', 'm') then pg_relation_size(c.oid) > 0 else false end as filled
  from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
  where c.relkind in ('r', 'p', 'm', 'f', 'v', 'S', 'i', 'I') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
        and (d.deptype = 'e' or c.relkind = 'S' and d.deptype in ('a', 'i')))
  order by n.nspname, c.relname`

const columnsQuery = `
  select a.attrelid || '.' || a.attnum as place, quote_ident(a.attname) as name
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm', 'f') and a.attnum > 0 and not a.attisdropped
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

const locksQuery = `
  select relation::text as oid, mode from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation' and granted
    and mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock', 'ShareUpdateExclusiveLock',
      'RowExclusiveLock')`

/** The counters contain what the session has not reported yet of earlier transactions. A scan may begin and read no row. */
const countersQuery = `
  select relid::text as oid, coalesce(seq_tup_read, 0)::int as scanned, n_tup_del::int as deleted,
    (n_tup_upd + n_tup_del)::int as changed, (n_tup_ins + n_tup_upd + n_tup_del)::int as written
  from pg_stat_xact_all_tables where seq_tup_read > 0 or n_tup_ins + n_tup_upd + n_tup_del > 0`

const namesQuery = `
  select 'value ' || e.oid as key,
    format('the value %L of %s.%s', e.enumlabel, quote_ident(n.nspname), quote_ident(y.typname)) as name
  from pg_enum e join pg_type y on y.oid = e.enumtypid join pg_namespace n on n.oid = y.typnamespace
  union all
  select 'schema ' || oid, format('the schema %I', nspname) from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'`

/** What a transaction changes has a new row, which is younger than this many transactions. */
const constraintsQuery = `
  select x.oid::text as oid, x.convalidated as valid,
    format('%s of %s.%s', quote_ident(x.conname), quote_ident(n.nspname), quote_ident(c.relname)) as name
  from pg_constraint x join pg_class c on c.oid = x.conrelid join pg_namespace n on n.oid = c.relnamespace
  where not x.convalidated or age(x.xmin) < 10000`

const timeoutQuery = `select current_setting('lock_timeout') as timeout`

const factsMessage = [
  relationsQuery,
  columnsQuery,
  locksQuery,
  countersQuery,
  namesQuery,
  constraintsQuery,
  timeoutQuery,
].join(';')

/** Reads what the session of a client sees and holds, in its transaction. */
export async function readSessionFacts(client: pg.ClientBase): Promise<SessionFacts> {
  // Before the other queries count as scans.
  const [relations, columns, locks, counters, names, constraints, timeout] = await queryAll(
    client,
    factsMessage,
  )
  return {
    relations: byOid(relations, relationOf),
    columns: new Map(rowsOf(columns).map(({ place, name }) => [String(place), String(name)])),
    locks: strongestLocks(locks),
    writing: new Set(
      rowsOf(locks).flatMap(({ oid, mode }) => (mode === 'RowExclusiveLock' ? [String(oid)] : [])),
    ),
    counters: byOid(counters, ({ scanned, written, deleted, changed }) => ({
      scanned: Number(scanned),
      written: Number(written),
      deleted: Number(deleted),
      changed: Number(changed),
    })),
    names: new Map(rowsOf(names).map(({ key, name }) => [String(key), String(name)])),
    constraints: byOid(constraints, ({ name, valid }) => ({ name: String(name), valid: valid === true })),
    hasLockTimeout: rowsOf(timeout).some((row) => row['timeout'] !== '0'),
  }
}

type Row = ReturnType<typeof rowsOf>[number]

function byOid<T>(result: QueryResult | undefined, read: (row: Row) => T): ReadonlyMap<string, T> {
  return new Map(rowsOf(result).map((row) => [String(row['oid']), read(row)]))
}

function relationOf({ kind, name, table, file, filled }: Row): Relation {
  const found = Object.entries(relationKinds).find(([letter]) => letter === kind)?.[1] ?? 'table'
  return {
    kind: found,
    name: String(name),
    table: typeof table === 'string' ? table : null,
    file: String(file),
    hasRows: filled === true,
  }
}

function strongestLocks(result: QueryResult | undefined): ReadonlyMap<string, LockMode> {
  const strongest = new Map<string, LockMode>()
  for (const { oid, mode } of rowsOf(result)) {
    const found = lockModes.find((each) => each === modeWords(String(mode)))
    if (found !== undefined && isStronger(found, strongest.get(String(oid))))
      strongest.set(String(oid), found)
  }
  return strongest
}

/** `ShareRowExclusiveLock` -> `SHARE ROW EXCLUSIVE` */
function modeWords(mode: string): string {
  return mode
    .replace(/Lock$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}

/** Whether a lock makes more others wait than another one. */
export function isStronger(mode: LockMode, than: LockMode | undefined): boolean {
  return than === undefined || lockModes.indexOf(mode) < lockModes.indexOf(than)
}
