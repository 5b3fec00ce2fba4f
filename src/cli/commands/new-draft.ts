import { count, describeChanges } from '../../core/model/describe.js'
import { countIgnored } from '../../core/model/scope.js'
import type { Changes } from '../../core/model/snapshot.js'
import { visible } from '../../core/text/printable.js'
import { draftMigration, lossesOf } from '../../ddl/draft/draft.js'
import type { Manner } from '../../ddl/draft/manner.js'
import { migrationText } from '../../ddl/draft/migration-source.js'
import type { Plan } from '../../ddl/statement.js'
import { type Draft, planDraft } from '../../operations/draft/draft.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { KnexProject } from '../../project/knexfile.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandContext, CommandResult } from './command.js'
import { type MigrationFile, nextMigrationFile, writeMigration } from './migration-file.js'

/** `schemagate new NAME --from SOURCE`: what leads from the promise at head to the source, as a migration. */
export async function writeDraft(context: CommandContext, source: string): Promise<CommandResult> {
  const [name = ''] = context.words
  return withWorkspace({ ...context, mayBeNew: true }, async (workspace) => {
    const { project } = workspace
    const file = await nextMigrationFile(name, project, context)
    const online = context.options['no-concurrently'] !== true
    const draft = await planDraft(workspace, { source, online })
    if (draft.differences.length === 0) return nothingToDraft(draft)
    const migration = draftMigration({ ...draft, revision: file.revision, manner: mannerOf(project) })
    await writeMigration(file, migrationText(migration, file.language))
    const hasTransaction = migration.withoutTransaction === null
    return {
      exit: 0,
      text: describe({ draft, file, source, hasTransaction }),
      document: documentOf({ draft, file, hasTransaction }),
    }
  })
}

function nothingToDraft({ source, ignored }: Draft): CommandResult {
  const left = countIgnored(ignored)
  const note = left === 0 ? '' : ` VERIFY_IGNORE leaves out ${count(left, 'difference')}.`
  return {
    exit: 0,
    text: `Nothing leads from the snapshot at head to ${source}: no difference. Nothing was written.${note}`,
    document: { revision: null, file: null, source, ignored },
  }
}

/** The schema in which Knex creates, and whether a `wrapIdentifier` of the project changes names. */
function mannerOf({ searchPath, settings: { wrapIdentifier } }: KnexProject): Manner {
  const [schema = 'public'] = searchPath
  return {
    schema,
    keeps: (name) =>
      typeof wrapIdentifier !== 'function' || wrapIdentifier(name, (same: string) => same) === name,
  }
}

interface Written {
  readonly draft: Draft
  readonly file: MigrationFile
  readonly hasTransaction: boolean
}

function documentOf({ draft, file, hasTransaction }: Written): object {
  const { source, up, down, ignored } = draft
  const losses = { up: lossesOf(up), down: lossesOf(down) }
  return {
    revision: file.revision,
    file: file.shown,
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

function describe({ draft, file, source, hasTransaction }: Described): string {
  const { up, down, ignored } = draft
  const left = countIgnored(ignored)
  return [
    `${file.shown}: drafted from ${draft.source}`,
    aligned([
      ['changes', describeChanges(changesOf(draft), new Set(Object.keys(draft.from)))],
      ...planRows('up', up),
      ...planRows('down', down),
      ...(hasTransaction ? [] : [['transaction', withoutTransaction(draft)] as const]),
      ...(left === 0 ? [] : [['ignored', `${count(left, 'difference')}, by VERIFY_IGNORE`] as const]),
    ]),
    `Next:\n${aligned(nextSteps(draft, source))}`,
    ...recordingSteps(draft, file.revision),
  ].join('\n\n')
}

/** Why the migration has no transaction, and what would give it one. */
function withoutTransaction({ up, down }: Draft): string {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  const ofIndexes = separate.some(({ key }) => /^(?:index|constraint):/.test(key))
  const advice = ofIndexes ? '; --no-concurrently drafts indexes that do not' : ''
  return `none: ${count(separate.length, 'statement')} ${separate.length === 1 ? 'runs' : 'run'} only outside of one${advice}`
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
    [name, count(statements.length, 'statement')],
    ...lossesOf(plan).map((what) => ['', `loses ${what}`] as const),
    ...refused.map(({ key, reason }) => ['', `not written: ${key}, ${reason}`] as const),
  ]
}

function nextSteps({ up, down }: Draft, source: string): readonly (readonly [string, string])[] {
  const open = [['up', up] as const, ['down', down] as const]
    .filter(([, plan]) => lossesOf(plan).length + plan.refused.length > 0)
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

function aligned(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${visible(right)}`).join('\n')
}

/**
 * What to do about the database that a draft was made from, which has already what the migration makes. Nothing for other
 * sources.
 */
function recordingSteps({ inspection }: Draft, revision: string): readonly string[] {
  if (inspection === null) return []
  return [
    `${describeAddress(inspection.database)} has already what the migration makes, so that there it would fail. There, record it\ninstead of running it, once it is final:`,
    `  schemagate stamp ${revision}`,
    'which does so only if it is true.',
  ]
}
