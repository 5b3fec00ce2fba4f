import { createHash } from 'node:crypto'

/** "SCHM" in ASCII: the first key of all our advisory locks. */
const lockClass = 0x5343484d

/** The two keys of the lock for one ledger table, as SQL. An advisory lock is valid in one database. */
export function lockKeys(tableName: string): string {
  return `${lockClass}, ${lockNumber(tableName)}`
}

/**
 * The two keys of the lock that the writer of the ledger holds on a connection of its own. The code of a migration can release
 * every lock of its session, but not this one: nobody else begins to migrate before that code has ended.
 */
export function writerLockKeys(tableName: string): string {
  return `${lockClass}, ${lockNumber(writerOf(tableName))}`
}

/** The condition on `pg_locks l` for either lock, held in this database. */
export function migrationLockCondition(tableName: string): string {
  return lockCondition([lockNumber(tableName), lockNumber(writerOf(tableName))])
}

/** SQL: whether a session of this database holds one of the locks. */
export function lockHeldCondition(tableName: string): string {
  return `exists (select from pg_locks l where ${migrationLockCondition(tableName)})`
}

/** SQL that takes the lock of the session that migrates: twice, for `lockStillHeld`. */
export function takeLockTwice(tableName: string): string {
  const keys = lockKeys(tableName)
  return `case when pg_try_advisory_lock(${keys}) then pg_try_advisory_lock(${keys}) else false end`
}

/**
 * SQL: whether this session still holds the lock that it took twice. It is released once and taken again, which never lets
 * anybody else have it, and costs the same however many locks there are: pg_locks lists those of all sessions.
 */
export function lockStillHeld(tableName: string): string {
  const keys = lockKeys(tableName)
  return `case when pg_advisory_unlock(${keys}) then pg_try_advisory_lock(${keys}) else false end`
}

/** SQL that releases it. */
export function releaseLockTwice(tableName: string): string {
  const keys = lockKeys(tableName)
  return `select pg_advisory_unlock(${keys}), pg_advisory_unlock(${keys})`
}

/** SQL: whether the session with this pid holds the lock of the session that migrates, for any session of the database to ask. */
export function lockHeldByCondition(tableName: string, pid: number): string {
  return `exists (select from pg_locks l where ${lockCondition([lockNumber(tableName)])} and l.pid = ${pid})`
}

function lockCondition(numbers: readonly number[]): string {
  const objects = numbers.map((number) => `(${number}::int8 & 4294967295)::oid`)
  return `l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${lockClass}::int8::oid and l.objid in (${objects.join(', ')})`
}

function lockNumber(name: string): number {
  return createHash('sha256').update(name).digest().readInt32BE()
}

/** No ledger table has a name with a zero byte. */
function writerOf(tableName: string): string {
  return `${tableName}\0writer`
}
