import pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { formatApplicationName, waitingForLock } from '../connection/application-name.js'
import { type Connection, translateConnectionLoss } from '../connection/connect.js'
import { setServerParameters } from '../connection/settings.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { inspect } from '../inspect/inspect.js'
import { type Inspection } from '../inspect/inspection.js'
import { requireLedgerAccess } from '../ledger/ledger-access.js'
import { advanceLedgerSequences } from '../ledger/ledger-sequences.js'
import { ensureLedger, ledgerTable, type LedgerWriter, quoteTableName } from '../ledger/ledger.js'
import { recordIdentity } from '../ledger/record-identity.js'
import { type LockWaitOptions, takeWriterLock, withMigrationLock } from '../locks/advisory-lock.js'
import { describeLockHolder } from '../locks/lock-holders.js'
import { releaseKnexLock } from './knex-lock.js'
import { withKnexSession } from './knex-session.js'
import type { OpenedSession, KnexSession, LockedSession } from './sessions.js'
import type { MigrateOptions } from './migrate-options.js'
import { requireSameDatabase } from './same-database.js'
import { requireLedgerSchema } from './service-schemas.js'
import { requireWritable } from './writable.js'

/** Opens a session, takes the lock, inspects, checks the preconditions, and runs `use`, which may write. */
export async function withLockedSession<T>(
  options: MigrateOptions,
  use: (checked: OpenedSession) => Promise<T>,
): Promise<T> {
  const { connection } = options.target
  return withLock(options, async (session, inspectAgain) => {
    const auditClient = session.watchdog.client()
    return translateConnectionLoss([auditClient], connection, async () => {
      await takeWriterLock(auditClient, lockWaitOptions(options))
      const explain = (error: unknown): never => {
        throw explainPrivilegeError(error, connection)
      }
      const open = async (): Promise<OpenedSession> => {
        const inspection = await inspectAgain()
        await freeKnexLock(session.client, inspection, options).catch(explain)
        const prepare = async (): Promise<LockedSession> => {
          const schema = await prepareLedgers(session.client, inspection, options).catch(explain)
          return { session, auditClient, inspection, schema, writer: writerOf(options) }
        }
        return { session, auditClient, inspection, prepareLedgers: prepare, inspectAgain: open }
      }
      return use(await open())
    })
  })
}

/** Opens a session, takes the lock, inspects, checks the preconditions, and runs `use`. Writes nothing. */
export async function withCheckedSession<T>(
  options: MigrateOptions,
  use: (session: KnexSession, inspection: Inspection) => Promise<T>,
): Promise<T> {
  return withLock(options, async (session, inspectAgain) => use(session, await inspectAgain()))
}

/** Runs `use` with a session that holds the lock on the database that is meant, and can be written. */
async function withLock<T>(
  options: MigrateOptions,
  use: (session: KnexSession, inspectAgain: () => Promise<Inspection>) => Promise<T>,
): Promise<T> {
  const { connection, project, migrations } = options.target
  const { annotations: scope = {} } = options
  return withKnexSession(connection, project, async (session) => {
    const setName = (revision: string | null): Promise<void> =>
      setServerParameters(
        session.client,
        { application_name: formatApplicationName({ ...writerOf(options), revision }) },
        'session',
      )
    const inspectAgain = async (): Promise<Inspection> => {
      await setName(null)
      const inspection = await inspect(session.client, { connection, project, migrations, scope })
      options.guard?.checkPreconditions(inspection)
      return inspection
    }
    await setName(waitingForLock)
    return withMigrationLock(session.client, lockWaitOptions(options), async () => {
      await requireTarget(session, options)
      return use(session, inspectAgain)
    })
  })
}

function writerOf({ guard }: MigrateOptions): LedgerWriter {
  return guard?.writer ?? { host: 'scratch', release: null }
}

function lockWaitOptions({ target, policy, report, signal }: MigrateOptions): LockWaitOptions {
  return {
    tableName: target.project.tableName,
    timeout: policy.lockWaitTimeout,
    onWait: (holder, waited) =>
      report({
        event: 'waiting for lock',
        lock: 'migration',
        holder: holder === null ? null : describeLockHolder(holder),
        waited,
      }),
    onAbandoned: (holder) => report({ event: 'abandoned lock ended', holder }),
    ...(signal ? { signal } : {}),
  }
}

/** Proves that this is the database that is meant, and that it can be written. */
async function requireTarget(session: KnexSession, { target, guard }: MigrateOptions): Promise<void> {
  const { connection, project } = target
  const service = guard?.serviceConnection ?? null
  if (service !== null)
    await session.watchdog.withoutClient(() =>
      requireSameDatabase(session, connection, service, project.tableName),
    )
  await requireWritable(session.client, connection)
}

async function prepareLedgers(
  client: pg.Client,
  inspection: Inspection,
  { target, guard, report }: MigrateOptions,
): Promise<string> {
  const { identity, ledger, database } = inspection
  const { project } = target
  const schema = requireLedgerSchema(target, inspection)
  if (project.schemaName !== null)
    await client.query(`create schema if not exists ${pg.escapeIdentifier(project.schemaName)}`)
  await requireLedgerAccess(client, schema, project.tableName, database)
  await ensureLedger(client, schema)
  const tables = ledger === null ? [ledgerTable] : [project.tableName, ledgerTable]
  const quoted = tables.map((table) => quoteTableName(schema, table))
  for (const advanced of await advanceLedgerSequences(client, quoted))
    report({ event: 'ledger sequence advanced', ...advanced })
  if (identity === null && guard !== null)
    report({
      event: 'identified',
      identity: await recordIdentity(client, { schema, writer: guard.writer }, guard.owner, 'identified'),
    })
  return schema
}

/** Of a process that was killed; plain Knex would refuse for ever. Also where this one goes on to refuse. */
async function freeKnexLock(
  client: pg.Client,
  inspection: Inspection,
  { target, report }: MigrateOptions,
): Promise<void> {
  if (inspection.ledger === null) return
  const schema = requireLedgerSchema(target, inspection)
  if (await releaseKnexLock(client, schema, target.project)) report({ event: 'knex lock freed' })
}

function explainPrivilegeError(error: unknown, connection: Connection): unknown {
  if (!hasSqlState(error, sqlState.insufficientPrivilege)) return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role may not migrate: ${error.message}. Nothing was done.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [
      ['MIGRATION_DATABASE_URL', 'names the same database with the role that migrates'],
      ['ON_BEHIND=refuse', 'leaves migrating to another process'],
    ],
    cause: error,
  })
}
