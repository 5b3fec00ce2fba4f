import type pg from 'pg'
import {
  type CompletionInput,
  invalidIndexes,
  findRemainingChanges,
  type Completion,
  assessCompletion,
} from '../../core/history/completion.js'
import type { Scope } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import { canonicalizeDifferences } from '../canonicalize/canonicalize.js'
import type { DeparseTransaction } from '../canonicalize/temporary-objects.js'
import type { Inspection } from '../inspect/inspection.js'
import type { LastEvent } from '../ledger/ledger.js'

/** A revision that is not recorded: how far it came, and what is on record about the last attempt. */
export interface UnfinishedRevision {
  readonly revision: string
  readonly completion: Completion
  /** Null where there was none. */
  readonly lastEvent: LastEvent | null
  /** Whether its text is another than that of the attempt. */
  readonly corrected: boolean
}

export interface CompletionContext {
  readonly snapshot: Snapshot | null
  readonly scope?: Scope
  readonly inspection: Pick<Inspection, 'recorded' | 'ledger' | 'live' | 'major'>
  /** Default: the client is in none. */
  readonly transaction?: DeparseTransaction
}

/** How far each of these revisions came, none of which is recorded. The server is asked only about other words. */
export async function readUnfinishedRevisions(
  client: pg.ClientBase,
  migrations: readonly Pick<Migration, 'revision' | 'file' | 'checksum'>[],
  standpoint: CompletionContext,
): Promise<readonly UnfinishedRevision[]> {
  const { last } = standpoint.inspection.ledger ?? { last: new Map<string, LastEvent>() }
  const stood: UnfinishedRevision[] = []
  for (const { revision, file, checksum } of migrations) {
    const event = last.get(revision) ?? null
    stood.push({
      revision,
      completion: await readCompletion(client, revision, standpoint),
      lastEvent: event,
      corrected: event !== null && isCorrected(event, { file, checksum }),
    })
  }
  return stood
}

async function readCompletion(
  client: pg.ClientBase,
  revision: string,
  { snapshot, inspection, transaction = 'own', ...how }: CompletionContext,
): Promise<Completion> {
  const { recorded, live, major } = inspection
  const bearings: CompletionInput = { snapshot, recorded: recorded.revisions, live, ...how }
  const { differences } = findRemainingChanges(revision, bearings) ?? { differences: [] }
  if (snapshot === null || differences.length === 0) return assessCompletion(revision, bearings)
  const sight = { snapshot, revisions: [...recorded.revisions, revision], live, major, differences }
  const agreed = await canonicalizeDifferences(client, sight, transaction)
  return assessCompletion(revision, { ...bearings, live: agreed.live })
}

/** Texts of files that are called differently are not compared. */
function isCorrected(
  { checksum, detail }: LastEvent,
  now: { readonly file: string | null; readonly checksum: string | null },
): boolean {
  const isSameFile = detail.file === undefined || detail.file === now.file
  return isSameFile && checksum !== null && now.checksum !== null && checksum !== now.checksum
}

/** Whether an attempt did not come to its end: the record is the last thing that is written. */
export function isInterrupted({ lastEvent }: UnfinishedRevision): boolean {
  return (
    lastEvent?.event === 'started' ||
    (lastEvent?.event === 'applied' && lastEvent.detail.transaction === false)
  )
}

/** Whether an attempt may have left something: it did not end well, and no transaction took it back. */
export function mayHaveLeftObjects({ lastEvent }: UnfinishedRevision): boolean {
  return lastEvent?.detail.transaction === false && ['started', 'applied', 'failed'].includes(lastEvent.event)
}

/**
 * Whether running it again, as it is, would fail or do something twice: it was interrupted outside a transaction and did
 * something, or it left an invalid index, which an IF NOT EXISTS takes for a good one.
 */
export function isHalfApplied(stood: UnfinishedRevision): boolean {
  const { completion, corrected } = stood
  if (corrected || !mayHaveLeftObjects(stood)) return false
  if (completion.kind === 'unknown' || completion.kind === 'unapplied') return false
  return isInterrupted(stood) || invalidIndexes(completion).length > 0
}
