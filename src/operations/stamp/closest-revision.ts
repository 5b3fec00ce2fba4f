import type pg from 'pg'
import {
  collectCanonicalizeBatches,
  measureDistances,
  rankByDistance,
  type RevisionDistance,
  type RevisionSearch,
} from '../../core/impact/closest-revision.js'
import type { Facts } from '../../core/model/catalog.js'
import { pickKeys } from '../../core/model/snapshot.js'
import { canonicalizeCatalog } from '../../postgres/canonicalize/canonicalize.js'
import { proposeAt, requireSnapshot, type StampContext, withInspection } from './plan.js'
import { snapshotForDatabase } from '../../postgres/introspect/extension-members.js'
import type { StampProposal } from './proposal.js'
import { isEmptyCatalog } from './refuse.js'

/** A proposal for the revision that a database is most like, and the runners-up. */
export interface ClosestRevisionProposal extends StampProposal {
  /** From the best on. */
  readonly distances: readonly RevisionDistance[]
  /** Whether the database has only what every new database has. */
  readonly isEmpty: boolean
  readonly revision: string
}

/** The revision whose promise the database is nearest to. Reads only. Throws SCHEMA_SNAPSHOT_STALE. */
export async function findClosestRevision(context: StampContext): Promise<ClosestRevisionProposal> {
  const { workspace } = context
  const snapshot = await requireSnapshot(workspace)
  return withInspection(context, async (client, inspection) => {
    const { live, major } = inspection
    const promised = await snapshotForDatabase(client, snapshot, live)
    const search = { snapshot: promised, live, scope: workspace.config.verify.scope }
    const canonicalized = await canonicalizeForEveryRevision(client, search, major)
    const distances = rankByDistance(measureDistances(search, canonicalized))
    const closest = distances[0]?.revision ?? ''
    const isEmpty = isEmptyCatalog(inspection, snapshot)
    const proposal = await proposeAt({ client, inspection, snapshot, workspace }, closest)
    return { ...proposal, revision: closest, distances, isEmpty }
  })
}

/** Texts that the server prints in the same way are no difference, at whichever revision they were promised. */
async function canonicalizeForEveryRevision(
  client: pg.ClientBase,
  search: RevisionSearch,
  major: number,
): Promise<ReadonlyMap<Facts, Facts>> {
  const canonicalized = new Map<Facts, Facts>()
  const majors = { expected: search.snapshot.postgres, actual: major }
  for (const batch of collectCanonicalizeBatches(search)) {
    const keys = Object.keys(batch.expected)
    const live = pickKeys(search.live, keys)
    const catalog = await canonicalizeCatalog(client, { ...batch, live, majors }, 'own')
    for (const key of keys) canonicalized.set(batch.expected[key] ?? {}, catalog.live[key] ?? {})
  }
  return canonicalized
}
