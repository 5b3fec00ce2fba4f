import { describeCounts, describeDuration, formatCount, shortenList } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { alignColumns, SchemaError } from '../../../errors/schema-error.js'
import type { MigratedDatabase } from '../../../operations/migrate/migrate.js'
import { findDropped, resetDatabase } from '../../../operations/reset/reset.js'
import { addressOf, describeAddress } from '../../../postgres/connection/address.js'
import { withWorkspace, type Workspace } from '../../../workspace.js'
import { assessmentDocument } from '../assessment-report.js'
import { type CommandContext, type CommandHandler, textOption } from '../command.js'

/** `schemagate reset`: drops what a database of development or test has, and builds it again. */
export const run: CommandHandler = (context) =>
  withWorkspace(context, async (workspace) => {
    const started = performance.now()
    const objects = await findDropped(workspace)
    if (objects.length > 0) await confirm(context, workspace, objects)
    const endsSessions = context.options['end-sessions'] === true
    const built = await resetDatabase(workspace, { endsSessions }, context)
    return {
      exit: 0,
      text: describeReset(built, objects.length, performance.now() - started),
      document: {
        dropped: objects.length,
        applied: built.applied,
        ...(built.built === null ? {} : { built: built.built }),
        ...assessmentDocument(built, context.config.target),
      },
    }
  })

/** The name of the database is typed, or given as `--yes`: that of the environment names too many. */
async function confirm(
  context: CommandContext,
  { migrationConnection, config }: Workspace,
  objects: readonly string[],
): Promise<void> {
  const address = addressOf(migrationConnection)
  const facts = [
    ['database', `${describeAddress(address)}  (environment ${config.target})`],
    ['drops', [formatCount(objects.length, 'object'), ...shortenList(objects)]],
    ['builds from', config.buildFrom.kind === 'models' ? config.buildFrom.source : config.buildFrom.kind],
  ] as const
  context.printMessage(
    `\nEverything in the database will be dropped, and built again.\n\n${alignColumns(facts)}\n`,
  )
  const given = textOption(context, 'yes') ?? (await askForName(context, address.name))
  if (given === address.name) return
  throw notConfirmedError(
    given === '' ? 'It was not confirmed.' : `"${given}" is not the name of the database.`,
    address.name,
  )
}

async function askForName({ ask }: CommandContext, name: string): Promise<string> {
  if (ask === null)
    throw notConfirmedError(
      'The name of the database must be typed, but there is no terminal to type it on.',
      name,
    )
  return (await ask('Type the name of the database to go on: ')).trim()
}

function notConfirmedError(what: string, name: string): SchemaError {
  return new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what: `${what} Nothing was done.`,
    choices: [[`--yes ${name}`, 'does it without asking']],
  })
}

function describeReset(
  { inspection, assessment, applied, built }: MigratedDatabase,
  dropped: number,
  duration: number,
): string {
  const { history, verification } = assessment
  const from =
    history.models ?? (built === null ? formatCount(applied.length, 'revision') : `the ${built.source}`)
  const verified = verification.status === 'verified' ? describeCounts(verification.compared) : 'NOTHING'
  return toPrintable(
    `${describeAddress(inspection.database)}: ${formatCount(dropped, 'object')} dropped, built again from ${from} in ${describeDuration(duration)}. Verified: ${verified}.`,
  )
}
