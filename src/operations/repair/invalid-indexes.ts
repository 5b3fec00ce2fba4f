import type { Catalog, Facts } from '../../core/model/catalog.js'
import { diff } from '../../core/model/diff.js'
import { unquotedNames } from '../../core/model/pattern.js'
import { quoteIdentifier } from '../../ddl/identifiers.js'
import { belongsToPartitionedTable, findObject, textFact } from '../../ddl/object.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { PlanGoal } from '../../ddl/plan/undo.js'

/** An index that is not valid. */
export interface InvalidIndex {
  readonly key: string
  /** Where it comes from, for people. */
  readonly because: string
  /** Its promised definition; null if it is not promised, and is only dropped. */
  readonly promised: Facts | null
}

/** The statements that repair an index, and what they are to create; null where they have a fixed form. */
export interface RepairStatements {
  readonly statements: readonly string[]
  readonly creation: PlanGoal | null
}

/** An invalid index and the statements that repair it, or why it is left alone. */
export type IndexRepair = Pick<InvalidIndex, 'key' | 'because'> &
  (RepairStatements | { readonly refused: string })

export interface IndexRepairContext {
  /** The live catalog with its structure. */
  readonly live: Catalog
  /** The processes of the server that build an index at this moment, by the table as SQL names it. */
  readonly builders: ReadonlyMap<string, number>
  /** Why the statements for an index do not work, by its key. */
  readonly refused: ReadonlyMap<string, string>
}

/**
 * How invalid indexes are repaired while others read and write their tables, each statement outside a transaction. An index
 * that is only invalid is rebuilt beside the old one, which is dropped afterwards, so that it is never missing; an index with
 * a different definition is dropped first. An index that another session builds right now is left alone: it is invalid until
 * that build ends.
 */
export function planIndexRepair(
  { key, because, promised }: InvalidIndex,
  context: IndexRepairContext,
): IndexRepair {
  const answer = repairStatements({ key, promised }, context)
  return typeof answer === 'string' ? { key, because, refused: answer } : { key, because, ...answer }
}

function repairStatements(
  { key, promised }: Pick<InvalidIndex, 'key' | 'promised'>,
  { live, builders, refused: knownToFail }: IndexRepairContext,
): RepairStatements | string {
  const found = findObject(live, key)
  if (found === undefined) return 'it is gone by now'
  if (found.facts['valid'] !== false) return 'it is valid by now'
  const builder = builders.get(found.relation)
  if (builder !== undefined) return `process ${builder} of the server builds an index of its table now`
  if (belongsToPartitionedTable(found))
    return 'its table is partitioned: it is valid once an index of each partition is attached to it'
  const [schema = '', , name = ''] = unquotedNames(key)
  const index = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  // An index that is part of a partitioned one cannot be dropped.
  if (textFact(found, 'parent') !== '' || isSameDefinition(found.facts, promised))
    return { statements: [`REINDEX INDEX CONCURRENTLY ${index}`], creation: null }
  const dropped = `DROP INDEX CONCURRENTLY ${index}`
  if (promised === null) return { statements: [dropped], creation: null }
  const { [key]: _, ...from } = live
  const to = { ...live, [key]: promised }
  const creation = { from, to, differences: [{ change: 'missing', key, expected: promised } as const] }
  const { statements, refused } = planChanges(from, to, creation)
  const reason = knownToFail.get(key) ?? refused[0]?.reason
  return reason ?? { statements: [dropped, ...statements.map(({ sql }) => sql)], creation }
}

/** Whether an index is as promised except that it is invalid. */
function isSameDefinition(live: Facts, promised: Facts | null): boolean {
  return promised !== null && diff({ index: promised }, { index: { ...live, valid: true } }).length === 0
}
