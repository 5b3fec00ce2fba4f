import { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { ObservedStatements, ServerNotice } from '../../core/model/observed-statements.js'
import { redact } from '../../core/text/redact.js'

/** Runs `work`, and returns which commands PostgreSQL completed for this client meanwhile, and its notices. */
export async function observeStatements(
  client: pg.Client,
  work: () => Promise<void>,
): Promise<ObservedStatements> {
  const commands = new Set<string>()
  const notices: ServerNotice[] = []
  const onComplete = (message: unknown): void => void commands.add(commandOf(message))
  const onNotice = (
    notice: Partial<Readonly<Record<'severity' | 'code' | 'message', string | undefined>>>,
  ): void =>
    void notices.push({
      severity: notice.severity ?? 'NOTICE',
      sqlstate: notice.code ?? '',
      message: redact(notice.message ?? ''),
    })
  const wire: unknown = client.connection
  if (wire instanceof EventEmitter) wire.on('commandComplete', onComplete)
  client.on('notice', onNotice)
  try {
    await work()
    return { commands: [...commands].filter((command) => command !== ''), notices }
  } finally {
    if (wire instanceof EventEmitter) wire.off('commandComplete', onComplete)
    client.off('notice', onNotice)
  }
}

/** The command of a completion such as `INSERT 0 1`, without the numbers. */
function commandOf(message: unknown): string {
  const text = typeof message === 'object' && message !== null && 'text' in message ? message.text : ''
  return String(text).replace(/(?: \d+)+$/, '')
}
