import type { Catalog } from '../../core/model/catalog.js'
import type { StatementRecord } from '../../postgres/observe/statement-runner.js'
import type { RenamedLabel } from '../../postgres/observe/enum-labels.js'
import type { NewConstraint } from './new-constraints.js'
import type { DesignRuleName } from './design-rules.js'
import type { RuleMatch } from './rule.js'

/** A pending revision that was run in a scratch database. */
export interface ObservedRevision {
  readonly revision: string
  readonly transactional: boolean
  readonly statements: readonly StatementRecord[]
  readonly before: Catalog
  readonly after: Catalog
  /** The constraints and unique indexes that it made and that check rows. */
  readonly constraints: readonly NewConstraint[]
  /** The labels of enums to which it gave other names. */
  readonly renamedLabels: readonly RenamedLabel[]
  /** What it left behind that does not follow a rule, and that was not there before it. */
  readonly design: readonly RuleMatch<DesignRuleName>[]
  readonly down: ObservedDown
}

/**
 * What became of the `down` of a revision, run after its `up` and taken back: `unknown` outside a transaction, where it cannot be.
 */
export type ObservedDown = 'missing' | 'empty' | 'throws' | 'works' | 'unknown'

/** What the pending revisions did in a scratch database. */
export interface Observation {
  /** The relations that were there before them, by their names in SQL. */
  readonly relations: readonly string[]
  /** Those that ran to their end. */
  readonly revisions: readonly ObservedRevision[]
  /** What the revision that failed had sent; null where none did. */
  readonly failed: FailedRevision | null
  /** Whether a migration connected to a database by itself: what it did there is not seen. */
  readonly hasConnected: boolean
  /** The major version of the server. */
  readonly major: number
}

export interface FailedRevision {
  readonly revision: string
  readonly statements: readonly StatementRecord[]
  readonly error: Error
}

/** What the pending revisions did, and which of them failed on generated rows and not without. */
export interface PendingObservation extends Observation {
  /** How the scratch database came to where the pending revisions begin. */
  readonly start: StartKind
  readonly failedOnRows: FailedRevision | null
}

/** From the snapshot, with generated rows or without, or by running the earlier migrations. */
export type StartKind = 'snapshot with rows' | 'snapshot' | 'migrations'
