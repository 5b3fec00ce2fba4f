import type pg from 'pg'

/** The result of one statement: the names of its columns, and its rows as arrays. */
export interface QueryResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

/** One row as an object of its columns. */
export type Row = Readonly<Record<string, unknown>>

/** By oid of the type. Not pg's global parsers, because a project may have changed them. */
const typeParsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  20: Number,
  21: Number,
  23: Number,
  114: (text) => JSON.parse(text),
  701: Number,
  1184: (text) => new Date(text),
  3802: (text) => JSON.parse(text),
}

const parserSettings = { getTypeParser: (oid: number) => typeParsers[oid] ?? ((text: string) => text) }

/**
 * Sends several statements as one simple-query message (one round trip), and returns the results of those that have
 * columns, in order. Such a message takes no parameters: quote values with `pg.escapeLiteral`.
 */
export async function queryAll(client: pg.ClientBase, text: string): Promise<readonly QueryResult[]> {
  const answer: unknown = await client.query({ text, rowMode: 'array', types: parserSettings })
  return [answer]
    .flat()
    .filter(isPgResult)
    .filter(({ fields }) => fields.length > 0)
    .map(({ fields, rows }) => ({ columns: fields.map(({ name }) => name), rows }))
}

/** The rows of the last statement of a message. */
export async function queryRows(client: pg.ClientBase, text: string): Promise<readonly Row[]> {
  return rowsOf((await queryAll(client, text)).at(-1))
}

/** The rows of a result; none where there is no result. */
export function rowsOf(result: QueryResult | undefined): readonly Row[] {
  if (result === undefined) return []
  const { columns, rows } = result
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
}

/** The process id of this session on the server. */
export async function readBackendPid(client: pg.ClientBase): Promise<number> {
  const [row] = await queryRows(client, 'select pg_backend_pid() as pid')
  return Number(row?.['pid'])
}

/** The major version of the server. */
export async function readServerMajor(client: pg.ClientBase): Promise<number> {
  const [row] = await queryRows(client, `select current_setting('server_version_num')::int / 10000 as major`)
  return Number(row?.['major'])
}

interface PgResult {
  readonly fields: readonly { readonly name: string }[]
  readonly rows: readonly (readonly unknown[])[]
}

function isPgResult(value: unknown): value is PgResult {
  return typeof value === 'object' && value !== null && 'fields' in value && Array.isArray(value.fields)
}
