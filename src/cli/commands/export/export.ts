import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { describeProof } from '../../../ddl/proof.js'
import { SchemaError } from '../../../errors/schema-error.js'
import { exportDocument } from '../../../operations/export/export-document.js'
import { buildScript, type ExportedSchema } from '../../../operations/export/export-schema.js'
import type { SourceWorkspace } from '../../../operations/diff/catalog-source.js'
import { withProjectWorkspace, withWorkspace } from '../../../workspace.js'
import { type CommandContext, type CommandHandler, type CommandResult, textOption } from '../command.js'

/** `schemagate export`: the schema as SQL for psql. It changes nothing, and needs no pg_dump. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const source = sourceOf(context)
  const write = async (workspace: SourceWorkspace): Promise<CommandResult> =>
    resultOf(context, await buildScript(source, workspace))
  return source === 'database'
    ? withWorkspace(context, write)
    : withProjectWorkspace(context, (workspace) => write({ ...workspace, connection: null }))
}

function sourceOf(context: CommandContext): string {
  const from = textOption(context, 'from') ?? 'snapshot'
  const revision = textOption(context, 'revision')
  if (revision === null) return from
  if (from === 'snapshot') return `snapshot@${revision}`
  throw new SchemaError('SCHEMA_USAGE', {
    what: '--revision names a revision of the snapshot, and --from names another source. Nothing was done.',
    choices: [
      ['schemagate export --revision REVISION', 'what the migrations promise at a revision'],
      ['schemagate export --from database', 'what is in the database now'],
    ],
  })
}

async function resultOf(context: CommandContext, exported: ExportedSchema): Promise<CommandResult> {
  const { name, plan } = exported
  const { proof, statements, refused } = plan
  const document = exportDocument(exported)
  const { sql, ...facts } = document
  const out = textOption(context, 'out')
  const exit = refused.length === 0 ? 0 : 4
  if (out === null || out === '-') return { exit, text: sql, document }
  await writeFile(resolve(context.config.root, out), sql)
  const lines = [
    `${toPrintable(out)}: ${formatCount(statements.length, 'statement')}, ${name}`,
    ...refused.map(({ key, reason }) => `NOT WRITTEN: ${toPrintable(`${key}: ${reason}`)}`),
    ...(proof === null ? [] : describeProof(proof)),
  ]
  return { exit, text: lines.join('\n'), document: { ...facts, file: out } }
}
