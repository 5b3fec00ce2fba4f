import type { RecordedRevisions } from '../../core/history/history.js'
import type { DatabaseIdentity, OtherLedger } from '../../core/history/ownership.js'
import type { Catalog } from '../../core/model/catalog.js'
import type { DatabaseAddress } from '../connection/address.js'
import type { Ledger } from '../ledger/ledger.js'

/** The state of a database at one moment, read in one snapshot, but for its catalog. */
export interface InspectionWithoutCatalog {
  readonly database: DatabaseAddress
  /** The server's major version. */
  readonly major: number
  readonly serverVersion: string
  /** Whether it is a standby. */
  readonly readOnly: boolean
  /** Whether a process holds the migration lock. */
  readonly locked: boolean
  /** The PostgreSQL schema of Knex's ledger; null where Knex has no schema to use. */
  readonly schema: string | null
  readonly ledger: Ledger | null
  /** Null before the first migration, and where only Knex has recorded something. */
  readonly identity: DatabaseIdentity | null
  readonly recorded: RecordedRevisions
  /** Ledgers that are not this project's, in the schemas that it may mean. */
  readonly otherLedgers: readonly OtherLedger[]
  /** Whether the role may write Knex's ledger; true where there is none yet. */
  readonly mayWriteLedger: boolean
  /** Whether there is a ledger of ours that the role may write. */
  readonly mayWriteOwnLedger: boolean
  readonly fingerprint: InspectionFingerprint
}

/** The same with its catalog. */
export interface Inspection extends InspectionWithoutCatalog {
  readonly live: Catalog
}

/** That a database was found as promised, in the state in which it is now. */
export interface VerifiedState {
  /** ISO 8601. */
  readonly since: string
  /** How many promised objects of each kind were compared then. */
  readonly compared: Readonly<Record<string, number>>
}

/** A database in a state in which it was verified before. Its catalog was not read. */
export interface UnchangedInspection extends InspectionWithoutCatalog {
  readonly verified: VerifiedState
}

/** What identifies the result of an inspection: server, ledger, and a hash of the catalog, read in one snapshot. */
export interface InspectionFingerprint {
  /** The statements that read the ledger. */
  readonly ledgerQueries: readonly string[]
  /** The results of `serverAndLedgerQueries` and of these statements, as text: equal where nothing has changed. */
  readonly results: string
}
