import type { Catalog } from '../core/model/catalog.js'
import type { Changes } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { withClient } from '../postgres/connection/connect.js'
import type { QueryResult } from '../postgres/connection/query.js'
import { createChangeReader } from '../postgres/introspect/change-reader.js'
import { allAnnotations, ledgerTablesOf } from '../postgres/introspect/read-catalog.js'
import type { UncommittedRevision } from '../postgres/verify/check-revision.js'
import type { KnexProject } from '../project/knex-project.js'
import type { ReplayAttempt, RunReplay } from './replay-attempts.js'

/** Whether a replay reads what each revision has touched, or everything. */
export type ReadsOfReplay = 'touched' | 'whole'

/** A replay, and the keys of what changed without being seen. */
export interface ReadReplay {
  readonly missed: readonly string[]
}

/**
 * To find what one revision has touched takes as long as to read about so many objects: where a replay reads rarely, it is
 * faster to read everything.
 */
const objectsPerRevision = 20

/** How a replay that reads so many times a catalog of so many objects is to read. */
export function chooseReads(times: number, objects: number, revisions: number): ReadsOfReplay {
  return times * objects <= revisions * objectsPerRevision ? 'whole' : 'touched'
}

/** Replays once, and again with whole reads where something changed that was not seen. */
export async function replayConfirmed<T extends ReadReplay>(
  run: RunReplay,
  report: ProgressReporter,
  replayOnce: (attempt: ReplayAttempt, reads: ReadsOfReplay) => Promise<T>,
  reads: ReadsOfReplay = 'touched',
): Promise<T> {
  const replayed = await run((attempt) => replayOnce(attempt, reads))
  const { missed } = replayed
  if (missed.length === 0) return replayed
  report({ event: 'replay repeated', missed })
  return run((attempt) => replayOnce(attempt, 'whole'))
}

/** Reads what each revision of a replay changed. */
export interface ReplayReader {
  readonly catalog: () => Catalog
  /** To be called for each revision, before its commit. */
  readonly note: (revision: UncommittedRevision, touched: QueryResult | null) => Promise<void>
  /** Reads what has changed since the last read. */
  readonly read: (revision: UncommittedRevision) => Promise<Changes>
  /** Returns the keys of what the reads have missed: whole reads miss nothing. */
  readonly confirm: () => Promise<readonly string[]>
}

/** Begins with what is in the database of the replay. */
export async function createReplayReader(
  { connection, hasConnected }: ReplayAttempt,
  project: KnexProject,
  reads: ReadsOfReplay,
): Promise<ReplayReader> {
  const options = { ...ledgerTablesOf(project), ...allAnnotations }
  const reader = await withClient(connection, (client) => createChangeReader(client, options))
  return {
    catalog: reader.catalog,
    note: async ({ client, transactional }, touched) => {
      if (transactional && reads === 'touched' && !hasConnected()) await reader.note(client, touched)
      else reader.noteUnknown()
    },
    read: ({ client, transactional }) => reader.read(client, transactional),
    confirm: async () => (reads === 'whole' ? [] : withClient(connection, reader.confirm)),
  }
}
