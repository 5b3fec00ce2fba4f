import type pg from 'pg'
import type { Assessment } from '../../core/history/decision.js'
import { compareHistory } from '../../core/history/history.js'
import { findRowWriters } from '../../core/history/written-rows.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { assessInspection, connectAndRead, type TaskControl } from '../../gate/assess.js'
import { refuseWrongDatabase } from '../../gate/preconditions.js'
import { leaveOutTransientIndexes } from '../../gate/transient-indexes.js'
import { withTimeout } from '../../postgres/connection/lifecycle.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { type Inspection } from '../../postgres/inspect/inspection.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/usable.js'
import type { Workspace } from '../../workspace.js'
import type { StampProposal } from './proposal.js'
import { snapshotForDatabase } from '../../postgres/introspect/extension-members.js'
import { refuseForgettingObjects, refuseOlder, refuseSeparateHistory, refuseUnknown } from './refuse.js'

export interface StampContext extends TaskControl {
  readonly workspace: Workspace
}

/** What is to be recorded. */
export interface StampRequest {
  readonly revision: string
  /** Whether recorded revisions whose files are lost are taken out of the record. */
  readonly forget: boolean
}

/**
 * What stamping the database at a revision would record, and what differs. Reads only. Throws SCHEMA_SNAPSHOT_STALE, and
 * SCHEMA_USAGE for a revision that is unknown or older than what is recorded.
 */
export async function proposeStamp(
  { revision, forget }: StampRequest,
  context: StampContext,
): Promise<StampProposal> {
  const { workspace } = context
  refuseUnknown(revision, workspace)
  const snapshot = await requireSnapshot(workspace)
  return withInspection(context, async (client, inspection) => {
    const proposal = await proposeAt({ client, inspection, snapshot, workspace }, revision)
    refuseOlder(proposal, workspace)
    if (forget) return { ...proposal, forget: proposal.history.unknown }
    refuseSeparateHistory(proposal)
    return proposal
  })
}

/**
 * What taking every revision out of the record would forget, where the database has nothing of any of them: a database that
 * was created again, or whose objects were dropped, beside a ledger that was kept. Throws SCHEMA_USAGE if it has something.
 */
export async function proposeForget(context: StampContext): Promise<StampProposal> {
  const { workspace } = context
  const snapshot = await requireSnapshot(workspace)
  return withInspection(context, async (client, inspection) => {
    const { revisions } = inspection.recorded
    refuseForgettingObjects(inspection, snapshot)
    stampPreconditions(workspace, revisions)(inspection)
    const build = workspace.migrations.map((migration) => migration.revision)
    return {
      revision: null,
      inspection,
      history: compareHistory(build, inspection.recorded),
      unrecorded: [],
      rows: [],
      edited: [],
      forget: revisions,
      assessment: await assessAt({ client, inspection, snapshot, workspace }, []),
    }
  })
}

/** An inspected database, and what to compare it with. */
export interface InspectedDatabase {
  readonly client: pg.ClientBase
  readonly inspection: Inspection
  readonly snapshot: Snapshot
  readonly workspace: Workspace
}

/** What stamping at a revision would record, and what differs. Throws SCHEMA_WRONG_DATABASE. */
export async function proposeAt(database: InspectedDatabase, revision: string): Promise<StampProposal> {
  const { inspection, snapshot, workspace } = database
  const build = workspace.migrations.map((migration) => migration.revision)
  const history = compareHistory(build, inspection.recorded)
  stampPreconditions(workspace, history.unknown)(inspection)
  const upTo = revisionsUpTo(revision, workspace)
  const assessment = await assessAt(database, upTo)
  const edited = assessment.changed.flatMap((found) => (found.what === 'edited' ? [found.revision] : []))
  const unrecorded = upTo.filter((each) => !history.applied.includes(each))
  return {
    revision,
    inspection,
    history,
    unrecorded,
    rows: findRowWriters(snapshot, upTo).filter((each) => unrecorded.includes(each.revision)),
    edited: history.applied.filter((each) => upTo.includes(each) && edited.includes(each)),
    forget: [],
    assessment,
  }
}

/** The assessment as if exactly these revisions were recorded. */
export async function assessAt(
  { client, inspection, snapshot, workspace }: InspectedDatabase,
  revisions: readonly string[],
): Promise<Assessment> {
  const recorded = { ...inspection.recorded, revisions }
  const promised = await snapshotForDatabase(client, snapshot, inspection.live)
  return assessInspection(client, workspace, { ...inspection, recorded }, promised)
}

/** Refuses a wrong database; revisions to be forgotten are not a sign of one. */
export function stampPreconditions(
  workspace: Workspace,
  forget: readonly string[],
): (inspection: Inspection) => void {
  const refuse = refuseWrongDatabase(workspace)
  return (inspection) => {
    const { recorded } = inspection
    const revisions = recorded.revisions.filter((revision) => !forget.includes(revision))
    // What is recorded must be true of the catalog, whatever else is in the database.
    refuse({ ...inspection, recorded: { ...recorded, revisions }, otherLedgers: [] })
  }
}

/** Connects, inspects, and runs `use`, which only reads. */
export function withInspection<T>(
  context: StampContext,
  use: (client: pg.ClientBase, inspection: Inspection) => Promise<T>,
): Promise<T> {
  const { workspace } = context
  const { scope } = workspace.config.verify
  return connectAndRead(workspace, context, (client, deadline) =>
    withTimeout(client, deadline, async () => {
      const inspection = await inspect(client, { ...workspace, scope })
      const { live } = await leaveOutTransientIndexes(client, inspection)
      return use(client, { ...inspection, live })
    }),
  )
}

/** The promise to compare with. Throws SCHEMA_SNAPSHOT_STALE. */
export async function requireSnapshot(workspace: Workspace): Promise<Snapshot> {
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null) throw staleSnapshotError(workspace, stale)
  return snapshot
}

/** The revisions of this build up to one, in order; none for null. */
export function revisionsUpTo(revision: string | null, { migrations }: Workspace): readonly string[] {
  const all = migrations.map((migration) => migration.revision)
  return revision === null ? [] : all.slice(0, all.indexOf(revision) + 1)
}
