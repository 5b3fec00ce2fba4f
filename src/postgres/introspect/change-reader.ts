import type pg from 'pg'
import { type Catalog, type Facts, parseKey, sameFacts, sortKeys } from '../../core/model/catalog.js'
import { type Changes, changesBetween } from '../../core/model/snapshot.js'
import type { QueryResult } from '../connection/query.js'
import { createLastingIndex, type ObjectIndex, releaseObjects } from './dependencies.js'
import { oidArray, planForFewRows, queryPrepared } from './prepared-statements.js'
import { catalogQueries } from './queries/catalog-queries.js'
import type { KindQuery } from './queries/kind-query.js'
import {
  type CatalogReader,
  createCatalogReader,
  readCatalog,
  readCatalogInTransaction,
  type ReadOptions,
} from './read-catalog.js'
import {
  findTouchedObjects,
  joinRows,
  parseTouchedRows,
  readTouchedRows,
  type TouchedObjects,
  type TouchedRows,
} from './touched-objects.js'

/** Reads what each of several revisions changes in a catalog. */
export interface ChangeReader {
  /** The catalog as it was read last. */
  readonly catalog: () => Catalog
  /**
   * To be called in the transaction of each revision, at its end: what it touched is only known there. `result` is what was
   * read with `composeTouchedRows`, null (the default) where nothing was.
   */
  readonly note: (client: pg.ClientBase, result?: QueryResult | null) => Promise<void>
  /** To be called where that cannot be known: the whole catalog is read next. */
  readonly noteUnknown: () => void
  /** Reads what has changed since the last read, in a transaction of this client or outside. */
  readonly read: (client: pg.ClientBase, transactional: boolean) => Promise<Changes>
  /** Reads everything with a client that is in no transaction. Returns the keys of what `read` has missed. */
  readonly confirm: (client: pg.ClientBase) => Promise<readonly string[]>
}

/** A catalog that is read again in part. */
interface KnownCatalog {
  readonly objects: Record<string, Facts>
  readonly index: ObjectIndex
  /** The keys of objects that are read together. */
  readonly groups: Map<string, Set<string>>
}

/** Few objects: all of a kind are read together. */
const wholeKinds = new Set(['schema', 'database_setting', 'role_setting'])
const relationCatalogs = new Set(['pg_class', 'pg_constraint', 'pg_trigger', 'pg_policy', 'pg_rewrite'])
const catalogsByKind = new Map(catalogQueries([]).map(({ kind, catalog }) => [kind, catalog]))

/**
 * Begins with what is in the database of this client, which is in no transaction. Reading takes as long as what was changed is
 * large; where something rare was touched or something was renamed, the whole catalog is read.
 */
export async function createChangeReader(client: pg.ClientBase, options: ReadOptions): Promise<ChangeReader> {
  const index = createLastingIndex()
  let known = knownCatalog(await readCatalog(client, options, index), index)
  let touched: TouchedRows | null = new Map()
  const readWhole = async (session: pg.ClientBase, transactional: boolean): Promise<Changes> => {
    const read = transactional ? readCatalogInTransaction : readCatalog
    const newIndex = createLastingIndex()
    const catalog = await read(session, options, newIndex)
    const changes = changesBetween(known.objects, catalog)
    known = knownCatalog(catalog, newIndex)
    return changes
  }
  return {
    catalog: () => known.objects,
    note: async (session, result = null) => {
      if (touched === null) return
      const { index: places } = known
      const rows = result === null ? await readTouchedRows(session, places) : parseTouchedRows(result, places)
      touched = joinRows(touched, rows)
    },
    noteUnknown: () => void (touched = null),
    read: async (session, transactional) => {
      const rows = touched
      touched = new Map()
      if (rows === null || !transactional) return readWhole(session, transactional)
      return (await readTouched(session, rows, known, options)) ?? readWhole(session, transactional)
    },
    confirm: async (session) =>
      Object.keys(changesBetween(known.objects, await readCatalog(session, options))),
  }
}

