import { basename } from 'node:path'
import type { Knex } from 'knex'
import { isRecord } from '../../core/text/is-record.js'
import { toError } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { revisionOf } from '../../project/revision-name.js'
import type { SeedFile } from '../../project/seed-files.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { withGuardedKnex } from '../session/guarded-knex.js'
import { withLockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import { runInScope } from '../session/statement-scope.js'
import type { RunContext } from './active-run.js'
import { withExitReport } from './process-exit.js'
import { failureFacts } from './run-error.js'
import { endedTransactionConsequence } from './run-phrases.js'
import { onServerError } from './server-messages.js'
import { readTransactionFate, readTransactionId, type TransactionId } from './session-check.js'

/**
 * Runs the seeds in order, under the migration lock, each in a transaction of its own. Seeds run at every start and must be
 * idempotent. Throws SCHEMA_MIGRATION_FAILED with the file's name.
 */
export async function seed(options: MigrateOptions, files: readonly SeedFile[]): Promise<void> {
  const started = performance.now()
  await withLockedSession(options, async ({ prepareLedgers }) => {
    const locked = await prepareLedgers()
    for (const file of files) await runSeed({ ...options, ...locked }, file)
  })
  options.report({
    event: 'seeded',
    files: files.map(({ name }) => basename(name)),
    duration: performance.now() - started,
  })
}

async function runSeed(
  context: RunContext,
  { name, load, confine = (code) => code() }: SeedFile,
): Promise<void> {
  const { client } = context.session
  const exports = await load()
  const run = findSeed(exports)
  const serverMessages = new Map<string, string>()
  const stopListening = onServerError(client, (code, message) => serverMessages.set(code, message))
  const place: { transaction: TransactionId | null } = { transaction: null }
  try {
    if (run === null) throw new TypeError('it exports no seed function')
    await context.session.knex.transaction(async (transaction) => {
      place.transaction = await readTransactionId(client)
      await callSeed(() => confine(() => run(transaction)), basename(name), transaction, context)
    })
  } catch (cause) {
    throw new SchemaError('SCHEMA_MIGRATION_FAILED', {
      what: `A seed failed. ${await consequenceOf(cause, place.transaction, context)}`,
      facts: [['file', name], ...failureFacts(cause, serverMessages, revisionOf(basename(name)))],
      choices: [['SEED_ON_START=false', 'starts without seeds']],
      cause,
    })
  } finally {
    stopListening()
  }
}

/** What it leaves set for the session does not reach the next seed, and a failure is an error whatever is thrown. */
async function callSeed(
  run: () => unknown,
  name: string,
  transaction: Knex,
  { session, report }: RunContext,
): Promise<void> {
  const warn = ({ message }: Error): void =>
    report({ event: 'notice', revision: name, severity: 'WARNING', message })
  await withExitReport(name, report, () =>
    withGuardedKnex(transaction, () => runInScope(name, run, warn)),
  ).catch((thrown: unknown) => {
    throw toError(thrown)
  })
  await session.client.query(session.settings.restore)
}

async function consequenceOf(
  cause: unknown,
  transaction: TransactionId | null,
  context: RunContext,
): Promise<string> {
  if (transaction === null) return 'Nothing of it was run.'
  if (isSessionLost(cause, [context.session.client, context.auditClient]))
    return 'What it had not committed is rolled back.'
  const fate = await readTransactionFate(context, transaction)
  return fate === 'committed' ? endedTransactionConsequence.committed : 'Its transaction was rolled back.'
}

function findSeed(exports: unknown): ((knex: Knex) => unknown) | null {
  if (!isRecord(exports)) return null
  if (isSeed(exports['seed'])) return exports['seed']
  return findSeed(exports['default'])
}

function isSeed(value: unknown): value is (knex: Knex) => unknown {
  return typeof value === 'function'
}
