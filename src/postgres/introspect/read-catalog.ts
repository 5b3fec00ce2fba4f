import type pg from 'pg'
import { type Catalog, createCatalogBuilder, objectKey, parseKey } from '../../core/model/catalog.js'
import { forEachInSteps, type Steps } from '../../core/text/steps.js'
import { queryAll, type QueryResult } from '../connection/query.js'
import { runInTurns } from '../connection/run-in-turns.js'
import { type AnnotationOptions, type CatalogAnnotation, selectAnnotations } from './annotations.js'
import { canonicalSessionStatements, messageInTransaction } from './canonical-session.js'
import { createObjectIndex, type ObjectIndex, placeObject } from './dependencies.js'
import { factsFromRow } from './facts.js'
import type { AnnotationQuery } from './queries/annotation-query.js'
import { catalogQueries } from './queries/catalog-queries.js'
import type { KindQuery } from './queries/kind-query.js'
import { nameArrays, queryForNames } from './named-objects.js'

/** Migrations do not promise the tables that record migrations. */
const schemagateTables = ['schemagate_ledger']

export interface ReadOptions extends AnnotationOptions {
  /** Names of tables to leave out in every schema: Knex's own. Default: the names in Knex's default settings. */
  readonly ledgerTables?: readonly string[]
  /** The kinds to read, as object keys name them. Default: all. */
  readonly kinds?: ReadonlySet<string>
  /** Of the kinds of these keys only the objects that they name, and perhaps some that share names with them. */
  readonly keys?: readonly string[]
}

/** Everything that can be read, for a snapshot and for writing SQL. */
export const allAnnotations = { comments: true, grants: true, structure: true } as const

const knexTables = ['knex_migrations', 'knex_migrations_lock']

/** Knex's two tables for a project's `tableName`. */
export function ledgerTablesOf({ tableName }: { readonly tableName: string }): ReadOptions {
  return { ledgerTables: [tableName, `${tableName}_lock`] }
}

/**
 * Reads the catalog of the connected database: all schemas but PostgreSQL's own, without the members of extensions. Takes
 * one round trip and one repeatable-read snapshot. The client must not be in a transaction.
 */
export async function readCatalog(
  client: pg.ClientBase,
  options: ReadOptions = {},
  index?: ObjectIndex,
): Promise<Catalog> {
  const reader = createCatalogReader(options)
  const text = [
    'begin transaction isolation level repeatable read read only',
    canonicalSessionStatements(),
    ...reader.queries,
    'commit',
  ]
  const results = await queryAll(client, text.join(';\n')).catch(async (error: unknown) => {
    await client.query('rollback')
    throw error
  })
  return reader.parse(results, index)
}

/** Reads the whole catalog of a project's database, with all annotations, without the ledger. */
export function readProjectCatalog(
  client: pg.ClientBase,
  project: { readonly tableName: string },
): Promise<Catalog> {
  return readCatalog(client, { ...ledgerTablesOf(project), ...allAnnotations })
}

/**
 * Reads the catalog within the client's transaction, uncommitted changes included, in one round trip. The rollback to a
 * savepoint restores the settings of the transaction.
 */
export async function readCatalogInTransaction(
  client: pg.ClientBase,
  options: ReadOptions = {},
  index?: ObjectIndex,
): Promise<Catalog> {
  const reader = createCatalogReader(options)
  return reader.parse(await queryAll(client, messageInTransaction(reader.queries)), index)
}

/** The catalog queries, for a caller that sends them in a message of its own, and a parser for their results. */
export interface CatalogReader {
  readonly queries: readonly string[]
  /** `index` gets where the objects are. */
  readonly parse: (results: readonly QueryResult[], index?: ObjectIndex) => Promise<Catalog>
}

/** The statements that run the queries. */
export interface ReadStatements {
  /** For objects of these keys, or for all where there are none. */
  readonly kind: (query: KindQuery, keys: readonly string[]) => string
  readonly annotation: (query: AnnotationQuery) => string
}

const plainStatements: ReadStatements = {
  kind: (query, keys) => (keys.length === 0 ? query.sql : queryForNames(query, nameArrays(query, keys))),
  annotation: ({ sql }) => sql,
}

export function createCatalogReader(options: ReadOptions, statements = plainStatements): CatalogReader {
  const { ledgerTables = knexTables, kinds, keys = [] } = options
  const queries = catalogQueries([...schemagateTables, ...ledgerTables]).filter(
    ({ kind, onlyWith }) =>
      (kinds?.has(kind) ?? true) && (onlyWith === undefined || options[onlyWith] === true),
  )
  const keysByKind = groupByKind(keys)
  const annotations = selectAnnotations(options)
  return {
    queries: [
      ...queries.map((query) => statements.kind(query, keysByKind.get(query.kind) ?? [])),
      ...annotations.flatMap((each) => each.queries).map(statements.annotation),
    ],
    parse: (results, index) => {
      // Without annotations nobody asks where the objects are.
      const used = index ?? (annotations.length === 0 ? null : createObjectIndex())
      return runInTurns(parseInSteps({ queries, annotations }, results, used))
    },
  }
}

interface ReadQueries {
  readonly queries: readonly KindQuery[]
  readonly annotations: readonly CatalogAnnotation[]
}

/** Parses the results of the queries, those of the kinds first. */
function* parseInSteps(
  { queries, annotations }: ReadQueries,
  results: readonly QueryResult[],
  index: ObjectIndex | null,
): Steps<Catalog> {
  let annotated = yield* parseObjects(queries, results, index)
  let next = queries.length
  for (const { queries: own, add } of annotations) {
    if (index !== null) annotated = yield* add(annotated, index, results.slice(next, next + own.length))
    next += own.length
  }
  return annotated
}

function groupByKind(keys: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const key of keys) {
    const { kind } = parseKey(key)
    groups.set(kind, [...(groups.get(kind) ?? []), key])
  }
  return groups
}

/** Parses the results of the catalog queries, which are in the order of the queries. */
function* parseObjects(
  queries: readonly KindQuery[],
  results: readonly QueryResult[],
  objects: ObjectIndex | null,
): Steps<Catalog> {
  const { set, build } = createCatalogBuilder()
  for (const [index, query] of queries.entries()) {
    const result = results[index]
    if (result === undefined) throw new Error(`The server sent no result for ${query.kind}.`)
    const width = 2 + query.names + (query.overloaded === true ? 1 : 0)
    yield* forEachInSteps(result.rows, (row) => {
      const key = keyFromRow(query, row)
      set(key, factsFromRow(result.columns, row, width))
      if (objects !== null) placeObject(objects, query.catalog, row, key)
    })
  }
  return build()
}

function keyFromRow({ kind, names, overloaded }: KindQuery, row: readonly unknown[]): string {
  const parts = row.slice(2, 2 + names).map(String)
  return objectKey(kind, parts, overloaded === true ? String(row[2 + names]) : '')
}
