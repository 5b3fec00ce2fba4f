import { errorMessage } from '../../core/text/redact.js'
import type { TaskControl } from '../../gate/assess.js'
import { withTimeout } from '../../postgres/connection/lifecycle.js'
import { askApplied } from '../../postgres/rows/ask-applied.js'
import { type RowAnswer, warnThrough } from '../../postgres/rows/ask-rows.js'
import { loadRowPromises } from '../../postgres/rows/row-promises.js'
import { withKnexSession } from '../../postgres/session/knex-session.js'
import type { Workspace } from '../../workspace.js'

/** Code that sends no statement is given up this much later, in milliseconds, with its connection. */
const graceTime = 5_000

/**
 * Asks the applied revisions whether the rows are what they promise, all in one snapshot of the database. Writes nothing, and
 * waits for no lock of migrations. `timeout` in milliseconds is for all of them together.
 */
export async function verifyRows(
  { migrations, migrationConnection, project }: Workspace,
  applied: readonly string[],
  timeout: number,
  { report, signal }: TaskControl,
): Promise<readonly RowAnswer[]> {
  const wanted = new Set(applied)
  const promises = await loadRowPromises(migrations.filter(({ revision }) => wanted.has(revision)))
  if (promises.length === 0) return []
  return withKnexSession(migrationConnection, project, (session) => {
    const deadline = { timeout: timeout + graceTime, signal }
    const ask = () => askApplied(promises, session, { warn: warnThrough(report), timeout })
    return withTimeout(session.client, deadline, ask).catch((error: unknown) => {
      if (signal?.aborted === true || !isTimeout(error)) throw error
      const failure = new Error(`none of them is known: ${errorMessage(error)}`)
      return promises.map(({ revision }) => ({ revision, status: 'unknown' as const, duration: 0, failure }))
    })
  })
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT'
}
