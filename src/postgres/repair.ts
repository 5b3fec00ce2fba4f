import pg from 'pg'
import type { Scope } from '../core/scope.js'
import { SchemaError } from '../errors.js'
import { addressOf, describeAddress } from './address.js'
import { configure } from './configure.js'
import { halfApplied } from './half-applied.js'
import { ledgerTablesOf, readCatalogInTransaction } from './introspect.js'
import { append } from './ledger.js'
import { detailOf } from './ledger-detail.js'
import { type LockedSession, type MigrateOptions, withLockedSession } from './locked-session.js'
import type { Migration } from './migrations.js'
import { recordUnrun } from './record.js'
import { standingsOf, type Stood } from './standings.js'

/** What is to be done. */
export interface Repairs {
  readonly indexes: readonly { readonly key: string; readonly statements: readonly string[] }[]
  /** Revisions to record, in order. */
  readonly records: readonly string[]
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
    // One of the role would leave an invalid index behind. There is no lock_timeout in such a session.
    await configure(client, { statement_timeout: '0' }, 'session')
    const indexes: string[] = []
    for (const { key } of repairs.indexes) {
      refuseStopped(options, indexes)
      const found = await survey(client, indexes)
      const index = found.indexes.find((each) => each.key === key)
      if (index === undefined) continue
      for (const statement of index.statements) await run(statement, { options, client, done: indexes })
      indexes.push(key)
    }
    refuseStopped(options, indexes)
    const { records } = await survey(client, indexes)
    const migrations = options.migrations.filter(
      ({ revision }) => records.includes(revision) && repairs.records.includes(revision),
    )
    if (migrations.length > 0) await record(migrations, { options, locked })
    return { indexes, records: migrations.map(({ revision }) => revision) }
  })
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

interface Running {
  readonly options: MigrateOptions
  readonly client: pg.Client
  /** The keys of the indexes that are done. */
  readonly done: readonly string[]
}

async function run(statement: string, { options, client, done }: Running): Promise<void> {
  options.report({ event: 'repairing', what: statement })
  await client.query(statement).catch((error: unknown) => {
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
        ['schemagate repair', 'builds it again then'],
      ],
      cause: error,
    })
  })
}

interface Recording {
  readonly options: MigrateOptions
  readonly locked: LockedSession
}

async function record(migrations: readonly Migration[], { options, locked }: Recording): Promise<void> {
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
  { options, locked: { session, inspection } }: Recording,
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
