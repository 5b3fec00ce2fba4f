import { type BranchChange, unitOf } from './branch-changes.js'
import type { Facts } from './catalog.js'
import type { Changes, SnapshotRevision } from './snapshot.js'

/** An entry of a merged snapshot, and the branch that has added it. */
export interface BranchEntry {
  readonly branch: 'ours' | 'theirs' | 'both'
  readonly entry: SnapshotRevision
}

/** The changes that each branch has made. */
export interface BranchChanges {
  readonly ours: readonly BranchChange[]
  readonly theirs: readonly BranchChange[]
}

/**
 * The tables whose new columns have other numbers than additions give them: PostgreSQL numbers the columns of a table in the
 * order in which they are added, and those that are gone again keep their numbers.
 */
export function findUnclearPositions({ ours, theirs }: BranchChanges): readonly string[] {
  const [own, others] = [newPositions(ours), newPositions(theirs)]
  return [...own].flatMap(([unit, positions]) => {
    const other = others.get(unit)
    const start = positions[0] ?? 0
    if (other === undefined || [positions, other].every((each) => isRun(each, start))) return []
    return [`the columns of ${unit} are numbered differently`]
  })
}

function isRun(positions: readonly number[], start: number): boolean {
  return positions.every((each, index) => each === start + index)
}

/** By the relation, in ascending order. */
function newPositions(changes: readonly BranchChange[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const { key, before, after } of changes) {
    const position = positionOf(after)
    if (position === null || position === positionOf(before)) continue
    const unit = unitOf(key)
    found.set(unit, [...(found.get(unit) ?? []), position])
  }
  for (const positions of found.values()) positions.sort((one, other) => one - other)
  return found
}

/** The entries with the numbers that their columns get in this order, after those that the other branch adds before them. */
export function renumberColumns(
  entries: readonly BranchEntry[],
  { ours, theirs }: BranchChanges,
): readonly SnapshotRevision[] {
  const adding = new Set(
    [...ours, ...theirs]
      .filter(({ before, after }) => positionOf(after) !== positionOf(before))
      .map(({ revision, key }) => JSON.stringify([revision, key])),
  )
  const added = { ours: new Map<string, number>(), theirs: new Map<string, number>() }
  const shifts = new Map<string, number>()
  const renumber = (branch: 'ours' | 'theirs', { revision, changes }: SnapshotRevision): Changes =>
    Object.fromEntries(
      Object.entries(changes).map(([key, facts]) => {
        const unit = unitOf(key)
        if (positionOf(facts) !== null && adding.has(JSON.stringify([revision, key]))) {
          shifts.set(key, added[branch === 'ours' ? 'theirs' : 'ours'].get(unit) ?? 0)
          added[branch].set(unit, (added[branch].get(unit) ?? 0) + 1)
        }
        return [key, shiftPosition(facts, shifts.get(key) ?? 0)]
      }),
    )
  return entries.map(({ branch, entry }) =>
    branch === 'both' ? entry : { ...entry, changes: renumber(branch, entry) },
  )
}

function shiftPosition(facts: Facts | null, shift: number): Facts | null {
  const position = positionOf(facts)
  return facts === null || position === null || shift === 0
    ? facts
    : { ...facts, $position: position + shift }
}

/** The number of a column in its table; null where the facts are those of something else. */
export function positionOf(facts: Facts | null): number | null {
  const position = facts?.['$position']
  return typeof position === 'number' ? position : null
}
