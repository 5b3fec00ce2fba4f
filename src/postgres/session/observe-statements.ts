import { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { ObservedStatements, ServerNotice } from '../../core/model/observed-statements.js'
import { redact } from '../../core/text/redact.js'

/** Runs what is not the code that is observed, such as a hook of the project. */
export type RunAside = (run: () => Promise<void>) => Promise<void>

/** Runs `work`, and returns which commands PostgreSQL completed for this client meanwhile, and its notices. */
export async function observeStatements(
  client: pg.ClientBase,
  work: (aside: RunAside) => Promise<void>,
): Promise<ObservedStatements> {
  let isAside = false
  const aside: RunAside = async (run) => {
    isAside = true
    await run()
    isAside = false
  }
  const commands = new Set<string>()
  const notices: ServerNotice[] = []
  const onComplete = (message: unknown): void => {
    if (!isAside) commands.add(commandOf(message))
  }
  const onNotice = (
    notice: Partial<Readonly<Record<'severity' | 'code' | 'message', string | undefined>>>,
  ): void => {
    if (isAside) return
    notices.push({
      severity: notice.severity ?? 'NOTICE',
      sqlstate: notice.code ?? '',
      message: redact(notice.message ?? ''),
    })
  }
  const wire: unknown = 'connection' in client ? client.connection : null
  if (wire instanceof EventEmitter) wire.on('commandComplete', onComplete)
  client.on('notice', onNotice)
  try {
    await work(aside)
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
