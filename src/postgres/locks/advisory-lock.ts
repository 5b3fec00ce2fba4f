import { createHash } from 'node:crypto'
import type pg from 'pg'
import { heartbeatTiming } from '../../core/progress/heartbeat.js'
import { SchemaError } from '../../errors/schema-error.js'
import { parseApplicationName, waitingForLock } from '../connection/application-name.js'
import { pause } from '../connection/backoff.js'
import { queryRows } from '../connection/query.js'

/** The session that holds the lock, as pg_stat_activity shows it. */
export interface LockHolder {
  readonly pid: number
  readonly application: string
  readonly user: string
  readonly address: string | null
  /** When it connected. */
  readonly connected: Date | null
  /** When what it does now began. */
  readonly since: Date | null
}

export interface LockWaitOptions {
  /** How long to wait, in milliseconds. */
  readonly timeout: number
  readonly onWait: (holder: LockHolder | null, waited: number) => void
  readonly signal?: AbortSignal
}

/** "SCHM" in ASCII: the class of all our advisory locks. */
const lockClass = 0x5343484d

/** The two keys of the lock that guards one ledger table, as SQL. Advisory locks are per database. */
function lockKeys(tableName: string): string {
  return `${lockClass}, ${createHash('sha256').update(tableName).digest().readInt32BE()}`
}

/** SQL for "some session of this database holds the lock". */
export function lockHeldCondition(tableName: string): string {
  return `exists (select from pg_locks l where ${migrationLockCondition(tableName)})`
}

/** SQL for "this session of this database holds the lock", asked by another session. */
export function lockHeldByCondition(tableName: string, pid: number): string {
  return `exists (select from pg_locks l where ${migrationLockCondition(tableName)} and l.pid = ${pid})`
}

/**
 * Runs `use` while this very session holds the advisory lock; released however that goes. Waiting spins on
 * pg_try_advisory_lock outside any transaction: blocking in pg_advisory_lock deadlocks with the holder's CREATE INDEX
 * CONCURRENTLY. Throws SCHEMA_LOCK_TIMEOUT with the holder named, SCHEMA_INTERRUPTED.
 */
export async function withMigrationLock<T>(
  client: pg.ClientBase,
  { tableName, ...patience }: LockWaitOptions & { readonly tableName: string },
  use: () => Promise<T>,
): Promise<T> {
  await acquireLock(client, tableName, patience)
  try {
    return await use()
  } finally {
    await releaseLock(client, tableName)
  }
}

async function acquireLock(
  client: pg.ClientBase,
  tableName: string,
  patience: LockWaitOptions,
): Promise<void> {
  const started = performance.now()
  let told = 0
  for (;;) {
    const [row] = await queryRows(client, `select pg_try_advisory_lock(${lockKeys(tableName)}) as taken`)
    if (row?.['taken'] === true) return
    const waited = performance.now() - started
    if (waited > patience.timeout)
      throw lockTimeoutError(await findMigrationLockHolder(client, tableName), waited)
    if (waited >= told) {
      patience.onWait(await findMigrationLockHolder(client, tableName), waited)
      told =
        waited +
        (waited < heartbeatTiming.earlyPeriod ? heartbeatTiming.earlyInterval : heartbeatTiming.lateInterval)
    }
    await pause(100 + Math.random() * 200, patience.signal)
  }
}

/** A session that is gone took its lock along; there is nothing left to release then. */
async function releaseLock(client: pg.ClientBase, tableName: string): Promise<void> {
  if (isDisposedByKnex(client)) return
  await client.query(`select pg_advisory_unlock(${lockKeys(tableName)})`)
}

function isDisposedByKnex(client: pg.ClientBase): boolean {
  return '__knex__disposed' in client && Boolean(client.__knex__disposed)
}

async function findMigrationLockHolder(client: pg.ClientBase, tableName: string): Promise<LockHolder | null> {
  const [holder] = await findLockHolders(client, migrationLockCondition(tableName))
  return holder ?? null
}

/** The sessions with a lock for which this condition on `pg_locks l` holds, the oldest transaction first. */
export async function findLockHolders(
  client: pg.ClientBase,
  condition: string,
): Promise<readonly LockHolder[]> {
  const rows = await queryRows(
    client,
    `select a.pid, a.application_name as application, a.usename as "user", host(a.client_addr) as address,
        a.backend_start as connected, coalesce(a.xact_start, a.query_start, a.backend_start) as since
      from pg_stat_activity a where a.pid in (select l.pid from pg_locks l where ${condition})
      order by a.xact_start, a.pid`,
  )
  return rows.map(toLockHolder)
}

function toLockHolder(row: Readonly<Record<string, unknown>>): LockHolder {
  const { pid, application, user, address, connected, since } = row
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    pid: Number(pid),
    application: text(application),
    user: text(user),
    address: typeof address === 'string' ? address : null,
    connected: connected instanceof Date ? connected : null,
    since: since instanceof Date ? since : null,
  }
}

function migrationLockCondition(tableName: string): string {
  const [classId, objectId] = lockKeys(tableName).split(', ')
  return `l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${classId}::int8::oid and l.objid = (${objectId}::int8 & 4294967295)::oid`
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

/**
 * The holder in words: `shop-7d9, release 1a2b3c4, at 20261120_add_invoice, since 2026-11-21T09:14:02Z (user app, pid 4711,
 * from 10.0.0.7)`. A session that is none of ours says what it calls itself and since when it is connected.
 */
export function describeLockHolder(holder: LockHolder): string {
  const { pid, application, user, address, connected, since } = holder
  const session = [`user ${user}`, `pid ${pid}`, ...(address === null ? [] : [`from ${address}`])]
  const name = parseApplicationName(application)
  if (name === null) {
    const all = [...session, ...(connected === null ? [] : [`connected since ${formatInstant(connected)}`])]
    return `${application === '' ? 'a session' : application} (${all.join(', ')})`
  }
  const words = [
    name.host ?? 'schemagate',
    ...(name.release === null ? [] : [`release ${name.release}`]),
    ...(name.revision === null || name.revision === waitingForLock ? [] : [`at ${name.revision}`]),
    ...(since === null ? [] : [`since ${formatInstant(since)}`]),
  ]
  return `${words.join(', ')} (${session.join(', ')})`
}

/** To the second. */
function formatInstant(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '')
}
