import { findNewEnumValues, type NewEnumValue } from '../core/model/new-enum-values.js'
import { revisionsOf, type Snapshot } from '../core/model/snapshot.js'

const remedy = 'MIGRATION_TRANSACTION=each commits each revision before the next one'

/** What new revisions of a snapshot cannot do in one transaction with earlier ones; each was replayed in its own. */
export function describeSeparateTransactions(
  snapshot: Snapshot,
  earlier: Snapshot | null,
): readonly string[] {
  const known = new Set(earlier === null ? [] : revisionsOf(earlier))
  const isNew = (revision: string): boolean => !known.has(revision)
  const added = findNewEnumValues(snapshot).filter(({ later }) => later.some(isNew))
  return added.flatMap((each, index) => describe(each, isNew, index === added.length - 1))
}

function describe(
  { adds, value, uses }: NewEnumValue,
  isNew: (revision: string) => boolean,
  isLast: boolean,
): readonly string[] {
  const [first] = uses.filter(isNew)
  if (first !== undefined)
    return [`${first} cannot share a transaction with ${adds}: it uses ${value}, which that adds; ${remedy}`]
  return isLast && uses.length === 0
    ? [
        `a revision that writes ${value} to rows cannot share a transaction with ${adds}, which adds it; ${remedy}`,
      ]
    : []
}
