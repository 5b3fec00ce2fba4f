import { EventEmitter } from 'node:events'
import type { Knex } from 'knex'
import { changesOf } from '../core/snapshot.js'
import { ledgerTablesOf, readCatalog, readCatalogInTransaction } from './introspect.js'
import { append, type LedgerEvent } from './ledger.js'
import type { MigrateOptions } from './locked-session.js'
import { migrationFailure } from './migration-failure.js'
import { ledgerName, type Migration } from './migrations.js'
import { inPromisedWords } from './rerender.js'
import { type Loaded, messageOf, type RunContext, type RunState, type Step } from './run-state.js'

const heartbeat = 5_000
const cancelPause = 200

/**
 * Loads the migrations and groups them: a revision without a transaction stands alone, because Knex would otherwise
 * take the transaction from its neighbours too and record them outside of it.
 */
export async function planSteps(
  migrations: readonly Migration[],
  { project, transaction }: Pick<MigrateOptions, 'project' | 'transaction'>,
): Promise<readonly Step[]> {
  const steps: { transactional: boolean; migrations: Loaded[] }[] = []
  for (const migration of migrations) {
    const module = await migration.load()
    const transactional = module.transaction ?? !project.disableTransactions
    const last = steps.at(-1)
    const joins = transaction === 'batch' && transactional && last?.transactional === true
    if (joins) last.migrations.push({ ...migration, module })
    else steps.push({ transactional, migrations: [{ ...migration, module }] })
  }
  return steps
}

/** Runs the steps in order and returns the revisions applied. Throws what `migrationFailure` makes of an error. */
export async function runSteps(steps: readonly Step[], context: RunContext): Promise<readonly string[]> {
  const total = steps.reduce((sum, { migrations }) => sum + migrations.length, 0)
  const state: RunState = { total, applied: [], begun: [], running: null, serverMessages: new Map() }
  const stopListening = listen(context, state)
  try {
    for (const step of steps) {
      state.begun = []
      await runStep(step, { context, state })
      state.applied.push(...step.migrations.map(({ revision }) => revision))
    }
    return state.applied
  } catch (error) {
    await recordFailure(error, { context, state })
    throw await migrationFailure(error, { context, state })
  } finally {
    stopListening()
  }
}

interface Running {
  readonly context: RunContext
  readonly state: RunState
}

async function runStep({ migrations, transactional }: Step, running: Running): Promise<void> {
  const { session, project, schema, inspection } = running.context
  const migrationSource: Knex.MigrationSource<Loaded> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => ledgerName(migration, inspection.ledger?.names ?? []),
    getMigration: async (migration) => ({
      config: { transaction: transactional },
      up: (knex) => apply(migration, { knex, transactional, ...running }),
      down: async () => {},
    }),
  }
  await session.knex.migrate.latest({
    migrationSource,
    tableName: project.tableName,
    schemaName: schema,
    disableTransactions: !transactional,
    disableMigrationsListValidation: true,
  })
}

interface Application extends Running {
  readonly knex: Knex
  readonly transactional: boolean
}

/** One `up`: recorded as started, run, verified as its own transaction sees it, recorded as applied with it. */
async function apply(migration: Loaded, application: Application): Promise<void> {
  const { context, state, knex, transactional } = application
  const { revision, checksum, file } = migration
  const detail = { file, transaction: transactional }
  state.running = null
  context.signal?.throwIfAborted()
  const startedAt = performance.now()
  state.running = { migration, startedAt, transactional }
  state.begun.push(revision)
  const number = state.applied.length + state.begun.length
  await append(context.audit, { schema: context.schema, writer: context.writer }, [
    { revision, event: 'started', checksum, detail },
  ])
  context.report({ event: 'revision started', revision, number, total: state.total })
  await withHeartbeat(application, () =>
    cancellable(application, () => runUp(migration, { knex, report: context.report })),
  )
  const duration = performance.now() - startedAt
  await check(migration, application)
  await append(context.session.client, { schema: context.schema, writer: context.writer }, [
    { revision, event: 'applied', duration, checksum, detail },
  ])
  const promised = context.snapshot === null ? null : changesOf(context.snapshot, revision)
  context.report({ event: 'revision applied', revision, duration, changes: null, ...promised })
}

