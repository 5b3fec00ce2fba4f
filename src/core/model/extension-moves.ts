import { type Catalog, type Facts, keysOf, objectKey, parseKey, quoteName, unquoteName } from './catalog.js'
import { type OwnNames, relocateText, type NameMove } from './relocate-text.js'
import type { Changes, Snapshot } from './snapshot.js'

/**
 * The same extension in another schema is the same extension. PostgreSQL prints its types, functions and operators with
 * their schema, so what is promised is written with the schemas of the live database before anything is compared.
 */
export interface ExtensionMove extends NameMove {
  readonly extension: string
  /** The schema where it is, as the live catalog has it: nobody promised it, and it must stay. */
  readonly schema: Catalog
}

/** An extension of which a promise and a live catalog name different schemas. */
export interface MovedExtension {
  readonly extension: string
  /** The schemas that the promise names, unquoted. */
  readonly promised: readonly string[]
  readonly schema: Catalog
}

/** The extensions of a live catalog that one of the promised catalogs has in another schema. */
export function findMovedExtensions(
  promised: readonly (Catalog | Changes)[],
  live: Catalog,
): readonly MovedExtension[] {
  if (promised.length === 0) return []
  return keysOf(live)
    .filter(isExtension)
    .flatMap((key) => {
      const actual = live[key]?.['schema']
      if (typeof actual !== 'string') return []
      const schemas = promised.map((catalog) => catalog[key]?.['schema'])
      const others = new Set(
        schemas.filter((schema): schema is string => typeof schema === 'string' && schema !== actual),
      )
      if (others.size === 0) return []
      const schemaKey = objectKey('schema', [actual])
      const schema = live[schemaKey] === undefined ? {} : { [schemaKey]: live[schemaKey] }
      return [{ extension: extensionName(key), promised: [...others], schema }]
    })
}

/**
 * What a snapshot says of extensions that can be elsewhere: what scratch had at first, and the changes of the revisions that
 * have some.
 */
export function extensionCatalogsOf(snapshot: Snapshot): readonly (Catalog | Changes)[] {
  const found = extensionCatalogs.get(snapshot) ?? findExtensionCatalogs(snapshot)
  extensionCatalogs.set(snapshot, found)
  return found
}

/** They are asked for at every revision of a run. */
const extensionCatalogs = new WeakMap<Snapshot, readonly (Catalog | Changes)[]>()

function findExtensionCatalogs(snapshot: Snapshot): readonly (Catalog | Changes)[] {
  const isMovable = (key: string): boolean => isExtension(key) && key !== 'extension:plpgsql'
  return catalogsOf(snapshot).filter((catalog) => Object.keys(catalog).some(isMovable))
}

/** What scratch had at first, and what each revision changed. */
function catalogsOf({ base, revisions }: Snapshot): readonly (Catalog | Changes)[] {
  return [base, ...revisions.map(({ changes }) => changes)]
}

/** A catalog that names the extensions where they are. */
export function relocateCatalog(catalog: Catalog, moves: readonly ExtensionMove[]): Catalog {
  return moves.length === 0
    ? catalog
    : { ...schemasOf(moves), ...relocateObjects(catalog, moves, ownNames([catalog])) }
}

/** A live catalog that names the extensions where `promised` has them, without the schemas that exist only for them. */
export function relocateBack(live: Catalog, moves: readonly ExtensionMove[], promised: Catalog): Catalog {
  const back = moves.map((move) => ({
    ...move,
    from: [unquoteName(move.to)],
    to: quoteName(move.from[0] ?? ''),
    schema: {},
  }))
  const added = Object.keys(schemasOf(moves)).filter((key) => promised[key] === undefined)
  const rest = Object.fromEntries(Object.entries(live).filter(([key]) => !added.includes(key)))
  return relocateCatalog(rest, back)
}

