import pg from 'pg'
import { isRecord } from '../../core/text/is-record.js'
import { queryRows, type Row } from '../connection/query.js'
import { serverParametersStatement } from '../connection/settings.js'
import { rememberedStatements } from './remember-statements.js'

/** What a session was set to before the code of a migration could change it. */
export interface SessionSettings {
  /** `none` for the user of the session itself. */
  readonly role: string
  readonly user: string
  readonly searchPath: string
  /** SQL that sets the session to all that again, in a transaction or outside of one. */
  readonly restore: string
}

/** Reads what this session is set to by itself, beyond what the server, the database and the role set. */
export async function readSessionSettings(client: pg.ClientBase): Promise<SessionSettings> {
  const names = ownSettingNames(rememberedStatements(client)).map((name) => pg.escapeLiteral(name))
  const [row = {}] = await queryRows(
    client,
    `select ${currentSettingsColumns}, (select json_object_agg(name, setting) from pg_settings
      where source = 'session' and context in ('user', 'superuser') and name not in ('role', 'session_authorization',
        'transaction_isolation', 'transaction_read_only', 'transaction_deferrable')) as settings,
      (select json_object_agg(own, current_setting(own)) from unnest(array[${names.join(', ')}]::text[]) own
        where current_setting(own, true) is not null
          and not exists (select from pg_settings s where lower(s.name) = own)) as own`,
  )
  const current = parseCurrentSettings(row)
  const found = [row['settings'], row['own']].flatMap((each) => (isRecord(each) ? Object.entries(each) : []))
  const settings = Object.fromEntries(found.map(([name, value]) => [name, String(value)]))
  const statements = [
    'reset session authorization',
    'reset role',
    'reset all',
    serverParametersStatement(settings, 'session'),
    ...(current.role === 'none' ? [] : [`set role ${pg.escapeIdentifier(current.role)}`]),
  ]
  return { ...current, restore: statements.filter(Boolean).join('; ') }
}

/**
 * What may be the name of a setting like `app.customer`, which PostgreSQL has no list of: it is asked which of them are set.
 * The texts are those that the session was prepared with.
 */
function ownSettingNames(texts: readonly string[]): readonly string[] {
  const found = texts.flatMap((text) => text.match(/\b[a-z_]\w*(?:\.[a-z_]\w*)+/gi) ?? [])
  return [...new Set(found.map((name) => name.toLowerCase()))]
}

/** The columns that `parseCurrentSettings` reads. */
export const currentSettingsColumns = `current_setting('role') as role, session_user as "user", current_setting('search_path') as search_path`

/** Parses a row with the columns of `currentSettingsColumns`. */
export function parseCurrentSettings(row: Row): Omit<SessionSettings, 'restore'> {
  return {
    role: String(row['role']),
    user: String(row['user']),
    searchPath: String(row['search_path']),
  }
}
