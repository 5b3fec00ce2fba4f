import { renderTemplate } from '../../ddl/draft/migration-template.js'
import { SchemaError } from '../../errors/schema-error.js'
import { renderStub } from '../../project/migration-stub.js'
import { findProject } from '../../workspace.js'
import { type CommandContext, type CommandResult, type CommandHandler, textOption } from './command.js'
import { nextMigrationFile, writeMigration } from './migration-file.js'

/**
 * `schemagate new NAME`: a migration that sorts after all others, in the same language: empty or from the knexfile's stub,
 * or drafted with `--from`.
 */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const source = textOption(context, 'from')
  if (source === null) return writeEmptyMigration(context)
  const { writeDraft } = await import('./new-draft.js')
  return writeDraft(context, source)
}

async function writeEmptyMigration(context: CommandContext): Promise<CommandResult> {
  const [name = ''] = context.positionals
  if (context.options['no-concurrently'] === true)
    throw new SchemaError('SCHEMA_USAGE', {
      what: '--no-concurrently is only for a draft, and --from is missing. Nothing was written.',
      choices: [['schemagate new --help', 'lists the options']],
    })
  const project = await findProject(context.config)
  const file = await nextMigrationFile(name, project, context)
  const text = await renderStub(project, file.revision)
  await writeMigration(file, text ?? renderTemplate(file.language))
  return { exit: 0, text: file.displayPath, document: { revision: file.revision, file: file.displayPath } }
}
