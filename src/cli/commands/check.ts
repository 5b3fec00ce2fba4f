import { mayMigrate } from '../../core/history/decision.js'
import { isBehind } from '../../core/history/history.js'
import { hasOtherOwner } from '../../core/history/ownership.js'
import { formatCount } from '../../core/text/format.js'
import { atStart } from '../../gate/assess.js'
import { refusalToServe } from '../../gate/forecast.js'
import { readDatabaseStatus, type DatabaseStatus } from '../../gate/read-status.js'
import { pause } from '../../postgres/connection/backoff.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { assessmentDocument, describeNotes } from './assessment-report.js'
import { type CommandContext, type CommandResult, type CommandHandler, durationOption } from './command.js'

const pollInterval = 1_000

/** `schemagate check`: the decision of the gate as an exit code. With `--wait` it waits for another process to migrate. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, report, options } = context
  const timeout = options['wait'] === true ? durationOption(context, 'timeout', '10m') : 0
  const waiting = { ...config, connectTimeout: Math.max(timeout, config.connectTimeout) }
  return withWorkspace({ config: waiting, report }, async (workspace) => {
    const state = await pollUntilServable(workspace, context, timeout)
    const refusal = refusalToServe(state, workspace)
    if (refusal !== null) throw refusal
    const text = describeNotes(state.assessment).join('\n')
    return { exit: 0, text, document: assessmentDocument(state, config.target) }
  })
}

/** Reads the database until it may be served, waiting cannot help, or the timeout is over; in milliseconds. */
async function pollUntilServable(
  workspace: Workspace,
  context: CommandContext,
  timeout: number,
): Promise<DatabaseStatus> {
  const started = performance.now()
  for (;;) {
    const state = await readDatabaseStatus(workspace, context, atStart(workspace))
    if (!canHeal(state) || performance.now() + pollInterval > started + timeout) return state
    const { position, pending } = state.assessment.history
    const reason = `The database is ${position}: ${formatCount(pending.length, 'revision')} pending.`
    context.report({ event: 'waiting for database', reason, waited: performance.now() - started })
    await pause(pollInterval, context.signal)
  }
}

/** Waiting helps only if another process migrates the database, now or later. */
function canHeal({ decision, assessment, inspection }: DatabaseStatus): boolean {
  const { ownership } = assessment
  return (
    decision.action === 'refuse' &&
    !hasOtherOwner(ownership) &&
    ((isBehind(assessment.history) && mayMigrate(decision)) || inspection.locked)
  )
}
