import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Statement } from '../../ddl/statement.js'
import { queryRows } from '../../postgres/connection/query.js'
import type { StepProgress } from './run-step.js'
import { compareTraces, readTraces } from './traces.js'

/**
 * What has become of a step whose connection was lost. `left`: it ran outside a transaction, and these indexes are invalid; none
 * where nothing of it is there. `unknown`: the server cannot tell, or could not be asked.
 */
export type StepOutcome =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'undone' }
  | { readonly outcome: 'left'; readonly left: readonly string[] }
  | { readonly outcome: 'unknown'; readonly reason: string }

/** A session by its process, and when that began: another one may get its number. */
export interface SessionMark {
  readonly pid: number
  /** As the server prints it. */
  readonly since: string
}

/** Reads the mark of a session. */
export async function readSessionMark(client: pg.ClientBase, pid: number): Promise<SessionMark> {
  const [row] = await queryRows(
    client,
    `select backend_start::text as since from pg_stat_activity where pid = ${pid}`,
  )
  return { pid, since: String(row?.['since']) }
}

/** Asks the server on another connection what has become of a step, once the session that ran it is gone. */
export async function settleStep(
  client: pg.ClientBase,
  progress: StepProgress,
  step: readonly Statement[],
  session: SessionMark,
): Promise<StepOutcome> {
  if (progress.at === 'after') return { outcome: 'done' }
  if (progress.at === 'before') return { outcome: 'undone' }
  if (!(await endSession(client, session)))
    return { outcome: 'unknown', reason: `its session still runs, as pid ${session.pid}` }
  return progress.transaction === null
    ? settleTraces(client, progress, step)
    : settleTransaction(client, progress.transaction)
}

const endAttempts = 50
const endInterval = 200

/** Ends the session that nobody listens to any more. False where it does not end. */
async function endSession(client: pg.ClientBase, { pid, since }: SessionMark): Promise<boolean> {
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
    where pid = ${pid} and backend_start::text = ${pg.escapeLiteral(since)}`
  for (let attempt = 0; attempt < endAttempts; attempt++) {
    if ((await queryRows(client, end)).length === 0) return true
    await sleep(endInterval)
  }
  return false
}

async function settleTraces(
  client: pg.ClientBase,
  { traces }: Extract<StepProgress, { readonly at: 'running' }>,
  [statement]: readonly Statement[],
): Promise<StepOutcome> {
  const after = statement === undefined ? null : await readTraces(client, statement)
  const change = compareTraces(traces, after)
  if (change === null) return { outcome: 'unknown', reason: 'it ran outside a transaction' }
  return change.changed ? { outcome: 'done' } : { outcome: 'left', left: change.left }
}

/** A server that took over from the one that was asked may not know the transaction. */
async function settleTransaction(client: pg.ClientBase, transaction: string): Promise<StepOutcome> {
  const query = `select pg_xact_status(${pg.escapeLiteral(transaction)}::xid8) as status`
  const rows = await queryRows(client, query).catch(() => [])
  const status = rows[0]?.['status']
  if (status === 'committed') return { outcome: 'done' }
  if (status === 'aborted') return { outcome: 'undone' }
  return { outcome: 'unknown', reason: `the server does not know its transaction ${transaction}` }
}
