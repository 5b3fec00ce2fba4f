import pg from 'pg'
import type { Scope } from '../../core/model/scope.js'
import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { readBackendPid } from '../../postgres/connection/query.js'
import { setServerParameters } from '../../postgres/connection/settings.js'
import { ledgerTablesOf, readCatalogInTransaction } from '../../postgres/introspect/read-catalog.js'
import { ledgerDetailOf } from '../../postgres/ledger/change-hash.js'
import { appendEntries, type LedgerEntry } from '../../postgres/ledger/ledger.js'
import { type ActivitySampler, startActivitySampler } from '../../postgres/locks/session-activity.js'
import { withHeartbeat } from '../../postgres/migrate/heartbeat.js'
import {
  type LockedSession,
  type MigrateOptions,
  withLockedSession,
} from '../../postgres/session/locked-session.js'
import { markApplied } from '../../postgres/session/mark-applied.js'
import { halfAppliedError } from '../../postgres/verify/half-applied-error.js'
import {
  readUnfinishedRevisions,
  type UnfinishedRevision,
} from '../../postgres/verify/unfinished-revisions.js'
import type { Migration } from '../../project/migration-files.js'

/** What is to be done. */
export interface RepairPlan {
  readonly indexes: readonly IndexRebuild[]
  /** Revisions to record, in order. */
  readonly records: readonly string[]
}

interface IndexRebuild {
  readonly key: string
  readonly statements: readonly string[]
}

/** What was found before, and how to find out whether it is still so once these indexes are built, by key. */
export interface ConfirmedRepair {
  readonly plan: RepairPlan
  readonly survey: (client: pg.ClientBase, built: readonly string[]) => Promise<RepairPlan>
}

/** What was done. */
export interface RepairResult {
  /** The keys of the indexes that were dropped, and built again where they are promised. */
  readonly indexes: readonly string[]
  readonly records: readonly string[]
}

/**
 * Does under the lock what was agreed to, as far as it is still to be done, and nothing else. Taking the lock frees Knex's
 * lock row. A revision is recorded in a transaction that has just found all its objects as promised.
 * Throws SCHEMA_REPAIR_FAILED, SCHEMA_HALF_APPLIED where a revision is not all there any more.
 */
export async function repair(
  options: MigrateOptions,
  { plan, survey }: ConfirmedRepair,
): Promise<RepairResult> {
  return withLockedSession(options, async (locked) => {
    const { client } = locked.session
    const indexes = await rebuildIndexes({ plan, survey }, { options, locked })
    throwIfStopped(options, indexes)
    const { records } = await survey(client, indexes)
    const migrations = options.migrations.filter(
      ({ revision }) => records.includes(revision) && plan.records.includes(revision),
    )
    if (migrations.length > 0) await recordRepaired(migrations, { options, locked })
    return { indexes, records: migrations.map(({ revision }) => revision) }
  })
}

/** Returns the keys of the indexes that were built, or only dropped. */
async function rebuildIndexes(
  { plan, survey }: ConfirmedRepair,
  { options, locked }: RepairSession,
): Promise<string[]> {
  const { client, pid } = locked.session
  if (plan.indexes.length === 0) return []
  // One of the role would leave an invalid index behind. There is no lock_timeout in such a session.
  await setServerParameters(client, { statement_timeout: '0' }, 'session')
  const ledgerPid = await readBackendPid(locked.auditClient)
  const watch = startActivitySampler(options.connection, pid, ledgerPid)
  const done: string[] = []
  try {
    for (const { key } of plan.indexes) {
      throwIfStopped(options, done)
      const found = await survey(client, done)
      const index = found.indexes.find((each) => each.key === key)
      if (index === undefined) continue
      await rebuildIndex(index, { options, locked, watch, done })
      done.push(key)
    }
    return done
  } finally {
    await watch.end()
  }
}

/** An index that was dropped is built again before it is stopped. */
function throwIfStopped({ signal }: MigrateOptions, done: readonly string[]): void {
  if (signal?.aborted !== true) return
  throw new SchemaError('SCHEMA_INTERRUPTED', {
    what: 'Repairing was stopped on request. What was repaired before stays repaired.',
    facts: [['repaired', done.length === 0 ? 'nothing' : done]],
    choices: [['run it again', 'goes on where this one stopped']],
  })
}

