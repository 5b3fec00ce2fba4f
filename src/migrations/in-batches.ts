import { setTimeout } from 'node:timers/promises'
import type { Knex } from 'knex'
import { listRows, readRows } from './read-rows.js'
import { requireOutside } from './safely.js'
import { type FoundTable, requireTable } from './table.js'

export interface BatchOptions {
  /** Rows of a batch. Default: 1000. */
  readonly size?: number
  /** Milliseconds between two batches. Default: 0. */
  readonly pause?: number
  /** Called after each batch. Default: PostgreSQL says it as a notice, at most every ten seconds. */
  readonly onProgress?: (progress: BatchProgress) => void
}

export interface BatchProgress {
  readonly table: string
  /** Rows that the batches so far have gone through. */
  readonly done: number
  /** About how many there are; null where PostgreSQL has not counted them yet. */
  readonly about: number | null
}

/** A batch: a query of its rows alone, to be made an UPDATE or DELETE, and the transaction that it runs in. */
type BatchWork = (rows: Knex.QueryBuilder, transaction: Knex.Transaction) => PromiseLike<unknown>

const noticeInterval = 10_000

/**
 * Goes through a table in the order of its primary key, each batch in a transaction of its own, so that locks are short and a
 * failure keeps what is done. Let the work leave out rows that are done, so that it can be run again. Returns how many rows
 * it went through. Outside a transaction only.
 */
export async function inBatches(
  knex: Knex,
  table: string,
  work: BatchWork,
  options: BatchOptions = {},
): Promise<number> {
  requireOutside(knex, 'inBatches')
  const found = await requireTable(knex, table)
  const { size = 1000, pause = 0 } = options
  const key = await readPrimaryKey(knex, found)
  const full = `${found.schema}.${found.name}`
  const report = await createReporter(knex, found, options)
  let done = 0
  let after: readonly unknown[] | null = null
  for (;;) {
    const batch = await readBatch(knex, { full, key, after, size })
    const last = batch.at(-1)
    if (last === undefined) return done
    await knex.transaction(async (transaction) => {
      await work(restrict(transaction(full), key, { after, upTo: last }), transaction)
    })
    done += batch.length
    after = last
    await report(done)
    if (pause > 0) await setTimeout(pause)
  }
}

type KeyValues = readonly unknown[]

interface Batch {
  readonly full: string
  readonly key: readonly string[]
  /** The key of the last row before it; null for the first batch. */
  readonly after: KeyValues | null
  readonly size: number
}

async function readBatch(knex: Knex, { full, key, after, size }: Batch): Promise<readonly KeyValues[]> {
  const columns = (each: string): string => key.map(() => each).join(', ')
  const query = knex.select(knex.raw(`array[${columns('??::text')}] as key`, [...key])).from(full)
  const rows: unknown = await restrict(query, key, { after, upTo: null })
    .orderByRaw(columns('??'), [...key])
    .limit(size)
  return listRows(rows).map((row) => (Array.isArray(row['key']) ? row['key'] : []))
}

interface KeyRange {
  readonly after: KeyValues | null
  readonly upTo: KeyValues | null
}

function restrict(
  query: Knex.QueryBuilder,
  key: readonly string[],
  { after, upTo }: KeyRange,
): Knex.QueryBuilder {
  const names = `(${key.map(() => '??').join(', ')})`
  const values = `(${key.map(() => '?').join(', ')})`
  if (after !== null) void query.whereRaw(`${names} > ${values}`, [...key, ...after.map(String)])
  if (upTo !== null) void query.whereRaw(`${names} <= ${values}`, [...key, ...upTo.map(String)])
  return query
}

async function readPrimaryKey(knex: Knex, { oid, name }: FoundTable): Promise<readonly string[]> {
  const rows = await readRows(
    knex,
    `select a.attname as name from pg_constraint c cross join unnest(c.conkey) with ordinality part(attnum, place)
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = part.attnum
      where c.conrelid = ?::oid and c.contype = 'p' order by part.place`,
    [oid],
  )
  if (rows.length === 0) throw new Error(`table ${name} has no primary key to go through it in batches`)
  return rows.map((row) => String(row['name']))
}

async function createReporter(
  knex: Knex,
  { oid, name }: FoundTable,
  { onProgress }: BatchOptions,
): Promise<(done: number) => Promise<void>> {
  const [row] = await readRows(knex, 'select reltuples::bigint as rows from pg_class where oid = ?::oid', [
    oid,
  ])
  const about = Number(row?.['rows']) > 0 ? Number(row?.['rows']) : null
  let last = performance.now()
  return async (done) => {
    onProgress?.({ table: name, done, about })
    if (onProgress !== undefined || performance.now() - last < noticeInterval) return
    last = performance.now()
    const text = `${name}: ${done} rows${about === null ? '' : ` of about ${about}`}`
    await knex.raw(`do $$ begin raise notice '%', ${knex.raw('?', [text]).toQuery()}; end $$`)
  }
}
