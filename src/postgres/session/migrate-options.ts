import type pg from 'pg'
import type { Owner } from '../../core/history/ownership.js'
import type { Scope } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import type { KnexProject } from '../../project/knex-project.js'
import type { Migration } from '../../project/migration-files.js'
import type { Connection } from '../connection/connect.js'
import type { Inspection } from '../inspect/inspection.js'
import type { AnnotationOptions } from '../introspect/annotations.js'
import type { LedgerEntry, LedgerWriter } from '../ledger/ledger.js'

/** The database that is migrated, and the project it is migrated by. */
export interface MigrationTarget {
  readonly connection: Connection
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  /** What is promised; null without a snapshot: nothing is verified then. */
  readonly snapshot: Snapshot | null
  /** Which differences count. */
  readonly scope: Scope
}

/** In whose name a database is migrated, and what must be true before the first write. */
export interface MigrationGuard {
  /** Whose the database is from its first migration on. */
  readonly owner: Owner
  readonly writer: LedgerWriter
  /** The connection of the service if it is a different one: both have to reach the same database. */
  readonly serviceConnection: Connection | null
  /** Throws if this is not the database that is meant. Called under the lock, before anything is written. */
  readonly checkPreconditions: (inspection: Inspection) => void
}

/** How long a run waits for others, and which revisions share a transaction. All times in milliseconds. */
export interface RunPolicy {
  /**
   * Whether one transaction holds all pending revisions, or each its own. `chain`: each its own, in one call of Knex, where
   * nobody else is there to be waited for.
   */
  readonly transaction: 'batch' | 'each' | 'chain'
  /** How long to wait for the migration lock. */
  readonly lockWaitTimeout: number
  /** How long a statement in a transaction may wait for a lock of others; 0: without end. */
  readonly lockTimeout: number
  /** How long a step that others block is tried again, counted from its first attempt. */
  readonly deadline: number
}

/** What a run of migrations needs, forward or back, on a real database or a scratch one. */
export interface MigrateOptions {
  readonly target: MigrationTarget
  /** Null for a scratch database: it belongs to this process alone, and no identity is recorded. */
  readonly guard: MigrationGuard | null
  readonly policy: RunPolicy
  /** What is read of the catalog under the lock beside definitions. Default: nothing. */
  readonly annotations?: AnnotationOptions
  /**
   * Whether migrations are asked what they promise of rows. Default: not in a scratch database, which may lack the rows of
   * earlier ones.
   */
  readonly asksRows?: boolean
  /** Called under the lock before anything is written. What it returns is noted in the ledger; where it throws, nothing is run. */
  readonly beforeRun?: (
    pending: readonly string[],
    client: pg.ClientBase,
    inspection: Inspection,
  ) => Promise<readonly LedgerEntry[]>
  readonly report: ProgressReporter
  readonly signal?: AbortSignal
}
