import type { Knex } from 'knex'
import type { Catalog } from '../../core/model/catalog.js'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import { changesOf, type Snapshot } from '../../core/model/snapshot.js'
import {
  ledgerTablesOf,
  readCatalog,
  readCatalogInTransaction,
  type ReadOptions,
} from '../introspect/read-catalog.js'
import { readNamedObjects } from '../introspect/read-named.js'
import { ledgerDetailOf } from '../ledger/change-hash.js'
import { appendEntries, appendStatement, type LedgerDetail, type LedgerEntry } from '../ledger/ledger.js'
import { askRows, type RowAnswer, warnThrough, withReadTransaction } from '../rows/ask-rows.js'
import { rowsError } from '../rows/rows-error.js'
import type { RevisionCheck, UncommittedRevision } from '../verify/check-revision.js'
import { recordOutside } from './audit.js'
import type { LoadedRevision } from './run-state.js'
import { type CodeResult, runCode } from './run-code.js'
import { configureForRevision, withRevisionHeartbeat } from './run.js'
import type { ActiveRun } from './active-run.js'
import { endedTransactionConsequence } from './run-phrases.js'
import { noteEndedTransaction } from './settle-session.js'
import { runUntilStopped } from './stop-code.js'
import type { NextStatements } from './next-statements.js'
import { isOutsideTransaction, type TransactionId } from './session-check.js'

/** One `up`: recorded as started, run, verified as its own transaction sees it, recorded as applied in that transaction. */
export async function applyRevision(
  revision: LoadedRevision,
  knex: Knex,
  run: ActiveRun,
  planCheck: RevisionCheck,
): Promise<void> {
  const { context, progress } = run
  const { client } = context.session
  const startedAt = performance.now()
  const { number, recorded, transaction } = await beginRevision(revision, run)
  const planned = planCheck(revision.revision, client)
  let duration = 0
  const appliedEntry = (observed: ObservedStatements): LedgerEntry =>
    entryOf(progress.state.running ?? revision, observed, duration, context.target.snapshot)
  const nextAfter = (observed: ObservedStatements): NextStatements => {
    duration = performance.now() - startedAt
    const record = (condition: string) => appendStatement(context, appliedEntry(observed), condition)
    return { read: planned.compose(), record: hasHistory(context) ? record : null }
  }
  const code = { revision, direction: 'up', knex, recorded, transaction, next: nextAfter } as const
  const result = await runCode(code, run)
  const { observed, next } = result
  const settled = progress.state.running ?? revision
  await withRevisionHeartbeat(revision, run, () =>
    planned.check(uncommittedRevision(settled, result, run), next?.read ?? null),
  )
  await requireRows(settled, { knex, transaction, isGivenTransaction: revision.transactional }, run)
  if (hasHistory(context) && next?.isRecorded !== true)
    await appendEntries(client, context, [appliedEntry(observed)])
  reportFinished(revision, number, duration, run)
}

/** The Knex that a revision ran with, and the transaction that this is bound to, null for none. */
interface RevisionPlace {
  readonly knex: Knex
  readonly transaction: TransactionId | null
  /** Whether that has a transaction, which the code of the revision may have ended. */
  readonly isGivenTransaction: boolean
}

/** Throws SCHEMA_ROWS_UNTRUE where the rows are not what the revision promises, before its commit where it has one. */
async function requireRows(
  settled: LoadedRevision,
  { knex, transaction, isGivenTransaction }: RevisionPlace,
  run: ActiveRun,
): Promise<void> {
  const { context } = run
  const { revision, transactional, module } = settled
  const { verify } = module
  if (verify === null || !(context.asksRows ?? context.guard !== null)) return
  const { client, settings } = context.session
  const place = { client, restore: settings.restore, warn: warnThrough(context.report) }
  const ask = (): Promise<RowAnswer> =>
    transactional || isGivenTransaction
      ? askRows({ revision, verify }, { ...place, knex }, transactional ? 'savepoint' : 'transaction')
      : withReadTransaction(knex, (own) =>
          askRows({ revision, verify }, { ...place, knex: own }, 'savepoint'),
        )
  const answer = await withRevisionHeartbeat(settled, run, () => runUntilStopped(transactional, context, ask))
  if (answer.status === 'true') return
  if (transaction !== null && transactional) await noteEndedTransaction(transaction, run)
  throw rowsError(answer, consequenceOfUntrue(run))
}

