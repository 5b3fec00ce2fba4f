import type pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import type { Progress } from '../../core/progress/events.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { pause } from '../../postgres/connection/backoff.js'
import {
  allAnnotations,
  ledgerTablesOf,
  readCatalog,
  readCatalogInTransaction,
} from '../../postgres/introspect/read-catalog.js'
import { choicesForError } from '../../postgres/connection/sqlstate-choices.js'
import { isStatementRejected } from '../../postgres/connection/sqlstate.js'
import { ledgerDetailOf } from '../../postgres/ledger/change-hash.js'
import { appendEntries } from '../../postgres/ledger/ledger.js'
import { failureFacts } from '../../postgres/migrate/run-error.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import { markApplied } from '../../postgres/session/mark-applied.js'
import { compareWithPromise } from '../../postgres/verify/compare-with-promise.js'
import { verificationError } from '../../postgres/verify/verification-error.js'

/** How an empty database becomes what is promised. */
export interface InitPlan {
  /** Whether an object of the empty database, by its key, may be there before. */
  readonly isInitial: (key: string, live: Catalog) => boolean
  /** The statements that build the promised catalog, all of which can share a transaction. */
  readonly statementsFor: (live: Catalog, client: pg.ClientBase) => Promise<readonly string[]>
}

/**
 * Builds an empty database at head in one transaction under the lock, verifies it before the commit, and records every
 * revision in it. False, and nothing is done, where revisions are recorded. Throws SCHEMA_NOT_EMPTY, SCHEMA_INIT_REFUSED,
 * SCHEMA_PROMISE_BROKEN.
 */
export async function buildDatabase(options: MigrateOptions, plan: InitPlan): Promise<boolean> {
  const held: Progress[] = []
  // Whose the database is, is true after the commit only.
  const report = (progress: Progress): void =>
    progress.event === 'identified' ? void held.push(progress) : options.report(progress)
  const built = await withLockedSession(
    { ...options, report },
    async ({ session, inspection, prepareLedgers }) => {
      const { project, migrations } = options.target
      if (inspection.recorded.revisions.length > 0) return false
      const everything = { ...ledgerTablesOf(project), ...allAnnotations }
      const found = await readCatalog(session.client, everything)
      const existing = Object.keys(found).filter((key) => !plan.isInitial(key, found))
      if (existing.length > 0) throw notEmptyError(options, existing)
      // The ledgers too: a database that could not be built stays empty.
      await session.knex.transaction(async (transaction) => {
        const prepared = await prepareLedgers()
        // With the schema that the ledgers may have needed.
        const live = await readCatalogInTransaction(session.client, everything)
        const statements = await plan.statementsFor(live, session.client)
        const locked = { ...prepared, session: { ...session, knex: transaction } }
        await markApplied(locked, options.target, migrations, async () => {
          await runStatements(session.client, statements, options)
          await session.client.query('set local check_function_bodies to default')
          await verifyBuilt(options, locked, live)
          await recordBuilt(options, locked)
        })
      })
      return true
    },
  )
  held.forEach(options.report)
  return built
}

/** How many statements share a message: each message is a round trip, and a place where a signal is heard. */
const statementsPerMessage = 200

async function runStatements(
  client: pg.ClientBase,
  statements: readonly string[],
  options: MigrateOptions,
): Promise<void> {
  for (let done = 0; done < statements.length; done += statementsPerMessage) {
    await pause(0, options.signal)
    await runTogether(client, statements.slice(done, done + statementsPerMessage)).catch((error: unknown) => {
      throw isStatementRejected(error) ? refusedStatementError(error, options) : error
    })
  }
}

/** PostgreSQL does not say which statement of a message it refused, so that they are run again one by one. */
async function runTogether(client: pg.ClientBase, statements: readonly string[]): Promise<void> {
  const [before, after] = ['savepoint schemagate_build', 'release savepoint schemagate_build']
  await client.query([before, ...statements, after].join(';\n')).catch(async (error: unknown) => {
    if (!isStatementRejected(error)) throw error
    await client.query('rollback to savepoint schemagate_build')
    for (const statement of statements) await client.query(statement)
  })
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
  const { snapshot, migrations, project, scope } = target
  if (snapshot === null) return
  const tables = ledgerTablesOf(project)
  const live = await readCatalogInTransaction(session.client, { ...tables, ...allAnnotations })
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

async function recordBuilt({ target }: MigrateOptions, locked: LockedSession): Promise<void> {
  const entries = target.migrations.map((migration) => ({
    revision: migration.revision,
    event: 'stamped' as const,
    checksum: migration.checksum,
    detail: ledgerDetailOf(migration, target.snapshot),
  }))
  await appendEntries(locked.session.client, locked, entries)
}
