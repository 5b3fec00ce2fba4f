import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { describeLockHolder, findLockHolders } from './lock-holders.js'

const holdersFact = 'locked by'

/** Whether reading the catalog failed because other sessions have locked tables. */
export function isCatalogLockedError(error: unknown): error is SchemaError {
  return error instanceof SchemaError && error.code === 'SCHEMA_CATALOG_LOCKED'
}

/** Names the sessions that have locked the tables; null where they were gone before they could be named. */
export function lockHoldersOf({ facts }: SchemaError): string | null {
  const found = facts.find(([name]) => name === holdersFact)?.[1]
  return found === undefined ? null : [found].flat().join(', ')
}

/** Explains a catalog read that ran into lock_timeout. Call it after the rollback, with the same client. */
export async function catalogLockedError(client: pg.ClientBase, cause: unknown): Promise<SchemaError> {
  const holders = await findLockHolders(client, exclusiveLockCondition).catch(() => [])
  return new SchemaError('SCHEMA_CATALOG_LOCKED', {
    what: 'The catalog cannot be read, because other sessions have locked tables. Nothing was done.',
    facts: holders.length === 0 ? [] : [[holdersFact, holders.map(describeLockHolder)]],
    choices: [
      ['run it again', 'when they are done'],
      ['LOCK_WAIT_TIMEOUT=1h', 'waits longer'],
    ],
    cause,
  })
}

/** Also sessions that wait for an ACCESS EXCLUSIVE lock: all later requests wait behind them. */
const exclusiveLockCondition = `l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid <> pg_backend_pid()
  and l.database = (select oid from pg_database where datname = current_database())`
