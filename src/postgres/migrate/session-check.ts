import pg from 'pg'
import { createRevisionFinder } from '../../project/revision-name.js'
import { queryAll, queryRows, type QueryResult, type Row, rowsOf } from '../connection/query.js'
import { transactionStatusOf } from '../connection/transaction-status.js'
import { quoteTableName } from '../ledger/ledger.js'
import { lockStillHeld } from '../locks/advisory-lock.sql.js'
import {
  currentSettingsColumns,
  parseCurrentSettings,
  type SessionSettings,
} from '../session/session-settings.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import type { LockedSession } from '../session/sessions.js'
import type { MoreStatements } from './next-statements.js'
import type { SessionViolation } from './run-state.js'

/** A session that migrates, and the database it migrates. */
type MigratingSession = LockedSession & Pick<MigrateOptions, 'target'>

/** A transaction that a revision was given, by the id that PostgreSQL knows it by. */
export type TransactionId = string

/**
 * What became of a transaction: `open`, and the session is still in it; `prepared` for a second phase, and rolled back now;
 * else it has ended. One in which a statement failed has ended too, though the session has not left it.
 */
export type TransactionFate = 'open' | 'failed' | 'committed' | 'rolled back' | 'prepared'

/**
 * Reads the id of the transaction that the session is in, in one message with statements before it. PostgreSQL gives it one if
 * it has none yet.
 */
export async function readTransactionId(client: pg.ClientBase, before = ''): Promise<TransactionId> {
  const [row] = await queryRows(client, `${before}; select pg_current_xact_id()::text as id`)
  return String(row?.['id'])
}

/**
 * Asks the server, on another connection, what became of a transaction of the session. A prepared one is rolled back: it would
 * hold its locks until somebody ends it.
 */
export async function readTransactionFate(
  { auditClient, session }: MigratingSession,
  id: TransactionId,
): Promise<TransactionFate> {
  const [row] = await queryRows(
    auditClient,
    `select pg_xact_status(${pg.escapeLiteral(id)}::xid8) as status, (select gid from pg_prepared_xacts
      where transaction::text::int8 = ${pg.escapeLiteral(id)}::int8 & 4294967295) as prepared`,
  )
  const prepared = row?.['prepared']
  if (typeof prepared === 'string') {
    await auditClient.query(`rollback prepared ${pg.escapeLiteral(prepared)}`)
    return 'prepared'
  }
  if (row?.['status'] === 'committed') return 'committed'
  if (row?.['status'] === 'in progress') return 'open'
  return transactionStatusOf(session.client) === 'E' ? 'failed' : 'rolled back'
}

/** Whether the session is in no transaction, as the server says it after the last message. */
export async function isOutsideTransaction(client: pg.ClientBase): Promise<boolean> {
  // The error of a statement arrives before the server says in which transaction it left the session.
  await client.query('')
  return transactionStatusOf(client) === 'I'
}

/** A session after the code of a migration, which has its role and its settings again. */
export interface CheckedSession {
  /** The transaction it is in, if that has written something. */
  readonly transaction: TransactionId | null
  readonly before: Omit<SessionSettings, 'restore'>
  /** How many revisions Knex has recorded. */
  readonly records: number
  readonly violation: SessionViolation | null
  /** Of the statements that were sent with those that restore it. */
  readonly results: readonly QueryResult[]
}

/**
 * Puts role and settings of the session back, and reads in the same round trip what the code of a migration has left: its
 * transaction, the migration lock, the records of Knex. `settings` is SQL that sets the session for the revision, `more`
 * further statements for the message.
 */
export async function restoreSession(
  { session, target, schema }: MigratingSession,
  settings: string,
  more: MoreStatements,
): Promise<CheckedSession> {
  const { tableName } = target.project
  const results = await queryAll(
    session.client,
    [
      ...(more.before ?? []),
      // A migration may have set one that no query keeps.
      'set statement_timeout = 0',
      // PostgreSQL warns of a lock that is no longer held.
      'set client_min_messages = error',
      `select pg_current_xact_id_if_assigned()::text as id, ${currentSettingsColumns},
        ${lockStillHeld(tableName)} as locked, current_setting('transaction_read_only') = 'on' as read_only`,
      session.settings.restore,
      settings,
      `select count(*)::int as records from ${quoteTableName(schema, tableName)}`,
      ...(more.after ?? []),
    ].join(';\n'),
  )
  const counted = results.findIndex(({ columns }) => columns[0] === 'records')
  const [state = {}] = rowsOf(results[0])
  return {
    transaction: typeof state['id'] === 'string' ? state['id'] : null,
    before: parseCurrentSettings(state),
    records: Number(results[counted]?.rows[0]?.[0]),
    violation: findViolation(state),
    results: results.slice(counted + 1),
  }
}

/** Of a transaction that cannot be recorded, because it may not write. */
export const readOnlyViolation: SessionViolation = {
  what: 'It made its transaction read-only, so that it cannot be recorded.',
  choices: [['remove the statement', 'SET TRANSACTION READ ONLY']],
}

function findViolation(state: Row): SessionViolation | null {
  if (state['locked'] !== true)
    return {
      what: 'It released the migration lock, which keeps other processes from running the same revision.',
      choices: [
        [
          'remove the statement',
          'DISCARD ALL, pg_advisory_unlock_all() and the like release locks that the migration did not take',
        ],
      ],
    }
  return state['read_only'] === true ? readOnlyViolation : null
}

/** Reads which of these revisions Knex no longer has recorded. */
export async function readLostRecords(
  { session, target, schema }: MigratingSession,
  revisions: readonly string[],
): Promise<readonly string[]> {
  const table = quoteTableName(schema, target.project.tableName)
  const findRevision = createRevisionFinder(target.migrations)
  const rows = await queryRows(session.client, `select name from ${table}`)
  const recorded = new Set(rows.map(({ name }) => findRevision(String(name))))
  return revisions.filter((revision) => !recorded.has(revision))
}
