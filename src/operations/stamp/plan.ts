import type pg from 'pg'
import { findingsOf, type Assessment } from '../../core/history/decision.js'
import { compareHistory, type History } from '../../core/history/history.js'
import type { Finding } from '../../core/impact/assess-impact.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import { nearestName } from '../../core/text/nearest.js'
import { SchemaError } from '../../errors/schema-error.js'
import { assessInspection, migrateOptionsFor, retryOptionsFor } from '../../gate/gate.js'
import { refuseWrongDatabase } from '../../gate/preconditions.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withTimeout } from '../../postgres/connection/lifecycle.js'
import { inspect, type Inspection } from '../../postgres/inspect/inspect.js'
import { readWithRetry } from '../../postgres/inspect/read-with-retry.js'
import type { MigrateOptions } from '../../postgres/session/locked-session.js'
import { staleSnapshotError, loadUsableSnapshot } from '../../snapshot/snapshot.js'
import type { Workspace } from '../../workspace.js'
import { stamp } from './record.js'

export interface StampContext {
  readonly workspace: Workspace
  readonly report: ProgressReporter
  readonly signal: AbortSignal
}

/** What is to be recorded. */
export interface StampRequest {
  readonly revision: string
  /** Whether recorded revisions whose files are lost are to be taken out of the record. */
  readonly forget: boolean
}

/** A database as it would be recorded, and what of it is not so. */
export interface StampProposal {
  readonly revision: string
  readonly inspection: Inspection
  readonly history: History
  /** The revisions up to it that are not recorded. */
  readonly unrecorded: readonly string[]
  /** Those among them that change no object: whether the rows they write are there is not judged. */
  readonly withoutChanges: readonly string[]
  /** The recorded revisions up to it whose files were edited: their texts as they are now are to be put on record. */
  readonly edited: readonly string[]
  /** The recorded revisions to be taken out of the record. */
  readonly forget: readonly string[]
  /** The database against the promise at the revision. */
  readonly assessment: Assessment
}

/** What came of a stamp. `untrue`: the database differs otherwise than it was agreed to, and nothing was recorded. */
export type StampResult =
  | { readonly status: 'recorded'; readonly revisions: readonly string[] }
  | { readonly status: 'untrue'; readonly assessment: Assessment }

/**
 * What stamping the database at a revision would record, and what differs. Reads only. Throws SCHEMA_SNAPSHOT_STALE, and
 * SCHEMA_USAGE for a revision that is unknown or older than what is recorded.
 */
export async function proposeStamp(
  { revision, forget }: StampRequest,
  context: StampContext,
): Promise<StampProposal> {
  refuseUnknown(revision, context.workspace)
  const snapshot = await requireSnapshot(context.workspace)
  return withInspection(context, async (client, inspection) => {
    const proposal = await proposeAt({ client, inspection, snapshot, context }, revision)
    refuseOlder(proposal, context.workspace)
    if (forget) return { ...proposal, forget: proposal.history.unknown }
    refuseSeparateHistory(proposal)
    return proposal
  })
}

/**
 * Records the revisions of a proposal under the lock, if the database still is as was proposed: without a difference, or,
 * where there is a reason to record it nevertheless, with the same ones. Throws what taking the lock throws.
 */
export async function recordStamp(
  proposal: StampProposal,
  reason: string | null,
  { workspace, report, signal }: StampContext,
): Promise<StampResult> {
  const snapshot = await requireSnapshot(workspace)
  const revisions = revisionsUpTo(proposal.revision, workspace)
  const agreed = reason === null ? [] : findingsOf(proposal.assessment)
  const detail = agreed.length === 0 || reason === null ? {} : { reason, differences: agreed.length }
  let assessment = proposal.assessment
  let isTrue = false
  const stamped = await stamp(
    {
      ...migrateOptionsFor(workspace, snapshot),
      checkPreconditions: stampPreconditions(workspace, proposal),
      report,
      signal,
    },
    {
      revisions,
      edited: proposal.edited,
      forget: proposal.forget,
      verify: async (client, inspection) => {
        assessment = await assessAt({ client, inspection, snapshot, context: { workspace } }, revisions)
        isTrue = sameFindings(findingsOf(assessment), agreed)
        return isTrue ? detail : null
      },
    },
  )
  return isTrue ? { status: 'recorded', revisions: stamped } : { status: 'untrue', assessment }
}

export interface InspectedDatabase {
  readonly client: pg.ClientBase
  readonly inspection: Inspection
  readonly snapshot: Snapshot
  readonly context: Pick<StampContext, 'workspace'>
}

