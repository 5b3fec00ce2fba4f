import { describeChanges } from '../../core/model/describe.js'
import { countIgnored } from '../../core/model/scope.js'
import type { Changes } from '../../core/model/snapshot.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { draftMigration, dataLossesOf } from '../../ddl/draft/draft-migration.js'
import { type MigrationCode, renderMigration } from '../../ddl/draft/migration-code.js'
import type { KnexNaming } from '../../ddl/draft/naming.js'
import { describeProof } from '../../ddl/proof.js'
import type { Plan } from '../../ddl/statement.js'
import { type Draft, planDraft } from '../../operations/draft/plan-draft.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { KnexProject } from '../../project/knex-project.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandContext, CommandResult } from './command.js'
import { type NewMigrationFile, nextMigrationFile, writeMigration } from './migration-file.js'

type Row = readonly [left: string, right: string]

/**
 * `schemagate new NAME --from SOURCE`: a migration from the promise at head to the source. `source` is as the user
 * typed it.
 */
export async function writeDraft(context: CommandContext, source: string): Promise<CommandResult> {
  const [name = ''] = context.positionals
  return withWorkspace({ ...context, allowNoMigrations: true }, async (workspace) => {
    const { project } = workspace
    const file = await nextMigrationFile(name, project, context)
    const online = context.options['no-concurrently'] !== true
    const naming = knexNamingOf(project)
    const draft = await planDraft(workspace, source, { online, naming, file })
    if (draft.differences.length === 0) return noDraftResult(draft)
    const migration = draftMigration({ ...draft, revision: file.revision, naming })
    await writeMigration(file, renderMigration(migration, file.language))
    return {
      exit: 0,
      text: describeDraft(draft, migration, file, source),
      document: draftDocument(draft, migration, file),
    }
  })
}

function noDraftResult({ source, ignored }: Draft): CommandResult {
  const count = countIgnored(ignored)
  const note = count === 0 ? '' : ` VERIFY_IGNORE leaves out ${formatCount(count, 'difference')}.`
  return {
    exit: 0,
    text: `The snapshot at head and ${source} do not differ. Nothing was written.${note}`,
    document: { revision: null, file: null, source, ignored },
  }
}

/** The schema in which Knex creates tables, and whether a `wrapIdentifier` of the project changes names. */
function knexNamingOf({ searchPath, settings: { wrapIdentifier } }: KnexProject): KnexNaming {
  const [schema = 'public'] = searchPath
  return {
    defaultSchema: schema,
    preservesName: (name) =>
      typeof wrapIdentifier !== 'function' || wrapIdentifier(name, (same: string) => same) === name,
  }
}

function draftDocument(
  { source, up, down, ignored }: Draft,
  { noTransactionComment }: MigrationCode,
  { revision, displayPath }: NewMigrationFile,
): object {
  const losses = { up: dataLossesOf(up), down: dataLossesOf(down) }
  return {
    revision,
    file: displayPath,
    source,
    transaction: noTransactionComment === null,
    losses,
    up,
    down,
    ignored,
  }
}

function describeDraft(
  draft: Draft,
  { noTransactionComment }: MigrationCode,
  { displayPath, revision }: NewMigrationFile,
  source: string,
): string {
  const { from, up, down, ignored } = draft
  const count = countIgnored(ignored)
  const rows: readonly Row[] = [
    ['changes', describeChanges(changesOf(draft), new Set(Object.keys(from)))],
    ...planRows('up', up),
    ...planRows('down', down),
    ...(noTransactionComment === null ? [] : [['transaction', explainNoTransaction(draft)] as const]),
    ...proofRows(draft),
    ...(count === 0 ? [] : [['ignored', `${formatCount(count, 'difference')}, by VERIFY_IGNORE`] as const]),
  ]
  return [
    `${displayPath}: drafted from ${draft.source}`,
    alignRows(rows),
    `Next:\n${alignRows(nextSteps(draft, source))}`,
    ...stampSteps(draft, revision),
  ].join('\n\n')
}

/** Whether Knex ran the functions, in one row where the same is to be said of both. */
function proofRows({ up, down }: Draft): readonly Row[] {
  const [first, second] = [up, down].map(({ proof }) => (proof === null ? [] : describeProof(proof)))
  const rows = (name: string, lines: readonly string[] = []): readonly Row[] =>
    lines.map((line, index) => [index === 0 ? name : '', line])
  if (first?.join() === second?.join()) return rows('proof', first)
  return [...rows('up proof', first), ...rows('down proof', second)]
}

/** Why the migration has no transaction, and what would give it one. */
function explainNoTransaction({ up, down }: Draft): string {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  const hasIndexes = separate.some(({ key }) => /^(?:index|constraint):/.test(key))
  const advice = hasIndexes ? '; --no-concurrently drafts indexes that run inside one' : ''
  return `none: ${formatCount(separate.length, 'statement')} ${separate.length === 1 ? 'runs' : 'run'} only outside a transaction${advice}`
}

function changesOf({ differences }: Draft): Changes {
  return Object.fromEntries(
    differences.map((difference) => [
      difference.key,
      difference.change === 'unexpected' ? null : difference.expected,
    ]),
  )
}

function planRows(name: string, plan: Plan): readonly Row[] {
  const { statements, refused } = plan
  return [
    [name, formatCount(statements.length, 'statement')],
    ...dataLossesOf(plan).map((what) => ['', `loses ${what}`] as const),
    ...refused.map(({ key, reason }) => ['', `not written: ${key}, ${reason}`] as const),
  ]
}

function nextSteps({ up, down }: Draft, source: string): readonly Row[] {
  const throwing = [['up', up] as const, ['down', down] as const]
    .filter(([, plan]) => dataLossesOf(plan).length + plan.refused.length > 0)
    .map(([name]) => name)
  const verb = throwing.length === 1 ? 'throws' : 'throw'
  const note =
    throwing.length === 0 ? '' : `; ${throwing.join(' and ')} ${verb} until you remove the lines that say so`
  return [
    ['read it', `and correct it where necessary${note}`],
    ['schemagate snapshot', 'runs it in a scratch database and records what it promises'],
    [`schemagate diff snapshot ${source}`, 'then shows whether any difference is left'],
  ]
}

function alignRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${toPrintable(right)}`).join('\n')
}

/**
 * How to record the migration in the database that it is drafted from, which already has what the migration makes.
 * Empty for other sources.
 */
function stampSteps({ inspection }: Draft, revision: string): readonly string[] {
  if (inspection === null) return []
  return [
    `${describeAddress(inspection.database)} already has what the migration makes, so running it there would fail.\nWhen the migration is final, record it there instead:`,
    `  schemagate stamp ${revision}`,
    'This records it only if the database has everything that the migration promises.',
  ]
}
