import { diff } from '../../core/model/diff.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import { groupByTransaction, runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import { describeProof, isWhole } from '../../ddl/proof.js'
import type { Statement } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { setServerParameters } from '../../postgres/connection/settings.js'
import { oneByOne } from '../../postgres/connection/statement-messages.js'
import { allAnnotations } from '../../postgres/introspect/read-catalog.js'
import { appendEntries } from '../../postgres/ledger/ledger.js'
import { failureFacts } from '../../postgres/migrate/run-error.js'
import { type FailedStatement, runStep } from '../../postgres/proof/run-statements.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession, OpenedSession } from '../../postgres/session/sessions.js'
import type { Workspace } from '../../workspace.js'
import { type PlannedAdditions, planAdditions } from './plan-additions.js'

/** Others that start at the same moment add the same; after so many attempts something else changes the database. */
const maxAttempts = 5

/**
 * Adds to a database, under the lock and in one transaction, what models have and it lacks; each statement is reported.
 * Nothing is changed and nothing dropped. Throws SCHEMA_MODELS_REFUSED where PostgreSQL refuses a statement, and the errors
 * of reading models and of taking the lock.
 */
export async function addMissing(
  workspace: Workspace,
  source: string,
  options: MigrateOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const planned = await planAdditions(workspace, source)
    reportPlanned(planned, source, options)
    if (planned.plan.statements.length === 0) return
    const isDone = await withLockedSession({ ...options, annotations: allAnnotations }, async (opened) => {
      const { recorded, live } = opened.inspection
      if (recorded.revisions.length > 0 || diff(planned.from, live).length > 0) return false
      await add(planned, source, opened, options)
      return true
    })
    if (isDone || attempt === maxAttempts) return
  }
}

function reportPlanned({ plan, left }: PlannedAdditions, source: string, { report }: MigrateOptions): void {
  if (left.length > 0)
    report({
      event: 'note',
      text: `${formatCount(left.length, 'object')} of ${source} cannot be added without a change or a drop: ${shortenList(left).join(', ')}`,
    })
  if (plan.proof === null || isWhole(plan.proof)) return
  for (const text of describeProof(plan.proof)) report({ event: 'note', text: text.trim() })
}

async function add(
  { plan: { statements } }: PlannedAdditions,
  source: string,
  { prepareLedgers }: OpenedSession,
  options: MigrateOptions,
): Promise<void> {
  const started = performance.now()
  const locked = await prepareLedgers()
  await setServerParameters(
    locked.session.client,
    { lock_timeout: String(options.policy.lockTimeout) },
    'session',
  )
  const steps = runsOutsideTransaction(statements) ? groupByTransaction(statements) : [statements]
  for (const step of steps) await runReported(step, source, locked, options)
  const duration = performance.now() - started
  const texts = statements.map(({ sql }) => sql)
  await appendEntries(locked.auditClient, locked, [
    { revision: null, event: 'built', duration, detail: { models: source, statements: texts } },
  ])
  options.report({ event: 'built', source, statements: texts.length, revisions: 0, duration })
}

async function runReported(
  step: readonly Statement[],
  source: string,
  { session }: LockedSession,
  { report, target }: MigrateOptions,
): Promise<void> {
  for (const { sql } of step) report({ event: 'model added', source, sql })
  const failed = await runStep(session.client, step, oneByOne)
  if (failed === null) return
  throw refusedStatementError(failed, source, describeAddress(addressOf(target.connection)))
}

function refusedStatementError(
  { statement, error }: FailedStatement,
  source: string,
  database: string,
): SchemaError {
  return new SchemaError('SCHEMA_MODELS_REFUSED', {
    what: `PostgreSQL refused a statement that adds what ${source} has. Its transaction was rolled back, so nothing of it was done.`,
    facts: [['database', database], ['statement', statement.sql], ...failureFacts(error, new Map(), '')],
    choices: [
      ['correct the rows', 'that the new definition does not allow, and start again'],
      [`schemagate new NAME --from ${source}`, 'drafts a migration, in which the rows can be changed first'],
      ['schemagate reset', 'drops the database and builds it again, with its seeds'],
    ],
    cause: error,
  })
}