/** Null where the whole catalog is to be read. */
async function readTouched(
  client: pg.ClientBase,
  rows: TouchedRows,
  known: KnownCatalog,
  options: ReadOptions,
): Promise<Changes | null> {
  if (rows.size === 0) return {}
  const touched = await findTouchedObjects(client, rows)
  if (touched === null) return null
  const keys = touchedKeys(known, touched)
  releaseObjects(known.index, keys)
  const found = await readObjects(client, touched, known.index, options)
  return found === null || known.index.renamed.size > 0 ? null : replaceObjects(known, keys, found)
}

function knownCatalog(catalog: Catalog, index: ObjectIndex): KnownCatalog {
  const known = { objects: { ...catalog }, index, groups: new Map<string, Set<string>>() }
  for (const key of Object.keys(catalog)) addToGroup(known, key)
  return known
}

/** What is read together with an object: a relation with what belongs to it. Null where it is read alone. */
function groupOf(key: string): string | null {
  const { kind, names } = parseKey(key)
  if (wholeKinds.has(kind)) return kind
  return relationCatalogs.has(catalogsByKind.get(kind) ?? '') ? `${names[0]}.${names[1]}` : null
}

function addToGroup({ groups }: KnownCatalog, key: string): void {
  const group = groupOf(key)
  if (group === null) return
  const keys = groups.get(group)
  if (keys === undefined) groups.set(group, new Set([key]))
  else keys.add(key)
}

/** Reads the touched objects as they are now; null where a migration dropped the prepared statements. */
async function readObjects(
  client: pg.ClientBase,
  { oids, kinds, hasComments, hasGrants }: TouchedObjects,
  index: ObjectIndex,
  { comments = false, grants = false, ...options }: ReadOptions,
): Promise<Catalog | null> {
  const ids = oidArray(oids)
  const annotations = { comments: comments && hasComments, grants: grants && hasGrants }
  let reader: CatalogReader | undefined
  const results = await queryPrepared(client, (execute) => {
    reader = createCatalogReader(
      { ...options, ...annotations, kinds },
      {
        kind: (query) =>
          wholeKinds.has(query.kind) ? execute(query.sql, []) : execute(queryForOids(query), [ids]),
        annotation: (query) => execute(query.restricted, [ids]),
      },
    )
    return [...planForFewRows, ...reader.queries]
  })
  return results === null || reader === undefined ? null : reader.parse(results, index)
}

/** The oids of several catalogs are in one list: PostgreSQL takes all from one counter, and what is read in vain is right. */
function queryForOids({ sql }: KindQuery): string {
  return `select * from (${sql}) addressed(id) where id = any($1)`
}

/** @param keys of what was read again */
function replaceObjects(known: KnownCatalog, keys: Iterable<string>, found: Catalog): Changes {
  const { objects, groups } = known
  const changed: Record<string, Facts | null> = {}
  for (const key of keys)
    if (found[key] === undefined) {
      changed[key] = null
      delete objects[key]
      groups.get(groupOf(key) ?? '')?.delete(key)
    }
  for (const [key, facts] of Object.entries(found)) {
    const before = objects[key]
    if (before !== undefined && sameFacts(before, facts)) continue
    changed[key] = facts
    objects[key] = facts
    addToGroup(known, key)
  }
  return Object.fromEntries(sortKeys(Object.keys(changed)).map((key) => [key, changed[key] ?? null]))
}

/** The keys of the touched objects and of what belongs to them, as they were known. */
function touchedKeys(
  { objects, index, groups }: KnownCatalog,
  { addresses, kinds }: TouchedObjects,
): ReadonlySet<string> {
  const keys = new Set<string>()
  const addGroup = (group: string): void => groups.get(group)?.forEach((key) => keys.add(key))
  for (const kind of kinds) if (wholeKinds.has(kind)) addGroup(kind)
  for (const address of addresses) {
    const key = index.addresses.get(address)
    // What had this address may be gone since.
    if (key === undefined || objects[key] === undefined) continue
    const group = groupOf(key)
    if (group === null) keys.add(key)
    else addGroup(group)
  }
  return keys
}
