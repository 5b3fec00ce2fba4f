import type pg from 'pg'
import {
  type CompletionInput,
  findRemainingChanges,
  assessCompletion,
} from '../../core/history/completion.js'
import type { Completion } from '../../core/history/completion-result.js'
import type { Scope } from '../../core/model/scope.js'
import { promisedCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import { snapshotForDatabase } from '../introspect/extension-members.js'
import { canonicalizeDifferences } from '../canonicalize/canonicalize.js'
import type { DeparseTransaction } from '../canonicalize/temporary-objects.js'
import type { Inspection } from '../inspect/inspection.js'
import type { LastEvent } from '../ledger/ledger.js'

/** A revision that is not recorded: how far it got, and what the ledger has of the last attempt. */
export interface UnfinishedRevision {
  readonly revision: string
  readonly completion: Completion
  /** Null if there was no attempt. */
  readonly lastEvent: LastEvent | null
  /** Whether its text has changed since that attempt. */
  readonly corrected: boolean
}

export interface CompletionContext {
  readonly snapshot: Snapshot | null
  readonly scope?: Scope
  readonly inspection: Pick<Inspection, 'recorded' | 'ledger' | 'live' | 'major'>
  /** Default: the client is not in a transaction. */
  readonly transaction?: DeparseTransaction
}

/** How far each of these unrecorded revisions got. Definitions that differ are printed again by the server first. */
export async function readUnfinishedRevisions(
  client: pg.ClientBase,
  migrations: readonly Pick<Migration, 'revision' | 'file' | 'checksum'>[],
  context: CompletionContext,
): Promise<readonly UnfinishedRevision[]> {
  const { last } = context.inspection.ledger ?? { last: new Map<string, LastEvent>() }
  const snapshot =
    context.snapshot === null || migrations.length === 0
      ? context.snapshot
      : await snapshotForDatabase(client, context.snapshot, context.inspection.live)
  const unfinished: UnfinishedRevision[] = []
  for (const { revision, file, checksum } of migrations) {
    const event = last.get(revision) ?? null
    unfinished.push({
      revision,
      completion: await readCompletion(client, revision, { ...context, snapshot }),
      lastEvent: event,
      corrected: event !== null && isCorrected(event, { file, checksum }),
    })
  }
  return unfinished
}

async function readCompletion(
  client: pg.ClientBase,
  revision: string,
  { snapshot, inspection, transaction = 'own', ...how }: CompletionContext,
): Promise<Completion> {
  const { recorded, live, major } = inspection
  const input: CompletionInput = { snapshot, recorded: recorded.revisions, live, ...how }
  const { differences } = findRemainingChanges(revision, input) ?? { differences: [] }
  if (snapshot === null || differences.length === 0) return assessCompletion(revision, input)
  const promised = promisedCatalogAt(snapshot, [...recorded.revisions, revision])
  const majors = { expected: snapshot.postgres, actual: major }
  const comparison = { promised, live, majors, differences }
  const canonical = await canonicalizeDifferences(client, comparison, transaction)
  return assessCompletion(revision, { ...input, live: canonical.live })
}

/** Texts of files with different names are not compared. */
function isCorrected(
  { checksum, detail }: LastEvent,
  now: { readonly file: string | null; readonly checksum: string | null },
): boolean {
  const isSameFile = detail.file === undefined || detail.file === now.file
  return isSameFile && checksum !== null && now.checksum !== null && checksum !== now.checksum
}

/** Whether the last attempt did not finish. The ledger row of Knex is the last thing that is written. */
export function isInterrupted({ lastEvent }: UnfinishedRevision): boolean {
  return (
    lastEvent?.event === 'started' ||
    (lastEvent?.event === 'applied' && lastEvent.detail.transaction === false)
  )
}

/** Whether the last attempt may have left objects: it did not succeed, and no transaction rolled it back. */
export function mayHaveLeftObjects({ lastEvent }: UnfinishedRevision): boolean {
  return lastEvent?.detail.transaction === false && ['started', 'applied', 'failed'].includes(lastEvent.event)
}

/** Whether our ledger has it as applied: since then the record of Knex was lost, or Knex has reverted it. */
export function hasLostRecord({ lastEvent }: UnfinishedRevision): boolean {
  return (
    lastEvent !== null &&
    lastEvent.detail.transaction !== false &&
    ['applied', 'stamped', 'repaired'].includes(lastEvent.event)
  )
}

/**
 * Whether running it again unchanged would fail or do something twice, because some of its changes are there: it was
 * interrupted or failed outside a transaction, or it was applied and is no longer recorded.
 */
export function isHalfApplied(unfinished: UnfinishedRevision): boolean {
  const { completion, corrected } = unfinished
  if (corrected || completion.kind === 'unknown' || completion.kind === 'unapplied') return false
  // Knex takes a revision back without a word to our ledger, and what its `down` left is no reason not to run it again.
  return mayHaveLeftObjects(unfinished) || (hasLostRecord(unfinished) && completion.kind === 'applied')
}
