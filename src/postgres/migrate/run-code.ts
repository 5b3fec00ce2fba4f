import type { Knex } from 'knex'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import { toError } from '../../core/text/redact.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { runInScope } from '../session/statement-scope.js'
import { withGuardedKnex } from '../session/guarded-knex.js'
import { observeStatements, type RunAside } from '../session/observe-statements.js'
import { withExitReport } from './process-exit.js'
import { type LoadedRevision, serverMessageOf } from './run-state.js'
import { settingsStatement, withRevisionHeartbeat } from './run.js'
import type { ActiveRun, RunContext } from './active-run.js'
import { type NextStatements, nothingNext } from './next-statements.js'
import { isOutsideTransaction, type TransactionId } from './session-check.js'
import { noteEndedTransaction, type SettledSession, settleSession } from './settle-session.js'
import { runUntilStopped } from './stop-code.js'

/** One call of the code of a migration. */
export interface CodeCall {
  readonly revision: LoadedRevision
  readonly direction: 'up' | 'down'
  readonly knex: Knex
  /** The revisions that are recorded before the call. */
  readonly recorded: readonly string[]
  /** The transaction that it is to run in, null outside of one. */
  readonly transaction: TransactionId | null
  /** What to send with the statements that settle the session. Default: nothing. */
  readonly next?: (observed: ObservedStatements) => NextStatements
}

export interface CodeResult extends SettledSession {
  readonly observed: ObservedStatements
}

/**
 * Runs the code of a migration, and finds out from the server what it made of its transaction and of the session. Afterwards
 * role and settings are as before, every statement of the code has ended, and none can follow. Returns what these statements
 * were. Throws an Error for whatever the code throws, and for what forbids to record the revision.
 */
export async function runCode(code: CodeCall, run: ActiveRun): Promise<CodeResult> {
  const { revision, transaction, recorded } = code
  const { context } = run
  const { client } = context.session
  const observed = await observeStatements(client, (aside) =>
    withRevisionHeartbeat(revision, run, () => callCode(code, context, aside)),
  ).catch(async (thrown: unknown) => {
    await noteFailure(thrown, transaction, run)
    throw toError(thrown)
  })
  const next = code.next?.(observed) ?? nothingNext
  const ended = { transaction, recorded, settings: settingsStatement(revision, context), next }
  const settled = await withRevisionHeartbeat(revision, run, () => settleSession(ended, run))
  return { observed, ...settled }
}

async function callCode(
  { revision: { revision, module, transactional }, direction, knex }: CodeCall,
  context: RunContext,
  aside: RunAside,
): Promise<void> {
  const call = direction === 'up' ? module.up : module.down
  const warn = (message: string): void =>
    context.report({ event: 'notice', revision, severity: 'WARNING', message })
  const start = async (): Promise<void> => {
    await aside(() => module.before(knex))
    const result = call?.(knex)
    if (!isThenable(result))
      warn(`${direction} returned no promise: what it started may run after the commit, or not at all`)
    await result
    await aside(() => module.after(knex))
  }
  const runScoped = () => runInScope(revision, start, ({ message }) => warn(message))
  const { unawaited } = await withExitReport(revision, context.report, () =>
    withGuardedKnex(knex, () => runUntilStopped(transactional, context, runScoped)),
  )
  if (unawaited > 0)
    warn(
      `${direction} ended before ${unawaited} of its statements; they were waited for. It should await them`,
    )
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}

/** What the server knows of the transaction of code that failed. An open one is left to Knex, which rolls it back. */
async function noteFailure(
  thrown: unknown,
  transaction: TransactionId | null,
  run: ActiveRun,
): Promise<void> {
  const { session, auditClient, report } = run.context
  if (isSessionLost(thrown, [session.client, auditClient])) return
  try {
    const isOutside = await isOutsideTransaction(session.client)
    if (transaction !== null) await noteEndedTransaction(transaction, run)
    else if (!isOutside) await session.client.query('rollback')
  } catch (error) {
    const { running, serverMessages } = run.progress.state
    report({
      event: 'notice',
      revision: running?.revision ?? null,
      severity: 'WARNING',
      message: `the server could not be asked what became of the transaction: ${serverMessageOf(error, serverMessages)}`,
    })
  }
}
