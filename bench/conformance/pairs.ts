import { judge } from './case.js'
import type { Case } from './cases.js'
import { createRoles } from './database.js'
import { batchesOf, inParallel, type Parallel } from './parallel.js'
import { ownDatabases, usesOfADatabase, withRollbacks } from './place.js'
import type { Planner } from './planner.js'
import type { Judged } from './tally.js'

export interface Judging {
  readonly server: string
  readonly planner: Planner
  readonly parallel: Parallel
}

/** Judges cases, several at a time. Returns them in their order. */
export async function judgeAll(
  cases: readonly Case[],
  { server, planner, parallel }: Judging,
): Promise<readonly Judged[]> {
  await createRoles(server, cases)
  const own = ownDatabases(server)
  const batches = await inParallel(
    batchesOf(cases, usesOfADatabase),
    (batch) =>
      withRollbacks([server, server], async ([here = own, there = own]) => {
        const judged: Judged[] = []
        for (const item of batch) {
          parallel.signal.throwIfAborted()
          judged.push({ one: item, result: await judge(item, { planner, here, there, own }) })
        }
        return judged
      }),
    parallel,
  )
  return batches.flat()
}
