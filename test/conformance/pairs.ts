import { inBatches } from './batches.js'
import { judge } from './case.js'
import type { Case } from './cases.js'
import type { Parallel } from './parallel.js'
import { ownDatabases } from './place.js'
import type { Planner } from './planner.js'
import type { Judged } from './tally.js'

export interface Judging {
  readonly server: string
  readonly planner: Planner
  readonly parallel: Parallel
}

/** Judges cases, several at a time. Returns them in their order. */
export function judgeAll(
  cases: readonly Case[],
  { server, planner, parallel }: Judging,
): Promise<readonly Judged[]> {
  const own = ownDatabases(server)
  return inBatches(
    cases,
    async (one, [here = own, there = own]) => ({
      one,
      result: await judge(one, { planner, here, there, own }),
    }),
    { servers: [server, server], parallel },
  )
}
