import type { Catalog } from '../../core/model/catalog.js'
import { formatCount } from '../../core/text/format.js'
import { type Plan, type PlanRefusal, type Statement } from '../statement.js'
import { type DraftBlock, buildBlocks } from './blocks.js'
import { toOneLine, stringLiteral } from './javascript.js'
import { renderCall } from './method-chain.js'
import type { MigrationCode } from './migration-code.js'
import type { KnexNaming } from './naming.js'
import { renderBlocks } from './render-blocks.js'

/** What a draft is made from. */
export interface DraftInput {
  readonly revision: string
  /** What the migration leads to, as text: `models:models.js`. */
  readonly source: string
  /** The catalog before the migration, and after it. */
  readonly from: Catalog
  readonly to: Catalog
  /** The plan from `from` to `to`, and the plan back. */
  readonly up: Plan
  readonly down: Plan
  readonly naming: KnexNaming
}

/**
 * A migration that does what two plans contain, with Knex's schema builder where it does exactly the same and with
 * `knex.raw` elsewhere. A function that would lose data, or that is incomplete, throws until a person removes the line.
 */
export function draftMigration({ revision, source, from, to, up, down, naming }: DraftInput): MigrationCode {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  const bodyOf = (name: string, plan: Plan, blocks: readonly DraftBlock[]): readonly string[] =>
    renderFunctionBody(
      `${revision}: ${name}`,
      plan,
      [...blocks, ...resetBodyChecks(plan.statements)],
      naming.defaultSchema,
    )
  return {
    headerComment: [`Drafted by \`schemagate new\` from ${toOneLine(source)}. Read it before you commit it.`],
    noTransactionComment: separate.length === 0 ? null : noTransactionReasons(separate.length),
    up: bodyOf('up', up, buildBlocks(up.statements, from, to, naming)),
    down: bodyOf('down', down, buildBlocks(down.statements, to, from, naming)),
  }
}

/** The data that a plan loses, as text. */
export function dataLossesOf({ statements }: Plan): readonly string[] {
  return statements.flatMap(({ hazards }) =>
    hazards.flatMap((hazard) => (hazard.hazard === 'data loss' ? [hazard.what] : [])),
  )
}

function renderFunctionBody(
  title: string,
  plan: Plan,
  blocks: readonly DraftBlock[],
  schema: string,
): readonly string[] {
  const losses = dataLossesOf(plan)
  const parts = [
    ...(losses.length === 0 ? [] : [dataLossLines(losses, title)]),
    ...plan.refused.map((refusal) => refusalLines(refusal, title)),
    renderBlocks(blocks, schema),
  ].filter((lines) => lines.length > 0)
  return parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

function dataLossLines(losses: readonly string[], title: string): readonly string[] {
  return [
    '  // This permanently deletes:',
    ...losses.map((what) => `  //   ${toOneLine(what)}`),
    ...throwLines(`${title} loses data. Remove this line if that is intended.`),
  ]
}

function refusalLines({ key, reason, decide }: PlanRefusal, title: string): readonly string[] {
  return [
    `  // Not written: ${toOneLine(key)}`,
    `  //   ${toOneLine(reason)}`,
    `  //   decide: ${toOneLine(decide)}`,
    ...throwLines(`${title} is incomplete. Replace this line with the missing statements.`),
  ]
}

function throwLines(message: string): readonly string[] {
  return renderCall('  throw new ', ['Error', stringLiteral(message)], '  ')
}

const disableBodyChecks = 'SET check_function_bodies = off'

/** The setting belongs to the session, which continues after the migration. */
function resetBodyChecks(statements: readonly Statement[]): readonly DraftBlock[] {
  return statements.some(({ sql }) => sql === disableBodyChecks)
    ? [{ form: 'raw', sql: 'RESET check_function_bodies', hazards: [] }]
    : []
}

function noTransactionReasons(count: number): readonly string[] {
  return [
    `${formatCount(count, 'statement')} ${count === 1 ? 'runs' : 'run'} only outside a transaction, so the migration has none: what ran before a failure stays.`,
    'Moved to a migration of their own, they would leave this one all or nothing.',
  ]
}
