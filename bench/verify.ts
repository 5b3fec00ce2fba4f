import pg from 'pg'
import { diffAgainstPromise, promisedCatalogAt, type Snapshot } from '../src/core/model/snapshot.js'
import { catalogHashQuery } from '../src/postgres/introspect/catalog-hash.js'
import { readCatalog, createCatalogReader } from '../src/postgres/introspect/read-catalog.js'
import { createDatabase } from '../test/support/database.js'
import { messageOf } from '../test/support/image.js'
import { compare, type Figure, type Measured, type Rounds, timed } from './measure.js'
import { describeSize, type Part } from './part.js'
import { createTable } from './revisions.js'

/** Compares reading, parsing and comparing a whole catalog, and reading its hash, with the catalog queries alone. */
export function verify(tables: number): Part {
  return {
    name: 'verify',
    title: `verification, ${describeSize({ tables })}`,
    size: { tables },
    measure: async ({ owner, runs }) =>
      withClient(await createDatabase(owner), async (client) => {
        await createTables(client, tables, createTable)
        return measure(client, tables < 10_000 ? { warmUp: 5, runs } : { warmUp: 1, runs: Math.min(runs, 5) })
      }),
  }
}

/** The same on an existing database, which is only read. */
export function verifyDatabase(url: string): Part {
  const name = new URL(url).pathname.slice(1)
  return {
    name: 'verify',
    title: `verification, the database ${name}`,
    size: {},
    measure: ({ runs }) => withClient(url, (client) => measure(client, { warmUp: 2, runs })),
  }
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** Measures on a connection that is already open. */
async function measure(client: pg.Client, rounds: Rounds): Promise<readonly Figure[]> {
  const snapshot = await snapshotOf(client)
  const [queries, hash] = [messageOf(createCatalogReader({}).queries), messageOf([catalogHashQuery()])]
  const send = (text: string) => (): Promise<Measured> =>
    timed(() => client.query({ text, rowMode: 'array' }))
  return compare(
    [
      { name: 'bare: the catalog queries, rows thrown away', run: send(queries) },
      { name: 'readCatalog', run: () => timed(() => readCatalog(client)) },
      { name: 'readCatalog, fold, diff', run: () => timed(() => check(client, snapshot)) },
      { name: 'the hash that a repeated check reads first', run: send(hash) },
    ],
    rounds,
  )
}

/** A snapshot of one revision that promises what the database has. */
async function snapshotOf(client: pg.Client): Promise<Snapshot> {
  const changes = await readCatalog(client)
  return { postgres: 18, base: {}, revisions: [{ revision: '1', file: null, checksum: null, changes }] }
}

async function check(client: pg.Client, snapshot: Snapshot): Promise<void> {
  const live = await readCatalog(client)
  const differences = diffAgainstPromise(promisedCatalogAt(snapshot, ['1']), live)
  if (differences.length > 0)
    throw new Error(`${differences.length} differences from the catalog that was just read`)
}

/** Creates them in transactions of 50, because PostgreSQL keeps a lock on each object until the commit. */
export async function createTables(
  client: pg.Client,
  tables: number,
  statementOf: (index: number) => string,
): Promise<void> {
  const statements = Array.from({ length: tables }, (_, index) => statementOf(index))
  for (let done = 0; done < tables; done += 50)
    await client.query(['begin', ...statements.slice(done, done + 50), 'commit'].join(';\n'))
  await client.query('vacuum analyze')
}
