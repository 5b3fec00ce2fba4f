import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { transactionStatusOf } from '../connection/transaction-status.js'
import { ownTransactionChoice } from './run-phrases.js'
import type { SessionViolation } from './run-state.js'
import type { ActiveRun, RunContext } from './active-run.js'
import {
  type CheckedSession,
  readLostRecords,
  readOnlyViolation,
  readTransactionFate,
  restoreSession,
  type TransactionId,
} from './session-check.js'
import {
  type MoreStatements,
  type NextResults,
  type NextStatements,
  restoreWithNext,
} from './next-statements.js'

const violations = {
  failedStatement: {
    what: 'It went on after a statement had failed: PostgreSQL ignored everything that followed in its transaction.',
    choices: [['let the error of the statement be thrown', 'or set a savepoint before it']],
  },
  leftOpen: {
    what: 'It began a transaction that it did not end. That was rolled back.',
    choices: [['commit it', 'or leave BEGIN out']],
  },
  rolledBack: {
    what: 'It rolled back the transaction that it was given (ROLLBACK).',
    choices: [['throw an error instead', 'where the migration is to fail'], ownTransactionChoice],
  },
  prepared: {
    what: 'It prepared its transaction for a two-phase commit (PREPARE TRANSACTION). That was rolled back.',
    choices: [ownTransactionChoice],
  },
} as const satisfies Readonly<Record<string, SessionViolation>>

/** The code of a migration that has ended, and what its session is set to for its revision. */
export interface EndedCode {
  /** The transaction that it was given, null outside of one. */
  readonly transaction: TransactionId | null
  /** The revisions that were recorded before. */
  readonly recorded: readonly string[]
  /** SQL that sets the session for the revision. */
  readonly settings: string
  /** What to do next in the transaction. */
  readonly next: NextStatements
}

/** A session that is ready to verify and record a revision. */
export interface SettledSession {
  /** Of the next statements; null where they were not run, or were not meant for the transaction that the session was in. */
  readonly next: NextResults | null
  /** The search_path that the code has left behind, null where it is that of the session. */
  readonly leftSearchPath: string | null
}

/**
 * Makes the session ready to verify and record a revision whose code has ended. One that committed the transaction it was given
 * is from then on like one outside a transaction. The next statements in the transaction are sent in the same message. Throws
 * where the revision cannot be recorded.
 */
export async function settleSession(code: EndedCode, run: ActiveRun): Promise<SettledSession> {
  const { transaction, recorded } = code
  const { client } = run.context.session
  const restore = (more: MoreStatements) => restoreSession(run.context, code.settings, more)
  const checked = await restoreWithNext(client, code, restore, (error) =>
    refuseUnsettled(error, transaction, run),
  )
  if (transaction !== null && checked.transaction !== transaction)
    await noteEndedTransaction(transaction, run)
  reportRestored(checked, run)
  requireTransaction(run)
  if (checked.violation !== null) throw violate(run, checked.violation)
  await requireRecords(checked, recorded, run)
  await settleTransaction(transaction, run)
  const { searchPath } = checked.before
  return {
    next: run.progress.state.endedTransaction === null ? checked.next : null,
    leftSearchPath: searchPath === run.context.session.settings.searchPath ? null : searchPath,
  }
}

async function refuseUnsettled(
  error: unknown,
  transaction: TransactionId | null,
  run: ActiveRun,
): Promise<never> {
  if (hasSqlState(error, sqlState.undefinedTable)) throw violate(run, lostRecordsViolation(run.context))
  if (hasSqlState(error, sqlState.readOnlyTransaction)) throw violate(run, readOnlyViolation)
  if (!hasSqlState(error, sqlState.inFailedTransaction)) throw error
  if (transaction !== null) await noteEndedTransaction(transaction, run)
  await endOpenTransaction(run)
  throw violate(run, violations.failedStatement)
}

/** With its transaction the revisions before it are gone as well. */
function requireTransaction(run: ActiveRun): void {
  const { endedTransaction, violation } = run.progress.state
  if (endedTransaction === 'rolled back') throw violate(run, violation ?? violations.rolledBack)
}

/** Notes in the state of the run how the code has ended the transaction it was given, if it has. */
export async function noteEndedTransaction(transaction: TransactionId, run: ActiveRun): Promise<void> {
  const { context, progress } = run
  const fate = await readTransactionFate(context, transaction)
  if (fate === 'open' || fate === 'failed') return
  if (fate === 'committed') for (const applied of progress.state.uncommitted) context.report(applied)
  if (fate === 'prepared') progress.violate(violations.prepared)
  progress.endTransaction(fate === 'committed' ? 'committed' : 'rolled back')
}

async function settleTransaction(transaction: TransactionId | null, run: ActiveRun): Promise<void> {
  const { context, progress } = run
  const { client } = context.session
  const { endedTransaction, running } = progress.state
  if (transaction === null && transactionStatusOf(client) !== 'I') {
    await endOpenTransaction(run)
    throw violate(run, violations.leftOpen)
  }
  if (endedTransaction === null) return
  // As Knex does it: what the code began after its COMMIT is committed with the record of the revision.
  if (transactionStatusOf(client) === 'T') await client.query('commit')
  context.report({ event: 'transaction ended', revision: running?.revision ?? '' })
}

async function endOpenTransaction({ context: { session } }: ActiveRun): Promise<void> {
  if (transactionStatusOf(session.client) !== 'I') await session.client.query('rollback')
}

/** Reports what the code had set for the session and would have left to those who use it next. */
function reportRestored({ before }: CheckedSession, { context, progress }: ActiveRun): void {
  const { role, user, searchPath } = context.session.settings
  const changed = [
    ...(before.user === user ? [] : [`session authorization ${before.user}`]),
    ...(before.role === role ? [] : [`role ${before.role}`]),
    ...(before.searchPath === searchPath ? [] : [`search_path "${before.searchPath}"`]),
  ]
  if (changed.length === 0) return
  context.report({
    event: 'notice',
    revision: progress.state.running?.revision ?? null,
    severity: 'NOTICE',
    message: `left ${changed.join(', ')} behind; the session was set back`,
  })
}

/** A migration may remove the records of revisions that this build no longer has; every other one would run again. */
async function requireRecords(
  { records }: CheckedSession,
  recorded: readonly string[],
  run: ActiveRun,
): Promise<void> {
  if (records >= recorded.length) return
  const { context } = run
  const build = new Set(context.target.migrations.map(({ revision }) => revision))
  const lost = (await readLostRecords(context, recorded)).filter((revision) => build.has(revision))
  if (lost.length > 0) throw violate(run, lostRecordsViolation(context))
}

function lostRecordsViolation({ target }: RunContext): SessionViolation {
  const { tableName } = target.project
  return {
    what: `It removed the records of applied revisions from ${tableName}, which would run again.`,
    choices: [[`leave ${tableName} out`, 'of what the migration deletes, truncates or drops']],
  }
}

function violate({ progress }: ActiveRun, violation: SessionViolation): Error {
  progress.violate(violation)
  return new Error(violation.what)
}
