import type { LockMode } from '../../ddl/statement.js'
import {
  isStronger,
  type Counters,
  type NamedRelation,
  type RelationKind,
  type SessionFacts,
} from './session-facts.js'

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
  /** Those of which it read all rows, more than one, and wrote each that it read. */
  readonly allRowsWritten: readonly string[]
  readonly created: readonly (NamedRelation & { readonly table: string | null })[]
  readonly dropped: readonly (NamedRelation & { readonly table: string | null })[]
  readonly renamed: readonly { readonly kind: RelationKind; readonly from: string; readonly to: string }[]
  readonly renamedColumns: readonly { readonly table: string; readonly from: string }[]
  /** Columns of relations that are still there, as `schema.table.column`. */
  readonly droppedColumns: readonly string[]
  /** New columns of relations that were there, as `schema.table.column`. */
  readonly createdColumns: readonly string[]
  /** Schemas and values of enums that have other names now, as they were called. */
  readonly renamedNames: readonly string[]
  /** The constraints that it made NOT VALID, and those that were and are valid now: `name of table`. */
  readonly notValid: readonly string[]
  readonly validated: readonly string[]
  /** Whether it waits for locks as long as others hold them. */
  readonly waitsWithoutEnd: boolean
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
    allRowsWritten: allRowsWritten(before, after),
    created: created.map(([, { kind, name, table }]) => ({ kind, name, table })),
    dropped: there
      .filter(({ oid, name }) => !after.relations.has(oid) && !names.has(name))
      .map(({ kind, name, table }) => ({ kind, name, table })),
    renamed: there.flatMap(({ oid, kind, name }) => {
      const to = after.relations.get(oid)?.name ?? name
      return to === name ? [] : [{ kind, from: name, to }]
    }),
    renamedColumns: renamedColumns(before, after),
    droppedColumns: missingColumns(before, after),
    createdColumns: missingColumns(after, before),
    renamedNames: renamedNames(before, after),
    ...validity(before, after),
    waitsWithoutEnd: !before.hasLockTimeout && !after.hasLockTimeout,
  }
}

function allRowsWritten(before: SessionFacts, after: SessionFacts): readonly string[] {
  return [...before.relations].flatMap(([oid, { name }]) => {
    const [now, then] = [after.counters.get(oid), before.counters.get(oid)]
    const scanned = (now?.scanned ?? 0) - (then?.scanned ?? 0)
    return scanned > 1 && (now?.changed ?? 0) - (then?.changed ?? 0) >= scanned ? [name] : []
  })
}

function renamedNames(before: SessionFacts, after: SessionFacts): readonly string[] {
  return [...before.names].flatMap(([key, name]) => ((after.names.get(key) ?? name) === name ? [] : [name]))
}

function validity(before: SessionFacts, after: SessionFacts): Pick<Effects, 'notValid' | 'validated'> {
  const found = [...after.constraints].map(([oid, { name, valid }]) => {
    return { name, valid, wasNotValid: before.constraints.get(oid)?.valid === false }
  })
  return {
    notValid: found.flatMap(({ name, valid, wasNotValid }) => (valid || wasNotValid ? [] : [name])),
    validated: found.flatMap(({ name, valid, wasNotValid }) => (valid && wasNotValid ? [name] : [])),
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

/** The columns that relations of both moments have at one of them only, as `schema.table.column`. */
function missingColumns(before: SessionFacts, after: SessionFacts): readonly string[] {
  return [...before.columns].flatMap(([place, column]) => {
    const [oid = ''] = place.split('.')
    const table = before.relations.get(oid)
    const isGone = !after.columns.has(place) && after.relations.has(oid)
    return isGone && table !== undefined ? [`${table.name}.${column}`] : []
  })
}
