import pg from 'pg'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { type DatabaseAddress, describeAddress } from '../connection/address.js'
import { queryRows, type Row } from '../connection/query.js'
import { ledgerTable } from './ledger.js'

/** The commands of a policy, as pg_policy names them. */
const policyCommands = { select: 'r', insert: 'a', update: 'w', delete: 'd' } as const

type LedgerCommand = keyof typeof policyCommands

/**
 * SQL: whether row security of the table `c` of pg_class may keep rows from the present role for this command. It does not
 * where a policy lets the role do it to every row, and no other policy restricts that.
 */
export function hidesRowsCondition(command: LedgerCommand): string {
  const expression =
    command === 'select' || command === 'delete' ? 'p.polqual' : 'coalesce(p.polwithcheck, p.polqual)'
  const applies = `p.polrelid = c.oid and p.polcmd in ('*', '${policyCommands[command]}')
      and (p.polroles = '{0}' or exists (select from unnest(p.polroles) r where r <> 0 and pg_has_role(r, 'usage')))`
  return `(row_security_active(c.oid) and (
    not exists (select from pg_policy p where ${applies} and p.polpermissive
      and pg_get_expr(${expression}, p.polrelid) = 'true')
    or exists (select from pg_policy p where ${applies} and not p.polpermissive)))`
}

/** The error of a ledger whose rows are hidden: without it the database would seem to be empty, or to lack revisions. */
export function hiddenLedgerError(table: string, address: DatabaseAddress): SchemaError {
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `Row security hides rows of ${table} from role "${address.user}", so what is recorded cannot be known. Nothing was done.`,
    facts: [['database', describeAddress(address)]],
    choices: [policyChoice(table, address.user), ownerChoice(table)],
  })
}

/** The error of a schema that has a ledger and that the role may not use. */
export function closedSchemaError(schema: string, address: DatabaseAddress): SchemaError {
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `Role "${address.user}" may not use schema "${schema}", which has a ledger, so what is recorded cannot be known. Nothing was done.`,
    facts: [['database', describeAddress(address)]],
    choices: [
      [
        `grant usage on schema ${pg.escapeIdentifier(schema)} to ${pg.escapeIdentifier(address.user)}`,
        'allows it',
      ],
    ],
  })
}

/** What is done to which table of the ledgers when revisions are recorded. */
const neededCommands = (tableName: string): Readonly<Record<string, readonly LedgerCommand[]>> => ({
  [tableName]: ['select', 'insert'],
  [`${tableName}_lock`]: ['select', 'update'],
  [ledgerTable]: ['select', 'insert'],
})

/**
 * Throws SCHEMA_PRIVILEGE_MISSING, with the statements that help, where the role may not write to the ledgers there are: it
 * would show only after a migration has run, as if that had failed.
 */
export async function requireLedgerAccess(
  client: pg.ClientBase,
  schema: string,
  tableName: string,
  address: DatabaseAddress,
): Promise<void> {
  const rows = await queryRows(client, accessQuery(schema, tableName))
  const missing = rows.map((row) => missingAccess(row, neededCommands(tableName)))
  const grants = [
    ...(await missingCreate(client, schema, rows.length)),
    ...missing.flatMap(({ privileges }) => privileges),
  ]
  const secured = missing.flatMap(({ policies }) => policies)
  if (grants.length + secured.length === 0) return
  const user = pg.escapeIdentifier(address.user)
  throw new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `Role "${address.user}" may not record revisions. Nothing was done.`,
    facts: [
      ['database', describeAddress(address)],
      ...listFact('lacks', grants),
      ...listFact(
        'row security',
        secured.map((table) => `${table} refuses rows of this role`),
      ),
    ],
    choices: [
      ...grants.map((grant) => [`grant ${grant} to ${user}`, 'allows it'] as const),
      ...secured.map((table) => policyChoice(table, address.user)),
      ['MIGRATION_DATABASE_URL', 'names the same database with the role that owns the ledgers'],
    ],
  })
}

/** Knex creates its tables where they are not there. */
async function missingCreate(
  client: pg.ClientBase,
  schema: string,
  tables: number,
): Promise<readonly string[]> {
  if (tables === 3) return []
  const [row] = await queryRows(
    client,
    `select has_schema_privilege(${pg.escapeLiteral(schema)}, 'create') as may_create`,
  )
  return row?.['may_create'] === true ? [] : [`create on schema ${pg.escapeIdentifier(schema)}`]
}

function accessQuery(schema: string, tableName: string): string {
  const names = Object.keys(neededCommands(tableName)).map((name) => pg.escapeLiteral(name))
  const commands: readonly LedgerCommand[] = ['select', 'insert', 'update']
  const columns = commands.flatMap((command) => [
    `has_table_privilege(c.oid, '${command}') as may_${command}`,
    `${hidesRowsCondition(command)} as hides_${command}`,
  ])
  return `select c.relname as table, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name, ${columns.join(', ')},
      serial.name as sequence, has_sequence_privilege(serial.name, 'usage') as may_number
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attname = 'id' and a.attidentity = ''
      left join lateral pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) serial (name) on true
    where n.nspname = ${pg.escapeLiteral(schema)} and c.relname in (${names.join(', ')}) and c.relkind in ('r', 'p')
    order by 1`
}

interface MissingAccess {
  /** As GRANT has them: `insert on public.knex_migrations`. */
  readonly privileges: readonly string[]
  /** The tables whose row security is in the way. */
  readonly policies: readonly string[]
}

function missingAccess(row: Row, needed: Readonly<Record<string, readonly LedgerCommand[]>>): MissingAccess {
  const commands = needed[String(row['table'])] ?? []
  const name = String(row['name'])
  const lacking = commands.filter((command) => row[`may_${command}`] !== true)
  const hides = commands.some((command) => row[`hides_${command}`] === true)
  return {
    privileges: [
      ...(lacking.length === 0 ? [] : [`${lacking.join(', ')} on ${name}`]),
      ...(row['may_number'] === false ? [`usage, update on sequence ${String(row['sequence'])}`] : []),
    ],
    policies: hides ? [name] : [],
  }
}

function listFact(name: string, lines: readonly string[]): readonly ErrorFact[] {
  return lines.length === 0 ? [] : [[name, lines]]
}

function policyChoice(table: string, user: string): ErrorChoice {
  return [
    `create policy schemagate on ${table} to ${pg.escapeIdentifier(user)} using (true) with check (true)`,
    'shows this role every row',
  ]
}

function ownerChoice(table: string): ErrorChoice {
  return [`alter table ${table} disable row level security`, 'if nobody needs it there']
}
