import type pg from 'pg'
import type { Catalog } from '../../src/core/model/catalog.js'
import type { Statement } from '../../src/ddl/statement.js'
import type { DeparseTransaction } from '../../src/postgres/canonicalize/temporary-objects.js'
import {
  allAnnotations,
  readCatalog,
  readCatalogInTransaction,
} from '../../src/postgres/introspect/read-catalog.js'
import type { Case, Side } from './cases.js'
import { createDatabase, withConnection } from './database.js'
import { createLoadedDatabase, loadInTransaction } from './load.js'

/** A database with one side of a case. It is discarded after use. */
export interface LoadedDatabase {
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
      return await withConnection(url, (client) => use(committedDatabase(client)))
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
  const [server, ...others] = servers
  if (server === undefined) return use([])
  const { url, drop } = await createDatabase(server)
  try {
    return await withConnection(url, (client) =>
      withRollbackLoaders(others, (loaders) => use([rollbackLoader(client), ...loaders])),
    )
  } finally {
    await drop()
  }
}

function rollbackLoader(client: pg.Client): CaseLoader {
  return async (testCase, side, use) => {
    await client.query('begin')
    try {
      await loadInTransaction(client, testCase, side)
      return await use(uncommittedDatabase(client))
    } finally {
      await client.query('rollback')
      await client.query('discard all')
    }
  }
}

function committedDatabase(client: pg.Client): LoadedDatabase {
  return {
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

function uncommittedDatabase(client: pg.Client): LoadedDatabase {
  return {
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
