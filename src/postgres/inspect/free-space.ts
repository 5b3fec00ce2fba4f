import { readFile, statfs } from 'node:fs/promises'
import { endianness } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { queryRows } from '../connection/query.js'

/** A folder in which a server keeps tables, and how many bytes are free there. */
export interface TableFolder {
  readonly folder: string
  readonly free: number
}

/** The folders of tables by their names in SQL, or why they are not known. */
export type TableFolders =
  { readonly folders: ReadonlyMap<string, TableFolder> } | { readonly unknown: string }

/**
 * How much is free where tables are. PostgreSQL does not say it, so that it is known only where the server runs on this
 * machine, and its files can be read.
 */
export async function readTableFolders(
  client: pg.ClientBase,
  tables: readonly string[],
): Promise<TableFolders> {
  const [server] = await queryRows(
    client,
    `select has_function_privilege('pg_control_system()', 'execute') as allowed,
      (select setting from pg_settings where name = 'data_directory') as folder`,
  )
  const data = server?.['folder']
  // Only pg_read_all_settings may see it, which pg_monitor has.
  if (typeof data !== 'string' || server?.['allowed'] !== true)
    return { unknown: 'the role may not see data_directory, as pg_monitor may' }
  if (!(await isOfServer(client, data)))
    return { unknown: 'the files of the server are not on this machine, or cannot be read' }
  const folders = new Map<string, TableFolder>()
  for (const [table, place] of await readTablespaces(client, tables)) {
    const folder = place === '' ? data : place
    const { bavail, bsize } = await statfs(folder)
    folders.set(table, { folder, free: bavail * bsize })
  }
  return { folders }
}

/** Whether a folder of this machine is that of the server: its control file begins with the number that initdb gave it. */
async function isOfServer(client: pg.ClientBase, data: string): Promise<boolean> {
  const control = await readFile(join(data, 'global', 'pg_control')).catch(() => null)
  if (control === null || control.length < 8) return false
  const found = endianness() === 'LE' ? control.readBigUInt64LE() : control.readBigUInt64BE()
  const [row] = await queryRows(
    client,
    'select system_identifier::text as identifier from pg_control_system()',
  )
  return row?.['identifier'] === String(BigInt.asIntN(64, found))
}

/** The folder of the tablespace of each table; empty for that of the server's own data. */
async function readTablespaces(
  client: pg.ClientBase,
  tables: readonly string[],
): Promise<readonly (readonly [table: string, folder: string])[]> {
  const rows = await queryRows(
    client,
    `select name, pg_tablespace_location(coalesce(nullif(c.reltablespace, 0), d.dattablespace)) as folder
      from unnest(array[${tables.map((name) => pg.escapeLiteral(name)).join(', ')}]::text[]) named(name)
      join pg_class c on c.oid = to_regclass(name) join pg_database d on d.datname = current_database()`,
  )
  return rows.map(({ name, folder }) => [String(name), typeof folder === 'string' ? folder : ''])
}
