import { destroyClient } from '../connection/lifecycle.js'
import { runsStatement } from '../session/statement-scope.js'
import type { RunContext } from './active-run.js'

const cancelInterval = 200

/** How long code that runs no statement may go on after it was asked to stop, in milliseconds. */
const stopTimeout = 5_000

/**
 * Runs code until it ends. Once asked to stop, cancels the statements of a transaction again and again: a request to cancel
 * that falls between two statements is lost. Code that then runs no statement for 5 s is given up, with its connection.
 */
export async function runUntilStopped<T>(
  transactional: boolean,
  { auditClient, session, signal }: RunContext,
  run: () => Promise<T>,
): Promise<T> {
  let cancelled: Promise<unknown> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const givenUp = new Promise<never>((_, giveUp) => {
    let idle = 0
    timer = setInterval(() => {
      if (signal?.aborted !== true) return
      if (transactional)
        cancelled = auditClient.query('select pg_cancel_backend($1)', [session.pid]).catch(() => {})
      idle = runsStatement(session.client) ? 0 : idle + cancelInterval
      if (idle < stopTimeout) return
      const reason = new Error('its code did not end after it was asked to stop, and ran no statement')
      destroyClient(session.client, reason)
      giveUp(reason)
    }, cancelInterval)
  })
  try {
    return await Promise.race([run(), givenUp])
  } finally {
    clearInterval(timer)
    await cancelled
  }
}
