import { type Catalog, type Facts, keyFromSqlName, schemaKeyOf, tableKeyOf } from '../model/catalog.js'
import { parentKeyOf, partitionsByParent } from '../model/partition-tree.js'
import { type ImpactContext, listOf } from './rule.js'

/** A table whose changes a publication publishes. */
interface PublishedTable {
  readonly key: string
  /** The published columns as the publication lists them; null for all. */
  readonly columns: readonly string[] | null
  readonly filtered: boolean
}

/**
 * Whether PostgreSQL refuses updates or deletes of a table that this build uses, because a publication publishes them and
 * cannot identify the old row.
 */
export function preventsUpdates(publication: Facts, { expected, live }: ImpactContext): boolean {
  const keys = primaryKeysByTable(live)
  return publishedTables(publication, live).some(
    (table) => isUsed(table.key, live, expected) && !identifiesRows(table, live, keys),
  )
}

/** Whether some publication publishes updates or deletes of a table. */
export function isPublished(key: string, live: Catalog): boolean {
  return Object.entries(live).some(
    ([publication, facts]) =>
      publication.startsWith('publication:') &&
      publishedTables(facts, live).some((table) => table.key === key),
  )
}

/** The tables whose updates or deletes are published: partitions instead of their partitioned table. */
function publishedTables(publication: Facts, live: Catalog): readonly PublishedTable[] {
  const operations = publication['publish'] === undefined ? ['update'] : listOf(publication['publish'])
  if (!operations.includes('update') && !operations.includes('delete')) return []
  const schemas = listOf(publication['schemas']).map((name) => keyFromSqlName('schema', name))
  const whole = Object.keys(live).filter(
    (key) =>
      key.startsWith('table:') &&
      (publication['allTables'] === true || schemas.includes(schemaKeyOf(key) ?? '')),
  )
  const all = whole.map((key) => ({ key, columns: null, filtered: false }))
  return [...all, ...listOf(publication['tables']).map(parseMember)]
    .flatMap((member) => leavesOf(member.key, live).map((key) => ({ ...member, key })))
    .filter(({ key }) => live[key]?.['unlogged'] !== true)
}

const memberPattern =
  /^((?:"(?:[^"]|"")*"|[^." ]+)\.(?:"(?:[^"]|"")*"|[^" ]+))(?: \(((?:"(?:[^"]|"")*"|[^")])*)\))?( WHERE .*)?$/s

/** A member in the words of a publication: `public.songs (id, title) WHERE (id > 0)`. */
function parseMember(member: string): PublishedTable {
  const [, name = member, columns, filter] = memberPattern.exec(member) ?? []
  return {
    key: keyFromSqlName('table', name),
    columns: columns === undefined ? null : parseColumns(columns),
    filtered: filter !== undefined,
  }
}

function parseColumns(list: string): readonly string[] {
  return list.match(/"(?:[^"]|"")*"|[^", ]+/g) ?? []
}

function leavesOf(key: string, live: Catalog): readonly string[] {
  if (live[key]?.['partitionedBy'] === undefined) return [key]
  return (partitionsByParent(live).get(key) ?? []).flatMap((partition) => leavesOf(partition, live))
}

function isUsed(key: string, live: Catalog, expected: Catalog): boolean {
  if (expected[key] !== undefined) return true
  const parent = parentKeyOf(key, live)
  return parent !== null && isUsed(parent, live, expected)
}

/** The columns of the primary keys that can identify a row: one that may be deferred cannot. */
function primaryKeysByTable(live: Catalog): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const [key, { type, definition }] of Object.entries(live)) {
    if (!key.startsWith('constraint:') || type !== 'primary key') continue
    const [, columns] = /^PRIMARY KEY \(([^]*?)\)(?: INCLUDE \([^]*\))?$/.exec(String(definition)) ?? []
    if (columns !== undefined) keys.set(tableKeyOf(key) ?? '', parseColumns(columns))
  }
  return keys
}

/** What a row filter or a list of columns needs besides is known only of primary keys: the rest is taken for missing. */
function identifiesRows(
  { key, columns, filtered }: PublishedTable,
  live: Catalog,
  primaryKeys: ReadonlyMap<string, readonly string[]>,
): boolean {
  const identity = live[key]?.['replicaIdentity'] ?? 'primary key'
  if (identity === 'full') return columns === null
  const primaryKey = primaryKeys.get(key)
  if (identity !== 'primary key') return identity !== 'nothing' && columns === null && !filtered
  if (primaryKey === undefined || filtered) return false
  return columns === null || primaryKey.every((column) => columns.includes(column))
}
