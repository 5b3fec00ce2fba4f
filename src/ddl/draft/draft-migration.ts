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
  /** What the migration leads to, in words: `models:models.js`. */
  readonly source: string
  /** The catalog before the migration, and after it. */
  readonly from: Catalog
  readonly to: Catalog
  /** From the one to the other, and back. */
  readonly up: Plan
  readonly down: Plan
  readonly naming: KnexNaming
}

/**
 * A migration that does what two plans say: Knex's builder where it says exactly the same, `knex.raw` elsewhere. What would
 * lose data, or is not written, throws until a person has removed the line.
 */
export function draftMigration({ revision, source, from, to, up, down, naming }: DraftInput): MigrationCode {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  return {
    headerComment: [
      `Drafted by \`schemagate new\` from ${toOneLine(source)}. To be read before it is committed.`,
    ],
    noTransactionComment: separate.length === 0 ? null : noTransactionReasons(separate),
    up: renderFunctionBody(up, { name: `${revision}: up`, passage: { from, to, naming } }),
    down: renderFunctionBody(down, {
      name: `${revision}: down`,
      passage: { from: to, to: from, naming },
    }),
  }
}

/** What running a plan loses for good, in words. */
export function dataLossesOf({ statements }: Plan): readonly string[] {
  return statements.flatMap(({ hazards }) =>
    hazards.flatMap((hazard) => (hazard.hazard === 'data loss' ? [hazard.what] : [])),
  )
}

interface Direction {
  /** How its errors call it. */
  readonly name: string
  readonly passage: Parameters<typeof buildBlocks>[1]
}

function renderFunctionBody(plan: Plan, { name, passage }: Direction): readonly string[] {
  const { statements, refused } = plan
  const losses = dataLossesOf(plan)
  const blocks = [...buildBlocks(statements, passage), ...resetBodyChecks(statements)]
  const parts = [
    ...(losses.length === 0 ? [] : [dataLossLines(losses, name)]),
    ...refused.map((refusal) => refusalLines(refusal, name)),
    renderBlocks(blocks, passage.naming.defaultSchema),
  ].filter((lines) => lines.length > 0)
  return parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

function dataLossLines(losses: readonly string[], name: string): readonly string[] {
  return [
    '  // This loses for good:',
    ...losses.map((what) => `  //   ${toOneLine(what)}`),
    ...throwLines(`${name} loses data. Remove this line once that is meant.`),
  ]
}

function refusalLines({ key, reason, decide }: PlanRefusal, name: string): readonly string[] {
  return [
    `  // Not written: ${toOneLine(key)}`,
    `  //   ${toOneLine(reason)}`,
    `  //   decide: ${toOneLine(decide)}`,
    ...throwLines(`${name} is not all written. Put what is missing in the place of this line.`),
  ]
}

function throwLines(message: string): readonly string[] {
  return renderCall('  throw new ', ['Error', stringLiteral(message)], '  ')
}

const disableBodyChecks = 'SET check_function_bodies = off'

/** The setting is that of the session, which goes on. */
function resetBodyChecks(statements: readonly Statement[]): readonly DraftBlock[] {
  return statements.some(({ sql }) => sql === disableBodyChecks)
    ? [{ form: 'raw', sql: 'RESET check_function_bodies', hazards: [] }]
    : []
}

function noTransactionReasons(separate: readonly Statement[]): readonly string[] {
  return [
    `${formatCount(separate.length, 'statement')} of it ${separate.length === 1 ? 'runs' : 'run'} only outside a transaction, so none has one: what ran before a failure stays.`,
    'In a migration of their own they would leave the rest all or nothing.',
  ]
}
