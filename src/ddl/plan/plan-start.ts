import type { Catalog } from '../../core/model/catalog.js'
import type { Plan, PlanRefusal } from '../statement.js'
import { planChanges } from './plan.js'

/**
 * Writes what makes an empty database have a catalog, from the catalog that it has and without some objects: with the fewest
 * statements, as nobody waits for them.
 */
export function startWriterFor(from: Catalog): (live: Catalog, refusals: readonly PlanRefusal[]) => Plan {
  return (live, refusals) => planChanges(live, from, { compact: true, refusals })
}
