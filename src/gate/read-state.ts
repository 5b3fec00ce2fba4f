import { decide, type Verification } from '../core/history/decision.js'
import { type Decision } from '../core/history/policy.js'
import type { StaleRevision } from '../core/model/snapshot-staleness.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { errorCodes } from '../errors/codes.js'
import type { ExitCode } from '../errors/schema-error.js'
import { withTimeout } from '../postgres/connection/lifecycle.js'
import { inspect } from '../postgres/inspect/inspect.js'
import { readWithRetry } from '../postgres/inspect/read-with-retry.js'
import {
  isHalfApplied,
  isInterrupted,
  readUnfinishedRevisions,
  type UnfinishedRevision,
} from '../postgres/verify/unfinished-revisions.js'
import { loadUsableSnapshot } from '../snapshot/snapshot.js'
import type { Workspace } from '../workspace.js'
import { assessInspection, type GateResult, retryOptionsFor } from './gate.js'
import { errorCodeOf } from './situations/refusal.js'

export interface DatabaseState extends GateResult {
  /** Why the snapshot could not be used, empty where it could. */
  readonly stale: readonly StaleRevision[]
  /** Pending revisions that were begun and did not come to their end, or left something behind. */
  readonly unfinished: readonly UnfinishedRevision[]
}

export interface ReadStateOptions {
  readonly report: ProgressReporter
  readonly signal: AbortSignal
}

/** Reads a database and judges it without changing anything: what `status`, `verify` and `check` have in common. */
export async function readDatabaseState(
  workspace: Workspace,
  { report, signal }: ReadStateOptions,
): Promise<DatabaseState> {
  const { connection, config } = workspace
  return readWithRetry(
    connection,
    retryOptionsFor({ workspace, report, signal }),
    async (client, deadline) => {
      const { snapshot, stale } = await loadUsableSnapshot(workspace)
      return withTimeout(client, deadline, async () => {
        const inspection = await inspect(client, { ...workspace, scope: config.verify.scope })
        const examined = await assessInspection(client, workspace, { inspection, snapshot })
        const assessment =
          stale.length === 0 ? examined : { ...examined, verification: unverifiedByStaleSnapshot }
        const decision = decide(assessment, config.policy)
        const seen = { snapshot, inspection, assessment }
        return { ...seen, stale, decision, unfinished: await findUnfinished(client, workspace, seen) }
      })
    },
  )
}

const unverifiedByStaleSnapshot: Verification = {
  status: 'unverified',
  why: 'the snapshot was not made from these migrations',
}

async function findUnfinished(
  client: Parameters<typeof inspect>[0],
  { migrations, config }: Workspace,
  { snapshot, inspection, assessment }: Omit<GateResult, 'decision'>,
): Promise<readonly UnfinishedRevision[]> {
  const { pending } = assessment.history
  const begun = migrations.filter(
    ({ revision }) => pending.includes(revision) && inspection.ledger?.last.has(revision) === true,
  )
  const scope = { ...config.verify.scope, comments: false, grants: false }
  const stood = await readUnfinishedRevisions(client, begun, { snapshot, inspection, scope })
  return stood.filter((each) => isInterrupted(each) || isHalfApplied(each))
}

/** The exit code a decision stands for: that of its gravest refusal. */
export function exitCodeOf({ situations }: Decision): ExitCode {
  const refused = situations.find(({ action }) => action === 'refuse')
  return refused === undefined ? 0 : errorCodes[errorCodeOf(refused.situation)].exit
}
