import pg from 'pg'
import type { Catalog } from '../../src/core/model/catalog.js'
import type { Statement } from '../../src/ddl/statement.js'
import type { DeparseTransaction } from '../../src/postgres/canonicalize/temporary-objects.js'
import {
  allAnnotations,
  readCatalog,
  readCatalogInTransaction,
} from '../../src/postgres/introspect/read-catalog.js'
import type { Case, Side } from './cases.js'
import { queryRows } from '../../src/postgres/connection/query.js'
import { createDatabase, openConnection, withConnection } from './database.js'
import { createLoadedDatabase, loadInTransaction } from './load.js'

/** A database with one side of a case. It is discarded after use. */
export interface LoadedDatabase {
  readonly url: string
  readonly client: pg.Client
  /** Whose transaction the deparsing of texts runs in. */
  readonly transaction: DeparseTransaction
  /** Reads the whole catalog with comments and grants. */
  readonly readCatalog: () => Promise<Catalog>
  /** Runs work that either succeeds as a whole or leaves nothing. */
  readonly atomically: (work: () => Promise<void>) => Promise<void>
}

/** Loads one side of a case and passes the database to `use`. */
export type CaseLoader = <T>(
  testCase: Case,
  side: Side,
  use: (database: LoadedDatabase) => Promise<T>,
) => Promise<T>

/** A new database for each use, in which statements are committed. Slow, because PostgreSQL copies a template. */
export function committedLoader(server: string): CaseLoader {
  return async (testCase, side, use) => {
    const { url, drop } = await createLoadedDatabase(server, testCase, side)
    try {
      return await withConnection(url, (client) => use(committedDatabase(client, url)))
    } finally {
      await drop()
    }
  }
}

/** A loader for each server. It uses one database for all cases, each in a transaction that is rolled back. */
export async function withRollbackLoaders<T>(
  servers: readonly string[],
  use: (loaders: readonly CaseLoader[]) => Promise<T>,
): Promise<T> {
  const places = servers.map(replaceableDatabase)
  try {
    return await use(places.map(rollbackLoader))
  } finally {
    for (const { drop } of places) await drop()
  }
}

/** A database that is made when it is needed, and again after it was dropped. */
interface ReplaceableDatabase {
  readonly open: () => Promise<OpenDatabase>
  readonly drop: () => Promise<void>
}

interface OpenDatabase {
  readonly url: string
  readonly client: pg.Client
}

function replaceableDatabase(server: string): ReplaceableDatabase {
  let opened: (OpenDatabase & { readonly drop: () => Promise<void> }) | null = null
  return {
    open: async () => {
      if (opened !== null) return opened
      const { url, drop } = await createDatabase(server)
      opened = { url, client: await openConnection(url), drop }
      return opened
    },
    drop: async () => {
      const current = opened
      opened = null
      await current?.client.end()
      await current?.drop()
    },
  }
}

/** What a case commits itself stays, so that the next case gets another database. */
function rollbackLoader({ open, drop }: ReplaceableDatabase): CaseLoader {
  return async (testCase, side, use) => {
    const { client, url } = await open()
    await client.query('begin')
    const transaction = await readTransactionId(client)
    let hasEnded = false
    try {
      await loadInTransaction(client, testCase, side).catch((error: unknown) => {
        hasEnded = isOutsideTransaction(error)
        throw error
      })
      return await use(uncommittedDatabase(client, url))
    } finally {
      await client.query('rollback')
      if (!hasEnded && (await isUndone(client, transaction))) await client.query('discard all')
      else await drop()
    }
  }
}

async function readTransactionId(client: pg.Client): Promise<string> {
  const [row] = await queryRows(client, 'select pg_current_xact_id()::text as id')
  return String(row?.['id'])
}

/** Whether the savepoint of loading is gone, because the case has ended the transaction. */
function isOutsideTransaction(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ['25P01', '3B001'].includes(error.code ?? '')
}

/** Whether a transaction was rolled back. */
async function isUndone(client: pg.Client, transaction: string): Promise<boolean> {
  const status = `select pg_xact_status('${transaction}'::xid8) = 'aborted' as undone`
  const [row] = await queryRows(client, status)
  return row?.['undone'] === true
}

function committedDatabase(client: pg.Client, url: string): LoadedDatabase {
  return {
    url,
    client,
    transaction: 'own',
    readCatalog: () => readCatalog(client, allAnnotations),
    atomically: async (work) => {
      await client.query('begin')
      try {
        await work()
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw error
      }
    },
  }
}

function uncommittedDatabase(client: pg.Client, url: string): LoadedDatabase {
  return {
    url,
    client,
    transaction: 'callers',
    readCatalog: () => readCatalogInTransaction(client, allAnnotations),
    atomically: (work) => work(),
  }
}

/** Whether a plan must run where it is committed, because a transaction would refuse it or give a different result. */
export function needsCommit(statements: readonly Statement[]): boolean {
  // A value added to an enum cannot be used before the commit, unless the same transaction created the enum.
  return statements.some(({ sql, transactional }) => !transactional || / ADD VALUE /i.test(sql))
}
