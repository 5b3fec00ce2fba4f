import type { Catalog } from '../../core/model/catalog.js'
import type { Difference, UndeterminedFacts } from '../../core/model/diff.js'
import { limitToScope, type Scope } from '../../core/model/scope.js'
import { errorMessage } from '../../core/text/redact.js'
import { partsOf, type Plan, type Statement } from '../../ddl/statement.js'
import { canonicalizeCatalog } from '../canonicalize/canonicalize.js'
import { type Connection, withClient } from '../connection/connect.js'
import { readServerMajor } from '../connection/query.js'
import { disableServerTimeouts } from '../connection/settings.js'
import { allAnnotations, type ReadOptions, readCatalog } from '../introspect/read-catalog.js'
import type pg from 'pg'
import { touchedSequences, touchedTables, relationUnitOf, withDependents } from './affected.js'
import { buildStart, type ProvideRole, type StartWriter, type Unbuilt } from './build-start.js'
import { type Loss, unlabelledLosses } from './losses.js'
import { expectedCatalog, remainingDifferences } from './remaining-differences.js'
import type { FailedStatement } from './run-statements.js'
import { relatedTables } from './sample-rows.js'
import {
  type DataScope,
  fillScratch,
  readScratchAfter,
  readScratchData,
  type ScratchData,
} from './scratch-data.js'
import { takenNumbers } from './sequence-positions.js'

/** What a plan is to lead from and to, and what of it counts. */
export interface ProofGoal {
  readonly from: Catalog
  readonly to: Catalog
  /** How a catalog is made in an empty database. */
  readonly writeStart: (start: Catalog) => StartWriter
  /** What the plan is to change: `expected` belongs to `to`, `actual` to `from`. */
  readonly differences: readonly Difference[]
  readonly undetermined: UndeterminedFacts
  /** Whether owners, grants and comments are in the catalogs. */
  readonly scope: Pick<Scope, 'comments' | 'grants'>
  /** The major version of PostgreSQL that printed `to`, and that of the database; null for that of the scratch server. */
  readonly printedBy: number | null
  readonly target: number | null
  /** What is not in the catalogs: the tables of the ledger. */
  readonly reading: ReadOptions
}

/** Runs statements in a database as they will be run. Returns the one that failed; null if none did. */
export type RunInDatabase = (
  connection: Connection,
  statements: readonly Statement[],
) => Promise<FailedStatement | null>

/** One run of a plan in a scratch database. */
export interface Trial {
  readonly plan: Plan
  /** What is built first: `from`, or the part of it that the plan can tell from the whole. */
  readonly start: Catalog
  readonly run: RunInDatabase
  /** The statements that cannot be run there, by their SQL, and why. */
  readonly skipped: ReadonlyMap<string, Unbuilt>
  /** Keys of what cannot be made there, and why. */
  readonly unbuilt: ReadonlyMap<string, string>
  /** The tables, by their names in SQL, that stay without rows, because a statement fails with some. */
  readonly withoutRows: ReadonlySet<string>
}

export interface TrialResult {
  readonly postgres: number
  readonly tablesWithRows: readonly string[]
  /** What of `from` was not built. */
  readonly unbuilt: readonly Unbuilt[]
  /** The statement that failed; null where all ran. */
  readonly failed: FailedStatement | null
  /** The differences that are left; none where a statement failed. */
  readonly remaining: readonly Difference[]
  /** What is lost, and no label says so. */
  readonly losses: readonly Loss[]
  /** The columns whose next number a row has already, by key, each with that number. */
  readonly taken: readonly (readonly [column: string, number: bigint])[]
}

/** What a trial begins with. */
interface TrialStart extends Pick<TrialResult, 'postgres' | 'tablesWithRows' | 'unbuilt'> {
  /** Null where the plan touches no data. */
  readonly data: TouchedData | null
  readonly before: Catalog
}

interface TouchedData {
  readonly scope: DataScope
  readonly before: ScratchData
}

/**
 * Builds the start in an empty database, puts rows in the tables that the plan touches, runs it in a session of its own, and reads
 * what is there. One session does all the rest: a new one would have to learn the system catalogs again.
 */
