import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { describeLockHolder, findLockHolders } from './advisory-lock.js'

const holdersFact = 'locked by'

/** Whether an inspection failed for that. */
export function isCatalogLockedError(error: unknown): error is SchemaError {
  return error instanceof SchemaError && error.code === 'SCHEMA_CATALOG_LOCKED'
}

/** Who has locked the tables, in words; null where they were gone before they could be named. */
export function lockHoldersOf({ facts }: SchemaError): string | null {
  const found = facts.find(([name]) => name === holdersFact)?.[1]
  return found === undefined ? null : [found].flat().join(', ')
}

/** The error of such a reading. Its `cause` is PostgreSQL's; to be asked after the rollback, on the same connection. */
export async function catalogLockedError(client: pg.ClientBase, cause: unknown): Promise<SchemaError> {
  const holders = await findLockHolders(client, exclusiveLockCondition).catch(() => [])
  return new SchemaError('SCHEMA_CATALOG_LOCKED', {
    what: 'The catalog cannot be read: others have locked tables. Nothing was done.',
    facts: holders.length === 0 ? [] : [[holdersFact, holders.map(describeLockHolder)]],
    choices: [
      ['run it again', 'when they are done'],
      ['LOCK_WAIT_TIMEOUT=1h', 'waits longer'],
    ],
    cause,
  })
}

/** Whoever waits for such a lock keeps all others waiting too. */
const exclusiveLockCondition = `l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid <> pg_backend_pid()
  and l.database = (select oid from pg_database where datname = current_database())`
