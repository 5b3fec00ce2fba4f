import pg from 'pg'
import type { Facts } from '../core/catalog.js'
import { queryRows } from './query.js'

/** Our append-only ledger beside Knex's own. */
export const ledgerTable = 'schemagate_ledger'

/** What happened to a revision: `stamped` was recorded without being run. `started` without another after it was interrupted. */
export type LedgerEvent = 'started' | 'applied' | 'failed' | 'rolled back' | 'reverted' | 'stamped'

/** Who writes: kept with every row. */
export interface Writer {
  readonly host: string
  readonly release: string | null
}

export interface LedgerEntry {
  readonly revision: string
  readonly event: LedgerEvent
  /** Milliseconds, null where it is not over or was not measured. */
  readonly duration?: number
  readonly checksum?: string | null
  readonly error?: string
}

/** An attempt that ended neither well nor badly: its process was killed, or still runs. */
export interface Attempt {
  readonly revision: string
  readonly host: string
  readonly startedAt: string
}

/** Where a ledger is and what it records. */
export interface Ledger {
  readonly schema: string
  /** Names as Knex recorded them, in order. */
  readonly names: readonly string[]
  readonly interrupted: readonly Attempt[]
}

export function qualified(schema: string, table: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`
}

/** Creates our ledger where Knex's is. To be called under the lock. */
export async function ensureLedger(client: pg.ClientBase, schema: string): Promise<void> {
  const exists = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(qualified(schema, ledgerTable))}) as oid`,
  )
  if (exists[0]?.['oid'] !== null) return
  await client.query(`create table ${qualified(schema, ledgerTable)} (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    revision text not null,
    event text not null check (event in ('started', 'applied', 'failed', 'rolled back', 'reverted', 'stamped')),
    duration_ms integer,
    role text not null default current_user,
    host text not null,
    release text,
    checksum text,
    error text
  )`)
}

/** Appends rows. Inside a transaction they share its fate, which is what an `applied` row is for. */
export async function append(
  client: pg.ClientBase,
  { schema, writer }: { readonly schema: string; readonly writer: Writer },
  entries: readonly LedgerEntry[],
): Promise<void> {
  for (const { revision, event, duration, checksum, error } of entries)
    await client.query(
      `insert into ${qualified(schema, ledgerTable)} (revision, event, duration_ms, host, release, checksum, error)
        values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        revision,
        event,
        duration === undefined ? null : Math.round(duration),
        writer.host,
        writer.release,
        checksum ?? null,
        error ?? null,
      ],
    )
}

/** SQL for the attempts that were started and never ended. */
export function interruptedAttempts(schema: string): string {
  return `select revision, host, at from (
      select distinct on (revision) revision, host, at, event, id
      from ${qualified(schema, ledgerTable)} order by revision, id desc
    ) last where event = 'started' order by id`
}

/** An attempt from its row. */
export function asAttempt({ revision, host, at }: Readonly<Record<string, unknown>>): Attempt {
  return {
    revision: String(revision),
    host: String(host),
    startedAt: at instanceof Date ? at.toISOString() : String(at),
  }
}

/** Which of the promised objects of a revision are there: for a revision that may be half done. */
export function presence(
  changes: Readonly<Record<string, Facts | null>>,
  live: Readonly<Record<string, Facts>>,
): { readonly done: readonly string[]; readonly open: readonly string[] } {
  const keys = Object.keys(changes)
  const isDone = (key: string): boolean => (changes[key] === null) === (live[key] === undefined)
  return { done: keys.filter(isDone), open: keys.filter((key) => !isDone(key)) }
}
