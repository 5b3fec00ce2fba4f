import pg from 'pg'
import { describeOwner } from '../../core/history/ownership.js'
import type { LoggedEvent, RecordedRevision } from '../../core/history/revision-log.js'
import { formatBytes } from '../../core/text/format.js'
import { isRecord } from '../../core/text/is-record.js'
import { queryRows, type Row } from '../connection/query.js'
import { formerEventNames, isStoredIdentity, ledgerTable, quoteTableName } from './ledger.js'

/** Where the ledgers are, and how the names in Knex's are told. */
export interface LogPlace {
  readonly schema: string
  readonly tableName: string
  readonly findRevision: (name: string) => string
}

/** What Knex has recorded, in its order. */
export async function readRecorded(
  client: pg.ClientBase,
  { schema, tableName, findRevision }: LogPlace,
): Promise<readonly RecordedRevision[]> {
  const rows = await queryRows(
    client,
    `select name, migration_time as at from ${quoteTableName(schema, tableName)} order by id`,
  )
  return rows.map(({ name, at }) => ({
    revision: findRevision(String(name)),
    at: at instanceof Date ? at.toISOString() : null,
  }))
}

/** All rows of our ledger, oldest first, but for the states in which the database was verified. Empty where there is none. */
export async function readLog(client: pg.ClientBase, schema: string): Promise<readonly LoggedEvent[]> {
  const table = quoteTableName(schema, ledgerTable)
  const [found] = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(table)}) is not null as present`,
  )
  if (found?.['present'] !== true) return []
  const rows = await queryRows(
    client,
    `select revision, event, at, duration_ms, role, host, release, error, to_jsonb(l) -> 'detail' as detail
      from ${table} l where event <> 'verified' order by id`,
  )
  return rows.map(parseLoggedEvent)
}

function parseLoggedEvent({
  revision,
  event,
  at,
  duration_ms: duration,
  role,
  host,
  detail,
  ...row
}: Row): LoggedEvent {
  const facts = isRecord(detail) ? detail : {}
  const { notices, reason } = facts
  const name = String(event)
  return {
    revision: textOrNull(revision),
    event: formerEventNames[name] ?? name,
    at: at instanceof Date ? at.toISOString() : String(at),
    duration: typeof duration === 'number' ? duration : null,
    role: String(role),
    host: String(host),
    release: textOrNull(row['release']),
    error: textOrNull(row['error']),
    notices: Array.isArray(notices) ? notices.map(String) : [],
    reason: textOrNull(reason),
    subject: subjectOf(facts),
  }
}

function subjectOf({ identity, statements, backup }: Readonly<Record<string, unknown>>): string | null {
  if (isRecord(backup))
    return `${String(backup['name'])}, ${formatBytes(Number(backup['size']))}, sha256 ${String(backup['sha256'])}`
  if (isStoredIdentity(identity)) return describeOwner(identity)
  return Array.isArray(statements) ? statements.map(String).join('; ') : null
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
