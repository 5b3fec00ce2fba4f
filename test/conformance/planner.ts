import type { Catalog } from '../../src/core/model/catalog.js'
import { planChanges } from '../../src/ddl/plan/plan.js'
import type { Plan } from '../../src/ddl/statement.js'

/** Writes the statements from one catalog to another. */
export type Planner = (journey: { readonly from: Catalog; readonly to: Catalog }) => Plan

export const planner: Planner = (journey) => planChanges(journey.from, journey.to)
