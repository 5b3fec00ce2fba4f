import { SchemaError } from '../../../errors/schema-error.js'
import { type CommandContext, type CommandHandler, type CommandResult, textOption } from '../command.js'
import { run as runSnapshot } from '../snapshot.js'

/** `schemagate snapshot`, and with `--check` then what else CI wants to know: `--models` and `--rehearse`. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const models = textOption(context, 'models')
  if (models === null) return runRehearsed(context)
  if (context.options['check'] !== true)
    throw new SchemaError('SCHEMA_USAGE', {
      what: '--models is only for --check. Nothing was done.',
      choices: [
        [
          `schemagate snapshot --check --models ${models}`,
          'compares what the migrations and the models make',
        ],
        [`schemagate new NAME --from models:${models}`, 'drafts the migration that leads to the models'],
      ],
    })
  const checked = await runRehearsed(context)
  const { compareWithModels } = await import('../models/compare-models.js')
  const compared = await compareWithModels(context, models)
  return {
    exit: checked.exit === 0 ? compared.exit : checked.exit,
    text: `${checked.text}\n\n${compared.text}`,
    document: { snapshot: checked.document, models: compared.document },
  }
}

/** `schemagate snapshot`, and with `--check --rehearse` then a rehearsal. */
async function runRehearsed(context: CommandContext): Promise<CommandResult> {
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
