import pg from 'pg'
import type { Catalog } from '../../src/core/model/catalog.js'
import { diff, type Difference } from '../../src/core/model/diff.js'
import { canonicalizeCatalog } from '../../src/postgres/canonicalize/canonicalize.js'
import { query } from '../support/database.js'
import { runInBatches } from './batches.js'
import { type Case, titleOf } from './cases.js'
import type { Concurrency } from './concurrency.js'
import { type CaseLoader, committedLoader, type LoadedDatabase } from './loaded-database.js'

/** A schema read on one major version of PostgreSQL and compared on a different one. */
export interface MajorComparison {
  readonly title: string
  readonly from: number
  readonly to: number
  /** Null where one of the two versions cannot load the schema. */
  readonly differences: readonly Difference[] | null
}

/** Compares the side `b` of each case between each two major versions, in both directions. */
export async function compareMajors(
  cases: readonly Case[],
  servers: readonly string[],
  concurrency: Concurrency,
): Promise<readonly MajorComparison[]> {
  const versions = await Promise.all(servers.map(majorVersionOf))
  const comparisons = await runInBatches(cases, servers, concurrency, async (testCase, loaders) => {
    const schemas = loaders.map((loader, index) =>
      loadSchema(testCase, versions[index] ?? 0, [loader, committedLoader(servers[index] ?? '')]),
    )
    return compareCase(testCase, await Promise.all(schemas))
  })
  return comparisons.flat()
}

/** The schema of a case on one major version. `loaded` is null if the version cannot load it. */
interface VersionedSchema {
  readonly version: number
  readonly loaded: { readonly catalog: Catalog; readonly loader: CaseLoader } | null
}

/** Uses the first loader with which the schema loads. */
async function loadSchema(
  testCase: Case,
  version: number,
  loaders: readonly CaseLoader[],
): Promise<VersionedSchema> {
  for (const loader of loaders) {
    const catalog = await loader(testCase, 'b', readSnapshotCatalog).catch(nullIfNotLoaded)
    if (catalog !== null) return { version, loaded: { catalog, loader } }
  }
  return { version, loaded: null }
}

async function compareCase(
  testCase: Case,
  schemas: readonly VersionedSchema[],
): Promise<readonly MajorComparison[]> {
  const title = titleOf(testCase)
  const comparisons: MajorComparison[] = []
  for (const { version: to, loaded } of schemas) {
    const others = schemas.filter(({ version }) => version !== to)
    const compared =
      loaded === null
        ? others.map(({ version: from }) => ({ title, from, to, differences: null }))
        : await loaded.loader(testCase, 'b', (database) => compareOn(database, title, to, others))
    comparisons.push(...compared)
  }
  return comparisons
}

/** Compares with a database of the major version `to`, which first says which texts mean the same. */
async function compareOn(
  database: LoadedDatabase,
  title: string,
  to: number,
  schemas: readonly VersionedSchema[],
): Promise<readonly MajorComparison[]> {
  const live = await database.readCatalog()
  const comparisons: MajorComparison[] = []
  for (const { version: from, loaded } of schemas) {
    if (loaded === null) {
      comparisons.push({ title, from, to, differences: null })
      continue
    }
    const expected = loaded.catalog
    const catalogs = { expected, live, majors: { expected: from, actual: to } }
    const canonical = await canonicalizeCatalog(database.client, catalogs, database.transaction)
    comparisons.push({ title, from, to, differences: diff(expected, canonical.live) })
  }
  return comparisons
}

/** The catalog as it is after it was written to a snapshot file and read again. */
async function readSnapshotCatalog(database: LoadedDatabase): Promise<Catalog> {
  const catalog: Catalog = JSON.parse(JSON.stringify(await database.readCatalog()))
  return catalog
}

function nullIfNotLoaded(error: unknown): null {
  if (error instanceof pg.DatabaseError) return null
  throw error
}

async function majorVersionOf(server: string): Promise<number> {
  const [row] = await query(server, "select current_setting('server_version_num')::int / 10000 as version")
  return Number(row?.['version'])
}