interface RepairSession {
  readonly options: MigrateOptions
  readonly locked: LockedSession
}

interface RebuildContext extends RepairSession {
  readonly watch: ActivitySampler
  /** The keys of the indexes that are done. */
  readonly done: readonly string[]
}

/** Beginning and end are on record: one that failed or was killed has left its beginning there. */
async function rebuildIndex({ key, statements }: IndexRebuild, running: RebuildContext): Promise<void> {
  const { options, locked } = running
  const started = performance.now()
  const record = (row: Pick<LedgerEntry, 'event' | 'duration'>): Promise<void> =>
    appendEntries(locked.auditClient, { schema: locked.schema, writer: options.writer }, [
      { ...row, revision: null, detail: { index: key, statements } },
    ])
  await record({ event: 'repairing' })
  for (const statement of statements) await runStatement(statement, running)
  await record({ event: 'repaired', duration: performance.now() - started })
}

async function runStatement(
  statement: string,
  { options, locked: { session }, watch, done }: RebuildContext,
): Promise<void> {
  options.report({ event: 'repairing', what: statement })
  const tell = (heartbeat: Heartbeat): void =>
    options.report({ event: 'repair running', what: statement, ...heartbeat })
  const built = withHeartbeat(watch, tell, () => session.client.query(statement))
  await built.catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error
    const { code = '', message, detail } = error
    throw new SchemaError('SCHEMA_REPAIR_FAILED', {
      what: 'An index could not be built again. No row was changed, and nothing was recorded: the index stays invalid, and what was repaired before stays repaired.',
      facts: [
        ['database', describeAddress(addressOf(options.connection))],
        ['statement', statement],
        ['sqlstate', code],
        ['message', message],
        ...(detail === undefined ? [] : [['detail', detail] as const]),
        ['repaired', done.length === 0 ? 'nothing' : done],
      ],
      choices: [
        ['remove the cause', 'usually rows that are duplicates by a unique index'],
        ['schemagate repair', 'drops what this attempt left, and builds it again'],
      ],
      cause: error,
    })
  })
}

async function recordRepaired(
  migrations: readonly Migration[],
  { options, locked }: RepairSession,
): Promise<void> {
  const { project, writer, snapshot, report } = options
  const { client } = locked.session
  const rows = migrations.map((migration) => ({
    revision: migration.revision,
    event: 'repaired' as const,
    checksum: migration.checksum,
    detail: ledgerDetailOf(migration, snapshot),
  }))
  for (const { revision } of migrations) report({ event: 'repairing', what: `recording ${revision}` })
  await markApplied(locked, {
    project,
    migrations,
    inTransaction: async () => {
      await requireApplied(migrations, { options, locked })
      await appendEntries(client, { schema: locked.schema, writer }, rows)
    },
  })
}

async function requireApplied(
  migrations: readonly Migration[],
  { options, locked: { session, inspection } }: RepairSession,
): Promise<void> {
  const { project, snapshot, scope, connection } = options
  const live = await readCatalogInTransaction(session.client, {
    ...ledgerTablesOf(project),
    ...annotationOptions(scope),
  })
  const recorded = [...inspection.recorded.revisions]
  const stood: UnfinishedRevision[] = []
  for (const migration of migrations) {
    const now = { ...inspection, live, recorded: { ...inspection.recorded, revisions: recorded } }
    const standpoint = {
      snapshot,
      inspection: now,
      transaction: 'callers',
      ...(scope ? { scope } : {}),
    } as const
    stood.push(...(await readUnfinishedRevisions(session.client, [migration], standpoint)))
    recorded.push(migration.revision)
  }
  if (stood.every(({ completion }) => completion.kind === 'applied')) return
  throw halfAppliedError({
    pending: stood,
    build: options.migrations.map(({ revision }) => revision),
    database: describeAddress(addressOf(connection)),
    consequence: 'Nothing was recorded.',
  })
}

function annotationOptions(scope: Scope | undefined): Partial<Pick<Scope, 'comments' | 'grants'>> {
  return scope === undefined ? {} : { comments: scope.comments, grants: scope.grants }
}
