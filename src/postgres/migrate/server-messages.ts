import { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { ProgressReporter } from '../../core/progress/events.js'
import { redactMessageValues } from '../connection/error-values.js'
import { isLockConflict } from '../connection/sqlstate.js'
import type { ActivitySampler } from '../locks/session-activity.js'
import type { RunProgress } from './run-state.js'

interface Notice {
  readonly severity?: string | undefined
  readonly message?: string | undefined
  readonly code?: string | undefined
}

/** Reports the notices of a session and keeps its error messages. Returns a function that stops both. */
export function captureServerMessages(
  client: pg.Client,
  progress: RunProgress,
  sampler: ActivitySampler,
  report: ProgressReporter,
): () => void {
  const onNotice = ({ severity, message, code }: Notice): void =>
    report({
      event: 'notice',
      revision: progress.state.running?.revision ?? null,
      severity: severity ?? 'NOTICE',
      message: message ?? '',
      ...(code === undefined ? {} : { sqlstate: code }),
    })
  const stopListening = onServerError(client, (code, message) => {
    progress.addServerMessage(code, message)
    if (isLockConflict(code)) progress.setBlockers(sampler.blockers())
  })
  client.on('notice', onNotice)
  return () => {
    client.off('notice', onNotice)
    stopListening()
  }
}

/**
 * Calls the listener with the SQLSTATE and the message of every error as the server sends it; Knex puts the SQL with all its
 * values in front. Returns a function that stops it.
 */
export function onServerError(
  client: pg.Client,
  listener: (code: string, message: string) => void,
): () => void {
  const onError = (error: unknown): void => {
    if (!(error instanceof Error) || !('code' in error)) return
    const code = String(error.code)
    listener(code, redactMessageValues(code, error.message))
  }
  const wire: unknown = 'connection' in client ? client.connection : null
  if (!(wire instanceof EventEmitter)) return () => {}
  wire.on('errorMessage', onError)
  return () => void wire.off('errorMessage', onError)
}
