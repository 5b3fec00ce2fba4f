import { emptyMigration, migrationText } from '../../ddl/draft/migration-source.js'
import { SchemaError } from '../../errors/schema-error.js'
import { findProject } from '../../workspace.js'
import { type CommandContext, type CommandResult, type Run, textOption } from './command.js'
import { nextMigrationFile, writeMigration } from './migration-file.js'

/** `schemagate new NAME`: a migration that sorts after all others, in their language: empty, or with `--from` drafted. */
export const run: Run = async (context): Promise<CommandResult> => {
  const source = textOption(context, 'from')
  if (source === null) return writeEmpty(context)
  const { writeDraft } = await import('./new-draft.js')
  return writeDraft(context, source)
}

async function writeEmpty(context: CommandContext): Promise<CommandResult> {
  const [name = ''] = context.words
  if (context.options['no-concurrently'] === true)
    throw new SchemaError('SCHEMA_USAGE', {
      what: '--no-concurrently is for a draft, and without --from there is none. Nothing was written.',
      choices: [['schemagate new --help', 'lists what there is']],
    })
  const file = await nextMigrationFile(name, await findProject(context.config), context)
  await writeMigration(file, migrationText(emptyMigration, file.language))
  return { exit: 0, text: file.shown, document: { revision: file.revision, file: file.shown } }
}
