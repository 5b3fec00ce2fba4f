import type { Catalog } from '../../core/model/catalog.js'
import { formatCount } from '../../core/text/format.js'
import { describeProof, isWhole, type ProvenPlan } from '../proof.js'
import type { Plan, PlanRefusal, Statement } from '../statement.js'
import { type DraftBlock, buildBlocks, rawBlocks } from './blocks.js'
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
  readonly up: ProvenPlan
  readonly down: ProvenPlan
  readonly naming: KnexNaming
  /** The functions that are written as SQL only, because the builder does not do the same. */
  readonly asSql: ReadonlySet<DraftFunction>
}

/** One of the two functions of a migration. */
export type DraftFunction = 'up' | 'down'

/** A draft whose functions do not stop where a person has to decide. It is run before a draft is written. */
export type TrialInput = Pick<DraftInput, 'from' | 'to' | 'naming' | 'asSql'> & {
  readonly up: Plan
  readonly down: Plan
}

/**
 * A migration that does what two plans contain, with Knex's schema builder where it does exactly the same and with
 * `knex.raw` elsewhere. A function that would lose data, or that is incomplete, throws until a person removes the line.
 */
export function draftMigration(input: DraftInput): MigrationCode {
  const { revision, source, up, down } = input
  const code = trialMigration(input)
  return {
    ...code,
    headerComment: [
      `Drafted by \`schemagate new\` from ${toOneLine(source)}. Read it before you commit it.`,
      ...proofLines(up, down),
    ],
    up: [...stopLines(`${revision}: up`, up), ...code.up],
    down: [...stopLines(`${revision}: down`, down), ...code.down],
  }
}

/** The same without the lines that throw, and without a comment at the top. */
export function trialMigration({ from, to, up, down, naming, asSql }: TrialInput): MigrationCode {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  const bodyOf = (
    name: DraftFunction,
    { statements }: Plan,
    [before, after]: readonly [Catalog, Catalog],
  ): readonly string[] => {
    const blocks = asSql.has(name) ? rawBlocks(statements) : buildBlocks(statements, before, after, naming)
    return renderBlocks([...blocks, ...resetBodyChecks(statements)], naming.defaultSchema)
  }
  return {
    headerComment: [],
    noTransactionComment: separate.length === 0 ? null : noTransactionReasons(separate.length),
    up: bodyOf('up', up, [from, to]),
    down: bodyOf('down', down, [to, from]),
  }
}

/** What was not run of the functions, once where it is the same. */
function proofLines({ proof: up }: ProvenPlan, { proof: down }: ProvenPlan): readonly string[] {
  const lines = [up, down].map((proof) => (proof === null || isWhole(proof) ? [] : describeProof(proof)))
  if (lines[0]?.join() === lines[1]?.join()) return (lines[0] ?? []).map(toOneLine)
  return ['up', 'down'].flatMap((name, index) =>
    (lines[index] ?? []).map((line, place) => toOneLine(place === 0 ? `${name}: ${line}` : line)),
  )
}

/** The data that a plan loses, as text. */
export function dataLossesOf({ statements }: Plan): readonly string[] {
  return statements.flatMap(({ hazards }) =>
    hazards.flatMap((hazard) => (hazard.hazard === 'data loss' ? [hazard.what] : [])),
  )
}

/** What stops a function until a person has decided, with an empty line after each part that something follows. */
function stopLines(title: string, plan: Plan): readonly string[] {
  const losses = dataLossesOf(plan)
  const parts = [
    ...(losses.length === 0 ? [] : [dataLossLines(losses, title)]),
    ...plan.refused.map((refusal) => refusalLines(refusal, title)),
  ]
  const lines = parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]))
  return lines.length > 0 && plan.statements.length > 0 ? [...lines, ''] : lines
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
