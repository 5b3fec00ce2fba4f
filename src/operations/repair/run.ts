import pg from 'pg'
import type { Scope } from '../../core/model/scope.js'
import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { configure } from '../../postgres/connection/settings.js'
import { ledgerTablesOf, readCatalogInTransaction } from '../../postgres/introspect/read-catalog.js'
import { detailOf } from '../../postgres/ledger/change-hash.js'
import { append, type LedgerEntry } from '../../postgres/ledger/ledger.js'
import { type ActivityWatch, watchActivity } from '../../postgres/locks/session-activity.js'
import { withHeartbeat } from '../../postgres/migrate/heartbeat.js'
import { backendPid } from '../../postgres/session/knex-session.js'
import {
  type LockedSession,
  type MigrateOptions,
  withLockedSession,
} from '../../postgres/session/locked-session.js'
import { recordUnrun } from '../../postgres/session/mark-applied.js'
import { halfApplied } from '../../postgres/verify/half-applied-error.js'
import { standingsOf, type Stood } from '../../postgres/verify/unfinished-revisions.js'
import type { Migration } from '../../project/migration-files.js'

/** What is to be done. */
export interface Repairs {
  readonly indexes: readonly IndexRepair[]
  /** Revisions to record, in order. */
  readonly records: readonly string[]
}

interface IndexRepair {
  readonly key: string
  readonly statements: readonly string[]
}

/** What was found before, and how to find out whether it is still so once these indexes are built, by key. */
export interface Agreed {
  readonly repairs: Repairs
  readonly survey: (client: pg.ClientBase, built: readonly string[]) => Promise<Repairs>
}

/** What was done. */
export interface Repaired {
  /** The keys of the indexes that were dropped, and built again where they are promised. */
  readonly indexes: readonly string[]
  readonly records: readonly string[]
}

/**
 * Does under the lock what was agreed to, as far as it is still to be done, and nothing else. Taking the lock frees Knex's
 * lock row. A revision is recorded in a transaction that has just found all its objects as promised.
 * Throws SCHEMA_REPAIR_FAILED, SCHEMA_HALF_APPLIED where a revision is not all there any more.
 */
export async function repair(options: MigrateOptions, { repairs, survey }: Agreed): Promise<Repaired> {
  return withLockedSession(options, async (locked) => {
    const { client } = locked.session
    const indexes = await rebuildAll({ repairs, survey }, { options, locked })
    refuseStopped(options, indexes)
    const { records } = await survey(client, indexes)
    const migrations = options.migrations.filter(
      ({ revision }) => records.includes(revision) && repairs.records.includes(revision),
    )
    if (migrations.length > 0) await record(migrations, { options, locked })
    return { indexes, records: migrations.map(({ revision }) => revision) }
  })
}

/** Returns the keys of the indexes that were built, or only dropped. */
async function rebuildAll({ repairs, survey }: Agreed, { options, locked }: Repairing): Promise<string[]> {
  const { client, pid } = locked.session
  if (repairs.indexes.length === 0) return []
  // One of the role would leave an invalid index behind. There is no lock_timeout in such a session.
  await configure(client, { statement_timeout: '0' }, 'session')
  const audit = await backendPid(locked.audit)
  const watch = watchActivity({ connection: options.connection, pid, audit })
  const done: string[] = []
  try {
    for (const { key } of repairs.indexes) {
      refuseStopped(options, done)
      const found = await survey(client, done)
      const index = found.indexes.find((each) => each.key === key)
      if (index === undefined) continue
      await rebuild(index, { options, locked, watch, done })
      done.push(key)
    }
    return done
  } finally {
    await watch.end()
  }
}

/** An index that was dropped is built again before it is stopped. */
function refuseStopped({ signal }: MigrateOptions, done: readonly string[]): void {
  if (signal?.aborted !== true) return
  throw new SchemaError('SCHEMA_INTERRUPTED', {
    what: 'Repairing was stopped on request. What was repaired before stays repaired.',
    facts: [['repaired', done.length === 0 ? 'nothing' : done]],
    choices: [['run it again', 'goes on where this one stopped']],
  })
}

interface Repairing {
  readonly options: MigrateOptions
  readonly locked: LockedSession
}

interface Running extends Repairing {
  readonly watch: ActivityWatch
  /** The keys of the indexes that are done. */
  readonly done: readonly string[]
}

/** Beginning and end are on record: one that failed or was killed has left its beginning there. */
async function rebuild({ key, statements }: IndexRepair, running: Running): Promise<void> {
  const { options, locked } = running
  const started = performance.now()
  const record = (row: Pick<LedgerEntry, 'event' | 'duration'>): Promise<void> =>
    append(locked.audit, { schema: locked.schema, writer: options.writer }, [
      { ...row, revision: null, detail: { index: key, statements } },
    ])
  await record({ event: 'repairing' })
  for (const statement of statements) await run(statement, running)
  await record({ event: 'repaired', duration: performance.now() - started })
}

async function run(statement: string, { options, locked: { session }, watch, done }: Running): Promise<void> {
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

async function record(migrations: readonly Migration[], { options, locked }: Repairing): Promise<void> {
  const { project, writer, snapshot, report } = options
  const { client } = locked.session
  const rows = migrations.map((migration) => ({
    revision: migration.revision,
    event: 'repaired' as const,
    checksum: migration.checksum,
    detail: detailOf(migration, snapshot),
  }))
  for (const { revision } of migrations) report({ event: 'repairing', what: `recording ${revision}` })
  await recordUnrun(locked, {
    project,
    migrations,
    work: async () => {
      await refuseOthers(migrations, { options, locked })
      await append(client, { schema: locked.schema, writer }, rows)
    },
  })
}

async function refuseOthers(
  migrations: readonly Migration[],
  { options, locked: { session, inspection } }: Repairing,
): Promise<void> {
  const { project, snapshot, scope, connection } = options
  const live = await readCatalogInTransaction(session.client, { ...ledgerTablesOf(project), ...read(scope) })
  const recorded = [...inspection.recorded.revisions]
  const stood: Stood[] = []
  for (const migration of migrations) {
    const now = { ...inspection, live, recorded: { ...inspection.recorded, revisions: recorded } }
    const standpoint = {
      snapshot,
      inspection: now,
      transaction: 'callers',
      ...(scope ? { scope } : {}),
    } as const
    stood.push(...(await standingsOf(session.client, [migration], standpoint)))
    recorded.push(migration.revision)
  }
  if (stood.every(({ standing }) => standing.kind === 'applied')) return
  throw halfApplied({
    stood,
    build: options.migrations.map(({ revision }) => revision),
    database: describeAddress(addressOf(connection)),
    consequence: 'Nothing was recorded.',
  })
}

function read(scope: Scope | undefined): Partial<Pick<Scope, 'comments' | 'grants'>> {
  return scope === undefined ? {} : { comments: scope.comments, grants: scope.grants }
}
