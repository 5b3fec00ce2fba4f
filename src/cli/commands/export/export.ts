import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { describeProof } from '../../../ddl/proof.js'
import { renderScript } from '../../../ddl/plan/script.js'
import { SchemaError } from '../../../errors/schema-error.js'
import { type ExportedSchema, exportSchema } from '../../../operations/export/export-schema.js'
import type { SourceWorkspace } from '../../../operations/diff/catalog-source.js'
import { withProjectWorkspace, withWorkspace } from '../../../workspace.js'
import { type CommandContext, type CommandHandler, type CommandResult, textOption } from '../command.js'

/** `schemagate export`: the schema as SQL for psql. It changes nothing, and needs no pg_dump. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const source = sourceOf(context)
  const write = async (workspace: SourceWorkspace): Promise<CommandResult> =>
    resultOf(context, await exportSchema(source, workspace))
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
  const sql = renderFile(exported)
  const out = textOption(context, 'out')
  const exit = refused.length === 0 ? 0 : 4
  const facts = { from: name, statements: statements.length, refused, proof }
  if (out === null || out === '-') return { exit, text: sql, document: { ...facts, sql } }
  await writeFile(resolve(context.config.root, out), sql)
  const lines = [
    `${toPrintable(out)}: ${formatCount(statements.length, 'statement')}, ${name}`,
    ...refused.map(({ key, reason }) => `NOT WRITTEN: ${toPrintable(`${key}: ${reason}`)}`),
    ...(proof === null ? [] : describeProof(proof)),
  ]
  return { exit, text: lines.join('\n'), document: { ...facts, file: out } }
}

/**
 * The file is in UTF-8, whatever the locale of psql. Quotes are written as the SQL standard has them, whatever the database is
 * set to.
 */
function renderFile({ name, major, plan }: ExportedSchema): string {
  return [
    `-- The schema of ${toPrintable(name)}, for an empty database: psql -v ON_ERROR_STOP=1 -f FILE\n-- as PostgreSQL ${major} prints it`,
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;",
    renderScript(plan),
    '',
  ].join('\n\n')
}
