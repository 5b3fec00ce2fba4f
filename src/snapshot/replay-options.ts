import type { Catalog } from '../core/model/catalog.js'
import type { ReplayChanges } from '../core/model/replay-checkpoints.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import type { Connection } from '../postgres/connection/connect.js'
import type { Scratch } from '../postgres/scratch/scratch.js'
import type { RunPolicy } from '../postgres/session/migrate-options.js'
import type { UncommittedRevision } from '../postgres/verify/check-revision.js'
import type { KnexProject } from '../project/knex-project.js'
import type { Migration } from '../project/migration-files.js'
import type { EmptyRevision } from './empty-changes.js'

/** A database with the first revisions of a folder, built from the snapshot of them. */
export interface ReplayStart {
  readonly snapshot: Snapshot
  readonly build: (connection: Connection) => Promise<void>
  /** Throws where the revisions after them cannot be replayed without these. Called after the first replay. */
  readonly judge: (replayed: ReplayedRevisions) => void
}

/** What the first replay found. */
export interface ReplayedRevisions {
  /** What was there before its first revision. */
  readonly base: Catalog
  readonly changes: ReplayChanges
  readonly ran: readonly UncommittedRevision[]
  /** Whether a migration connected to a database by itself. */
  readonly hasConnected: boolean
}

/** The migrations that are replayed, and where. */
export interface ReplayedFolder {
  readonly scratch: Scratch
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  readonly report: ProgressReporter
  readonly signal: AbortSignal | undefined
}

export interface ReplayOptions extends ReplayedFolder {
  /** Default: an empty database. */
  readonly start?: ReplayStart
  /** The schemas that are there before the first revision, unless a migration creates them. */
  readonly serviceSchemas: readonly string[]
  /** Told of the revisions of which nothing is promised although they do not say so, before all are replayed again. */
  readonly judgeEmpty?: (empty: readonly EmptyRevision[]) => Promise<void>
}

/** Makes the snapshot of a folder. */
export type Replay = (options: ReplayOptions) => Promise<Snapshot>

/** Nobody else uses a scratch database, so there is nobody to wait for; a check reads each revision on its own. */
export const scratchPolicy: RunPolicy = {
  transaction: 'chain',
  lockWaitTimeout: 0,
  lockTimeout: 0,
  deadline: 0,
}