/** A snapshot that names the extensions where they are. It keeps the original, whose hashes the ledger has. */
export function relocateSnapshot(snapshot: Snapshot, moves: readonly ExtensionMove[]): Snapshot {
  const { base, revisions, original = snapshot } = snapshot
  const own = ownNames(catalogsOf(snapshot))
  const relocate = <T extends Facts | null>(objects: Readonly<Record<string, T>>) =>
    relocateObjects(objects, moves, own)
  return {
    ...snapshot,
    original,
    base: { ...schemasOf(moves), ...relocate(base) },
    revisions: revisions.map(({ changes, undetermined, ...revision }) => ({
      ...revision,
      changes: relocate(changes),
      ...(undetermined && {
        undetermined: relocateKeys(undetermined, (key) => relocateKey(key, moves, own)),
      }),
    })),
  }
}

function schemasOf(moves: readonly ExtensionMove[]): Catalog {
  return Object.assign({}, ...moves.map(({ schema }) => schema))
}

/** The names of the objects of these catalogs, with their schemas: they belong to no extension. */
function ownNames(catalogs: readonly (Catalog | Changes)[]): OwnNames {
  const [routines, others] = [new Set<string>(), new Set<string>()]
  for (const catalog of catalogs)
    for (const key of Object.keys(catalog)) {
      const { kind, names } = parseKey(key)
      const [schema, name] = names
      if (schema === undefined || name === undefined) continue
      const full = `${unquoteName(schema)}.${unquoteName(withoutSignature(name))}`
      if (routineKinds.has(kind)) routines.add(full)
      else others.add(full)
    }
  return { routines, others }
}

const routineKinds: ReadonlySet<string> = new Set(['function', 'procedure', 'aggregate'])

function withoutSignature(name: string): string {
  return /^("(?:[^"]|"")*"|[^(]*)/.exec(name)?.[0] ?? name
}

function relocateObjects<T extends Facts | null>(
  objects: Readonly<Record<string, T>>,
  moves: readonly ExtensionMove[],
  own: OwnNames,
): Readonly<Record<string, T>> {
  const relocated = relocateKeys(objects, (key) => relocateKey(key, moves, own))
  return Object.fromEntries(
    Object.entries(relocated).map(([key, facts]) => [
      key,
      facts === null ? facts : { ...facts, ...relocateFacts(key, facts, moves, own) },
    ]),
  )
}

function relocateKeys<T>(
  objects: Readonly<Record<string, T>>,
  relocate: (key: string) => string,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(objects).map(([key, value]) => [relocate(key), value]))
}

/** An object that is read belongs to no extension: only the types of its arguments may. A cast is named by types alone. */
function relocateKey(key: string, moves: readonly ExtensionMove[], own: OwnNames): string {
  const { kind, names } = parseKey(key)
  const last = names.at(-1) ?? ''
  if (names.length === 1)
    return last.startsWith('"') ? objectKey(kind, [relocateText(unquoteName(last), moves, own)]) : key
  const signature = last.slice(withoutSignature(last).length)
  return signature === ''
    ? key
    : `${key.slice(0, key.length - signature.length)}${relocateText(signature, moves, own)}`
}

function relocateFacts(key: string, facts: Facts, moves: readonly ExtensionMove[], own: OwnNames): Facts {
  const move = isExtension(key) ? moves.find(({ extension }) => extension === extensionName(key)) : undefined
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => {
      if (name === 'schema' && move !== undefined) return [name, unquoteName(move.to)]
      const relocate = (text: string): string =>
        name.endsWith('eeds') ? relocateKey(text, moves, own) : relocateText(text, moves, own)
      if (typeof fact === 'string') return [name, relocate(fact)]
      return [name, Array.isArray(fact) ? fact.map((text) => relocate(String(text))) : fact]
    }),
  )
}

function isExtension(key: string): boolean {
  return key.startsWith('extension:')
}

function extensionName(key: string): string {
  return unquoteName(parseKey(key).names[0] ?? '')
}
