import type pg from 'pg'
import {
  type RevisionDistance,
  measureDistances,
  rankByDistance,
  type RevisionSearch,
  collectCanonicalizeBatches,
} from '../../core/impact/closest-revision.js'
import type { Facts } from '../../core/model/catalog.js'
import { pickKeys } from '../../core/model/snapshot.js'
import { canonicalizeCatalog } from '../../postgres/canonicalize/canonicalize.js'
import { requireSnapshot, type StampProposal, proposeAt, type StampContext, withInspection } from './plan.js'

/** The revision that a database is most like, and the runners-up. */
export interface ClosestRevisionProposal extends StampProposal {
  /** From the best on. */
  readonly fits: readonly RevisionDistance[]
  /** Whether it has nothing but what every new database has. */
  readonly isEmpty: boolean
}

/** The revision whose promise the database is nearest to. Reads only. Throws SCHEMA_SNAPSHOT_STALE. */
export async function findClosestRevision(context: StampContext): Promise<ClosestRevisionProposal> {
  const snapshot = await requireSnapshot(context.workspace)
  return withInspection(context, async (client, inspection) => {
    const { scope } = context.workspace.config.verify
    const unplaced = { snapshot, live: inspection.live, scope }
    const worded = await canonicalizeForEveryRevision(client, unplaced, inspection.major)
    const fits = rankByDistance(measureDistances(unplaced, worded))
    const best = fits[0]?.revision ?? ''
    const isEmpty = Object.keys(inspection.live).every((key) => snapshot.base[key] !== undefined)
    return { ...(await proposeAt({ client, inspection, snapshot, context }, best)), fits, isEmpty }
  })
}

/** What the server prints alike is no difference, at whatever revision it was promised so. */
async function canonicalizeForEveryRevision(
  client: pg.ClientBase,
  unplaced: RevisionSearch,
  major: number,
): Promise<ReadonlyMap<Facts, Facts>> {
  const worded = new Map<Facts, Facts>()
  const majors = { expected: unplaced.snapshot.postgres, actual: major }
  for (const wording of collectCanonicalizeBatches(unplaced)) {
    const entries = Object.entries(wording.expected)
    const live = pickKeys(
      unplaced.live,
      entries.map(([key]) => key),
    )
    const agreed = await canonicalizeCatalog(client, { ...wording, live, majors }, 'own')
    for (const [key, promised] of entries) worded.set(promised, agreed.live[key] ?? {})
  }
  return worded
}
