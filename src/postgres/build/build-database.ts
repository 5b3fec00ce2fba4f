import type { Knex } from 'knex'
import type pg from 'pg'
import { type Catalog, objectKey } from '../../core/model/catalog.js'
import type { Progress } from '../../core/progress/events.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { pause } from '../connection/backoff.js'
import { allAnnotations, ledgerTablesOf, readCatalogInTransaction } from '../introspect/read-catalog.js'
import { choicesForError } from '../connection/sqlstate-choices.js'
import { runInMessages } from '../connection/statement-messages.js'
import { ledgerDetailOf } from '../ledger/change-hash.js'
import { appendEntries, type LedgerEntry } from '../ledger/ledger.js'
import { failureFacts } from '../migrate/run-error.js'
import { withLockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import type { KnexSession, LockedSession, OpenedSession } from '../session/sessions.js'
import { markApplied } from '../session/mark-applied.js'
import { compareWithPromise } from '../verify/compare-with-promise.js'
import { verificationError } from '../verify/verification-error.js'

/** How an empty database becomes what is promised. */
export interface BuildPlan {
  /** Whether an object of the empty database, by its key, may be there before. */
  readonly isInitial: (key: string, live: Catalog) => boolean
  /** The statements that build the promised catalog, all of which can share a transaction. */
  readonly statementsFor: (live: Catalog, client: pg.ClientBase) => Promise<readonly string[]>
  /** Called once the database is verified, in its transaction. What it throws rolls everything back. Default: nothing. */
  readonly beforeRecord?: (session: KnexSession) => Promise<void>
}

/**
 * Builds an empty database at head in one transaction under the lock, verifies it before the commit, and records every
 * revision in it. False, and nothing is done, where revisions are recorded. Throws SCHEMA_NOT_EMPTY, SCHEMA_INIT_REFUSED,
 * SCHEMA_PROMISE_BROKEN.
 */
export async function buildDatabase(options: MigrateOptions, plan: BuildPlan): Promise<boolean> {
  const held: Progress[] = []
  // Whose the database is, is true after the commit only.
  const report = (progress: Progress): void =>
    progress.event === 'identified' ? void held.push(progress) : options.report(progress)
  const inspected = { ...options, report, annotations: allAnnotations }
  const built = await withLockedSession(inspected, async (opened) => {
    if (opened.inspection.recorded.revisions.length > 0) return false
    requireEmpty(options, plan, opened.inspection.live)
    // The ledgers too: a database that could not be built stays empty.
    await opened.session.knex.transaction((transaction) => build(options, plan, opened, transaction))
    return true
  })
  held.forEach(options.report)
  return built
}

function requireEmpty(options: MigrateOptions, { isInitial }: BuildPlan, live: Catalog): void {
  const existing = Object.keys(live).filter((key) => !isInitial(key, live))
  if (existing.length > 0) throw notEmptyError(options, existing)
}

async function build(
  options: MigrateOptions,
  { statementsFor, beforeRecord }: BuildPlan,
  { session, inspection, prepareLedgers }: OpenedSession,
  knex: Knex,
): Promise<void> {
  const prepared = await prepareLedgers()
  const live = await withLedgerSchema(inspection.live, prepared, options)
  const statements = await statementsFor(live, session.client)
  const locked = { ...prepared, session: { ...session, knex } }
  await markApplied(locked, options.target, options.target.migrations, async () => {
    await runStatements(session.client, statements, options)
    await session.client.query('set local check_function_bodies to default')
    // The entries are made while the server reads its catalog.
    const verifying = verifyBuilt(options, locked, live)
    const entries = stampEntries(options)
    await verifying
    await beforeRecord?.(locked.session)
    await appendEntries(session.client, locked, entries)
  })
}

/** The catalog of the empty database, which is read again where the ledgers needed a schema. */
async function withLedgerSchema(
  live: Catalog,
  { session, schema }: LockedSession,
  { target }: MigrateOptions,
): Promise<Catalog> {
  if (live[objectKey('schema', [schema])] !== undefined) return live
  return readCatalogInTransaction(session.client, { ...ledgerTablesOf(target.project), ...allAnnotations })
}

async function runStatements(
  client: pg.ClientBase,
  statements: readonly string[],
  options: MigrateOptions,
): Promise<void> {
  const refused = await runInMessages(client, statements, () => pause(0, options.signal))
  if (refused !== null) throw refusedStatementError(refused.error, options)
}

/** The snapshot may promise what this server, or this role, cannot make. */
function refusedStatementError(cause: unknown, { target }: MigrateOptions): SchemaError {
  const place = { transactional: true, shared: false, ownRows: false }
  return new SchemaError('SCHEMA_INIT_REFUSED', {
    what: 'PostgreSQL refused a statement that builds the database. Its transaction was rolled back: nothing was built.',
    facts: [
      ['database', describeAddress(addressOf(target.connection))],
      ...failureFacts(cause, new Map(), ''),
    ],
    choices: [...choicesForError(cause, place), ['schemagate migrate', 'runs the migrations one by one']],
    cause,
  })
}

function notEmptyError({ target }: MigrateOptions, existing: readonly string[]): SchemaError {
  return new SchemaError('SCHEMA_NOT_EMPTY', {
    what: 'Only an empty database is built from the snapshot, and this one is not empty. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(target.connection))],
      ['recorded', 'no revision'],
      ['holds', existing.slice(0, 10)],
    ],
    choices: [
      ['schemagate stamp', 'says which revision it is at, if it is yours, and how to record that'],
      ['schemagate migrate', 'runs the migrations instead, if what is there belongs to other services'],
    ],
  })
}

/** What was there `before` stays. The server may print a definition that is built from its own text in a different way. */
async function verifyBuilt(
  { target }: MigrateOptions,
  { session, inspection }: LockedSession,
  before: Catalog,
): Promise<void> {
  const { snapshot, migrations, scope, project } = target
  if (snapshot === null) return
  const { comments, grants } = scope
  const live = await readCatalogInTransaction(session.client, {
    ...ledgerTablesOf(project),
    comments,
    grants,
  })
  const revisions = migrations.map(({ revision }) => revision)
  const server = { client: session.client, major: inspection.major, transactional: true }
  const { differences: found, canonicalizeFailures } = await compareWithPromise(
    server,
    { snapshot, revisions, live },
    scope,
  )
  const differences = found.filter(({ change, key }) => change !== 'unexpected' || before[key] === undefined)
  if (differences.length === 0) return
  const revision = 'the database built from the snapshot'
  throw verificationError({ revision, differences, canonicalizeFailures, transactional: true })
}

function stampEntries({ target }: MigrateOptions): readonly LedgerEntry[] {
  return target.migrations.map((migration) => ({
    revision: migration.revision,
    event: 'stamped',
    checksum: migration.checksum,
    detail: ledgerDetailOf(migration, target.snapshot),
  }))
}
