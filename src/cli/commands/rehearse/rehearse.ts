import { formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { SchemaError } from '../../../errors/schema-error.js'
import { readDatabaseStatus } from '../../../gate/read-status.js'
import { refuseOtherHistory } from '../../../gate/refuse-position.js'
import type { DatabaseCopy } from '../../../operations/rehearse/rehearse-copy.js'
import { faultyRevisions, type Rehearsal } from '../../../operations/rehearse/rehearsal.js'
import { rehearse } from '../../../operations/rehearse/rehearse.js'
import { type ProjectWorkspace, withProjectWorkspace, withWorkspace } from '../../../workspace.js'
import {
  type CommandContext,
  type CommandHandler,
  type CommandResult,
  countUpToFrom,
  formatOption,
  textOption,
} from '../command.js'
import { rehearsalDocument } from './rehearsal-document.js'
import { rehearsalFormats, renderRehearsal } from './rehearsal-formats.js'

/** `schemagate rehearse`: every pending revision up, down and up again, in a scratch database or in a copy. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const format = formatOption(context, rehearsalFormats)
  const on = textOption(context, 'on')
  const show = (rehearsal: Rehearsal): CommandResult => ({
    exit: faultyRevisions(rehearsal).length === 0 ? 0 : 7,
    text: renderRehearsal(rehearsal, format),
    document: rehearsalDocument(rehearsal),
  })
  if (on !== null) return show(await rehearseConfirmed(context, on))
  if (context.options['all'] === true || textOption(context, 'from') !== null)
    return withProjectWorkspace(context, async (workspace) =>
      show(await rehearseWithoutDatabase(workspace, context)),
    )
  return withWorkspace(context, async (workspace) => {
    const status = await readDatabaseStatus(workspace, context)
    refuseOtherHistory(status, context.config.target, 'Nothing was rehearsed.')
    const { applied, pending } = status.assessment.history
    return show(await rehearse(workspace, { applied, pending, withRows: withRowsOf(context) }, context))
  })
}

function withRowsOf({ options }: CommandContext): boolean {
  return options['no-rows'] !== true
}

/** Rehearses the revisions after the one that `--from` names, else all. Throws SCHEMA_USAGE for one that this build lacks. */
function rehearseWithoutDatabase(workspace: ProjectWorkspace, context: CommandContext): Promise<Rehearsal> {
  const build = workspace.migrations.map(({ revision }) => revision)
  const first = countUpToFrom(context, build, 'Nothing was rehearsed.') ?? 0
  const range = { applied: build.slice(0, first), pending: build.slice(first) }
  return rehearse(workspace, { ...range, withRows: withRowsOf(context) }, context)
}

async function rehearseConfirmed(context: CommandContext, url: string): Promise<Rehearsal> {
  const { findCopy, rehearseOnCopy } = await import('../../../operations/rehearse/rehearse-copy.js')
  return withProjectWorkspace(context, async (workspace) => {
    const copy = await findCopy(workspace, url)
    if (copy.pending.length > 0) await requireName(copy, context)
    return rehearseOnCopy(workspace, copy, context)
  })
}

/** A copy is confirmed by the name of its database, typed or given as `--confirm`. */
async function requireName({ address, name, pending }: DatabaseCopy, context: CommandContext): Promise<void> {
  const { ask, printMessage } = context
  const given = textOption(context, 'confirm')
  if (given === name) return
  printMessage(
    toPrintable(
      `\n${formatCount(pending.length, 'revision')} will be run up, down and up again in ${address}.\n`,
    ),
  )
  const answer = given ?? (await ask?.(`This changes that database. Type its name to go on: `)) ?? null
  if (answer?.trim() === name) return
  throw new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what:
      answer === null
        ? 'A rehearsal changes the database that --on names: its name must be typed, but there is no terminal to type it on. Nothing was done.'
        : 'The name of the database that --on names was not given. Nothing was done.',
    facts: [['database', address]],
    choices: [[`--confirm ${name}`, 'rehearses there without asking']],
  })
}
