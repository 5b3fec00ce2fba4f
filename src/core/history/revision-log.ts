import { describeChangedObjects } from '../model/describe.js'
import { changesOf, type Snapshot } from '../model/snapshot.js'

/** One row of the ledger. */
export interface LoggedEvent {
  /** Null for what happened to the database as a whole. */
  readonly revision: string | null
  readonly event: string
  /** ISO 8601. */
  readonly at: string
  /** Milliseconds; null where it was not measured. */
  readonly duration: number | null
  readonly role: string
  readonly host: string
  readonly release: string | null
  readonly error: string | null
  /** What PostgreSQL noticed meanwhile. */
  readonly notices: readonly string[]
  /** Why it was forced; null where it was not. */
  readonly reason: string | null
  /** What it was done to, where that is no revision: the owner that the database got, the statement that was run. */
  readonly subject: string | null
}

/** A revision as Knex has it in its table. */
export interface RecordedRevision {
  readonly revision: string
  /** ISO 8601. */
  readonly at: string | null
}

/**
 * `applied` is recorded by Knex. Of others, `pending` is in this build, and `gone` is not: it was reverted, forgotten or
 * never finished.
 */
export type RevisionStatus = 'applied' | 'pending' | 'gone'

export interface LoggedRevision {
  readonly revision: string
  readonly status: RevisionStatus
  /** When Knex recorded it, ISO 8601. */
  readonly recordedAt: string | null
  /** Oldest first; none where only Knex has recorded it. */
  readonly events: readonly LoggedEvent[]
  /** What it changes, in words; null where this build does not know. */
  readonly changes: string | null
}

export interface RevisionLogInput {
  /** The revisions of this build, in order. */
  readonly build: readonly string[]
  /** In the order in which they were recorded. */
  readonly recorded: readonly RecordedRevision[]
  /** Oldest first. */
  readonly events: readonly LoggedEvent[]
  readonly snapshot: Snapshot | null
}

/** What happened to each revision, newest first: pending ones, then those that are gone, then the applied ones. */
export function logRevisions({
  build,
  recorded,
  events,
  snapshot,
}: RevisionLogInput): readonly LoggedRevision[] {
  const times = new Map(recorded.map(({ revision, at }) => [revision, at]))
  const eventsOf = groupByRevision(events)
  const known = new Set([...build, ...times.keys()])
  const describe = (revision: string): string | null => {
    const found = snapshot === null ? null : changesOf(snapshot, revision)
    return found === null ? null : describeChangedObjects(found.changes, found.existing)
  }
  const log = (status: RevisionStatus, revisions: readonly string[]): readonly LoggedRevision[] =>
    revisions.toReversed().map((revision) => ({
      revision,
      status,
      recordedAt: times.get(revision) ?? null,
      events: eventsOf.get(revision) ?? [],
      changes: describe(revision),
    }))
  return [
    ...log(
      'pending',
      build.filter((revision) => !times.has(revision)),
    ),
    ...log(
      'gone',
      [...eventsOf.keys()].filter((revision) => !known.has(revision)),
    ),
    ...log('applied', [...times.keys()]),
  ]
}

function groupByRevision(events: readonly LoggedEvent[]): ReadonlyMap<string, readonly LoggedEvent[]> {
  const grouped = new Map<string, LoggedEvent[]>()
  for (const event of events) {
    if (event.revision === null) continue
    const group = grouped.get(event.revision) ?? []
    group.push(event)
    grouped.set(event.revision, group)
  }
  return grouped
}