function consequenceOfUntrue({ progress: { state } }: ActiveRun): string {
  if (state.endedTransaction !== null) return endedTransactionConsequence[state.endedTransaction]
  return state.running?.transactional === false
    ? 'It runs outside a transaction: what it did stays, and it was not recorded.'
    : 'Its transaction was rolled back: nothing changed, nothing was recorded.'
}

function entryOf(
  settled: LoadedRevision,
  observed: ObservedStatements,
  duration: number,
  snapshot: Snapshot | null,
): LedgerEntry {
  const { revision, checksum } = settled
  const detail = { ...startDetail(settled), ...ledgerDetailOf(settled, snapshot), ...noticeDetail(observed) }
  return { revision, event: 'applied', duration, checksum, detail }
}

function reportFinished(
  { revision }: LoadedRevision,
  number: number,
  duration: number,
  { context, progress }: ActiveRun,
): void {
  const { snapshot } = context.target
  const { total, stepSize, running } = progress.state
  const promised = snapshot === null ? null : changesOf(snapshot, revision)
  const shared = stepSize > 1 && running?.transactional === true && context.policy.transaction === 'batch'
  const result = { revision, number, total, shared, duration, changes: null, ...promised }
  progress.finishRevision({ event: 'revision applied', ...result })
  context.report({ event: 'revision ran', ...result })
}

interface BegunRevision {
  readonly number: number
  /** The revisions that are recorded before it. */
  readonly recorded: readonly string[]
  /** The transaction that it runs in, null outside of one. */
  readonly transaction: TransactionId | null
}

/**
 * The first revision of a step is in the transaction that Knex began. After one that ended that transaction, and in a chain,
 * the next gets another: Knex has recorded the one before it by now. Else the session gets its name once it is recorded as
 * started: who holds a lock on the ledger then, is the revision before it.
 */
async function beginRevision(revision: LoadedRevision, run: ActiveRun): Promise<BegunRevision> {
  const { context, progress } = run
  const { endedTransaction, begun } = progress.state
  if (endedTransaction === null && (context.policy.transaction !== 'chain' || begun.length === 0)) {
    const started = await recordStart(revision, run)
    return { ...started, transaction: await configureForRevision(revision, context) }
  }
  const transaction = await configureInNext(revision, run)
  return { ...(await recordStart(revision, run)), transaction }
}

/** Begins another transaction, after the commit of the one before it, and sets the session for the revision. */
async function configureInNext(revision: LoadedRevision, run: ActiveRun): Promise<TransactionId | null> {
  const { context, progress } = run
  const { client } = context.session
  const before = progress.state.endedTransaction === null ? 'commit; begin' : 'begin'
  try {
    const transaction = await configureForRevision(revision, context, before)
    reportCommitted(run)
    return transaction
  } catch (error) {
    // Knex rolls back what it began.
    if (await isOutsideTransaction(client)) await client.query('begin')
    throw error
  }
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

function uncommittedRevision(
  { revision, transactional, module }: LoadedRevision,
  { observed, leftSearchPath }: CodeResult,
  run: ActiveRun,
): UncommittedRevision {
  const { inspection, session, target } = run.context
  const read = ({ keys, ...options }: ReadOptions): Promise<Catalog> => {
    if (!transactional) return readCatalog(session.client, { ...options, ...(keys && { keys }) })
    return keys === undefined
      ? readCatalogInTransaction(session.client, options)
      : readNamedObjects(session.client, { ...options, keys })
  }
  return {
    revision,
    transactional,
    observed,
    leftSearchPath,
    declared: module.changes,
    recorded: recordedSoFar(run),
    client: session.client,
    major: inspection.major,
    read: (options) => read({ ...ledgerTablesOf(target.project), ...options }),
  }
}
