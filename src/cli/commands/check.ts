import { isDuration, parseDuration } from '../../config/duration.js'
import { mayMigrate } from '../../core/history/decision.js'
import { hasOtherOwner } from '../../core/history/ownership.js'
import { type ExitCode, SchemaError } from '../../errors/schema-error.js'
import { readDatabaseState, type DatabaseState } from '../../gate/read-state.js'
import { refusalError } from '../../gate/situations/refusal.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { pause } from '../../postgres/connection/backoff.js'
import { staleSnapshotError } from '../../snapshot/usable.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { assessmentDocument } from './assessment-report.js'
import { type CommandContext, type CommandResult, type CommandHandler, textOption } from './command.js'

const pollInterval = 1_000

/** `schemagate check`: the gate's decision as an exit code. With `--wait` it waits for what others can still bring. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, report, options } = context
  const timeout = options['wait'] === true ? timeoutOf(context) : 0
  const patient = { ...config, connectTimeout: Math.max(timeout, config.connectTimeout) }
  return withWorkspace({ config: patient, report }, async (workspace) => {
    const looked = await pollUntilServable(performance.now() + timeout, { workspace, context })
    if (looked.decision.action === 'refuse') throw notServableError(looked, config.target)
    if (config.production && looked.stale.length > 0) throw staleSnapshotError(workspace, looked.stale)
    const exit: ExitCode = 0
    return { exit, text: '', document: assessmentDocument(looked, config) }
  })
}

function timeoutOf(context: CommandContext): number {
  const text = textOption(context, 'timeout') ?? '10m'
  if (isDuration(text)) return parseDuration(text)
  throw new SchemaError('SCHEMA_USAGE', {
    what: `"${text}" is no time. Nothing was done.`,
    choices: [['--timeout 10m', 'a number with ms, s, m or h']],
  })
}

interface Checking {
  readonly workspace: Workspace
  readonly context: CommandContext
}

/** Only a database that is behind, or one that is being migrated, can become right by waiting. */
async function pollUntilServable(deadline: number, { workspace, context }: Checking): Promise<DatabaseState> {
  const started = performance.now()
  for (;;) {
    const looked = await readDatabaseState(workspace, context)
    const { history } = looked.assessment
    const isBehind = history.position === 'behind' || history.position === 'empty'
    const hopeful = isBehind && mayMigrate(looked.decision)
    const mayCome =
      looked.decision.action === 'refuse' &&
      !hasOtherOwner(looked.assessment.ownership) &&
      (hopeful || looked.inspection.locked)
    if (!mayCome || performance.now() + pollInterval > deadline) return looked
    const reason = `The database is ${history.position}: ${history.pending.length} pending.`
    context.report({ event: 'waiting for database', reason, waited: performance.now() - started })
    await pause(pollInterval, context.signal)
  }
}

function notServableError(
  { decision, assessment, inspection }: DatabaseState,
  environment: string,
): SchemaError {
  const where = { database: describeAddress(inspection.database), environment }
  return refusalError(decision, assessment, {
    location: where,
    consequence: 'This build may not serve on it.',
    standby: inspection.readOnly,
  })
}
