import type { Catalog } from '../../core/model/catalog.js'
import type { Difference, UndeterminedFacts } from '../../core/model/diff.js'
import { limitToScope, type Scope } from '../../core/model/scope.js'
import { errorMessage } from '../../core/text/redact.js'
import type { Plan, Statement } from '../../ddl/statement.js'
import { canonicalizeCatalog } from '../canonicalize/canonicalize.js'
import { type Connection, withClient } from '../connection/connect.js'
import { readServerMajor } from '../connection/query.js'
import { allAnnotations, type ReadOptions, readCatalog } from '../introspect/read-catalog.js'
import { touchedTables, withDependents } from './affected.js'
import { buildStart, type ProvideRole, type Unbuilt } from './build-start.js'
import { expectedCatalog, remainingDifferences } from './remaining-differences.js'
import type { FailedStatement } from './run-statements.js'
import { insertSampleRows, relatedTables } from './sample-rows.js'

/** What a plan is to lead from and to, and what of it counts. */
export interface ProofGoal {
  readonly from: Catalog
  readonly to: Catalog
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
  /** The keys that are not compared, because they or what they need could not be made. */
  readonly unproven: ReadonlySet<string>
}

/** Builds the start in an empty database, puts rows in the tables that the plan touches, runs it, and reads what is there. */
export async function runTrial(
  connection: Connection,
  goal: ProofGoal,
  trial: Trial,
  provideRole: ProvideRole,
): Promise<TrialResult> {
  const read = { ...goal.reading, ...allAnnotations }
  const start = await withClient(withoutHook(connection), async (client) => {
    const empty = await readCatalog(client, read)
    const unbuilt = await buildStart(client, empty, goal.from, provideRole)
    const tablesWithRows = touchedTables(trial.plan.statements, goal).filter(
      (table) => !trial.withoutRows.has(table),
    )
    if (tablesWithRows.length > 0) {
      await client.query('begin')
      await insertSampleRows(client, relatedTables(tablesWithRows))
      await client.query('commit')
    }
    return {
      unbuilt,
      tablesWithRows,
      before: await readCatalog(client, read),
      postgres: await readServerMajor(client),
    }
  })
  const unproven = withDependents([...start.unbuilt.map(({ key }) => key), ...trial.unbuilt.keys()], goal)
  const statements = trial.plan.statements.filter(
    ({ key, sql }) => !unproven.has(key) && !trial.skipped.has(sql),
  )
  const failed = await trial.run(connection, statements)
  const result = { ...start, unproven, failed }
  if (failed !== null) return { ...result, remaining: [] }
  return withClient(withoutHook(connection), async (client) => {
    const after = limitToScope(await readCatalog(client, read), goal.scope)
    const refused = new Set(trial.plan.refused.map(({ key }) => key))
    const skippedKeys = new Set([...trial.skipped.values()].map(({ key }) => key))
    const isCompared = (key: string): boolean => !unproven.has(key) && !skippedKeys.has(key)
    const change = {
      before: limitToScope(start.before, goal.scope),
      to: goal.to,
      wanted: goal.differences.filter(({ key }) => !refused.has(key) && isCompared(key)),
      undetermined: goal.undetermined,
    }
    const majors = { expected: goal.printedBy ?? start.postgres, actual: start.postgres }
    const comparison = {
      expected: expectedCatalog(change, after),
      undetermined: goal.undetermined,
      live: after,
      majors,
    }
    const { live } = await canonicalizeCatalog(client, comparison, 'own')
    return { ...result, remaining: remainingDifferences(change, live).filter(({ key }) => isCompared(key)) }
  })
}

/** What the knexfile does with a session is for Knex. */
export function withoutHook({ afterCreate: _, ...connection }: Connection): Connection {
  return connection
}

/** Why a statement failed, as text. */
export function failureReason({ statement, error }: FailedStatement): string {
  return `PostgreSQL refused it in a scratch database: ${errorMessage(error)} (${statement.sql.split('\n', 1)[0]})`
}
