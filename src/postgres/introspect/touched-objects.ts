import type pg from 'pg'
import type { QueryResult } from '../connection/query.js'
import { objectAddress, type ObjectIndex } from './dependencies.js'
import { composePrepared, oidArray, planForFewRows, queryPrepared } from './prepared-statements.js'
import { touchedCatalogs, touchedObjectsQuery, touchedRowsQuery } from './queries/touched-objects.sql.js'

/** What a transaction may have changed facts of. */
export interface TouchedObjects {
  /** The addresses of relations, routines and types, of those that are gone too. */
  readonly addresses: ReadonlySet<string>
  /** The kinds of objects that they and what belongs to them are. */
  readonly kinds: ReadonlySet<string>
  /** The oids of all their rows in system catalogs. */
  readonly oids: readonly number[]
  /** Whether they may have such facts; most have none, and the queries for them take long. */
  readonly hasComments: boolean
  readonly hasGrants: boolean
}

/** The oids of touched rows by their system catalog. */
export type TouchedRows = ReadonlyMap<string, readonly number[]>

/** What is read with an object of a kind. */
const furtherKinds: Readonly<Record<string, string>> = { table: 'column', foreign_table: 'column' }

/** All of a database are read where one was touched: there are few. */
const settings = 'pg_db_role_setting'
const settingKinds = ['database_setting', 'role_setting']

/**
 * The rows of system catalogs that the open transaction of this client has touched. Null where other objects may have changed
 * than relations, routines and types.
 *
 * @param index where the objects were before
 */
export async function readTouchedRows(
  client: pg.ClientBase,
  index: ObjectIndex,
): Promise<TouchedRows | null> {
  const results = await queryPrepared(client, (execute) => [execute(touchedRowsQuery, [])])
  const result = results?.at(-1)
  return result === undefined ? null : parseTouchedRows(result, index)
}

/** The same as a part of a message, with further queries. The result of it is the first one, for `parseTouchedRows`. */
export function composeTouchedRows(client: pg.ClientBase, queries: readonly string[]): string {
  return composePrepared(client, (execute) => [execute(touchedRowsQuery, []), ...queries])
}

/** Null where other objects may have changed than relations, routines and types. */
export function parseTouchedRows(result: QueryResult, index: ObjectIndex): TouchedRows | null {
  const rows = new Map<string, number[]>()
  for (const [catalog, id] of result.rows) {
    const ids = rows.get(String(catalog))
    if (ids === undefined) rows.set(String(catalog), [Number(id)])
    else ids.push(Number(id))
  }
  return isFamiliar(rows, index) ? rows : null
}

/** What several transactions have touched. */
export function joinRows(one: TouchedRows, other: TouchedRows | null): TouchedRows | null {
  if (other === null || one.size === 0) return other
  const joined = new Map(one)
  for (const [catalog, ids] of other) joined.set(catalog, [...new Set([...(one.get(catalog) ?? []), ...ids])])
  return joined
}

/** The objects to read for these rows; null where a migration dropped the prepared statement. */
export async function findTouchedObjects(
  client: pg.ClientBase,
  rows: TouchedRows,
): Promise<TouchedObjects | null> {
  const parameters = touchedCatalogs.map((catalog) => oidArray(rows.get(catalog) ?? []))
  const found = await queryPrepared(client, (execute) => [
    ...planForFewRows,
    execute(touchedObjectsQuery, parameters),
  ])
  return found === null ? null : collectObjects(rows, found.at(-1))
}

/**
 * Whether these rows are of relations, routines and types, or of what is read whole. The extension has its members as facts,
 * and a domain its constraints: no lock says of one that is gone whose it was.
 */
function isFamiliar(rows: TouchedRows, { aliases }: ObjectIndex): boolean {
  const ownerOf = (catalog: string, id: number): string => aliases.get(objectAddress(catalog, [id, 0])) ?? ''
  return [...rows].every(
    ([catalog, ids]) =>
      (catalog === settings ||
        catalog === 'pg_attrdef' ||
        touchedCatalogs.some((name) => name === catalog)) &&
      !ids.some((id) => ownerOf(catalog, id).startsWith('pg_extension/')) &&
      !(catalog === 'pg_constraint' && ids.some((id) => ownerOf(catalog, id).startsWith('pg_type/'))),
  )
}

function collectObjects(rows: TouchedRows, found: QueryResult | undefined): TouchedObjects {
  const addresses = new Set<string>()
  for (const catalog of ['pg_class', 'pg_type', 'pg_proc'])
    for (const id of rows.get(catalog) ?? []) addresses.add(objectAddress(catalog, [id, 0]))
  const kinds = new Set(rows.has(settings) ? settingKinds : [])
  for (const [catalog, id, itself, kind] of found?.rows ?? []) {
    if (itself === true) addresses.add(objectAddress(String(catalog), [id, 0]))
    if (typeof kind === 'string') kinds.add(kind).add(furtherKinds[kind] ?? kind)
  }
  const oids = (found?.rows ?? []).map(([, id]) => Number(id))
  const has = (flag: string): boolean => found?.rows.some(([catalog]) => catalog === flag) ?? true
  return { addresses, kinds, oids, hasComments: has('comments'), hasGrants: has('grants') }
}
