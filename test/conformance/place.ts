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
import { connected, createDatabase } from './database.js'
import { loadIn, loadNew } from './load.js'

/** A database that holds one side of a case, to try SQL on. Nothing of it stays. */
export interface Place {
  readonly client: pg.Client
  /** Whose the transaction is in which something may be tried. */
  readonly transaction: DeparseTransaction
  /** All that can be read of it. */
  readonly catalog: () => Promise<Catalog>
  /** Does work that leaves everything done or nothing. */
  readonly atomically: (work: () => Promise<void>) => Promise<void>
}

/** Where a case is taken to: one of its sides, loaded. */
export type Takes = <T>(one: Case, side: Side, use: (place: Place) => Promise<T>) => Promise<T>

/** A database of its own for each use, in which everything is committed as a user would. Slow: PostgreSQL copies a database. */
export function ownDatabases(server: string): Takes {
  return async (one, side, use) => {
    const { url, drop } = await loadNew(server, one, side)
    try {
      return await connected(url, (client) => use(committing(client)))
    } finally {
      await drop()
    }
  }
}

/** A database on each server for many uses, one after the other, each of which is a transaction that is rolled back. */
export async function withRollbacks<T>(
  servers: readonly string[],
  use: (places: readonly Takes[]) => Promise<T>,
): Promise<T> {
  const [server, ...others] = servers
  if (server === undefined) return use([])
  const { url, drop } = await createDatabase(server)
  try {
    return await connected(url, (client) =>
      withRollbacks(others, (places) => use([rolledBack(client), ...places])),
    )
  } finally {
    await drop()
  }
}

function rolledBack(client: pg.Client): Takes {
  return async (one, side, use) => {
    await client.query('begin')
    try {
      await loadIn(client, one, side)
      return await use(uncommitted(client))
    } finally {
      await client.query('rollback')
      await client.query('discard all')
    }
  }
}

function committing(client: pg.Client): Place {
  return {
    client,
    transaction: 'own',
    catalog: () => readCatalog(client, allAnnotations),
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

function uncommitted(client: pg.Client): Place {
  return {
    client,
    transaction: 'callers',
    catalog: () => readCatalogInTransaction(client, allAnnotations),
    atomically: (work) => work(),
  }
}

/** Whether a plan has to be tried where it is committed, because a transaction would refuse it or hide what it does. */
export function needsCommit(statements: readonly Statement[]): boolean {
  // A value added to an enum cannot be used before the commit, unless the enum is of the same transaction.
  return statements.some(({ sql, transactional }) => !transactional || / ADD VALUE /i.test(sql))
}
