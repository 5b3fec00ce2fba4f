import { runInBatches } from './batches.js'
import type { Case } from './cases.js'
import type { Concurrency } from './concurrency.js'
import { committedLoader } from './loaded-database.js'
import { runCase } from './run-case.js'
import type { Planner } from './run-direction.js'
import type { CaseResult } from './totals.js'

/** Runs cases, several at a time. Returns the results in their order. */
export function runCases(
  cases: readonly Case[],
  server: string,
  planner: Planner,
  concurrency: Concurrency,
): Promise<readonly CaseResult[]> {
  const committed = committedLoader(server)
  return runInBatches(
    cases,
    [server, server],
    concurrency,
    async (testCase, [first = committed, second = committed]) => ({
      testCase,
      outcome: await runCase(testCase, { planner, first, second, committed }),
    }),
  )
}
