import type { Knex } from 'knex'
import { parseKey } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import type { Progress } from '../../core/progress/events.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import type { ErrorChoice } from '../../errors/schema-error.js'
import type { Migration } from '../../project/migration-files.js'
import { ledgerTablesOf, readCatalog, readCatalogInTransaction } from '../introspect/read-catalog.js'
import { appendEntries, type LedgerDetail, quoteTableName } from '../ledger/ledger.js'
import { withLockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import type { OpenedSession } from '../session/sessions.js'
import { compareWithPromise, type PromiseComparison } from '../verify/compare-with-promise.js'
import { incompleteRevertError } from '../verify/verification-error.js'
import { runWithLockRetry } from './lock-retry.js'
import { revertPhrases } from './revert-phrases.js'
import { requirePlannedReverts, type RevertPlan } from './revert-plan.js'
import { runCode } from './run-code.js'
import { runError } from './run-error.js'
import type { LoadedRevision } from './run-state.js'
import { loadRevision } from './run-steps.js'
import { configureForRevision, withActiveRun } from './run.js'
import type { ActiveRun, RunContext } from './active-run.js'

/**
 * Reverts the revisions that were planned, newest first, under the lock. Each `down`, its ledger rows and the verification
 * share one transaction, unless the migration asks for none. Returns the revisions reverted.
 * With `forcedBecause` a revision whose `down` leaves differences is reverted all the same, and the ledger keeps the reason.
 * Throws SCHEMA_NOT_CONFIRMED where different revisions would be reverted, and what `runError` makes of an error.
 */
export async function revert(
  options: MigrateOptions,
  plan: RevertPlan,
  forcedBecause: string | null = null,
): Promise<readonly string[]> {
  return withLockedSession(options, (opened) => revertInSession(opened, options, plan, forcedBecause))
}

/** The same in a session that holds the lock. */
export async function revertInSession(
  { inspection, prepareLedgers }: OpenedSession,
  options: MigrateOptions,
  plan: RevertPlan,
  forcedBecause: string | null = null,
): Promise<readonly string[]> {
  const planned = requirePlannedReverts(options.target.migrations, inspection, plan)
  const locked = await prepareLedgers()
  return withActiveRun({ ...options, ...locked }, planned.length, (run) =>
    revertAll(planned, run, forcedBecause),
  )
}

async function revertAll(
  migrations: readonly Migration[],
  run: ActiveRun,
  forcedBecause: string | null,
): Promise<readonly string[]> {
  const remaining = new Set(run.context.inspection.recorded.revisions)
  const reverted: string[] = []
  for (const migration of migrations) {
    const startedAt = performance.now()
    remaining.delete(migration.revision)
    const revision = await loadRevision(migration, run.context.target.project)
    await revertOne(revision, run, { remaining, forcedBecause }).catch((error: unknown) => {
      throw runError(error, run, revision, revertPhrases(revision, run, reverted))
    })
    const duration = performance.now() - startedAt
    reverted.push(migration.revision)
    const count = { number: reverted.length, total: migrations.length }
    run.context.report({ event: 'revision reverted', revision: revision.revision, ...count, duration })
  }
  return reverted
}

interface Revert {
  /** The revisions recorded once this one is reverted. */
  readonly remaining: ReadonlySet<string>
  readonly forcedBecause: string | null
}

async function revertOne(revision: LoadedRevision, run: ActiveRun, revert: Revert): Promise<void> {
  const { context, progress } = run
  const { transactional } = revision
  const { knex } = context.session
  await runWithLockRetry({ transactional, revisions: [revision] }, run, async () => {
    context.signal?.throwIfAborted()
    progress.beginRevert(revision)
    if (!transactional) return runDown(revision, knex, run, revert)
    await knex.transaction(async (transaction) => {
      await runDown(revision, transaction, run, revert)
    })
  })
}

async function runDown(
  revision: LoadedRevision,
  knex: Knex,
  run: ActiveRun,
  { remaining, forcedBecause }: Revert,
): Promise<void> {
  const { context } = run
  if (revision.module.down === null) throw new TypeError('it has no down function')
  const before = await compareRemaining(revision, context, remaining)
  const known = new Set(before.differences.map(({ key }) => key))
  const transaction = await configureForRevision(revision, context)
  const recorded = [...remaining, revision.revision]
  await runCode({ revision, direction: 'down', knex, recorded, transaction }, run)
  const settled = run.progress.state.running ?? revision
  const { differences, canonicalizeFailures } = await compareRemaining(settled, context, remaining)
  const own = keysChangedBy(revision, context)
  const left = differences.filter(({ key }) => !known.has(key) || own.has(key))
  const caused = left.filter((difference) => !isShared(difference))
  const { revision: name, transactional } = settled
  if (caused.length > 0 && forcedBecause === null) {
    const leftKeys = new Set(left.map(({ key }) => key))
    throw incompleteRevertError(
      { revision: name, differences: caused, canonicalizeFailures, transactional },
      [...own].every((key) => leftKeys.has(key)),
      [forceChoice],
    )
  }
  if (caused.length < left.length) context.report(leftBehindNotice(name, left.filter(isShared)))
  const isForced = forcedBecause !== null && caused.length > 0
  if (isForced) context.report(forcedNotice(name, caused))
  await removeRecord(name, context, isForced ? { reason: forcedBecause, differences: caused.length } : {})
}

/** Others may use them by now, so a `down` is right to leave them. */
const sharedKinds: ReadonlySet<string> = new Set(['extension', 'schema'])

function isShared({ change, key }: Difference): boolean {
  return change === 'unexpected' && sharedKinds.has(parseKey(key).kind)
}

function leftBehindNotice(revision: string, shared: readonly Difference[]): Progress<'notice'> {
  const keys = shortenList(shared.map(({ key }) => key)).join(', ')
  const message = `left ${keys} behind, which others may use`
  return { event: 'notice', revision, severity: 'NOTICE', message }
}

const forceChoice: ErrorChoice = [
  "schemagate down --force --reason 'TEXT'",
  'reverts it with these differences, in an emergency; the ledger keeps the reason',
]

function forcedNotice(revision: string, caused: readonly Difference[]): Progress<'notice'> {
  const keys = shortenList(caused.map(({ change, key }) => `${change} ${key}`)).join(', ')
  const message = `reverted by force, with ${formatCount(caused.length, 'difference')}: ${keys}`
  return { event: 'notice', revision, severity: 'WARNING', message }
}

/** Differences from the promise without this revision. Drift that was there before is not its business. */
async function compareRemaining(
  { transactional }: LoadedRevision,
  { target, session, inspection }: RunContext,
  remaining: ReadonlySet<string>,
): Promise<PromiseComparison> {
  const { project, snapshot, scope } = target
  if (snapshot === null) return { differences: [], canonicalizeFailures: {} }
  const { comments, grants } = scope
  const read = transactional ? readCatalogInTransaction : readCatalog
  const live = await read(session.client, { ...ledgerTablesOf(project), comments, grants })
  const place = { client: session.client, major: inspection.major, transactional }
  return compareWithPromise(place, { snapshot, revisions: remaining, live }, scope)
}

function keysChangedBy(
  { revision }: LoadedRevision,
  { target: { snapshot } }: RunContext,
): ReadonlySet<string> {
  return new Set(Object.keys(snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {}))
}

async function removeRecord(revision: string, context: RunContext, detail: LedgerDetail): Promise<void> {
  const { session, inspection, schema, target } = context
  const records = (inspection.ledger?.records ?? []).filter((record) => record.revision === revision)
  const table = quoteTableName(schema, target.project.tableName)
  await session.client.query(`delete from ${table} where name = any($1)`, [records.map(({ name }) => name)])
  await appendEntries(session.client, context, [{ revision, event: 'reverted', detail }])
}
