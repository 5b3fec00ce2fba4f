import pg from 'pg'
import type { DatabaseIdentity } from '../../core/history/ownership.js'
import { isRecord } from '../../core/text/is-record.js'
import { queryRows } from '../connection/query.js'

/** Our append-only ledger beside Knex's own. */
export const ledgerTable = 'schemagate_ledger'

/**
 * What happened: to a revision (`undone` had no failure of its own, and was rolled back with its transaction; `stamped` and
 * `repaired` were recorded without being run; `forgotten` is no longer recorded because its file is lost; `started` as the
 * last event means that it was interrupted), or to the database, whose rows have no revision: its identity, and each index
 * that is repaired.
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

/** Who writes: kept with every row. */
export interface LedgerWriter {
  readonly host: string
  readonly release: string | null
}

/** What else is kept with a row, as JSON. */
export interface LedgerDetail {
  /** The file's name: texts of files that are called differently are not compared. */
  readonly file?: string | null
  /** Whether the revision had a transaction, which takes everything back when it ends badly. */
  readonly transaction?: boolean
  /** A hash of the catalog changes that were promised and verified, and the PostgreSQL major whose words they are. */
  readonly changes?: string
  readonly postgres?: number
  /** Why somebody forced it, and how many differences there were. */
  readonly reason?: string
  readonly differences?: number
  readonly identity?: StoredIdentity
  /** The key of an index that is repaired, and how. */
  readonly index?: string
  readonly statements?: readonly string[]
}

/** Whose the database is from then on. */
type StoredIdentity = Omit<DatabaseIdentity, 'since'>

export interface LedgerEntry {
  readonly revision: string | null
  readonly event: LedgerEvent
  /** Milliseconds, null where it is not over or was not measured. */
  readonly duration?: number
  readonly checksum?: string | null
  readonly error?: string
  readonly detail?: LedgerDetail
}

/** The last thing on record about a revision. */
export interface LastEvent {
  readonly revision: string
  readonly event: string
  readonly host: string
  /** ISO 8601. */
  readonly at: string
  readonly checksum: string | null
  readonly detail: LedgerDetail
}

/** Where a ledger is and what it records. */
export interface Ledger {
  readonly schema: string
  /** Names as Knex recorded them, in order. */
  readonly names: readonly string[]
  /** By revision; none where only Knex kept a record. */
  readonly last: ReadonlyMap<string, LastEvent>
}

export function quoteTableName(schema: string, table: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`
}

/** Creates our ledger where Knex's is, or brings one of an earlier release up to date. To be called under the lock. */
export async function ensureLedger(client: pg.ClientBase, schema: string): Promise<void> {
  const table = quoteTableName(schema, ledgerTable)
  const [found] = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(table)}) is not null as there, exists (select from pg_attribute
      where attrelid = to_regclass(${pg.escapeLiteral(table)}) and attname = 'detail') as recent`,
  )
  if (found?.['there'] !== true) await client.query(createLedgerStatement(table))
  else if (found['recent'] !== true) await client.query(updateLedgerStatement(table))
}

/** Events have no check constraint: an older build may have to live with rows of a newer one. */
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

/** Appends rows. Inside a transaction they share its fate, which is what an `applied` row is for. */
export async function appendEntries(
  client: pg.ClientBase,
  { schema, writer }: { readonly schema: string; readonly writer: LedgerWriter },
  entries: readonly LedgerEntry[],
): Promise<void> {
  for (const { revision, event, duration, checksum, error, detail } of entries)
    await client.query(
      `insert into ${quoteTableName(schema, ledgerTable)} (revision, event, duration_ms, host, release, checksum, error, detail)
        values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        revision,
        event,
        duration === undefined ? null : Math.round(duration),
        writer.host,
        writer.release,
        checksum ?? null,
        error ?? null,
        detail === undefined ? null : JSON.stringify(detail),
      ],
    )
}

/** SQL for the last event of each revision and the newest identity. A ledger of an earlier release has no `detail`. */
export function lastEventsQuery(schema: string): string {
  return `select revision, event, host, at, checksum, detail from (
      select distinct on (revision) id, revision, event, host, at, checksum, to_jsonb(l) -> 'detail' as detail
      from ${quoteTableName(schema, ledgerTable)} l where revision is not null or event in ('identified', 'adopted')
      order by revision, id desc
    ) last order by id`
}

/** What the rows of `lastEvents` say: the last event of each revision, and whose the database is. */
export function parseLastEvents(
  rows: readonly Readonly<Record<string, unknown>>[],
): Pick<Ledger, 'last'> & { readonly identity: DatabaseIdentity | null } {
  const events = rows.map((row) => ({ ...parseLastEvent(row), named: row['revision'] !== null }))
  const own = events.find(({ named }) => !named)
  return {
    last: new Map(events.filter(({ named }) => named).map((event) => [event.revision, event])),
    identity: own?.detail.identity === undefined ? null : { ...own.detail.identity, since: own.at },
  }
}

/** Events by the names that earlier releases wrote. */
const formerEventNames: Readonly<Record<string, LedgerEvent>> = { 'rolled back': 'undone' }

function parseLastEvent({
  revision,
  event,
  host,
  at,
  checksum,
  detail,
}: Readonly<Record<string, unknown>>): LastEvent {
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

function isStoredIdentity(value: unknown): value is StoredIdentity {
  return isRecord(value) && ['id', 'service', 'environment'].every((name) => typeof value[name] === 'string')
}
