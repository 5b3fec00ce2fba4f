import pg from 'pg'
import { describeDuration } from '../../core/text/format.js'
import { errorMessage } from '../../core/text/redact.js'
import { redactMessageValues } from '../../postgres/connection/error-values.js'
import { queryRows } from '../../postgres/connection/query.js'
import { hasSqlState, isServerError, sqlState } from '../../postgres/connection/sqlstate.js'
import type { DataQuestion, RowsEffect } from './data-question.js'

/** What the rows of the database answered. */
export interface DataAnswer {
  readonly table: string
  readonly about: string
  readonly rows: string
  readonly effect: RowsEffect
  /** How many were found. Null where it is not known. */
  readonly found: number | null
  /** Whether there are no more: false where counting ended at a bound, or looked at a part of the table only. */
  readonly isAll: boolean
  /** The key of one of them, by its columns: `id = 7`. */
  readonly example: string | null
  /** Why it is not known. */
  readonly unknown: string | null
}

/** No more are counted. */
const most = 1_000

/** How long questions may take, in milliseconds. */
export interface QuestionBounds {
  readonly each: number
  readonly all: number
}

const questionBounds: QuestionBounds = { each: 5_000, all: 60_000 }

/**
 * Asks the rows of a database in the transaction of the client. No lock is held longer than its question takes, and what takes
 * too long is asked of a part of the table.
 */
export async function askTarget(
  client: pg.ClientBase,
  questions: readonly DataQuestion[],
  { each, all } = questionBounds,
): Promise<readonly DataAnswer[]> {
  const end = performance.now() + all
  const answers: DataAnswer[] = []
  for (const question of questions) {
    const limit = Math.round(Math.min(each, end - performance.now()))
    answers.push(
      limit > 0
        ? await ask(client, question, limit)
        : notKnown(question, `the questions before it took ${describeDuration(all)}`),
    )
  }
  return answers
}

async function ask(client: pg.ClientBase, question: DataQuestion, limit: number): Promise<DataAnswer> {
  const why = `to look at all rows takes longer than ${describeDuration(limit)}`
  const whole = await tryToCount(client, limit, question, () => question.table)
  if (whole !== null) return whole
  for (const pages of samples) {
    let percent = ''
    const part = await tryToCount(client, limit, question, async () => {
      percent = await percentOf(client, question.table, pages)
      return `(select ctid, * from ${question.table} tablesample system (${percent}))`
    })
    if (part?.found === 0) return notKnown(question, `${why}; there is none in a sample of ${percent} %`)
    if (part !== null) return { ...part, isAll: false }
  }
  return notKnown(question, why)
}

/** How many pages are looked at where all of a table take too long, then where these do. */
const samples = [1_000, 10]

/** Null where it takes too long. What is rolled back to a savepoint has released its locks. */
async function tryToCount(
  client: pg.ClientBase,
  limit: number,
  question: DataQuestion,
  rowsOf: () => string | Promise<string>,
): Promise<DataAnswer | null> {
  const { table, about, rows, effect, source } = question
  await client.query(`savepoint schemagate_question; set local statement_timeout = ${limit}`)
  try {
    const sql = source(await rowsOf(), await keyExpression(client, table))
    const [row] = await queryRows(
      client,
      `select count(*) as found, min(key) as example from (${sql} limit ${most}) counted`,
    )
    const found = Number(row?.['found'])
    const example = found === 0 ? null : String(row?.['example'])
    return { table, about, rows, effect, found, isAll: found < most, example, unknown: null }
  } catch (error) {
    return hasSqlState(error, sqlState.queryCanceled) ? null : notKnown(question, reasonOf(error))
  } finally {
    await client.query('rollback to savepoint schemagate_question; release savepoint schemagate_question')
  }
}

/** Which part of a table so many pages are. */
async function percentOf(client: pg.ClientBase, table: string, pages: number): Promise<string> {
  const name = pg.escapeLiteral(table)
  const [row] = await queryRows(
    client,
    `select sum(pg_relation_size(part.relid)) / current_setting('block_size')::int as pages from (
      select relid from pg_partition_tree(to_regclass(${name})) union select to_regclass(${name})::oid) part`,
  )
  return String(Math.min(100, Number(((100 * pages) / Math.max(1, Number(row?.['pages']))).toPrecision(2))))
}

function notKnown({ table, about, rows, effect }: DataQuestion, unknown: string): DataAnswer {
  return { table, about, rows, effect, found: null, isAll: false, example: null, unknown }
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
