import { shortenList } from '../text/format.js'
import type { Changes, Snapshot, SnapshotRevision } from '../model/snapshot.js'

/** A revision that writes rows, which no snapshot holds. */
export interface RowWriter {
  readonly revision: string
  /** The names of the tables; null where the snapshot is of a version that did not record them. */
  readonly tables: readonly string[] | null
}

/** What a snapshot records of the rows that a revision wrote: nothing where that is clear from its changes. */
export function recordRows(tables: readonly string[], changes: Changes): Pick<SnapshotRevision, 'rows'> {
  return tables.length > 0 || isEmpty(changes) ? { rows: tables } : {}
}

/** Those of the revisions that write rows into tables which exist after them all. */
export function findRowWriters({ revisions }: Snapshot, among: Iterable<string>): readonly RowWriter[] {
  const wanted = new Set(among)
  const found = revisions.filter(({ revision }) => wanted.has(revision))
  return found.flatMap(({ revision, rows, changes }, index): readonly RowWriter[] => {
    if (rows === undefined) return isEmpty(changes) ? [{ revision, tables: null }] : []
    const later = found.slice(index + 1).map((each) => each.changes)
    const tables = rows.filter((key) => !later.some((each) => drops(each, key)))
    return tables.length === 0 ? [] : [{ revision, tables: tables.map(nameOf) }]
  })
}

/** One line for a revision: `003_rows  public.songs`. */
export function describeRowWriter({ revision, tables }: RowWriter): string {
  return `${revision}  ${tables === null ? 'perhaps: the snapshot is older than that record' : tables.join(', ')}`
}

/** `; rows in public.songs`, or nothing. */
export function describeWrittenRows({ rows = [] }: Pick<SnapshotRevision, 'rows'>): string {
  return rows.length === 0 ? '' : `; rows in ${shortenList(rows.map(nameOf)).join(', ')}`
}

/** A table that is gone after a revision without a new one was dropped with its rows, and not renamed. */
function drops(changes: Changes, key: string): boolean {
  const hasNew = Object.entries(changes).some(([each, facts]) => each.startsWith('table:') && facts !== null)
  return changes[key] === null && !hasNew
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(':') + 1)
}

function isEmpty(changes: Changes): boolean {
  return Object.keys(changes).length === 0
}
