/**
 * One fact about an object, as PostgreSQL prints it. A fact that is null or PostgreSQL's default is left out.
 * A fact whose name begins with `$` is structure: it says how objects depend on each other (`$needs`, `$position`), and is
 * never compared.
 */
export type Fact = string | number | boolean | readonly string[]

export type Facts = Readonly<Record<string, Fact>>

/**
 * What PostgreSQL says exists: object key -> facts, e.g.
 * `catalog['column:public.songs.title'] = { type: 'text', nullable: false }`.
 */
export type Catalog = Readonly<Record<string, Facts>>

const listedKeys = new WeakMap<Catalog, readonly string[]>()

/**
 * Remembers the keys of a catalog that does not change any more, and returns it. To list those of a large object takes long,
 * and cannot be done in steps.
 */
export function withListedKeys(catalog: Catalog, keys: readonly string[] = Object.keys(catalog)): Catalog {
  listedKeys.set(catalog, keys)
  return catalog
}

/** The keys of a catalog, in its order. */
export function keysOf(catalog: Catalog): readonly string[] {
  return listedKeys.get(catalog) ?? Object.keys(catalog)
}

/** Collects a catalog object by object. */
export interface CatalogBuilder {
  readonly set: (key: string, facts: Facts) => void
  /** To be called once, at the end: the catalog does not change any more. */
  readonly build: () => Catalog
}

export function createCatalogBuilder(): CatalogBuilder {
  const catalog: Record<string, Facts> = {}
  const keys: string[] = []
  return {
    set: (key, facts) => {
      if (catalog[key] === undefined) keys.push(key)
      catalog[key] = facts
    },
    build: () => withListedKeys(catalog, keys),
  }
}

/** The kinds that columns, indexes and triggers can belong to. */
const relationKinds = ['table', 'view', 'materialized_view', 'foreign_table'] as const

const plainName = /^[a-z_][a-z0-9_$]*$/
const plainNames = /^[\w$]+(?:\.[\w$]+)*$/
const quotedNamePattern = /"(?:[^"]|"")*"(?:\(.*\))?|[^."(]+(?:\(.*\))?/gs

/**
 * The key of an object: `kind:schema.name` or `kind:schema.table.name`, each name quoted unless it is plain.
 * A routine has the types of its arguments after the name: `function:public.add(integer, integer)`.
 */
export function objectKey(kind: string, names: readonly string[], signature = ''): string {
  return `${kind}:${names.map(quoteName).join('.')}${signature}`
}

/** The kind and the names of a key. The names stay quoted as they are in the key. */
export function parseKey(key: string): { kind: string; names: readonly string[] } {
  const colon = key.indexOf(':')
  return { kind: key.slice(0, colon), names: splitNames(key.slice(colon + 1)) }
}

/** Nearly all names are plain, and the pattern takes several times as long as a split. */
function splitNames(names: string): readonly string[] {
  return plainNames.test(names) ? names.split('.') : (names.match(quotedNamePattern) ?? [])
}

/** The key of an object without arguments from its name in SQL: PostgreSQL quotes its keywords, keys do not. */
export function keyFromSqlName(kind: string, names: string): string {
  return objectKey(kind, parseKey(`${kind}:${names}`).names.map(unquoteName))
}

/** The key of the table an object belongs to; null if it belongs to none. */
export function tableKeyOf(key: string): string | null {
  const { names } = parseKey(key)
  return names.length === 3 ? `table:${names[0]}.${names[1]}` : null
}

/** The possible keys of the relation an object belongs to, one for each kind of relation; none if it belongs to none. */
export function relationKeysOf(key: string): readonly string[] {
  return relationKeysFor(parseKey(key).names)
}

/** The same for the names of a key. */
export function relationKeysFor(names: readonly string[]): readonly string[] {
  return names.length === 3 ? relationKinds.map((kind) => `${kind}:${names[0]}.${names[1]}`) : []
}

/** The key of the schema an object is in; null if it is in none. */
export function schemaKeyOf(key: string): string | null {
  const { names } = parseKey(key)
  return names.length > 1 ? `schema:${names[0]}` : null
}

/** Keys in reading order: schema by schema, each table followed by the objects that belong to it. */
export function sortKeys(keys: Iterable<string>): readonly string[] {
  return [...keys]
    .map((key) => [sortPath(key), key] as const)
    .sort(comparePaths)
    .map(([, key]) => key)
}

/** How many objects of each kind the keys name: `{ table: 2, column: 9 }`. */
export function countByKind(keys: Iterable<string>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const key of keys) {
    const kind = key.slice(0, key.indexOf(':'))
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

export function sameFact(one: Fact | undefined, other: Fact | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

export function sameFacts(one: Facts, other: Facts): boolean {
  return Object.keys({ ...one, ...other }).every((name) => sameFact(one[name], other[name]))
}

/** A name as a key has it: quoted unless it is plain. */
export function quoteName(name: string): string {
  return plainName.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** A name of a key as PostgreSQL has it. */
export function unquoteName(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

function sortPath(key: string): string {
  const { kind, names } = parseKey(key)
  const [schema = '', parent = '', child = ''] = names
  return [schema, parent, child === '' ? '' : kind, child, kind].join('\u0000')
}

function comparePaths([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** A function of a catalog that is computed once for each, and remembered as long as the catalog is there. */
export function oncePerCatalog<T extends object>(compute: (catalog: Catalog) => T): (catalog: Catalog) => T {
  const known = new WeakMap<Catalog, T>()
  return (catalog) => {
    const found = known.get(catalog)
    if (found !== undefined) return found
    const computed = compute(catalog)
    known.set(catalog, computed)
    return computed
  }
}

/** The same for what a catalog has for a key. */
export function oncePerKey<T>(
  find: (catalog: Catalog, key: string) => T | undefined,
): (catalog: Catalog, key: string) => T | undefined {
  const known = oncePerCatalog((): Map<string, T | undefined> => new Map())
  return (catalog, key) => {
    const byKey = known(catalog)
    const value = byKey.get(key)
    if (value !== undefined || byKey.has(key)) return value
    const found = find(catalog, key)
    byKey.set(key, found)
    return found
  }
}

/** The keys of a catalog by the key of what each belongs to. Those that belong to nothing are left out. */
export function groupKeys(
  catalog: Catalog,
  ownerOf: (key: string) => string | null | undefined,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const key of keysOf(catalog)) {
    const owner = ownerOf(key) ?? null
    if (owner === null) continue
    const siblings = groups.get(owner)
    if (siblings === undefined) groups.set(owner, [key])
    else siblings.push(key)
  }
  return groups
}
