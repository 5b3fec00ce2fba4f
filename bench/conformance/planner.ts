import type { Catalog } from '../../src/core/catalog.js'
import { planChanges } from '../../src/ddl/plan.js'
import type { Plan } from '../../src/ddl/statement.js'

/** Writes the statements from one catalog to another. */
export type Planner = (journey: { readonly from: Catalog; readonly to: Catalog }) => Plan

export const planner: Planner = (journey) => planChanges(journey)
