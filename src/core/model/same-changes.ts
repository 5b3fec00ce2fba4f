import { unitOf } from './branch-changes.js'
import { type Fact, type Facts, parseKey, sameFacts } from './catalog.js'
import { positionOf } from './column-positions.js'
import { isRoutine, normalizeLineEndings } from './line-endings.js'
import { isSetting } from './scope.js'
import { promisedCatalogAt, revisionsOf, type Snapshot, type SnapshotRevision } from './snapshot.js'

/**
 * Whether two snapshots of the same revisions promise the same. Facts that differ at every replay do not count, nor do the line
 * endings of a checkout; structure does, unless an earlier version wrote one of the files. Of the numbers of columns only the
 * order counts: columns that were dropped again within a revision leave gaps in a replay, and none in a database that was built.
 */
export function hasSameChanges(one: Snapshot, other: Snapshot): boolean {
  const sameFormat = one.format === other.format
  return (
    one.revisions.length === other.revisions.length &&
    one.revisions.every((revision, index) => {
      const counterpart = other.revisions[index]
      return counterpart !== undefined && isSameRevision(revision, counterpart, { sameFormat })
    }) &&
    (!sameFormat || columnOrderOf(one) === columnOrderOf(other))
  )
}

/** The columns of each table after all revisions, as text. */
function columnOrderOf(snapshot: Snapshot): string {
  const promised = promisedCatalogAt(snapshot, revisionsOf(snapshot)).catalog
  const columns = Object.entries(promised).flatMap(([key, facts]) => {
    const position = positionOf(facts)
    return position === null ? [] : [{ key, position }]
  })
  const tables = new Map<string, string[]>()
  for (const { key } of columns.toSorted((one, other) => one.position - other.position))
    tables.set(unitOf(key), [...(tables.get(unitOf(key)) ?? []), key])
  return [...tables.values()]
    .map((keys) => keys.join(' '))
    .sort()
    .join('\n')
}

function isSameRevision(
  one: SnapshotRevision,
  other: SnapshotRevision,
  { sameFormat }: { readonly sameFormat: boolean },
): boolean {
  // Settings are read since format 3.
  const keys = Object.keys({ ...one.changes, ...other.changes }).filter(
    (key) => sameFormat || !isSetting(key),
  )
  return (
    one.revision === other.revision &&
    keys.every((key) => {
      const left = new Set([...(one.undetermined?.[key] ?? []), ...(other.undetermined?.[key] ?? [])])
      const compared = (facts: Facts): Facts =>
        comparable(
          key,
          facts,
          (name) => !left.has(name) && name !== '$position' && (sameFormat || !name.startsWith('$')),
        )
      const [was, is] = [one.changes[key], other.changes[key]]
      return was && is ? sameFacts(compared(was), compared(is)) : was === is
    })
  )
}

function comparable(key: string, facts: Facts, isCompared: (name: string) => boolean): Facts {
  const isText = isRoutine(parseKey(key).kind)
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([name]) => isCompared(name))
      .map(([name, fact]): [string, Fact] => [
        name,
        isText && typeof fact === 'string' ? normalizeLineEndings(fact) : fact,
      ]),
  )
}
