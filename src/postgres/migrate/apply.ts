import type { Knex } from 'knex'
import type { Catalog } from '../../core/model/catalog.js'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import { changesOf } from '../../core/model/snapshot.js'
import {
  ledgerTablesOf,
  readCatalog,
  readCatalogInTransaction,
  type ReadOptions,
} from '../introspect/read-catalog.js'
import { readNamedObjects } from '../introspect/read-named.js'
import { ledgerDetailOf } from '../ledger/change-hash.js'
import { appendEntries, type LedgerDetail } from '../ledger/ledger.js'
import type { RevisionCheck } from '../verify/check-revision.js'
import { recordOutside } from './audit.js'
import type { LoadedRevision } from './run-state.js'
import { runCode } from './run-code.js'
import { configureForRevision, withRevisionHeartbeat } from './run.js'
import type { ActiveRun } from './active-run.js'

/** One `up`: recorded as started, run, verified as its own transaction sees it, recorded as applied in that transaction. */
export async function applyRevision(
  revision: LoadedRevision,
  knex: Knex,
  run: ActiveRun,
  check: RevisionCheck,
): Promise<void> {
  const { context, progress } = run
  const { snapshot } = context.target
  await beginTransaction(run)
  const startedAt = performance.now()
  const { number, recorded } = await recordStart(revision, run)
  const transaction = await configureForRevision(revision, context)
  const observed = await runCode({ revision, direction: 'up', knex, recorded, transaction }, run)
  const duration = performance.now() - startedAt
  const settled = progress.state.running ?? revision
  await withRevisionHeartbeat(revision, run, () => checkBeforeCommit(settled, run, check, observed))
  const detail = {
    ...startDetail(settled),
    ...ledgerDetailOf(revision, snapshot),
    ...noticeDetail(observed),
  }
  if (hasHistory(context))
    await appendEntries(context.session.client, context, [
      { revision: revision.revision, event: 'applied', duration, checksum: revision.checksum, detail },
    ])
  const promised = snapshot === null ? null : changesOf(snapshot, revision.revision)
  const { total, stepSize } = progress.state
  const shared = stepSize > 1 && settled.transactional && context.policy.transaction === 'batch'
  const result = { revision: revision.revision, number, total, shared, duration, changes: null, ...promised }
  progress.finishRevision({ event: 'revision applied', ...result })
  context.report({ event: 'revision ran', ...result })
}

/**
 * The first revision of a step is in the transaction that Knex began. After one that ended that transaction, and in a chain,
 * the next gets another: Knex has recorded the one before it by now.
 */
async function beginTransaction({ context, progress }: ActiveRun): Promise<void> {
  const { endedTransaction, begun } = progress.state
  const { client } = context.session
  if (endedTransaction === null && (context.policy.transaction !== 'chain' || begun.length === 0)) return
  try {
    if (endedTransaction === null) await client.query('commit')
  } finally {
    // Knex rolls back what it began.
    await client.query('begin')
  }
  reportCommitted({ context, progress })
}

/** Everything that was begun is committed: now, and not before, it is reported as applied. */
export function reportCommitted({ context, progress }: Pick<ActiveRun, 'context' | 'progress'>): void {
  const { uncommitted } = progress.state
  progress.commitBegun()
  for (const applied of uncommitted) context.report(applied)
}

async function recordStart(
  migration: LoadedRevision,
  run: ActiveRun,
): Promise<{ readonly number: number; readonly recorded: readonly string[] }> {
  const { revision, checksum } = migration
  const { context, progress } = run
  progress.endRevision()
  context.signal?.throwIfAborted()
  const { total } = progress.state
  const recorded = recordedSoFar(run)
  const number = progress.beginRevision(migration)
  if (hasHistory(context))
    await recordOutside(run, [{ revision, event: 'started', checksum, detail: startDetail(migration) }])
  context.report({ event: 'revision started', revision, number, total })
  return { number, recorded }
}

/** Nobody reads our ledger of a scratch database, which ends with the process. */
function hasHistory({ guard }: ActiveRun['context']): boolean {
  return guard !== null
}

/** The revisions that are recorded, as the session sees it. */
function recordedSoFar({ context: { inspection }, progress }: ActiveRun): readonly string[] {
  const { applied, begun } = progress.state
  return [...inspection.recorded.revisions, ...applied, ...begun]
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

async function checkBeforeCommit(
  { revision, transactional, module }: LoadedRevision,
  run: ActiveRun,
  check: RevisionCheck,
  observed: ObservedStatements,
): Promise<void> {
  const { inspection, session, target } = run.context
  const read = ({ keys, ...options }: ReadOptions): Promise<Catalog> => {
    if (!transactional) return readCatalog(session.client, { ...options, ...(keys && { keys }) })
    return keys === undefined
      ? readCatalogInTransaction(session.client, options)
      : readNamedObjects(session.client, { ...options, keys })
  }
  await check({
    revision,
    transactional,
    observed,
    declared: module.changes,
    recorded: recordedSoFar(run),
    client: session.client,
    major: inspection.major,
    read: (options) => read({ ...ledgerTablesOf(target.project), ...options }),
  })
}