async function runUp(
  { revision, module }: Loaded,
  { knex, report }: { readonly knex: Knex; readonly report: RunContext['report'] },
): Promise<void> {
  const result = module.up(knex)
  if (!isThenable(result))
    report({
      event: 'notice',
      revision,
      severity: 'WARNING',
      message: 'up returned no promise: what it started may run after the commit, or not at all',
    })
  await result
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}

async function withHeartbeat({ context, state }: Application, run: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => {
    if (state.running === null) return
    const { migration, startedAt } = state.running
    context.report({
      event: 'revision running',
      revision: migration.revision,
      elapsed: performance.now() - startedAt,
    })
  }, heartbeat)
  try {
    await run()
  } finally {
    clearInterval(timer)
  }
}

/** Once asked to stop, cancels again and again: a request to cancel that falls between two statements is lost. */
async function cancellable({ context, transactional }: Application, run: () => Promise<void>): Promise<void> {
  const { audit, session, signal } = context
  let cancelled: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    if (transactional && signal?.aborted === true)
      cancelled = audit.query('select pg_cancel_backend($1)', [session.pid]).catch(() => {})
  }, cancelPause)
  try {
    await run()
  } finally {
    clearInterval(timer)
    await cancelled
  }
}

async function check({ revision }: Loaded, { context, state, transactional }: Application): Promise<void> {
  const read = transactional ? readCatalogInTransaction : readCatalog
  const { client } = context.session
  const { major, recorded } = context.inspection
  await context.check({
    revision,
    transactional,
    recorded: [...recorded.revisions, ...state.applied, ...state.begun],
    read: (options) => read(client, { ...ledgerTablesOf(context.project), ...options }),
    reconcile: (sight) => inPromisedWords(client, { ...sight, major }, transactional ? 'callers' : 'own'),
  })
}

interface Notice {
  readonly severity?: string | undefined
  readonly message?: string | undefined
}

/** Keeps notices and the server's own error text, which Knex rewrites. */
function listen({ session, report }: RunContext, state: RunState): () => void {
  const { client } = session
  const onNotice = ({ severity, message }: Notice): void => {
    report({
      event: 'notice',
      revision: state.running?.migration.revision ?? null,
      severity: severity ?? 'NOTICE',
      message: message ?? '',
    })
  }
  const onServerError = (error: unknown): void => {
    if (error instanceof Error && 'code' in error) state.serverMessages.set(String(error.code), error.message)
  }
  const wire: unknown = 'connection' in client ? client.connection : null
  client.on('notice', onNotice)
  if (wire instanceof EventEmitter) wire.on('errorMessage', onServerError)
  return () => {
    client.off('notice', onNotice)
    if (wire instanceof EventEmitter) wire.off('errorMessage', onServerError)
  }
}

async function recordFailure(failure: unknown, { context, state }: Running): Promise<void> {
  const { audit, schema, writer } = context
  const failed = state.running?.migration.revision
  const text = messageOf(failure, state)
  const eventOf = (revision: string): LedgerEvent => (revision === failed ? 'failed' : 'rolled back')
  const entries = state.begun.map((revision) => ({ revision, event: eventOf(revision), error: text }))
  await append(audit, { schema, writer }, entries).catch((unrecorded: unknown) => {
    // The database may be what failed; the error to show is the one that came first.
    const message = `the failure could not be recorded in the ledger: ${messageOf(unrecorded, state)}`
    context.report({ event: 'notice', revision: failed ?? null, severity: 'WARNING', message })
  })
}
