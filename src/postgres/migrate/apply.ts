import type { Knex } from 'knex'
import { changesOf } from '../../core/model/snapshot.js'
import { ledgerTablesOf, readCatalog, readCatalogInTransaction } from '../introspect/read-catalog.js'
import { ledgerDetailOf } from '../ledger/change-hash.js'
import { appendEntries } from '../ledger/ledger.js'
import type { RevisionCheck } from '../verify/check-revision.js'
import type { LoadedRevision } from './run-state.js'
import { type ActiveRun, configureForRevision, runCancellable, withRevisionHeartbeat } from './run.js'

/** One `up`: recorded as started, run, verified as its own transaction sees it, recorded as applied in that transaction. */
export async function applyRevision(
  revision: LoadedRevision,
  knex: Knex,
  run: ActiveRun,
  check: RevisionCheck,
): Promise<void> {
  const { context } = run
  const { snapshot } = context.target
  const startedAt = performance.now()
  await recordStart(revision, run)
  await configureForRevision(revision, context)
  const duration = await withRevisionHeartbeat(revision, run, async () => {
    await runCancellable(revision, context, () => runUp(revision, knex, run))
    const ran = performance.now() - startedAt
    await checkBeforeCommit(revision, run, check)
    return ran
  })
  await appendEntries(context.session.client, context, [
    {
      revision: revision.revision,
      event: 'applied',
      duration,
      checksum: revision.checksum,
      detail: { ...startDetail(revision), ...ledgerDetailOf(revision, snapshot) },
    },
  ])
  const promised = snapshot === null ? null : changesOf(snapshot, revision.revision)
  context.report({
    event: 'revision applied',
    revision: revision.revision,
    duration,
    changes: null,
    ...promised,
  })
}

async function recordStart(migration: LoadedRevision, { context, progress }: ActiveRun): Promise<void> {
  const { revision, checksum } = migration
  progress.endRevision()
  context.signal?.throwIfAborted()
  const number = progress.beginRevision(migration)
  await appendEntries(context.auditClient, context, [
    { revision, event: 'started', checksum, detail: startDetail(migration) },
  ])
  context.report({ event: 'revision started', revision, number, total: progress.state.total })
}

function startDetail({ file, transactional }: LoadedRevision) {
  return { file, transaction: transactional }
}

async function runUp(
  { revision, module }: LoadedRevision,
  knex: Knex,
  { context }: ActiveRun,
): Promise<void> {
  const result = module.up(knex)
  if (!isThenable(result))
    context.report({
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

async function checkBeforeCommit(
  { revision, transactional }: LoadedRevision,
  { context, progress: { state } }: ActiveRun,
  check: RevisionCheck,
): Promise<void> {
  const { inspection, session, target } = context
  const read = transactional ? readCatalogInTransaction : readCatalog
  await check({
    revision,
    transactional,
    recorded: [...inspection.recorded.revisions, ...state.applied, ...state.begun],
    client: session.client,
    major: inspection.major,
    read: (options) => read(session.client, { ...ledgerTablesOf(target.project), ...options }),
  })
}
