import pg from 'pg'
import type { Owner } from '../../core/history/ownership.js'
import type { Scope } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knexfile.js'
import type { Migration } from '../../project/migration-files.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { formatApplicationName, waitingForLock } from '../connection/application-name.js'
import { type Connection, withClient } from '../connection/connect.js'
import { queryRows } from '../connection/query.js'
import { setServerParameters } from '../connection/settings.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { type Inspection, inspect } from '../inspect/inspect.js'
import { ensureLedger, quoteTableName, type LedgerWriter } from '../ledger/ledger.js'
import { recordIdentity } from '../ledger/record-identity.js'
import { withMigrationLock } from '../locks/advisory-lock.js'
import { describeLockHolder } from '../locks/lock-holders.js'
import type { RevisionCheck } from '../verify/check-revision.js'
import { type KnexSession, withKnexSession } from './knex-session.js'
import { requireSameDatabase } from './same-database.js'

/** What migrating needs to know, whatever is to be done. */
export interface MigrateOptions {
  readonly connection: Connection
  /** What the service uses, where that is another connection: it has to lead to the same database. */
  readonly serviceConnection: Connection | null
  /** Whose the database is from its first migration on. */
  readonly owner: Owner
  /** Throws where the database is not the one this is meant for. Called under the lock, before anything is written. */
  readonly checkPreconditions: (inspection: Inspection) => void
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  /** For words about what a revision changes; what it has to change is `check`. */
  readonly snapshot: Snapshot | null
  readonly check: RevisionCheck
  /** What of the catalog is compared after reverting. Default: all but comments and grants. */
  readonly scope?: Scope
  /** Whether one transaction holds all pending revisions, or each its own. */
  readonly transaction: 'batch' | 'each'
  /** Milliseconds. */
  readonly lockWaitTimeout: number
  /** Milliseconds that a statement in a transaction may wait for a lock of others; 0: for as long as it takes. */
  readonly lockTimeout: number
  /** Milliseconds from the first attempt of what others block until which it is tried again. */
  readonly deadline: number
  readonly writer: LedgerWriter
  readonly report: ProgressReporter
  readonly signal?: AbortSignal
}

/** A session that holds the lock, and what was true when it got it. */
export interface LockedSession {
  readonly session: KnexSession
  /** Writes the ledger outside the migration's transaction, so that a failure stays on record. */
  readonly auditClient: pg.Client
  readonly inspection: Inspection
  readonly schema: string
}

/** Opens a session, takes the lock, inspects again, prepares the ledgers, and runs `use`. */
export async function withLockedSession<T>(
  options: MigrateOptions,
  use: (locked: LockedSession) => Promise<T>,
): Promise<T> {
  const { connection } = options
  return withCheckedSession(options, async (session, inspection) => {
    const schema = await prepareLedgers(session.client, { inspection, options }).catch((error: unknown) => {
      throw explainPrivilegeError(error, connection)
    })
    return withClient(connection, (audit) => {
      session.watchClient(audit)
      return use({ session, auditClient: audit, inspection, schema })
    })
  })
}

/** Opens a session, takes the lock, inspects, and runs `use` if it is the right database. Writes nothing. */
export async function withCheckedSession<T>(
  options: MigrateOptions,
  use: (session: KnexSession, inspection: Inspection) => Promise<T>,
): Promise<T> {
  const { connection, project, lockWaitTimeout: timeout, report, signal, writer } = options
  const onWait: Parameters<typeof withMigrationLock>[1]['onWait'] = (holder, waited) =>
    report({
      event: 'waiting for lock',
      lock: 'migration',
      holder: holder === null ? null : describeLockHolder(holder),
      waited,
    })
  const patience = { tableName: project.tableName, timeout, onWait, ...(signal ? { signal } : {}) }
  return withKnexSession(connection, project, async (session) => {
    const named = (revision: string | null): Promise<void> =>
      setServerParameters(
        session.client,
        { application_name: formatApplicationName({ ...writer, revision }) },
        'session',
      )
    await named(waitingForLock)
    return withMigrationLock(session.client, patience, async () => {
      await named(null)
      return use(session, await inspectBeforeWriting(session, options))
    })
  })
}

/** What is there now, once it is proved that this is the database it is meant for. */
async function inspectBeforeWriting(session: KnexSession, options: MigrateOptions): Promise<Inspection> {
  const { connection, serviceConnection, project, checkPreconditions } = options
  const { tableName } = project
  if (serviceConnection !== null)
    await requireSameDatabase(session, { connection, serviceConnection, tableName })
  const inspection = await inspect(session.client, { connection, project })
  if (inspection.readOnly) throw standbyError(connection)
  checkPreconditions(inspection)
  return inspection
}

interface Preparation {
  readonly inspection: Inspection
  readonly options: MigrateOptions
}

async function prepareLedgers(client: pg.Client, { inspection, options }: Preparation): Promise<string> {
  const { schema } = inspection
  const { project, owner, writer, report } = options
  if (schema === null)
    throw new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
      what: 'There is no PostgreSQL schema in the search_path in which Knex could keep its record. Nothing was done.',
      choices: [['searchPath, schemaName', 'in the knexfile say which schema is meant']],
    })
  if (project.schemaName !== null)
    await client.query(`create schema if not exists ${pg.escapeIdentifier(project.schemaName)}`)
  await ensureLedger(client, schema)
  if (inspection.identity === null) {
    const identity = await recordIdentity(client, { schema, writer }, owner, 'identified')
    report({ event: 'identified', identity })
  }
  if (inspection.ledger !== null) await freeKnexLock(client, { schema, project, report })
  return schema
}

interface KnexLock {
  readonly schema: string
  readonly project: KnexProject
  readonly report: ProgressReporter
}

async function freeKnexLock(client: pg.Client, { schema, project, report }: KnexLock): Promise<void> {
  if (!(await isKnexLockTaken(client, { schema, project }))) return
  const table = knexLockTable(schema, project)
  await client.query(`begin; delete from ${table}; insert into ${table} (is_locked) values (0); commit`)
  report({ event: 'knex lock freed' })
}

/**
 * Whether Knex would refuse to migrate. Its lock row outlives a killed process, and racing starters can leave two. While we
 * hold our lock it guards nothing.
 */
export async function isKnexLockTaken(
  client: pg.ClientBase,
  { schema, project }: Omit<KnexLock, 'report'>,
): Promise<boolean> {
  const table = knexLockTable(schema, project)
  const [exists] = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(table)}) is not null as found`,
  )
  if (exists?.['found'] !== true) return false
  const [row] = await queryRows(
    client,
    `select count(*)::int as rows, coalesce(max(is_locked), 0) as locked from ${table}`,
  )
  return row?.['rows'] !== 1 || row['locked'] !== 0
}

function knexLockTable(schema: string, { tableName }: KnexProject): string {
  return quoteTableName(schema, `${tableName}_lock`)
}

function standbyError(connection: Connection): SchemaError {
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: 'The database is a standby: it replays its primary, and cannot be written. Nothing was done.',
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [['MIGRATION_DATABASE_URL', 'names the primary']],
  })
}

function explainPrivilegeError(error: unknown, connection: Connection): unknown {
  // A privilege that is missing, or a session that a setting of the role or the database makes read-only.
  if (!hasSqlState(error, sqlState.insufficientPrivilege, sqlState.readOnlyTransaction)) return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role may not migrate: ${error.message}. Nothing was done.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [
      ['MIGRATION_DATABASE_URL', 'names the same database with the role that migrates'],
      ['ON_BEHIND=refuse', 'leaves migrating to somebody else'],
    ],
    cause: error,
  })
}
