import { formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { SchemaError } from '../../../errors/schema-error.js'
import type { DatabaseCopy } from '../../../operations/rehearse/rehearse-copy.js'
import { faultyRevisions, type Rehearsal } from '../../../operations/rehearse/rehearsal.js'
import { rehearsalDocument } from '../../../operations/rehearse/rehearsal-document.js'
import { rehearseDatabase, rehearseOffline } from '../../../operations/rehearse/rehearse.js'
import { withProjectWorkspace, withWorkspace } from '../../../workspace.js'
import {
  type CommandContext,
  type CommandHandler,
  type CommandResult,
  formatOption,
  textOption,
} from '../command.js'
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
  const from = textOption(context, 'from')
  const withRows = context.options['no-rows'] !== true
  return context.options['all'] === true || from !== null
    ? withProjectWorkspace(context, async (workspace) =>
        show(await rehearseOffline(workspace, from, withRows, context)),
      )
    : withWorkspace(context, async (workspace) => show(await rehearseDatabase(workspace, withRows, context)))
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
