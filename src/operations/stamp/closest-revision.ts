import type pg from 'pg'
import { type Fit, fitsOf, rankFits, type Unplaced, wordingsOf } from '../../core/impact/closest-revision.js'
import type { Facts } from '../../core/model/catalog.js'
import { pick } from '../../core/model/snapshot.js'
import { reconcile } from '../../postgres/canonicalize/canonicalize.js'
import { promiseOf, type Proposal, propose, type StampContext, withReader } from './plan.js'

/** The revision that a database is most like, and the runners-up. */
export interface Placement extends Proposal {
  /** From the best on. */
  readonly fits: readonly Fit[]
  /** Whether it has nothing but what every new database has. */
  readonly isEmpty: boolean
}

/** The revision whose promise the database is nearest to. Reads only. Throws SCHEMA_SNAPSHOT_STALE. */
export async function placeDatabase(context: StampContext): Promise<Placement> {
  const snapshot = await promiseOf(context.workspace)
  return withReader(context, async (client, inspection) => {
    const { scope } = context.workspace.config.verify
    const unplaced = { snapshot, live: inspection.live, scope }
    const worded = await inEveryWording(client, unplaced, inspection.major)
    const fits = rankFits(fitsOf(unplaced, worded))
    const best = fits[0]?.revision ?? ''
    const isEmpty = Object.keys(inspection.live).every((key) => snapshot.base[key] !== undefined)
    return { ...(await propose({ client, inspection, snapshot, context }, best)), fits, isEmpty }
  })
}

/** What the server prints alike is no difference, at whatever revision it was promised so. */
async function inEveryWording(
  client: pg.ClientBase,
  unplaced: Unplaced,
  major: number,
): Promise<ReadonlyMap<Facts, Facts>> {
  const worded = new Map<Facts, Facts>()
  const majors = { expected: unplaced.snapshot.postgres, actual: major }
  for (const wording of wordingsOf(unplaced)) {
    const entries = Object.entries(wording.expected)
    const live = pick(
      unplaced.live,
      entries.map(([key]) => key),
    )
    const agreed = await reconcile(client, { ...wording, live, majors }, 'own')
    for (const [key, promised] of entries) worded.set(promised, agreed.live[key] ?? {})
  }
  return worded
}
