import type { Knex } from 'knex'
import type pg from 'pg'
import type { Watchdog } from '../connection/watchdog.js'
import type { Inspection } from '../inspect/inspection.js'
import type { LedgerWriter } from '../ledger/ledger.js'
import type { SessionSettings } from './session-settings.js'

/** A Knex instance of our own with exactly one connection, and that connection: lock, DDL and verification share it. */
export interface KnexSession {
  readonly knex: Knex
  readonly client: pg.Client
  readonly pid: number
  /** As it was before any migration ran in it. */
  readonly settings: SessionSettings
  /** Ends this session too if the server stops answering; its own connection is the only other one. */
  readonly watchdog: Watchdog
}

/** A session that holds the migration lock, and what was true of the database when it got the lock. Nothing is written yet. */
export interface OpenedSession {
  readonly session: KnexSession
  /** Writes the ledger outside the migration's transaction, so that a failure stays on record. */
  readonly auditClient: pg.Client
  readonly inspection: Inspection
  /** Creates the ledger and records the identity where they are missing. To be called once nothing more can be refused. */
  readonly prepareLedgers: () => Promise<LockedSession>
  /** The same session with what is true of the database now. */
  readonly inspectAgain: () => Promise<OpenedSession>
}

/** The same with ledgers that can be written. */
export interface LockedSession extends Omit<OpenedSession, 'prepareLedgers' | 'inspectAgain'> {
  /** The schema of the ledgers. */
  readonly schema: string
  readonly writer: LedgerWriter
}
