import type { Knex } from 'knex'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import { changesOf } from '../../core/model/snapshot.js'
import { ledgerTablesOf, readCatalog, readCatalogInTransaction } from '../introspect/read-catalog.js'
import { ledgerDetailOf } from '../ledger/change-hash.js'
import { appendEntries, type LedgerDetail } from '../ledger/ledger.js'
import type { RevisionCheck } from '../verify/check-revision.js'
import { recordOutside } from './audit.js'
import { observeStatements } from './observe-statements.js'
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
  const { duration, observed } = await withRevisionHeartbeat(revision, run, async () => {
    const observed = await observeStatements(context.session.client, () =>
      runCancellable(revision, context, () => runUp(revision, knex, run)),
    )
    const duration = performance.now() - startedAt
    await checkBeforeCommit(revision, run, check, observed)
    return { duration, observed }
  })
  await appendEntries(context.session.client, context, [
    {
      revision: revision.revision,
      event: 'applied',
      duration,
      checksum: revision.checksum,
      detail: {
        ...startDetail(revision),
        ...ledgerDetailOf(revision, snapshot),
        ...noticeDetail(observed),
      },
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

async function recordStart(migration: LoadedRevision, run: ActiveRun): Promise<void> {
  const { context, progress } = run
  const { revision, checksum } = migration
  progress.endRevision()
  context.signal?.throwIfAborted()
  const number = progress.beginRevision(migration)
  await recordOutside(run, [{ revision, event: 'started', checksum, detail: startDetail(migration) }])
  context.report({ event: 'revision started', revision, number, total: progress.state.total })
}

const [mostNotices, longestNotice] = [20, 500]

/** The first notices of a revision: a loop can raise one a row. */
function noticeDetail({ notices }: ObservedStatements): Pick<LedgerDetail, 'notices'> {
  if (notices.length === 0) return {}
  const kept = notices.slice(0, mostNotices).map(({ severity, message }) => `${severity}: ${message}`)
  const omitted = notices.length - kept.length
  return {
    notices: [
      ...kept.map((text) => text.slice(0, longestNotice)),
      ...(omitted === 0 ? [] : [`… ${omitted} more`]),
    ],
  }
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
  { revision, transactional, module }: LoadedRevision,
  { context, progress: { state } }: ActiveRun,
  check: RevisionCheck,
  observed: ObservedStatements,
): Promise<void> {
  const { inspection, session, target } = context
  const read = transactional ? readCatalogInTransaction : readCatalog
  await check({
    revision,
    transactional,
    observed,
    declared: module.changes,
    recorded: [...inspection.recorded.revisions, ...state.applied, ...state.begun],
    client: session.client,
    major: inspection.major,
    read: (options) => read(session.client, { ...ledgerTablesOf(target.project), ...options }),
  })
}
