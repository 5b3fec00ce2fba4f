import type { Catalog } from '../../core/model/catalog.js'
import { count } from '../../core/model/describe.js'
import { type Plan, type Refusal, type Statement } from '../statement.js'
import { type Block, blocksOf } from './blocks.js'
import { bodyOf } from './body.js'
import { callLines } from './chain.js'
import { oneLine, quoted } from './javascript.js'
import type { Manner } from './manner.js'
import type { MigrationSource } from './migration-source.js'

/** What a draft is made from. */
export interface Drafting {
  readonly revision: string
  /** What the migration leads to, in words: `models:models.js`. */
  readonly source: string
  /** The catalog before the migration, and after it. */
  readonly from: Catalog
  readonly to: Catalog
  /** From the one to the other, and back. */
  readonly up: Plan
  readonly down: Plan
  readonly manner: Manner
}

/**
 * A migration that does what two plans say: Knex's builder where it says exactly the same, `knex.raw` elsewhere. What would
 * lose data, or is not written, throws until a person has removed the line.
 */
export function draftMigration({ revision, source, from, to, up, down, manner }: Drafting): MigrationSource {
  const separate = [...up.statements, ...down.statements].filter(({ transactional }) => !transactional)
  return {
    head: [`Drafted by \`schemagate new\` from ${oneLine(source)}. To be read before it is committed.`],
    withoutTransaction: separate.length === 0 ? null : reasonsFor(separate),
    up: functionBody(up, { name: `${revision}: up`, passage: { from, to, manner } }),
    down: functionBody(down, { name: `${revision}: down`, passage: { from: to, to: from, manner } }),
  }
}

/** What running a plan loses for good, in words. */
export function lossesOf({ statements }: Plan): readonly string[] {
  return statements.flatMap(({ hazards }) =>
    hazards.flatMap((hazard) => (hazard.hazard === 'data loss' ? [hazard.what] : [])),
  )
}

interface Direction {
  /** How its errors call it. */
  readonly name: string
  readonly passage: Parameters<typeof blocksOf>[1]
}

function functionBody(plan: Plan, { name, passage }: Direction): readonly string[] {
  const { statements, refused } = plan
  const losses = lossesOf(plan)
  const blocks = [...blocksOf(statements, passage), ...reset(statements)]
  const parts = [
    ...(losses.length === 0 ? [] : [lossLines(losses, name)]),
    ...refused.map((refusal) => refusalLines(refusal, name)),
    bodyOf(blocks, passage.manner.schema),
  ].filter((lines) => lines.length > 0)
  return parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

function lossLines(losses: readonly string[], name: string): readonly string[] {
  return [
    '  // This loses for good:',
    ...losses.map((what) => `  //   ${oneLine(what)}`),
    ...thrown(`${name} loses data. Remove this line once that is meant.`),
  ]
}

function refusalLines({ key, reason, decide }: Refusal, name: string): readonly string[] {
  return [
    `  // Not written: ${oneLine(key)}`,
    `  //   ${oneLine(reason)}`,
    `  //   decide: ${oneLine(decide)}`,
    ...thrown(`${name} is not all written. Put what is missing in the place of this line.`),
  ]
}

function thrown(message: string): readonly string[] {
  return callLines('  throw new ', ['Error', quoted(message)], '  ')
}

const unchecked = 'SET check_function_bodies = off'

/** The setting is that of the session, which goes on. */
function reset(statements: readonly Statement[]): readonly Block[] {
  return statements.some(({ sql }) => sql === unchecked)
    ? [{ form: 'raw', sql: 'RESET check_function_bodies', hazards: [] }]
    : []
}

function reasonsFor(separate: readonly Statement[]): readonly string[] {
  return [
    `${count(separate.length, 'statement')} of it ${separate.length === 1 ? 'runs' : 'run'} only outside a transaction, so none has one: what ran before a failure stays.`,
    'In a migration of their own they would leave the rest all or nothing.',
  ]
}
