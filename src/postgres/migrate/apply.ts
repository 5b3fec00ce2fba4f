import type { Knex } from 'knex'
import { changesOf } from '../../core/model/snapshot.js'
import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { canonicalizeDifferences } from '../canonicalize/canonicalize.js'
import { formatApplicationName } from '../connection/application-name.js'
import { setServerParameters } from '../connection/settings.js'
import { ledgerTablesOf, readCatalog, readCatalogInTransaction } from '../introspect/read-catalog.js'
import { ledgerDetailOf } from '../ledger/change-hash.js'
import { appendEntries } from '../ledger/ledger.js'
import { withHeartbeat } from './heartbeat.js'
import type { MigrationWithModule, ActiveRun, RunContext } from './run-context.js'

const cancelInterval = 200

export interface RevisionRun extends ActiveRun {
  readonly knex: Knex
  readonly transactional: boolean
}

/** One `up`: recorded as started, run, verified as its own transaction sees it, recorded as applied with it. */
export async function applyRevision(migration: MigrationWithModule, application: RevisionRun): Promise<void> {
  const { context, state, knex, transactional } = application
  const { revision, checksum, file } = migration
  const detail = { file, transaction: transactional }
  state.running = null
  context.signal?.throwIfAborted()
  const startedAt = performance.now()
  state.running = { migration, transactional }
  state.begun.push(revision)
  const number = state.applied.length + state.begun.length
  await appendEntries(context.auditClient, { schema: context.schema, writer: context.writer }, [
    { revision, event: 'started', checksum, detail },
  ])
  context.report({ event: 'revision started', revision, number, total: state.total })
  await configureForRevision(revision, application)
  const duration = await withHeartbeat(
    application.watch,
    heartbeatReporter(revision, application),
    async () => {
      await runCancellable(application, () => runUp(migration, { knex, report: context.report }))
      const ran = performance.now() - startedAt
      await checkBeforeCommit(migration, application)
      return ran
    },
  )
  await appendEntries(context.session.client, { schema: context.schema, writer: context.writer }, [
    {
      revision,
      event: 'applied',
      duration,
      checksum,
      detail: { ...detail, ...ledgerDetailOf(migration, context.snapshot) },
    },
  ])
  const promised = context.snapshot === null ? null : changesOf(context.snapshot, revision)
  context.report({ event: 'revision applied', revision, duration, changes: null, ...promised })
}

/**
 * Makes the session ready for one revision. Whoever waits for us reads its name in pg_stat_activity. Each one starts with
 * our lock_timeout, whatever `set local` the one before it in the same transaction said.
 */
export async function configureForRevision(
  revision: string,
  { context, transactional }: RevisionRun,
): Promise<void> {
  await setServerParameters(
    context.session.client,
    {
      application_name: formatApplicationName({ ...context.writer, revision }),
      lock_timeout: transactional ? `${context.lockTimeout}ms` : '0',
    },
    transactional ? 'transaction' : 'session',
  )
}

async function runUp(
  { revision, module }: MigrationWithModule,
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

/** Reports what a revision does while it runs. */
export function heartbeatReporter(revision: string, { context }: ActiveRun): (heartbeat: Heartbeat) => void {
  return (heartbeat) => context.report({ event: 'revision running', revision, ...heartbeat })
}

/** Once asked to stop, cancels again and again: a request to cancel that falls between two statements is lost. */
export async function runCancellable(
  { context, transactional }: RevisionRun,
  run: () => Promise<void>,
): Promise<void> {
  const { auditClient, session, signal } = context
  let cancelled: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    if (transactional && signal?.aborted === true)
      cancelled = auditClient.query('select pg_cancel_backend($1)', [session.pid]).catch(() => {})
  }, cancelInterval)
  try {
    await run()
  } finally {
    clearInterval(timer)
    await cancelled
  }
}

async function checkBeforeCommit(
  { revision }: MigrationWithModule,
  { context, state, transactional }: RevisionRun,
): Promise<void> {
  const read = transactional ? readCatalogInTransaction : readCatalog
  const { client } = context.session
  const { major, recorded } = context.inspection
  await context.check({
    revision,
    transactional,
    recorded: [...recorded.revisions, ...state.applied, ...state.begun],
    read: (options) => read(client, { ...ledgerTablesOf(context.project), ...options }),
    canonicalize: (sight) =>
      canonicalizeDifferences(client, { ...sight, major }, transactional ? 'callers' : 'own'),
  })
}
