import type { Catalog } from '../../core/model/catalog.js'
import { diff } from '../../core/model/diff.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { isWhole, type ProvenPlan } from '../../ddl/proof.js'
import type { Hazard, Plan } from '../../ddl/statement.js'
import type { ObservedRevision } from '../observe/observation.js'

/** How long others wait for what a hazard is: not at all, for a moment, while a table is read, while it is written again. */
function costOf(hazard: Hazard): number {
  if (hazard.hazard === 'table rewrite') return 4
  if (!('lock' in hazard) || hazard.lock === 'SHARE UPDATE EXCLUSIVE') return 0
  if (hazard.hazard === 'lock') return 1
  return hazard.lock === 'ACCESS EXCLUSIVE' ? 3 : 2
}

const worstCost = (hazards: readonly Hazard[]): number => Math.max(0, ...hazards.map(costOf))

/** What others wait for only a moment needs no other way. */
const mentionable = 2

/** Proves the statements that lead from one catalog to another. */
export type ProveChange = (from: Catalog, to: Catalog) => Promise<ProvenPlan>

/**
 * How a revision could make its change with others waiting for less, as lines: the statements that schemagate would write
 * where they cost less, and did so in a scratch database, else what is known to help. Empty where nothing is.
 */
export async function saferWayFor(
  { before, after, statements }: ObservedRevision,
  hazards: readonly Hazard[],
  { serverMajor, prove }: { readonly serverMajor: number; readonly prove: ProveChange },
): Promise<readonly string[]> {
  const cost = worstCost(hazards)
  if (cost < mentionable) return []
  const isBetter = (plan: Plan): boolean =>
    plan.refused.length === 0 &&
    plan.statements.some(({ transactional, alone }) => !transactional || alone === true) &&
    worstCost(plan.statements.flatMap((statement) => statement.hazards)) < cost
  if (isBetter(planChanges(before, after, { serverMajor }))) {
    const proven = await prove(before, after)
    if (proven.proof !== null && isWhole(proven.proof) && isBetter(proven))
      return proven.statements.map(
        ({ sql, transactional }) => `${sql};${transactional ? '' : ' -- outside a transaction'}`,
      )
  }
  const writes = statements.some(({ effects }) =>
    effects.scanned.some(({ table, lock }) => lock !== null && effects.written.includes(table)),
  )
  return [...adviceFor(before, after, hazards), ...(writes ? [adviceForWriting] : [])]
}

const adviceForWriting =
  'write the rows in a revision of its own, outside a transaction and in batches, when no lock is held'

/** What helps although the catalog does not show it: a rewrite or a scan in parts. */
function adviceFor(before: Catalog, after: Catalog, hazards: readonly Hazard[]): readonly string[] {
  const changed = diff(after, before).flatMap((found) => (found.change === 'changed' ? [found] : []))
  const columns = changed.filter(({ key }) => key.startsWith('column:'))
  const isRewritten = hazards.some(({ hazard }) => hazard === 'table rewrite')
  const isRetyped = columns.some(({ facts }) => facts.includes('type'))
  const isRequired = columns.some(
    ({ facts, expected }) => facts.includes('nullable') && expected['nullable'] === false,
  )
  return [
    ...(isRewritten && isRetyped
      ? [
          'add a column of the new type, fill it in batches, keep both equal by a trigger, and swap their names',
        ]
      : []),
    ...(isRewritten && !isRetyped
      ? ['add the column without a default, set the default after that, and fill the rows in batches']
      : []),
    ...(!isRewritten && isRequired
      ? [
          'add CHECK (… IS NOT NULL) NOT VALID, and in a later revision VALIDATE CONSTRAINT, then SET NOT NULL, which reads no row then',
        ]
      : []),
  ]
}
