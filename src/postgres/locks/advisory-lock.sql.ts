import { createHash } from 'node:crypto'

/** "SCHM" in ASCII: the first key of all our advisory locks. */
const lockClass = 0x5343484d

/** The two keys of the lock for one ledger table, as SQL. An advisory lock is valid in one database. */
export function lockKeys(tableName: string): string {
  return `${lockClass}, ${createHash('sha256').update(tableName).digest().readInt32BE()}`
}

/** The condition on `pg_locks l` for the lock, held in this database. */
export function migrationLockCondition(tableName: string): string {
  const [classId, objectId] = lockKeys(tableName).split(', ')
  return `l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${classId}::int8::oid and l.objid = (${objectId}::int8 & 4294967295)::oid`
}

/** SQL: whether a session of this database holds the lock. */
export function lockHeldCondition(tableName: string): string {
  return `exists (select from pg_locks l where ${migrationLockCondition(tableName)})`
}

/** SQL: whether the session with this pid holds the lock, for a different session of the database to ask. */
export function lockHeldByCondition(tableName: string, pid: number): string {
  return `exists (select from pg_locks l where ${migrationLockCondition(tableName)} and l.pid = ${pid})`
}
