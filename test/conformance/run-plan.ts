import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import type { Statement } from '../../src/ddl/statement.js'
import { canonicalizeCatalog } from '../../src/postgres/canonicalize/canonicalize.js'
import { readServerMajor } from '../../src/postgres/connection/query.js'
import { unlabelledLosses } from '../../src/postgres/proof/losses.js'
import { allTables } from '../../src/postgres/proof/sample-rows.js'
import { fillScratch, readScratchAfter, readScratchData } from '../../src/postgres/proof/scratch-data.js'
import { takenNumbers } from '../../src/postgres/proof/sequence-positions.js'
import type { RunInDatabase } from '../../src/postgres/proof/trial.js'
import type { FailedStatement } from '../../src/postgres/proof/run-statements.js'
import { describeDifference } from './differences.js'
import { errorMessage } from '../../src/core/text/redact.js'
import type { LoadedDatabase } from './loaded-database.js'
import { runStatements } from './run-statements.js'

/** The result of running a plan. Each reason is a list of lines. */
export interface PlanResult {
  readonly verdict: 'exact' | 'wrong' | 'failed'
  readonly reasons: readonly (readonly string[])[]
}

/** The statements that lead from one catalog to another. */
export interface PlanRun {
  readonly from: Catalog
  readonly to: Catalog
  readonly statements: readonly Statement[]
  /** How they are run in a database where everything is committed. Default: as they are. */
  readonly run?: RunInDatabase | undefined
}

/** Sequences that number no column have no position that a row depends on. */
const scope = { tables: allTables, sequences: [] }

/**
 * Runs a plan on a database with the catalog `from`, then checks that it has the catalog `to` and still has its data.
 */
export async function runPlan(
  database: LoadedDatabase,
  { from, to, statements, run }: PlanRun,
  rows: 'with rows' | 'without rows',
): Promise<PlanResult> {
  const { client, atomically } = database
  if (rows === 'with rows') await atomically(() => fillScratch(client, scope))
  const before = await readScratchData(client, scope)
  const failed = await (run === undefined
    ? runStatements(database, statements)
    : run({ url: database.url, ssl: 'disable', applicationName: 'conformance' }, statements))
  if (failed !== null) return { verdict: 'failed', reasons: [describeFailure(failed)] }
  const remaining = diff(to, await readCanonicalCatalog(database, to))
  const after = await readScratchAfter(client, scope, before)
  const losses = unlabelledLosses(from, statements, before, after)
  const reasons = [
    ...remaining.map(describeDifference),
    ...losses.map(({ text }) => [`no label says that ${text}`]),
    ...takenNumbers(before.positions, after.positions).map(([column, number]) => [
      `${column} goes on with ${number}, which a row has already`,
    ]),
  ]
  return { verdict: reasons.length === 0 ? 'exact' : 'wrong', reasons }
}

/** The catalog with the texts of the expected one where the server says that both mean the same. */
async function readCanonicalCatalog(
  { client, readCatalog, transaction }: LoadedDatabase,
  expected: Catalog,
): Promise<Catalog> {
  const major = await readServerMajor(client)
  const catalogs = { expected, live: await readCatalog(), majors: { expected: major, actual: major } }
  return (await canonicalizeCatalog(client, catalogs, transaction)).live
}

function describeFailure({ statement: { key, sql, hazards }, error }: FailedStatement): readonly string[] {
  const conditions = hazards.flatMap((hazard) => (hazard.hazard === 'may fail' ? [hazard.when] : []))
  return [
    errorMessage(error),
    `  for ${key}: ${sql}`,
    ...conditions.map((when) => `  labelled: fails when ${when}`),
  ]
}
