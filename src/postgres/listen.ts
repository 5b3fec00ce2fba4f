import { EventEmitter } from 'node:events'
import { isBlockedCode } from './blocked.js'
import type { Run } from './run-state.js'

interface Notice {
  readonly severity?: string | undefined
  readonly message?: string | undefined
}

/** Reports notices, and keeps the server's own error text, which Knex rewrites. Returns what stops it. */
export function listen({ context: { session, report }, state, watch }: Run): () => void {
  const { client } = session
  const onNotice = ({ severity, message }: Notice): void => {
    report({
      event: 'notice',
      revision: state.running?.migration.revision ?? null,
      severity: severity ?? 'NOTICE',
      message: message ?? '',
    })
  }
  const onServerError = (error: unknown): void => {
    if (!(error instanceof Error) || !('code' in error)) return
    const code = String(error.code)
    state.serverMessages.delete(code)
    state.serverMessages.set(code, error.message)
    if (isBlockedCode(code)) state.blockers = watch.blockers()
  }
  const wire: unknown = 'connection' in client ? client.connection : null
  client.on('notice', onNotice)
  if (wire instanceof EventEmitter) wire.on('errorMessage', onServerError)
  return () => {
    client.off('notice', onNotice)
    if (wire instanceof EventEmitter) wire.off('errorMessage', onServerError)
  }
}
