import { SchemaError } from '../../../errors/schema-error.js'
import type { CommandContext, CommandHandler, CommandResult } from '../command.js'
import { run as runSnapshot } from '../snapshot.js'

/** `schemagate snapshot`, and with `--check --rehearse` then a rehearsal, for CI. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { check, rehearse, from } = context.options
  if (rehearse !== true && from === undefined) return runSnapshot(context)
  if (check !== true || rehearse !== true)
    throw new SchemaError('SCHEMA_USAGE', {
      what: `${rehearse === true ? '--rehearse is only for --check' : '--from is only for --check --rehearse'}. Nothing was done.`,
      choices: [
        ['schemagate snapshot --check --rehearse', 'checks the snapshot, and rehearses the revisions'],
      ],
    })
  const checked = await runSnapshot(context)
  return addRehearsal(checked, context)
}

async function addRehearsal(checked: CommandResult, context: CommandContext): Promise<CommandResult> {
  const { run: runRehearse } = await import('./rehearse.js')
  const { exit, text, document } = await runRehearse({
    ...context,
    options: { ...context.options, all: true },
  })
  const { document: snapshot } = checked
  return { exit, text: `${checked.text}\n\n${text}`, document: { snapshot, rehearsal: document } }
}
