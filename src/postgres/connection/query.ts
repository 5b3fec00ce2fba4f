import type pg from 'pg'

/** One result of a message: the names of its columns and its rows as arrays. */
export interface QueryResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

/** Type parsers of our own, because a project may have changed pg's global ones. Keys are type OIDs of pg_type. */
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
 * Sends several statements as one simple-query message (one round trip) and returns the results of those that have
 * columns, in order. Parameters cannot be used; quote values with `pg.escapeLiteral`.
 */
export async function queryAll(client: pg.ClientBase, text: string): Promise<readonly QueryResult[]> {
  const answer: unknown = await client.query({ text, rowMode: 'array', types: parserSettings })
  return [answer]
    .flat()
    .filter(isPgResult)
    .filter(({ fields }) => fields.length > 0)
    .map(({ fields, rows }) => ({ columns: fields.map(({ name }) => name), rows }))
}

/** The rows of the last statement of a message, each as an object of its columns. */
export async function queryRows(
  client: pg.ClientBase,
  text: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const results = await queryAll(client, text)
  const last = results.at(-1)
  if (last === undefined) return []
  return last.rows.map((row) => Object.fromEntries(last.columns.map((name, index) => [name, row[index]])))
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
