import pg from 'pg'
import { errorMessage } from '../../core/text/redact.js'
import { redactMessageValues } from '../../postgres/connection/error-values.js'
import { queryRows } from '../../postgres/connection/query.js'
import { isServerError } from '../../postgres/connection/sqlstate.js'
import type { DataQuestion, RowsEffect } from './data-questions.js'

/** What the rows of the database answered. */
export interface DataAnswer {
  readonly table: string
  readonly about: string
  readonly rows: string
  readonly effect: RowsEffect
  /** How many were found; there may be more of `most` and more. Null where it is not known. */
  readonly found: number | null
  readonly most: number
  /** The key of one of them, by its columns: `id = 7`. */
  readonly example: string | null
  /** Why it is not known. */
  readonly unknown: string | null
}

/** No more are counted. */
const most = 1_000

/** Asks the rows of a database in the transaction of the client, which says how long a statement may take. */
export async function askTarget(
  client: pg.ClientBase,
  questions: readonly DataQuestion[],
): Promise<readonly DataAnswer[]> {
  const answers: DataAnswer[] = []
  for (const question of questions) answers.push(await ask(client, question))
  return answers
}

async function ask(client: pg.ClientBase, question: DataQuestion): Promise<DataAnswer> {
  const { table, about, rows, effect, source } = question
  const asked = { table, about, rows, effect, most }
  try {
    await client.query('savepoint schemagate_question')
    const key = await keyExpression(client, table)
    const [row] = await queryRows(
      client,
      `select count(*) as found, min(key) as example from (${source(table, key)} limit ${most}) counted`,
    )
    await client.query('release savepoint schemagate_question')
    const found = Number(row?.['found'])
    return { ...asked, found, example: found === 0 ? null : String(row?.['example']), unknown: null }
  } catch (error) {
    await client.query('rollback to savepoint schemagate_question')
    return { ...asked, found: null, example: null, unknown: reasonOf(error) }
  }
}

/** PostgreSQL may name a value. */
function reasonOf(error: unknown): string {
  return isServerError(error) ? redactMessageValues(error.code ?? '', error.message) : errorMessage(error)
}

/** The primary key of a row `r` as text; where there is none, the place of the row. */
async function keyExpression(client: pg.ClientBase, table: string): Promise<string> {
  const rows = await queryRows(
    client,
    `select quote_ident(a.attname) as name from pg_index i
     join unnest(i.indkey) with ordinality k(number, place) on true
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
     where i.indisprimary and i.indrelid = to_regclass(${pg.escapeLiteral(table)}) order by k.place`,
  )
  const columns = rows.map(({ name }) => String(name))
  if (columns.length === 0) return `'ctid = ' || r.ctid::text`
  return columns
    .map((column) => `${pg.escapeLiteral(`${column} = `)} || r.${column}::text`)
    .join(` || ', ' || `)
}
