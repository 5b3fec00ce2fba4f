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

type RelationKind = (typeof relationKinds)[keyof typeof relationKinds]

/** A relation, named as in SQL. */
export interface NamedRelation {
  readonly kind: RelationKind
  readonly name: string
}

interface Relation extends NamedRelation {
  /** The table of an index, named as in SQL; null for others. */
  readonly table: string | null
  /** The file that holds it: another one where it was rewritten. */
  readonly file: string
  readonly hasRows: boolean
}

/** How many rows of a table a transaction has read by reading all of it, and has written. */
interface Counters {
  readonly scanned: number
  readonly written: number
  readonly deleted: number
}

/** What a session sees and holds at one moment. By the oids of relations, which outlast a rename. */
export interface SessionFacts {
  readonly relations: ReadonlyMap<string, Relation>
  readonly columns: ReadonlyMap<string, string>
  readonly locks: ReadonlyMap<string, LockMode>
  /** The relations that it has locked to write rows. */
  readonly writing: ReadonlySet<string>
  readonly counters: ReadonlyMap<string, Counters>
}

/** What a statement did to relations, by their names in SQL before it. */
export interface Effects {
  /** The locks that make others wait and that were not held before, the strongest of each relation. */
  readonly locks: readonly { readonly table: string; readonly lock: LockMode }[]
  /** Those that have another file. */
  readonly rewritten: readonly string[]
  /** Those of them that had a file with pages before, and have an empty one now. */
  readonly emptied: readonly string[]
  /** The relations of which all was read, with the lock that makes others wait meanwhile; null where nobody waits. */
  readonly scanned: readonly { readonly table: string; readonly lock: LockMode | null }[]
  /** Those that it wrote rows of, or had a plan to. */
  readonly written: readonly string[]
  readonly deleted: readonly string[]
  readonly created: readonly NamedRelation[]
  readonly dropped: readonly (NamedRelation & { readonly table: string | null })[]
  readonly renamed: readonly { readonly kind: RelationKind; readonly from: string; readonly to: string }[]
  readonly renamedColumns: readonly { readonly table: string; readonly from: string }[]
  /** Columns of relations that are still there, as `schema.table.column`. */
  readonly droppedColumns: readonly string[]
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
    (n_tup_ins + n_tup_upd + n_tup_del)::int as written
  from pg_stat_xact_all_tables where seq_tup_read > 0 or n_tup_ins + n_tup_upd + n_tup_del > 0`

const factsMessage = [relationsQuery, columnsQuery, locksQuery, countersQuery].join(';')

/** Reads what the session of a client sees and holds, in its transaction. */
export async function readSessionFacts(client: pg.ClientBase): Promise<SessionFacts> {
  // Before the other queries count as scans.
  const [relations, columns, locks, counters] = await queryAll(client, factsMessage)
  return {
    relations: byOid(relations, relationOf),
    columns: new Map(rowsOf(columns).map(({ place, name }) => [String(place), String(name)])),
    locks: strongestLocks(locks),
    writing: new Set(
      rowsOf(locks).flatMap(({ oid, mode }) => (mode === 'RowExclusiveLock' ? [String(oid)] : [])),
    ),
    counters: byOid(counters, ({ scanned, written, deleted }) => ({
      scanned: Number(scanned),
      written: Number(written),
      deleted: Number(deleted),
    })),
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

function isStronger(mode: LockMode, than: LockMode | undefined): boolean {
  return than === undefined || lockModes.indexOf(mode) < lockModes.indexOf(than)
}

/** What happened between two moments of one transaction. */
export function effectsBetween(before: SessionFacts, after: SessionFacts): Effects {
  const there = [...before.relations].map(([oid, relation]) => ({ oid, ...relation }))
  const grew = (count: keyof Counters) =>
    there.filter(
      ({ oid }) => (after.counters.get(oid)?.[count] ?? 0) > (before.counters.get(oid)?.[count] ?? 0),
    )
  const hasRowsAfter = (oid: string): boolean => after.relations.get(oid)?.hasRows === true
  const moved = there.filter(({ oid, kind, file }) => {
    const now = after.relations.get(oid)
    return now !== undefined && now.file !== file && kind !== 'index'
  })
  const hasWritten = new Set(grew('written').map(({ oid }) => oid))
  const isWritten = ({ oid, kind }: (typeof there)[number]): boolean =>
    hasWritten.has(oid) || (kind !== 'index' && after.writing.has(oid) && !before.writing.has(oid))
  const names = new Set([...after.relations.values()].map(({ name }) => name))
  const known = new Set(there.map(({ name }) => name))
  const created = [...after.relations].filter(
    ([oid, { name }]) => !before.relations.has(oid) && !known.has(name),
  )
  return {
    locks: newLocks(before, after),
    rewritten: moved.map(({ name }) => name),
    emptied: moved.filter(({ oid, hasRows }) => hasRows && !hasRowsAfter(oid)).map(({ name }) => name),
    scanned: grew('scanned').map(({ oid, name }) => ({ table: name, lock: after.locks.get(oid) ?? null })),
    written: there.filter(isWritten).map(({ name }) => name),
    deleted: grew('deleted').map(({ name }) => name),
    created: created.map(([, { kind, name }]) => ({ kind, name })),
    dropped: there
      .filter(({ oid, name }) => !after.relations.has(oid) && !names.has(name))
      .map(({ kind, name, table }) => ({ kind, name, table })),
    renamed: there.flatMap(({ oid, kind, name }) => {
      const to = after.relations.get(oid)?.name ?? name
      return to === name ? [] : [{ kind, from: name, to }]
    }),
    renamedColumns: renamedColumns(before, after),
    droppedColumns: droppedColumns(before, after),
  }
}

/** Queries wait for the lock on an index as for one on its table; but not for the weakest of these. */
function newLocks(before: SessionFacts, after: SessionFacts): Effects['locks'] {
  const strongest = new Map<string, LockMode>()
  for (const [oid, { kind, name, table }] of before.relations) {
    const lock = after.locks.get(oid)
    const place = kind === 'index' ? table : name
    if (lock === undefined || place === null || !isStronger(lock, before.locks.get(oid))) continue
    if (kind === 'index' && lock === 'SHARE UPDATE EXCLUSIVE') continue
    if (isStronger(lock, strongest.get(place))) strongest.set(place, lock)
  }
  return [...strongest].map(([table, lock]) => ({ table, lock }))
}

function renamedColumns(before: SessionFacts, after: SessionFacts): Effects['renamedColumns'] {
  return [...before.columns].flatMap(([place, from]) => {
    const [oid = ''] = place.split('.')
    const table = before.relations.get(oid)
    const to = after.columns.get(place) ?? from
    return to === from || table === undefined ? [] : [{ table: table.name, from }]
  })
}

function droppedColumns(before: SessionFacts, after: SessionFacts): readonly string[] {
  return [...before.columns].flatMap(([place, column]) => {
    const [oid = ''] = place.split('.')
    const table = before.relations.get(oid)
    const isGone = !after.columns.has(place) && after.relations.has(oid)
    return isGone && table !== undefined ? [`${table.name}.${column}`] : []
  })
}
