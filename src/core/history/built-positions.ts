import { unitOf } from '../model/branch-changes.js'
import type { Catalog, Facts } from '../model/catalog.js'
import { positionOf } from '../model/column-positions.js'
import { promisedCatalogAt, revisionsOf, type Snapshot } from '../model/snapshot.js'

/** The number that a column of a built database, or one that was added to it, has after a replay. */
export type NumberAsReplayed = (key: string, facts: Facts) => Facts

interface TableNumbers {
  /** The number after a replay, by the one in the built table. */
  readonly replayed: Map<number, number>
  lastBuilt: number
  lastReplayed: number
}

/**
 * A built table has no gaps where columns were dropped, so its columns have smaller numbers than after a replay of the
 * revisions. The order is the same.
 */
export function numbersAsReplayed(snapshot: Snapshot, built: Catalog): NumberAsReplayed {
  const tables = new Map<string, TableNumbers>()
  const tableOf = (key: string): TableNumbers => {
    const found = tables.get(unitOf(key)) ?? { replayed: new Map(), lastBuilt: 0, lastReplayed: 0 }
    tables.set(unitOf(key), found)
    return found
  }
  const promised = promisedCatalogAt(snapshot, revisionsOf(snapshot)).catalog
  for (const [key, facts] of Object.entries(promised)) {
    const [replayed, number] = [positionOf(facts), positionOf(built[key] ?? null)]
    if (replayed === null || number === null) continue
    const table = tableOf(key)
    table.replayed.set(number, replayed)
    table.lastBuilt = Math.max(table.lastBuilt, number)
  }
  for (const { changes } of snapshot.revisions)
    for (const [key, facts] of Object.entries(changes)) {
      const position = positionOf(facts)
      if (position === null) continue
      const table = tableOf(key)
      table.lastReplayed = Math.max(table.lastReplayed, position)
    }
  return (key, facts) => {
    const [position, table] = [positionOf(facts), tables.get(unitOf(key))]
    if (position === null || table === undefined) return facts
    const { replayed, lastBuilt, lastReplayed } = table
    return { ...facts, $position: replayed.get(position) ?? position - lastBuilt + lastReplayed }
  }
}
