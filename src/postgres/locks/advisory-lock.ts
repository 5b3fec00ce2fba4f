import type pg from 'pg'
import { heartbeatTiming } from '../../core/progress/heartbeat.js'
import { SchemaError } from '../../errors/schema-error.js'
import { parseApplicationName, waitingForLock } from '../connection/application-name.js'
import { pause } from '../connection/backoff.js'
import { queryRows } from '../connection/query.js'
import { createAbandonedLockCheck } from './abandoned-lock.js'
import {
  migrationLockCondition,
  releaseLockTwice,
  takeLockTwice,
  writerLockKeys,
} from './advisory-lock.sql.js'
import { describeLockHolder, findLockHolders, type LockHolder } from './lock-holders.js'

export interface LockWaitOptions {
  /** Knex's ledger table, which the lock guards. */
  readonly tableName: string
  /** How long to wait, in milliseconds. */
  readonly timeout: number
  /** Called now and then while waiting. The holder is null where it is gone already; `waited` is in milliseconds. */
  readonly onWait: (holder: LockHolder | null, waited: number) => void
  /** Called where the process of the holder was gone, and its session was ended. */
  readonly onAbandoned: (holder: string) => void
  readonly signal?: AbortSignal
}

/**
 * Runs `use` while the session of this client holds the advisory lock, and always releases it. Waiting polls
 * pg_try_advisory_lock() outside any transaction: a session blocked in pg_advisory_lock() deadlocks with CREATE INDEX
 * CONCURRENTLY of the holder. Throws SCHEMA_LOCK_TIMEOUT, which names the holder, and SCHEMA_INTERRUPTED.
 */
export async function withMigrationLock<T>(
  client: pg.ClientBase,
  options: LockWaitOptions,
  use: () => Promise<T>,
): Promise<T> {
  await acquireLock(client, takeLockTwice(options.tableName), options)
  try {
    return await use()
  } finally {
    await releaseLock(client, options.tableName)
  }
}

/**
 * Takes the lock of the writer of the ledger, which is held until its connection closes. It is free, unless a migration has
 * released the migration lock of a process that still runs it. Throws as `withMigrationLock` does.
 */
export async function takeWriterLock(client: pg.ClientBase, options: LockWaitOptions): Promise<void> {
  await acquireLock(client, `pg_try_advisory_lock(${writerLockKeys(options.tableName)})`, options)
}

/** @param take SQL that says whether it has taken the lock */
async function acquireLock(client: pg.ClientBase, take: string, options: LockWaitOptions): Promise<void> {
  const { tableName, timeout, onWait, onAbandoned, signal } = options
  const endAbandoned = createAbandonedLockCheck(tableName)
  const started = performance.now()
  let nextReport = 0
  for (;;) {
    const [row] = await queryRows(client, `select ${take} as taken`)
    if (row?.['taken'] === true) return
    const waited = performance.now() - started
    if (waited > timeout) throw lockTimeoutError(await findMigrationLockHolder(client, tableName), waited)
    if (waited >= nextReport) {
      onWait(await findMigrationLockHolder(client, tableName), waited)
      const { earlyPeriod, earlyInterval, lateInterval } = heartbeatTiming
      nextReport = waited + (waited < earlyPeriod ? earlyInterval : lateInterval)
    }
    const ended = await endAbandoned(client)
    if (ended !== null) onAbandoned(ended)
    await pause(100 + Math.random() * 200, signal)
  }
}

/** Does nothing where Knex has disposed of the connection: the lock ended with its session. */
async function releaseLock(client: pg.ClientBase, tableName: string): Promise<void> {
  if (isDisposedByKnex(client)) return
  await client.query(releaseLockTwice(tableName))
}

function isDisposedByKnex(client: pg.ClientBase): boolean {
  return '__knex__disposed' in client && Boolean(client.__knex__disposed)
}

async function findMigrationLockHolder(client: pg.ClientBase, tableName: string): Promise<LockHolder | null> {
  const holders = await findLockHolders(client, migrationLockCondition(tableName))
  return holders.find(({ application }) => !isWaiting(application)) ?? null
}

/** Of two locks one may be held by a session that waits for the other. */
function isWaiting(application: string): boolean {
  return parseApplicationName(application)?.revision === waitingForLock
}

function lockTimeoutError(holder: LockHolder | null, waited: number): SchemaError {
  return new SchemaError('SCHEMA_LOCK_TIMEOUT', {
    what: `Another process has held the migration lock for ${Math.round(waited / 1000)} s. Nothing was done.`,
    facts: holder === null ? [] : [['holder', describeLockHolder(holder)]],
    choices: [
      ['run it again', 'when the other migration is done'],
      ['LOCK_WAIT_TIMEOUT=1h', 'waits longer'],
    ],
  })
}
