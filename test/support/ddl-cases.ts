import pg from 'pg'
import type { Test } from 'tap'
import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { dataLossesOf } from '../../src/ddl/draft/draft-migration.js'
import { planChanges } from '../../src/ddl/plan/plan.js'
import { describeHazard, type Plan, type Statement } from '../../src/ddl/statement.js'
import { queryPrepared } from '../../src/postgres/introspect/prepared-statements.js'
import {
  allAnnotations,
  createCatalogReader,
  readCatalogInTransaction,
} from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, serverMajor } from './database.js'

/** Two schemas as SQL, and what is to be known of the way from the one to the other. */
export interface DdlCase {
  readonly name: string
  /** What is in both, ahead of what differs. */
  readonly setup?: string
  readonly from: string
  readonly to: string
  /** SQL that fills the tables of the first schema. */
  readonly rows?: string
  /** SQL that must be possible there, and after the way back: that rows can still be inserted. */
  readonly thereAfter?: string
  readonly backAfter?: string
  /** What the statements lose, in words, on the way there and on the way back. */
  readonly losses?: readonly string[]
  readonly lossesBack?: readonly string[]
  /** All statements of the way there, in their order. */
  readonly statements?: readonly string[]
  /** Parts of its statements, in their order. */
  readonly contains?: readonly string[]
  /** All its hazards in words, in the order of the statements. */
  readonly hazards?: readonly string[]
  /** The keys of what is refused on the way there; then nothing is run. */
  readonly refused?: readonly string[]
  /** The keys of what is refused on the way back, which is then not gone. */
  readonly refusedBack?: readonly string[]
  /** Whether new tables are written with their constraints on the way there. */
  readonly compact?: true
  /** The major version for which it is planned. Default: that of the server. */
  readonly plannedFor?: number
  /** The first major version that has what it is about. Default: all. */
  readonly since?: number
  /** Whether statements of it fail in a transaction. The databases of others are only lent, and rolled back. */
  readonly ownDatabases?: true
}

/** A session in a transaction. */
interface Side {
  readonly client: pg.Client
  /** What statements that may not share a transaction are put between. */
  readonly commits: boolean
}

/** Goes from each case's first schema to its second on a real database, and back; each time nothing may differ. */
export function testDdlCases(t: Test, cases: readonly DdlCase[]): void {
  let lent: Promise<readonly [Side, Side]> | undefined
  for (const one of cases)
    t.test(one.name, async (t2) => {
      const { since = 0 } = one
      if ((await serverMajor()) < since) return t2.plan(0, `PostgreSQL ${since} has it`)
      if (one.ownDatabases === true) return testCase(t2, one, await openSides(t2, { commits: true }))
      lent ??= openSides(t, { commits: false })
      const isRun = await testCase(t2, one, await lent)
      if (!isRun) await testCase(t2, one, await openSides(t2, { commits: true }))
    })
}

async function openSides(t: Test, { commits }: Pick<Side, 'commits'>): Promise<readonly [Side, Side]> {
  const open = async (): Promise<Side> => {
    const client = new pg.Client({ connectionString: await createDatabase(t) })
    await client.connect()
    t.teardown(() => client.end())
    return { client, commits }
  }
  return Promise.all([open(), open()])
}

/** False where a statement of it cannot run in the transaction of its databases, which are only lent. */
async function testCase(t: Test, one: DdlCase, [here, there]: readonly [Side, Side]): Promise<boolean> {
  const { setup = '', from, to, rows = '', thereAfter = '', backAfter = '' } = one
  t.teardown(() => Promise.all([here, there].map(({ client }) => client.query('rollback'))))
  await Promise.all([here, there].map(({ client }) => client.query('rollback')))
  await Promise.all([
    here.client.query(`begin; ${setup}; ${from}`),
    there.client.query(`begin; ${setup}; ${to}`),
  ])
  const [start, goal] = await Promise.all([catalogOf(here), catalogOf(there)])
  const options = { serverMajor: one.plannedFor ?? (await serverMajor()) }
  const plan = planChanges(start, goal, { ...options, compact: one.compact === true })
  if (!canRun(here, plan)) return false
  checkPlan(t, plan, one)
  if (one.refused !== undefined) return true
  await here.client.query(rows)
  await apply(here, plan.statements)
  const arrived = await catalogOf(here)
  t.strictSame(diff(goal, arrived), [], 'nothing differs there')
  await here.client.query(thereAfter)
  const back = planChanges(arrived, start, options)
  if (!canRun(here, back)) return false
  t.strictSame(keysOf(back), one.refusedBack ?? [], 'what is refused on the way back')
  if (one.lossesBack !== undefined) t.strictSame(dataLossesOf(back), one.lossesBack, 'the losses back')
  if (one.refusedBack !== undefined) return true
  await apply(here, back.statements)
  t.strictSame(diff(start, await catalogOf(here)), [], 'nothing differs back')
  await here.client.query(backAfter)
  return true
}

function canRun({ commits }: Side, { statements }: Plan): boolean {
  return commits || !statements.some(({ sql }) => sql.includes(' CONCURRENTLY '))
}

function checkPlan(
  t: Test,
  plan: Plan,
  { statements, contains = [], hazards, losses, refused = [] }: DdlCase,
): void {
  const sql = plan.statements.map((statement) => statement.sql)
  t.strictSame(keysOf(plan), refused, 'what is refused')
  if (statements !== undefined) t.strictSame(sql, statements, 'the statements')
  let place = 0
  for (const part of contains) {
    const found = sql.findIndex((one, index) => index >= place && one.includes(part))
    t.not(found, -1, part, { sql: sql.slice(place) })
    place = Math.max(found, place)
  }
  if (losses !== undefined) t.strictSame(dataLossesOf(plan), losses, 'the losses')
  if (hazards !== undefined) {
    const all = plan.statements.flatMap((statement) => statement.hazards.map(describeHazard))
    t.strictSame(all, hazards, 'the hazards')
  }
}

function keysOf({ refused }: Plan): readonly string[] {
  return refused.map(({ key }) => key)
}

async function apply({ client, commits }: Side, statements: readonly Statement[]): Promise<void> {
  for (const { sql, transactional } of statements) {
    const alone = commits && !transactional
    if (alone) await client.query('commit')
    await client.query(sql).catch((error: unknown) => {
      throw new Error(`${String(error)} in ${sql}`, { cause: error })
    })
    if (alone) await client.query('begin')
  }
}

const reader = createCatalogReader(allAnnotations)

/** PostgreSQL takes longer to plan the queries than to run them: a session that is lent to many cases does it once. */
async function catalogOf({ client, commits }: Side): Promise<Catalog> {
  const results = commits
    ? null
    : await queryPrepared(client, (execute) => reader.queries.map((sql) => execute(sql, [])))
  return results === null ? readCatalogInTransaction(client, allAnnotations) : reader.parse(results)
}