/** What stamping at a revision would record, and what differs. Throws SCHEMA_WRONG_DATABASE where it is somebody else's. */
export async function proposeAt(reading: InspectedDatabase, revision: string): Promise<StampProposal> {
  const { inspection, snapshot, context } = reading
  const { workspace } = context
  const build = workspace.migrations.map((migration) => migration.revision)
  const history = compareHistory(build, inspection.recorded)
  stampPreconditions(workspace, { forget: history.unknown })(inspection)
  const upTo = revisionsUpTo(revision, workspace)
  const assessment = await assessAt(reading, upTo)
  const changed = assessment.changed.flatMap((found) => (found.what === 'edited' ? [found.revision] : []))
  const open = upTo.filter((each) => !history.applied.includes(each))
  const changing = new Set(
    snapshot.revisions.flatMap((each) => (Object.keys(each.changes).length === 0 ? [] : [each.revision])),
  )
  return {
    revision,
    inspection,
    history,
    unrecorded: open,
    withoutChanges: open.filter((each) => !changing.has(each)),
    edited: history.applied.filter((each) => upTo.includes(each) && changed.includes(each)),
    forget: [],
    assessment,
  }
}

/** The assessment as it would be if these revisions were recorded, and no other. */
function assessAt(
  { client, inspection, snapshot, context: { workspace } }: InspectedDatabase,
  revisions: readonly string[],
): Promise<Assessment> {
  const recorded = { ...inspection.recorded, revisions }
  return assessInspection(client, workspace, { inspection: { ...inspection, recorded }, snapshot })
}

/** What is to be forgotten is no sign of another project's database any more. */
function stampPreconditions(
  workspace: Workspace,
  { forget }: Pick<StampProposal, 'forget'>,
): MigrateOptions['checkPreconditions'] {
  const admit = refuseWrongDatabase(workspace)
  return (inspection) => {
    const { recorded } = inspection
    const revisions = recorded.revisions.filter((revision) => !forget.includes(revision))
    admit({ ...inspection, recorded: { ...recorded, revisions } })
  }
}

/** Hands over a connection and what is true of the database: it reads, and nothing else. */
export function withInspection<T>(
  context: StampContext,
  use: (client: pg.ClientBase, inspection: Inspection) => Promise<T>,
): Promise<T> {
  const { workspace } = context
  const { connection, config } = workspace
  return readWithRetry(connection, retryOptionsFor(context), (client, deadline) =>
    withTimeout(client, deadline, async () =>
      use(client, await inspect(client, { ...workspace, scope: config.verify.scope })),
    ),
  )
}

/** The promise to compare with. Throws SCHEMA_SNAPSHOT_STALE. */
export async function requireSnapshot(workspace: Workspace): Promise<Snapshot> {
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null) throw staleSnapshotError(workspace, stale)
  return snapshot
}

function revisionsUpTo(revision: string, { migrations }: Workspace): readonly string[] {
  const all = migrations.map((migration) => migration.revision)
  return all.slice(0, all.indexOf(revision) + 1)
}

function sameFindings(some: readonly Finding[], others: readonly Finding[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others)
}

function refuseUnknown(revision: string, { migrations }: Workspace): void {
  const known = migrations.map((migration) => migration.revision)
  if (known.includes(revision)) return
  const meant = nearestName(revision, known) ?? known.find((each) => each.includes(revision))
  throw new SchemaError('SCHEMA_USAGE', {
    what: `There is no revision "${revision}" in this build. Nothing was recorded.`,
    facts: [['newest', known.slice(-10)]],
    choices: [
      ...(meant === undefined ? [] : [[`schemagate stamp ${meant}`, 'may be what was meant'] as const]),
      ['schemagate stamp', 'says which revision fits the database best'],
    ],
  })
}

/** What is recorded beyond a revision would stay recorded, and its work in the database. */
function refuseOlder({ revision, history, inspection }: StampProposal, workspace: Workspace): void {
  const newest = history.applied.at(-1)
  if (newest === undefined || !revisionsUpTo(newest, workspace).slice(0, -1).includes(revision)) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: `The database is at ${newest} already, which is newer than ${revision}. Nothing was recorded.`,
    facts: [['database', describeAddress(inspection.database)]],
    choices: [
      [`schemagate down --to ${revision}`, 'reverts what is newer, and the record with it'],
      [`schemagate stamp ${newest}`, 'records what is not recorded up to there, if it is true'],
    ],
  })
}

/**
 * Whether what is to be recorded would be a second line of migrations beside one that this build does not have. Older
 * revisions whose files were deleted are none.
 */
export function isSeparateHistory({ history }: Pick<StampProposal, 'history'>): boolean {
  return history.position === 'diverged' || history.position === 'foreign'
}

function refuseSeparateHistory({ revision, history, inspection, unrecorded }: StampProposal): void {
  const { unknown } = history
  if (unrecorded.length === 0 || !isSeparateHistory({ history })) return
  throw new SchemaError('SCHEMA_DIVERGED', {
    what: `The database records ${formatCount(unknown.length, 'revision')} that this build does not have. Nothing was recorded.`,
    facts: [
      ['database', describeAddress(inspection.database)],
      ['unknown', shortenList(unknown)],
    ],
    choices: [
      ['deploy the build that has them', 'or bring their files back'],
      [
        `schemagate stamp ${revision} --forget`,
        'takes them out of the record, if their files are lost for good',
      ],
    ],
  })
}
