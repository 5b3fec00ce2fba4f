import pg from 'pg'
import type { ProgressReporter } from '../../core/progress/events.js'
import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { redactDetailValues } from '../../postgres/connection/error-values.js'
import { appendEntries, type LedgerEntry } from '../../postgres/ledger/ledger.js'
import { type ActivitySampler, startActivitySampler } from '../../postgres/locks/session-activity.js'
import { withHeartbeat } from '../../postgres/migrate/heartbeat.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import type { IndexRebuild, RepairSurvey } from './repair-plan.js'

/** Rebuilds the confirmed indexes that a survey still finds. Returns their keys. Throws SCHEMA_REPAIR_FAILED. */
export async function rebuildIndexes(
  confirmed: readonly IndexRebuild[],
  options: MigrateOptions,
  locked: LockedSession,
  survey: RepairSurvey,
): Promise<readonly string[]> {
  if (confirmed.length === 0) return []
  const { client, pid, watchdog } = locked.session
  const sampler = startActivitySampler(watchdog.client, pid)
  const done: string[] = []
  try {
    for (const { key } of confirmed) {
      throwIfStopped(options, done)
      const { indexes } = await survey(client, done)
      const index = indexes.find((each) => each.key === key)
      if (index === undefined) continue
      await rebuildIndex(index, locked, async (statement) => {
        options.report({ event: 'repairing', what: statement })
        await runStatement(statement, locked, sampler, options.report).catch((error: unknown) => {
          throw rebuildError(error, statement, options.target, done)
        })
      })
      done.push(key)
    }
    return done
  } finally {
    await sampler.end()
  }
}

/** Stops between two indexes: one that was dropped is built again first. */
export function throwIfStopped({ signal }: MigrateOptions, done: readonly string[]): void {
  if (signal?.aborted !== true) return
  throw new SchemaError('SCHEMA_INTERRUPTED', {
    what: 'Repairing was stopped on request. What was repaired before stays repaired.',
    facts: [['repaired', done.length === 0 ? 'nothing' : done]],
    choices: [['run it again', 'goes on where this one stopped']],
  })
}

/** Records beginning and end: an attempt that failed or was killed leaves its beginning in the ledger. */
async function rebuildIndex(
  { key, statements }: IndexRebuild,
  locked: LockedSession,
  runStatement: (statement: string) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now()
  const record = (entry: Pick<LedgerEntry, 'event' | 'duration'>): Promise<void> =>
    appendEntries(locked.auditClient, locked, [
      { ...entry, revision: null, detail: { index: key, statements } },
    ])
  await record({ event: 'repairing' })
  for (const statement of statements) await runStatement(statement)
  await record({ event: 'repaired', duration: performance.now() - startedAt })
}

async function runStatement(
  statement: string,
  { session }: LockedSession,
  sampler: ActivitySampler,
  report: ProgressReporter,
): Promise<void> {
  const onHeartbeat = (heartbeat: Heartbeat): void =>
    report({ event: 'repair running', what: statement, ...heartbeat })
  await withHeartbeat(sampler, onHeartbeat, () => session.client.query(statement))
}

function rebuildError(
  error: unknown,
  statement: string,
  { connection }: MigrateOptions['target'],
  done: readonly string[],
): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  const { code = '', message, detail } = error
  return new SchemaError('SCHEMA_REPAIR_FAILED', {
    what: 'An index could not be built again. No row was changed, and nothing was recorded: the index stays invalid, and what was repaired before stays repaired.',
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['statement', statement],
      ['sqlstate', code],
      ['message', message],
      ...(detail === undefined ? [] : [['detail', redactDetailValues(code, detail)] as const]),
      ['repaired', done.length === 0 ? 'nothing' : done],
    ],
    choices: [
      ['remove the cause', 'usually rows that are duplicates by a unique index'],
      ['schemagate repair', 'drops what this attempt left, and builds it again'],
    ],
    cause: error,
  })
}
