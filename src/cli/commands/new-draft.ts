import { describeChanges } from '../../core/model/describe.js'
import { countIgnored } from '../../core/model/scope.js'
import type { Changes } from '../../core/model/snapshot.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { draftMigration, dataLossesOf } from '../../ddl/draft/draft-migration.js'
import { renderMigration } from '../../ddl/draft/migration-code.js'
import type { KnexNaming } from '../../ddl/draft/naming.js'
import type { Plan } from '../../ddl/statement.js'
import { type Draft, planDraft } from '../../operations/draft/plan-draft.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { KnexProject } from '../../project/knexfile.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandContext, CommandResult } from './command.js'
import { type NewMigrationFile, nextMigrationFile, writeMigration } from './migration-file.js'

/** `schemagate new NAME --from SOURCE`: what leads from the promise at head to the source, as a migration. */
export async function writeDraft(context: CommandContext, source: string): Promise<CommandResult> {
  const [name = ''] = context.positionals
  return withWorkspace({ ...context, allowNoMigrations: true }, async (workspace) => {
    const { project } = workspace
    const file = await nextMigrationFile(name, project, context)
    const online = context.options['no-concurrently'] !== true
    const draft = await planDraft(workspace, { source, online })
    if (draft.differences.length === 0) return noDraftResult(draft)
    const migration = draftMigration({ ...draft, revision: file.revision, naming: knexNamingOf(project) })
    await writeMigration(file, renderMigration(migration, file.language))
    const hasTransaction = migration.noTransactionComment === null
    return {
      exit: 0,
      text: describeDraft({ draft, file, source, hasTransaction }),
      document: draftDocument({ draft, file, hasTransaction }),
    }
  })
}

function noDraftResult({ source, ignored }: Draft): CommandResult {
  const left = countIgnored(ignored)
  const note = left === 0 ? '' : ` VERIFY_IGNORE leaves out ${formatCount(left, 'difference')}.`
  return {
    exit: 0,
    text: `Nothing leads from the snapshot at head to ${source}: no difference. Nothing was written.${note}`,
    document: { revision: null, file: null, source, ignored },
  }
}

/** The schema in which Knex creates, and whether a `wrapIdentifier` of the project changes names. */
function knexNamingOf({ searchPath, settings: { wrapIdentifier } }: KnexProject): KnexNaming {
  const [schema = 'public'] = searchPath
  return {
    defaultSchema: schema,
    preservesName: (name) =>
      typeof wrapIdentifier !== 'function' || wrapIdentifier(name, (same: string) => same) === name,
  }
}

interface Written {
  readonly draft: Draft
  readonly file: NewMigrationFile
  readonly hasTransaction: boolean
}

function draftDocument({ draft, file, hasTransaction }: Written): object {
  const { source, up, down, ignored } = draft
  const losses = { up: dataLossesOf(up), down: dataLossesOf(down) }
  return {
    revision: file.revision,
    file: file.displayPath,
    source,
    transaction: hasTransaction,
    losses,
    up,
    down,
    ignored,
  }
}

interface Described extends Written {
  /** The source as it was typed. */
  readonly source: string
}

function describeDraft({ draft, file, source, hasTransaction }: Described): string {
  const { up, down, ignored } = draft
  const left = countIgnored(ignored)
  return [
    `${file.displayPath}: drafted from ${draft.source}`,
    alignRows([
      ['changes', describeChanges(changesOf(draft), new Set(Object.keys(draft.from)))],
      ...planRows('up', up),
      ...planRows('down', down),
      ...(hasTransaction ? [] : [['transaction', explainNoTransaction(draft)] as const]),
      ...(left === 0 ? [] : [['ignored', `${formatCount(left, 'difference')}, by VERIFY_IGNORE`] as const]),
    ]),
    `Next:\n${alignRows(nextSteps(draft, source))}`,
    ...stampSteps(draft, file.revision),
  ].join('\n\n')
}

/** Why the migration has no transaction, and what would give it one. */
function explainNoTransaction({ up, down }: Draft): string {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  const ofIndexes = separate.some(({ key }) => /^(?:index|constraint):/.test(key))
  const advice = ofIndexes ? '; --no-concurrently drafts indexes that do not' : ''
  return `none: ${formatCount(separate.length, 'statement')} ${separate.length === 1 ? 'runs' : 'run'} only outside of one${advice}`
}

function changesOf({ differences }: Draft): Changes {
  return Object.fromEntries(
    differences.map((difference) => [
      difference.key,
      difference.change === 'unexpected' ? null : difference.expected,
    ]),
  )
}

function planRows(name: string, plan: Plan): readonly (readonly [string, string])[] {
  const { statements, refused } = plan
  return [
    [name, formatCount(statements.length, 'statement')],
    ...dataLossesOf(plan).map((what) => ['', `loses ${what}`] as const),
    ...refused.map(({ key, reason }) => ['', `not written: ${key}, ${reason}`] as const),
  ]
}

function nextSteps({ up, down }: Draft, source: string): readonly (readonly [string, string])[] {
  const open = [['up', up] as const, ['down', down] as const]
    .filter(([, plan]) => dataLossesOf(plan).length + plan.refused.length > 0)
    .map(([name]) => name)
  const verb = open.length === 1 ? 'throws' : 'throw'
  const read =
    open.length === 0 ? '' : `; ${open.join(' and ')} ${verb} until the lines that say so are removed`
  return [
    ['read it', `and correct what should be done otherwise${read}`],
    ['schemagate snapshot', 'runs it in a scratch database, and promises what it makes'],
    [`schemagate diff snapshot ${source}`, 'then says whether anything is left'],
  ]
}

function alignRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${toPrintable(right)}`).join('\n')
}

/**
 * What to do about the database that a draft was made from, which has already what the migration makes. Nothing for other
 * sources.
 */
function stampSteps({ inspection }: Draft, revision: string): readonly string[] {
  if (inspection === null) return []
  return [
    `${describeAddress(inspection.database)} has already what the migration makes, so that there it would fail. There, record it\ninstead of running it, once it is final:`,
    `  schemagate stamp ${revision}`,
    'which does so only if it is true.',
  ]
}
