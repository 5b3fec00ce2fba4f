import { decide, type Decision } from '../core/decision.js'
import type { Report } from '../core/progress.js'
import type { Stale } from '../core/staleness.js'
import { errorCodes, type ExitCode } from '../errors.js'
import { examine, type Passed } from '../gate.js'
import { waitForConnection } from '../postgres/connect.js'
import { inspect } from '../postgres/inspect.js'
import { codeOf } from '../situations.js'
import { usableSnapshot } from '../snapshot.js'
import type { Workspace } from '../workspace.js'

export interface Looked extends Passed {
  /** Why the snapshot could not be used, empty where it could. */
  readonly stale: readonly Stale[]
}

export interface LookOptions {
  readonly report: Report
  readonly signal: AbortSignal
}

/** Reads a database and judges it without changing anything: what `status`, `verify` and `check` have in common. */
export async function look(workspace: Workspace, { report, signal }: LookOptions): Promise<Looked> {
  const { connection, config } = workspace
  const client = await waitForConnection(connection, {
    timeout: config.connectTimeout,
    signal,
    onWait: (reason, waited) => report({ event: 'waiting for database', reason, waited }),
  })
  try {
    const { snapshot, stale } = await usableSnapshot(workspace)
    const inspection = await inspect(client, { ...workspace, scope: config.verify.scope })
    const assessment = await examine(client, workspace, { inspection, snapshot })
    const decision = decide(assessment, config.policy)
    return { snapshot, stale, inspection, assessment, decision }
  } finally {
    await client.end()
  }
}

/** The exit code a decision stands for: that of its gravest refusal. */
export function exitOf({ situations }: Decision): ExitCode {
  const refused = situations.find(({ action }) => action === 'refuse')
  return refused === undefined ? 0 : errorCodes[codeOf(refused.situation)].exit
}
