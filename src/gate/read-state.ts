import { decide, type Decision, type Verification } from '../core/history/decision.js'
import type { Stale } from '../core/model/snapshot-staleness.js'
import type { Report } from '../core/progress/events.js'
import { errorCodes } from '../errors/codes.js'
import type { ExitCode } from '../errors/schema-error.js'
import { answered } from '../postgres/connection/lifecycle.js'
import { inspect } from '../postgres/inspect/inspect.js'
import { readPatiently } from '../postgres/inspect/read-with-retry.js'
import {
  isHalfApplied,
  isInterrupted,
  standingsOf,
  type Stood,
} from '../postgres/verify/unfinished-revisions.js'
import { usableSnapshot } from '../snapshot/snapshot.js'
import type { Workspace } from '../workspace.js'
import { examine, type Passed, patience } from './gate.js'
import { codeOf } from './situations/refusal.js'

export interface Looked extends Passed {
  /** Why the snapshot could not be used, empty where it could. */
  readonly stale: readonly Stale[]
  /** Pending revisions that were begun and did not come to their end, or left something behind. */
  readonly unfinished: readonly Stood[]
}

export interface LookOptions {
  readonly report: Report
  readonly signal: AbortSignal
}

/** Reads a database and judges it without changing anything: what `status`, `verify` and `check` have in common. */
export async function look(workspace: Workspace, { report, signal }: LookOptions): Promise<Looked> {
  const { connection, config } = workspace
  return readPatiently(connection, patience({ workspace, report, signal }), async (client, deadline) => {
    const { snapshot, stale } = await usableSnapshot(workspace)
    return answered(client, deadline, async () => {
      const inspection = await inspect(client, { ...workspace, scope: config.verify.scope })
      const examined = await examine(client, workspace, { inspection, snapshot })
      const assessment = stale.length === 0 ? examined : { ...examined, verification: staleSnapshot }
      const decision = decide(assessment, config.policy)
      const seen = { snapshot, inspection, assessment }
      return { ...seen, stale, decision, unfinished: await unfinishedIn(client, workspace, seen) }
    })
  })
}

const staleSnapshot: Verification = {
  status: 'unverified',
  why: 'the snapshot was not made from these migrations',
}

async function unfinishedIn(
  client: Parameters<typeof inspect>[0],
  { migrations, config }: Workspace,
  { snapshot, inspection, assessment }: Omit<Passed, 'decision'>,
): Promise<readonly Stood[]> {
  const { pending } = assessment.history
  const begun = migrations.filter(
    ({ revision }) => pending.includes(revision) && inspection.ledger?.last.has(revision) === true,
  )
  const scope = { ...config.verify.scope, comments: false, grants: false }
  const stood = await standingsOf(client, begun, { snapshot, inspection, scope })
  return stood.filter((each) => isInterrupted(each) || isHalfApplied(each))
}

/** The exit code a decision stands for: that of its gravest refusal. */
export function exitOf({ situations }: Decision): ExitCode {
  const refused = situations.find(({ action }) => action === 'refuse')
  return refused === undefined ? 0 : errorCodes[codeOf(refused.situation)].exit
}
