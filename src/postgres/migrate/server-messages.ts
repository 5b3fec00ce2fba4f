import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { isLockConflict } from '../connection/sqlstate.js'
import type { ActiveRun } from './run-context.js'

interface Notice {
  readonly severity?: string | undefined
  readonly message?: string | undefined
}

/** Reports notices, and keeps the server's own error text. Returns what stops it. */
export function captureServerMessages({ context: { session, report }, state, watch }: ActiveRun): () => void {
  const { client } = session
  const onNotice = ({ severity, message }: Notice): void => {
    report({
      event: 'notice',
      revision: state.running?.migration.revision ?? null,
      severity: severity ?? 'NOTICE',
      message: message ?? '',
    })
  }
  const stopHearing = onServerError(client, (code, message) => {
    state.serverMessages.delete(code)
    state.serverMessages.set(code, message)
    if (isLockConflict(code)) state.blockers = watch.blockers()
  })
  client.on('notice', onNotice)
  return () => {
    client.off('notice', onNotice)
    stopHearing()
  }
}

/**
 * Calls with the SQLSTATE and the text of every error as the server says it; Knex puts the SQL with all its values in
 * front. Returns what stops it.
 */
export function onServerError(client: pg.Client, hear: (code: string, message: string) => void): () => void {
  const onError = (error: unknown): void => {
    if (error instanceof Error && 'code' in error) hear(String(error.code), error.message)
  }
  const wire: unknown = 'connection' in client ? client.connection : null
  if (!(wire instanceof EventEmitter)) return () => {}
  wire.on('errorMessage', onError)
  return () => void wire.off('errorMessage', onError)
}
