import pg from 'pg'
import type { DatabaseIdentity, StoredIdentity } from '../../core/history/ownership.js'
import { isRecord } from '../../core/text/is-record.js'
import type { RecordedName } from '../../project/revision-name.js'
import { queryRows, type Row } from '../connection/query.js'

/** Our append-only table beside Knex's own. */
export const ledgerTable = 'schemagate_ledger'

/**
 * What happened to a revision: `undone` was rolled back with its transaction without a failure of its own; `stamped` and
 * `repaired` were recorded without being run; `forgotten` is no longer recorded, because its file is lost; `started` as the
 * last event was interrupted. Rows without a revision belong to the database: its identity, the repair of an index, a backup, what
 * was added from models, and the states in which it was verified.
 */
export type LedgerEvent =
  | 'started'
  | 'applied'
  | 'failed'
  | 'undone'
  | 'reverted'
  | 'stamped'
  | 'forgotten'
  | 'repairing'
  | 'repaired'
  | 'identified'
  | 'adopted'
  | 'verified'
  | 'backed up'
  | 'built'

/** The process that writes, stored with every row. */
export interface LedgerWriter {
  readonly host: string
  readonly release: string | null
}

/** Further facts of a row, stored as JSON. */
export interface LedgerDetail {
  /** The name of the file. Checksums are compared only where it is the same. */
  readonly file?: string | null
  /** Whether the revision ran in a transaction, so that a failure leaves nothing behind. */
  readonly transaction?: boolean
  /** A hash of the verified catalog changes, and the major version of the PostgreSQL that printed them. */
  readonly changes?: string
  readonly postgres?: number
  /** What PostgreSQL noticed while the revision ran: `NOTICE: relation "songs" already exists, skipping`. */
  readonly notices?: readonly string[]
  /** The reason given for a forced stamp, and how many differences it accepted. */
  readonly reason?: string
  readonly differences?: number
  readonly identity?: StoredIdentity
  /** The key of a repaired index, and the statements that repair it. */
  readonly index?: string
  readonly statements?: readonly string[]
  /** What the statements were added from: `models:FILE`. */
  readonly models?: string
  /** Where a backup is. */
  readonly backup?: { readonly name: string; readonly size: number; readonly sha256: string }
  /** A hash of the state in which the database was found to keep the promise whose digest is the checksum of the row. */
  readonly state?: string
  /** How many promised objects of each kind were compared with that state. */
  readonly compared?: Readonly<Record<string, number>>
}

export interface LedgerEntry {
  readonly revision: string | null
  readonly event: LedgerEvent
  /** Milliseconds; absent where it was not measured. */
  readonly duration?: number
  readonly checksum?: string | null
  readonly error?: string
  readonly detail?: LedgerDetail
}

/** The last event of a revision. */
export interface LastEvent {
  readonly revision: string
  readonly event: string
  readonly host: string
  /** ISO 8601. */
  readonly at: string
  readonly checksum: string | null
  readonly detail: LedgerDetail
}

/** What Knex's table and ours record. */
export interface Ledger {
  readonly schema: string
  /** What Knex recorded, in order. */
  readonly records: readonly RecordedName[]
  /** By revision; empty where only Knex has recorded something. */
  readonly last: ReadonlyMap<string, LastEvent>
}

export function quoteTableName(schema: string, table: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`
}

/** Creates our ledger in the schema of Knex's, or upgrades that of an earlier release. Call it while holding the lock. */
export async function ensureLedger(client: pg.ClientBase, schema: string): Promise<void> {
  const table = quoteTableName(schema, ledgerTable)
  const [row] = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(table)}) is not null as present, exists (select from pg_attribute
      where attrelid = to_regclass(${pg.escapeLiteral(table)}) and attname = 'detail') as upgraded`,
  )
  if (row?.['present'] !== true) await client.query(createLedgerStatement(table))
  else if (row['upgraded'] !== true) await client.query(updateLedgerStatement(table))
}

/** No check constraint on `event`: a newer build may write events that an older one does not know. */
function createLedgerStatement(table: string): string {
  return `create table ${table} (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    revision text,
    event text not null,
    duration_ms integer,
    role text not null default current_user,
    host text not null,
    release text,
    checksum text,
    error text,
    detail jsonb
  )`
}

