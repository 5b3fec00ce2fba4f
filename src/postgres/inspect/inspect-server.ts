import pg from 'pg'
import type { DatabaseAddress } from '../connection/address.js'
import { addressOf } from '../connection/address.js'
import { queryRows } from '../connection/query.js'
import { ledgerTable } from '../ledger/ledger.js'
import { askServer, attemptTo, type InspectOptions } from './inspect.js'

/** A database and where its ledgers are, without what is in them. */
export interface InspectedServer {
  readonly database: DatabaseAddress
  /** The PostgreSQL schema of Knex's ledger; null where Knex has no schema to use. */
  readonly schema: string | null
  /** Null where there is no ledger of Knex. */
  readonly ledgerSchema: string | null
  /** Whether there are tables besides the ledgers where the project's would be. */
  readonly hasTables: boolean
}

/** Reads where the ledgers are, neither their rows nor the catalog. Throws what `inspect` throws. */
export function inspectServer(client: pg.ClientBase, options: InspectOptions): Promise<InspectedServer> {
  const { connection, project } = options
  return attemptTo(client, options, async () => {
    const { server } = await askServer(client, options, [])
    const { user, name, schema, ledgerSchema, searchPath } = server
    const ledgers = [project.tableName, `${project.tableName}_lock`, ledgerTable]
    const [row] = await queryRows(client, hasTablesQuery([...searchPath, schema ?? ''], ledgers))
    await client.query('commit')
    const database = { ...addressOf(connection), user, name }
    return { database, schema, ledgerSchema, hasTables: row?.['found'] === true }
  })
}

/** Those of extensions are not the project's. */
function hasTablesQuery(schemas: readonly string[], except: readonly string[]): string {
  const listed = (names: readonly string[]): string => names.map((name) => pg.escapeLiteral(name)).join(', ')
  return `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname in (${listed(schemas)}) and c.relname not in (${listed(except)})
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')) as found`
}
