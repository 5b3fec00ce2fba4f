import { type Case, titleOf } from './cases.js'
import { type Concurrency, runConcurrently } from './concurrency.js'
import { type CaseLoader, withRollbackLoaders } from './loaded-database.js'
import { createRoles, ownRoles } from './roles.js'

/** Tables that are rolled back stay in the system catalogs until VACUUM and slow down all queries on these. */
const casesPerDatabase = 25

/**
 * Calls `work` for each case, several at a time, with a rollback loader for each server. Returns the results in the
 * order of the cases.
 */
export async function runInBatches<Result>(
  cases: readonly Case[],
  servers: readonly string[],
  concurrency: Concurrency,
  work: (testCase: Case, loaders: readonly CaseLoader[]) => Promise<Result>,
): Promise<readonly Result[]> {
  for (const server of new Set(servers)) await createRoles(server, cases)
  const results = new Map<string, Result>()
  await runConcurrently(batchesOf(cases), concurrency, (batch) =>
    withRollbackLoaders(servers, async (loaders) => {
      for (const testCase of batch) {
        concurrency.signal.throwIfAborted()
        results.set(titleOf(testCase), await work(testCase, loaders))
        concurrency.onDone?.()
      }
    }),
  )
  return cases.flatMap((testCase) => {
    const result = results.get(titleOf(testCase))
    return result === undefined ? [] : [result]
  })
}

/**
 * Cases that create roles are in one batch, because roles belong to the server and two cases may create the same role.
 */
function batchesOf(cases: readonly Case[]): readonly (readonly Case[])[] {
  const withRoles = cases.filter((testCase) => ownRoles(testCase).length > 0)
  const others = cases.filter((testCase) => !withRoles.includes(testCase))
  const count = Math.ceil(others.length / casesPerDatabase)
  const batches = Array.from({ length: count }, (_, index) =>
    others.slice(index * casesPerDatabase, (index + 1) * casesPerDatabase),
  )
  return withRoles.length === 0 ? batches : [withRoles, ...batches]
}