function updateLedgerStatement(table: string): string {
  return `alter table ${table} add detail jsonb, alter revision drop not null,
    drop constraint if exists ${ledgerTable}_event_check`
}

/** The schema of our ledger, and who writes there. */
interface LedgerPlace {
  readonly schema: string
  readonly writer: LedgerWriter
}

/** Appends rows, in one statement. An `applied` row is written in the transaction of its revision, and rolled back with it. */
export async function appendEntries(
  client: pg.ClientBase,
  place: LedgerPlace,
  entries: readonly LedgerEntry[],
): Promise<void> {
  if (entries.length === 0) return
  const rows = entries.map((entry) => `(${valuesOf(entry, place.writer)})`)
  await client.query(`${insertInto(place)} values ${rows.join(', ')}`)
}

/** The statement that appends one row where a condition is true, and returns the row that it appended. */
export function appendStatement(place: LedgerPlace, entry: LedgerEntry, condition: string): string {
  return `${insertInto(place)} select ${valuesOf(entry, place.writer)} where ${condition} returning id`
}

function insertInto({ schema }: LedgerPlace): string {
  return `insert into ${quoteTableName(schema, ledgerTable)} (revision, event, duration_ms, checksum, error, detail, host, release)`
}

function valuesOf(
  { revision, event, duration, checksum, error, detail }: LedgerEntry,
  { host, release }: LedgerWriter,
): string {
  const milliseconds = duration === undefined ? null : String(Math.round(duration))
  const json = detail === undefined ? null : JSON.stringify(detail)
  return [revision, event, milliseconds, checksum, error, json, host, release]
    .map((value) => (value === null || value === undefined ? 'null' : pg.escapeLiteral(value)))
    .join(', ')
}

/** SQL for the last event of each revision, and the newest identity. The ledger of an earlier release has no `detail`. */
export function lastEventsQuery(schema: string): string {
  return `select revision, event, host, at, checksum, detail from (
      select distinct on (revision) id, revision, event, host, at, checksum, to_jsonb(l) -> 'detail' as detail
      from ${quoteTableName(schema, ledgerTable)} l where revision is not null or event in ('identified', 'adopted')
      order by revision, id desc
    ) last order by id`
}

/** Parses the rows of `lastEventsQuery`: the last event of each revision, and the identity of the database. */
export function parseLastEvents(rows: readonly Row[]): {
  readonly last: ReadonlyMap<string, LastEvent>
  readonly identity: DatabaseIdentity | null
} {
  const revisions = rows.filter(({ revision }) => revision !== null).map(parseLastEvent)
  const [database] = rows.filter(({ revision }) => revision === null).map(parseLastEvent)
  const identity = database?.detail.identity
  return {
    last: new Map(revisions.map((event) => [event.revision, event])),
    identity: database === undefined || identity === undefined ? null : { ...identity, since: database.at },
  }
}

/** Events by the names that earlier releases wrote. */
export const formerEventNames: Readonly<Record<string, LedgerEvent>> = { 'rolled back': 'undone' }

function parseLastEvent({ revision, event, host, at, checksum, detail }: Row): LastEvent {
  return {
    revision: String(revision),
    event: formerEventNames[String(event)] ?? String(event),
    host: String(host),
    at: at instanceof Date ? at.toISOString() : String(at),
    checksum: typeof checksum === 'string' ? checksum : null,
    detail: parseLedgerDetail(detail),
  }
}

function parseLedgerDetail(value: unknown): LedgerDetail {
  if (!isRecord(value)) return {}
  const { file, transaction, changes, postgres, reason, differences, identity } = value
  return {
    ...(typeof file === 'string' ? { file } : {}),
    ...(typeof transaction === 'boolean' ? { transaction } : {}),
    ...(typeof changes === 'string' ? { changes } : {}),
    ...(typeof postgres === 'number' ? { postgres } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof differences === 'number' ? { differences } : {}),
    ...(isStoredIdentity(identity) ? { identity } : {}),
  }
}

/** Whether a fact of a row is the identity of a database. */
export function isStoredIdentity(value: unknown): value is StoredIdentity {
  return isRecord(value) && ['id', 'service', 'environment'].every((name) => typeof value[name] === 'string')
}
