import { type Assessment, findingsOf } from '../../core/history/decision.js'
import type { Finding } from '../../core/impact/assess-impact.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { ledgerDetailOf } from '../../postgres/ledger/change-hash.js'
import {
  appendEntries,
  type LedgerDetail,
  type LedgerEntry,
  quoteTableName,
} from '../../postgres/ledger/ledger.js'
import { askApplied } from '../../postgres/rows/ask-applied.js'
import { type RowAnswer, warnThrough } from '../../postgres/rows/ask-rows.js'
import { loadRowPromises } from '../../postgres/rows/row-promises.js'
import { openAnswers } from '../../postgres/rows/rows-error.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import { markApplied } from '../../postgres/session/mark-applied.js'
import type { Migration } from '../../project/migration-files.js'
import { assessAt, requireSnapshot, revisionsUpTo, type StampContext, stampPreconditions } from './plan.js'
import type { StampProposal } from './proposal.js'

/** The result of a stamp. `untrue`: the database differs in other ways than was confirmed, and nothing was recorded. */
export type StampResult =
  | {
      readonly status: 'recorded'
      readonly revisions: readonly string[]
      /** What the revisions that write rows, and have a `verify`, said of these. */
      readonly rows: readonly RowAnswer[]
    }
  | { readonly status: 'rows untrue'; readonly rows: readonly RowAnswer[] }
  | { readonly status: 'untrue'; readonly assessment: Assessment }

/**
 * Records the revisions of a proposal under the lock, without running them, if the database still is as proposed: without a
 * difference and with the rows that they promise, or, given a reason to record it nevertheless, with the same differences.
 * Throws what taking the lock throws.
 */
export async function recordStamp(
  proposal: StampProposal,
  reason: string | null,
  context: StampContext,
): Promise<StampResult> {
  const { workspace } = context
  const snapshot = await requireSnapshot(workspace)
  const upTo = revisionsUpTo(proposal.revision, workspace)
  const accepted = reason === null ? [] : findingsOf(proposal.assessment)
  const preconditions = stampPreconditions(workspace, proposal.forget)
  const options = migrateOptionsFor(workspace, snapshot, context, preconditions)
  return withLockedSession(options, async ({ session, prepareLedgers }) => {
    const { client } = session
    const inspection = await inspect(client, options.target)
    const assessment = await assessAt({ client, inspection, snapshot, workspace }, upTo)
    if (!sameFindings(findingsOf(assessment), accepted)) return { status: 'untrue', assessment }
    const recorded = new Set(inspection.recorded.revisions)
    const unrecorded = options.target.migrations.filter(
      ({ revision }) => upTo.includes(revision) && !recorded.has(revision),
    )
    const writers = proposal.rows.map(({ revision }) => revision)
    const promises = await loadRowPromises(unrecorded.filter(({ revision }) => writers.includes(revision)))
    const rows = await askApplied(promises, session, { warn: warnThrough(context.report), timeout: null })
    if (reason === null && openAnswers(rows).length > 0) return { status: 'rows untrue', rows }
    const untrue = accepted.length + openAnswers(rows).length
    const detail = reason === null || untrue === 0 ? {} : { reason, differences: accepted.length }
    await writeStamp(await prepareLedgers(), options, { ...proposal, unrecorded }, detail)
    return { status: 'recorded', revisions: unrecorded.map(({ revision }) => revision), rows }
  })
}

function sameFindings(some: readonly Finding[], others: readonly Finding[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others)
}

interface Stamp {
  /** To be recorded as applied. */
  readonly unrecorded: readonly Migration[]
  /** The recorded revisions whose present text is recorded. */
  readonly edited: readonly string[]
  /** The revisions that are taken out of the record. */
  readonly forget: readonly string[]
}

/** In one transaction, with Knex's ledger and ours. */
async function writeStamp(
  locked: LockedSession,
  { target }: MigrateOptions,
  { unrecorded, edited, forget }: Stamp,
  detail: LedgerDetail,
): Promise<void> {
  const { session, schema, inspection } = locked
  const { project, snapshot, migrations } = target
  const records = inspection.ledger?.records ?? []
  const names = records.filter(({ revision }) => forget.includes(revision)).map(({ name }) => name)
  const reworded = migrations.filter(({ revision }) => edited.includes(revision))
  const rows: readonly LedgerEntry[] = [
    ...forget.map((revision) => ({ revision, event: 'forgotten' as const, detail })),
    ...[...unrecorded, ...reworded].map((migration) => ({
      revision: migration.revision,
      event: 'stamped' as const,
      checksum: migration.checksum,
      detail: { ...ledgerDetailOf(migration, snapshot), ...detail },
    })),
  ]
  const write = async (): Promise<void> => {
    if (names.length > 0) {
      const table = quoteTableName(schema, project.tableName)
      await session.client.query(`delete from ${table} where name = any($1)`, [names])
    }
    await appendEntries(session.client, locked, rows)
  }
  if (unrecorded.length > 0) await markApplied(locked, target, unrecorded, write)
  else await session.knex.transaction(write)
}
