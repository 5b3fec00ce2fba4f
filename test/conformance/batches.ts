import { type Case, titleOf } from './cases.js'
import { inParallel, type Parallel } from './parallel.js'
import { type Takes, withRollbacks } from './place.js'
import { createRoles, ownRoles } from './roles.js'

/** Rolled back tables stay in the system catalogs until they are vacuumed, and slow down all that reads these. */
const usesOfADatabase = 25

export interface Batching {
  /** A database to roll back in is made on each. */
  readonly servers: readonly string[]
  readonly parallel: Parallel
}

/** Does the work for each case, several at a time, with databases of the servers. Returns the results in their order. */
export async function inBatches<Result>(
  cases: readonly Case[],
  work: (one: Case, places: readonly Takes[]) => Promise<Result>,
  { servers, parallel }: Batching,
): Promise<readonly Result[]> {
  for (const server of new Set(servers)) await createRoles(server, cases)
  const results = new Map<string, Result>()
  const workAll = (batch: readonly Case[]): Promise<void> =>
    withRollbacks(servers, async (places) => {
      for (const one of batch) {
        parallel.signal.throwIfAborted()
        results.set(titleOf(one), await work(one, places))
        parallel.onDone?.()
      }
    })
  await inParallel(batchesOf(cases), workAll, parallel)
  return cases.flatMap((one) => {
    const result = results.get(titleOf(one))
    return result === undefined ? [] : [result]
  })
}

/** Cases with roles of their own follow each other, because the same role may be of several. */
function batchesOf(cases: readonly Case[]): readonly (readonly Case[])[] {
  const first = cases.filter((one) => ownRoles(one).length > 0)
  const rest = cases.filter((one) => !first.includes(one))
  const starts = Array.from({ length: Math.ceil(rest.length / usesOfADatabase) }, (_, index) => index)
  const batches = starts.map((start) => rest.slice(start * usesOfADatabase, (start + 1) * usesOfADatabase))
  return first.length === 0 ? batches : [first, ...batches]
}
