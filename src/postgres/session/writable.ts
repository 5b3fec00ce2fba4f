import type pg from 'pg'
import { type ErrorChoice, SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { queryRows, type Row } from '../connection/query.js'

/** Throws SCHEMA_READ_ONLY where transactions of this session cannot write, and says by which setting. */
export async function requireWritable(client: pg.ClientBase, connection: Connection): Promise<void> {
  const [row = {}] = await queryRows(client, readOnlyQuery)
  if (row['standby'] === true) throw standbyError(connection)
  if (row['read_only'] === true) throw readOnlyError(row, connection)
}

const readOnlyQuery = `select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::bool as read_only,
    s.source, s.sourcefile, s.sourceline, quote_ident(session_user) as role, quote_ident(current_database()) as database
  from pg_settings s where s.name = 'default_transaction_read_only'`

const setting = 'default_transaction_read_only'

function standbyError(connection: Connection): SchemaError {
  return new SchemaError('SCHEMA_READ_ONLY', {
    what: 'The database is a standby: it replays its primary and cannot be written. Nothing was done.',
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [['MIGRATION_DATABASE_URL', 'names the primary']],
  })
}

function readOnlyError(row: Row, connection: Connection): SchemaError {
  const { where, choice } = originOf(row)
  return new SchemaError('SCHEMA_READ_ONLY', {
    what: `Every transaction of this session is read-only, because ${setting} is on. Nothing was done.`,
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['setting', `${setting} = on, set ${where}`],
    ],
    choices: [
      choice,
      ['ask the provider', 'some set it while the disk is full, or while another server takes over'],
    ],
  })
}

/** Where PostgreSQL has the setting from, and what takes it back there. */
function originOf(row: Row): { readonly where: string; readonly choice: ErrorChoice } {
  const [source, role, database] = [String(row['source']), String(row['role']), String(row['database'])]
  const resettable: Readonly<Record<string, readonly [where: string, statement: string]>> = {
    database: [`for database ${database}`, `alter database ${database}`],
    user: [`for role ${role}`, `alter role ${role}`],
    'database user': [
      `for role ${role} in database ${database}`,
      `alter role ${role} in database ${database}`,
    ],
  }
  const [where, statement] = resettable[source] ?? []
  return where === undefined
    ? { where: describeSource(source, row), choice: [`${setting} = off`, 'allows writing, where it is set'] }
    : { where, choice: [`${statement} reset ${setting}`, 'allows writing to new sessions'] }
}

function describeSource(source: string, { sourcefile, sourceline }: Row): string {
  if (source === 'client') return 'by the options of the database URL'
  return typeof sourcefile === 'string'
    ? `in ${sourcefile}:${String(sourceline)}`
    : `by the server's ${source}`
}