export async function runTrial(
  connection: Connection,
  goal: ProofGoal,
  trial: Trial,
  provideRole: ProvideRole,
): Promise<TrialResult> {
  return withClient(withoutHook(connection), async (client) => {
    const start = await prepareStart(client, goal, trial, provideRole)
    const absent = start.unbuilt.filter(({ isThere }) => isThere !== true)
    const roots = [...absent.map(({ key }) => key), ...trial.unbuilt.keys()]
    const unproven = withDependents(roots, goal)
    const isRun = ({ key, sql }: Statement): boolean => !unproven.has(key) && !trial.skipped.has(sql)
    const statements = trial.plan.statements.flatMap((statement) => {
      const parts = partsOf(statement)
      return parts.every(isRun) && isRun(statement) ? [statement] : parts.filter(isRun)
    })
    await disableServerTimeouts(client)
    const failed = await trial.run(connection, statements)
    if (failed !== null) return { ...start, failed, remaining: [], losses: [], taken: [] }
    const skipped = [...trial.skipped.values(), ...start.unbuilt].map(({ key }) => key)
    const left = new Set([...unproven, ...skipped])
    const refused = new Set([...left, ...trial.plan.refused.map(({ key }) => key)])
    const differences = goal.differences.filter(({ key }) => !refused.has(key))
    const remaining = await readRemaining(client, { ...goal, differences }, start)
    const effects = await readEffects(client, start.data, { from: goal.from, statements })
    return { ...start, failed, remaining: remaining.flatMap(withoutOwnerOf(left, goal.to)), ...effects }
  })
}

/** Leaves out objects, and the owner of what has that of one of them: of the indexes and the sequences of a table. */
function withoutOwnerOf(
  keys: ReadonlySet<string>,
  to: Catalog,
): (difference: Difference) => readonly Difference[] {
  return (difference) => {
    const { key, change } = difference
    if (keys.has(key)) return []
    if (change !== 'changed' || !keys.has(relationUnitOf(to, key))) return [difference]
    const facts = difference.facts.filter((fact) => fact !== 'owner')
    return facts.length === 0 ? [] : [{ ...difference, facts }]
  }
}

async function prepareStart(
  client: pg.ClientBase,
  goal: ProofGoal,
  { plan, start, withoutRows }: Trial,
  provideRole: ProvideRole,
): Promise<TrialStart> {
  const read = { ...goal.reading, ...allAnnotations }
  const empty = await readCatalog(client, read)
  const unbuilt = await buildStart(client, empty, goal.writeStart(start), provideRole)
  const tablesWithRows = touchedTables(plan.statements, goal).filter((table) => !withoutRows.has(table))
  const data = await fillData(client, tablesWithRows, touchedSequences(plan.statements, goal.from))
  const before = limitToScope(await readCatalog(client, read), goal.scope)
  return { unbuilt, tablesWithRows, data, before, postgres: await readServerMajor(client) }
}

/** The differences that are left, with the texts of the wanted catalog where the server says that both mean the same. */
async function readRemaining(
  client: pg.ClientBase,
  { to, differences, undetermined, reading, scope, printedBy }: ProofGoal,
  { before, postgres }: TrialStart,
): Promise<readonly Difference[]> {
  const after = limitToScope(await readCatalog(client, { ...reading, ...allAnnotations }), scope)
  const change = { before, to, wanted: differences, undetermined }
  const majors = { expected: printedBy ?? postgres, actual: postgres }
  const expected = expectedCatalog(change, after)
  const comparison = { expected, undetermined, live: after, majors }
  const { live } = await canonicalizeCatalog(client, comparison, 'own')
  return remainingDifferences(change, live)
}

async function fillData(
  client: pg.ClientBase,
  tables: readonly string[],
  sequences: readonly string[],
): Promise<TouchedData | null> {
  if (tables.length + sequences.length === 0) return null
  const scope = { tables: relatedTables(tables), sequences }
  await client.query('begin')
  await fillScratch(client, scope)
  await client.query('commit')
  return { scope, before: await readScratchData(client, scope) }
}

async function readEffects(
  client: pg.ClientBase,
  data: TouchedData | null,
  { from, statements }: { readonly from: Catalog; readonly statements: readonly Statement[] },
): Promise<Pick<TrialResult, 'losses' | 'taken'>> {
  if (data === null) return { losses: [], taken: [] }
  const after = await readScratchAfter(client, data.scope, data.before)
  return {
    losses: unlabelledLosses(from, statements, data.before, after),
    taken: takenNumbers(data.before.positions, after.positions),
  }
}

/** What the knexfile does with a session is for Knex. */
export function withoutHook(connection: Connection): Connection {
  const { afterCreate: _, ...rest } = connection
  return rest
}

/** Why a statement failed, as text. */
export function failureReason({ statement, error }: FailedStatement): string {
  return `PostgreSQL refused it in a scratch database: ${errorMessage(error)} (${statement.sql.split('\n', 1)[0]})`
}
