import type { Knex } from 'knex'
import { type Definition, readDefinitions } from './definitions.js'
import { readRows } from './read-rows.js'
import { findNamedRelation, type FoundTable, quote } from './table.js'

/** Makes the wanted table, or the part of it, in this schema, in which nothing else is. */
export type MakeWanted = (transaction: Knex, schema: string) => Promise<void>

export interface ComparedDefinitions {
  readonly wanted: readonly Definition[]
  readonly existing: readonly Definition[]
}

/**
 * Lets PostgreSQL print what is wanted beside what exists: the former is made in a schema of its own, in a transaction that
 * is rolled back in any case.
 */
export async function compareDefinitions(
  knex: Knex,
  table: FoundTable,
  make: MakeWanted,
): Promise<ComparedDefinitions> {
  const transaction = await knex.transaction()
  try {
    const schema = `schemagate_wanted_${Math.random().toString(36).slice(2, 10)}`
    const [path] = await readRows(transaction, `select current_setting('search_path') as path`)
    const rest = [quote(transaction, table.schema), String(path?.['path'])].join(', ')
    await transaction.raw('create schema ??', [schema])
    await setSearchPath(transaction, `${quote(transaction, schema)}, ${rest}`)
    await make(transaction, schema)
    const made = await findNamedRelation(transaction, `${schema}.${table.name}`)
    const wanted = made === null ? [] : await readDefinitions(transaction, made.oid)
    await setSearchPath(transaction, rest)
    return { wanted, existing: await readDefinitions(transaction, table.oid) }
  } finally {
    await transaction.rollback()
  }
}

async function setSearchPath(transaction: Knex, path: string): Promise<void> {
  await transaction.raw(`select set_config('search_path', ?, true)`, [path])
}

/** Throws where the definitions are not the same, with both. */
export function requireSame(what: string, { wanted, existing }: ComparedDefinitions): void {
  const [missing, other] = [without(wanted, existing), without(existing, wanted)]
  if (missing.length + other.length === 0) return
  const lines = (title: string, list: readonly string[]): readonly string[] =>
    list.length === 0
      ? [`  ${title}  nothing else`]
      : list.map((text, index) => `  ${index === 0 ? title : ' '.repeat(title.length)}  ${text}`)
  throw new Error(
    [`${what} exists, and is another one.`, ...lines('wanted', missing), ...lines('exists', other)].join(
      '\n',
    ),
  )
}

function without(some: readonly Definition[], others: readonly Definition[]): readonly string[] {
  const known = new Set(others.map(printed))
  return some.map(printed).filter((text) => !known.has(text))
}

function printed({ kind, text, valid }: Definition): string {
  return valid || kind === 'constraint' ? text : `${text} (not valid)`
}
