import {
  type Catalog,
  groupKeys,
  oncePerCatalog,
  oncePerKey,
  type Fact,
  type Facts,
  objectKey,
  parseKey,
  relationKeysFor,
  relationKeysOf,
} from '../core/model/catalog.js'
import { quoteIdentifier, unquoteIdentifier } from './identifiers.js'
import type { Hazard } from './statement.js'

/** An object in one of the two catalogs, with its names in SQL. */
export interface DdlObject {
  readonly key: string
  readonly kind: string
  /** The parts of its name, unquoted: schema, relation, name. */
  readonly names: readonly string[]
  /** Its name in SQL: `public.songs`; for a part of a relation only the last name: `title`. */
  readonly name: string
  /** The relation it belongs to, in SQL; its own name where it belongs to none. */
  readonly relation: string
  /** The key of the relation it belongs to; undefined where it belongs to none. */
  readonly relationKey: string | undefined
  /** The argument types of an overloaded object: `(integer, text)`; empty for others. */
  readonly signature: string
  readonly facts: Facts
  /** Whether the same plan creates its relation, which then has no rows and no other sessions. */
  readonly inNewRelation: boolean
  /** Whether its statements may block writers, so that they can run in a transaction. */
  readonly mayBlock: boolean
  /** Whether a new table is written with its constraints. */
  readonly isCompact: boolean
  /** Whether the plan takes its table out of a composite type, or gives it one, so that its columns are its own meanwhile. */
  readonly changesTableType: boolean
  /** The major version of the server on which the statements run; null where it is not known. */
  readonly serverMajor: number | null
  /** Whether PostgreSQL makes it with that of a parent table, so that no statement of its own does. */
  readonly isMadeWithParent: boolean
  /** Whether those of child tables stay when it is dropped, as their own. */
  readonly isLeftToChildren: boolean
  /** What it takes the place of without a moment in between; undefined where it is made as usual. */
  readonly predecessor?: Predecessor
  /** The whole catalog that contains it. */
  readonly catalog: Catalog
}

/**
 * The index, or the key with an index, whose place a new one takes. The new index is built beside it under a name of its own,
 * and an old one that is no key's is dropped under another name. Without these names the old index becomes that of the key.
 */
export interface Predecessor {
  readonly object: DdlObject
  /** In SQL, without the schema. */
  readonly names: { readonly built: string; readonly retired: string } | null
}

/**
 * When a step runs. `release` ends a link to another object before anything is dropped: a partition is detached, a
 * sequence gives up its column. `attach` makes such a link after everything is created.
 */
export type StepPhase = 'release' | 'drop' | 'alter' | 'create' | 'attach'

/** One statement for one object. Phase and dependencies decide its place among the statements of other objects. */
export interface DdlStep {
  readonly sql: string
  readonly hazards: readonly Hazard[]
  readonly transactional: boolean
  /** Better in a transaction of its own, after the locks of the statements before it are released. */
  readonly alone?: true
  /** Default: the phase of the method that renders it. */
  readonly phase?: StepPhase
  /** The key of the relation that it names, where that is not the one of its object. */
  readonly relationKey?: string
  /** Keys of objects that must be created or altered before it, beyond those in `$needs`. */
  readonly after?: readonly string[]
  /** The steps that it is made of, where it does several in one statement, each with the key of its object. */
  readonly parts?: readonly (readonly [key: string, step: DdlStep])[]
}

/** A step whose phase is decided. */
export type PhasedStep = DdlStep & { readonly phase: StepPhase }

/** Steps, or the reason why there are none and what a person must decide. */
export type RenderResult = readonly DdlStep[] | { readonly reason: string; readonly decide: string }

export interface ObjectChange {
  readonly from: DdlObject
  readonly to: DdlObject
  /** The facts that differ, without comment, owner and grants. */
  readonly facts: ReadonlySet<string>
  /** Those that the statement for a parent table changes in the same way. */
  readonly carried?: ReadonlySet<string>
}

/** How one kind of object is written as SQL. To add a kind, add one entry to `ddlKinds`. */
export interface KindDdl {
  /** Its name in DROP, COMMENT ON and ALTER … OWNER TO: `TABLE public.songs`. */
  readonly reference: (object: DdlObject) => string
  readonly create: (object: DdlObject) => RenderResult
  /** `successor` is what is created in its place, if anything. Default: DROP and the reference. */
  readonly drop?: (object: DdlObject, successor?: DdlObject) => RenderResult
  /** `replace` drops and creates the object, which loses only what the drop reports. Default: replace. */
  readonly alter?: (change: ObjectChange) => RenderResult | 'replace'
  /**
   * The steps that drop and restore only the link to a needed object that is recreated, such as a default that calls a
   * function. Null where the object itself must be replaced. Default: null.
   */
  readonly rebind?: (from: DdlObject, to: DdlObject, needed: string) => readonly DdlStep[] | null
  /** What is done to the old type before it is renamed, so that its values can become those of the new one. Default: nothing. */
  readonly beforeSwap?: (from: DdlObject, to: DdlObject) => readonly DdlStep[]
  /** The facts that `rebind` also changes from one catalog to the other. */
  readonly reboundFacts?: readonly string[]
  /** Whether a change of these facts requires that dependents are dropped before and created after it. Default: no. */
  readonly recreatesDependents?: (change: ObjectChange) => boolean
}

/** A step that can run in a transaction. */
export function step(sql: string, ...hazards: readonly Hazard[]): DdlStep {
  return { sql, hazards, transactional: true }
}

/** A step that PostgreSQL refuses inside a transaction block. */
export function nonTransactionalStep(sql: string, ...hazards: readonly Hazard[]): DdlStep {
  return { sql, hazards: [...hazards, { hazard: 'outside a transaction' }], transactional: false }
}

/** The object with a key, undefined if the catalog does not contain it. */
export const findObject = oncePerKey(describeObject)

function describeObject(catalog: Catalog, key: string): DdlObject | undefined {
  const facts = catalog[key]
  if (facts === undefined) return undefined
  const { kind, names: parts } = parseKey(key)
  const last = parts.at(-1) ?? ''
  const end = signatureIndex(last)
  const names = [...parts.slice(0, -1), last.slice(0, end)].map(unquoteIdentifier)
  const quoted = names.map(quoteIdentifier)
  return {
    key,
    kind,
    names,
    name: names.length === 3 ? (quoted[2] ?? '') : quoted.join('.'),
    relation: quoted.slice(0, 2).join('.'),
    relationKey: relationKeysFor(parts).find((relation) => catalog[relation] !== undefined),
    signature: last.slice(end),
    facts,
    inNewRelation: false,
    mayBlock: false,
    isCompact: false,
    changesTableType: false,
    serverMajor: null,
    isMadeWithParent: false,
    isLeftToChildren: false,
    catalog,
  }
}

/** The same object without facts: what an object that is only created is compared with. */
export function withoutFacts(object: DdlObject): DdlObject {
  return { ...object, facts: {} }
}

/** The key of an object from its name in SQL: `public."user".id` -> `column:public.user.id`. */
export function keyFromName(kind: string, name: string): string {
  return objectKey(kind, parseKey(`${kind}:${name}`).names.map(unquoteIdentifier))
}

/** Where the name ends and the argument types begin. */
function signatureIndex(part: string): number {
  if (!part.startsWith('"')) return part.includes('(') ? part.indexOf('(') : part.length
  return /^"(?:[^"]|"")*"/.exec(part)?.[0].length ?? part.length
}

/** The key of the relation that a column, an index or another part belongs to; undefined for other objects. */
export function relationKeyOf(catalog: Catalog, key: string): string | undefined {
  const object = findObject(catalog, key)
  if (object !== undefined) return object.relationKey
  return relationKeysOf(key).find((relation) => catalog[relation] !== undefined)
}

/** The key of the relation that an object belongs to, or of the object itself where it belongs to none. */
export function relationOrOwnKey(catalog: Catalog, key: string): string {
  return relationKeyOf(catalog, key) ?? key
}

/** The relation that a part belongs to; undefined for other objects. */
export function findRelation({ catalog, relationKey }: DdlObject): DdlObject | undefined {
  return relationKey === undefined ? undefined : findObject(catalog, relationKey)
}

/** Whether it belongs to a partitioned table. */
export function belongsToPartitionedTable(object: DdlObject): boolean {
  return findRelation(object)?.facts['partitionedBy'] !== undefined
}

/** The keyword for the relation of a part in ALTER: TABLE or FOREIGN TABLE. */
export function tableKeyword({ relationKey }: DdlObject): string {
  return relationKey?.startsWith('foreign_table:') === true ? 'FOREIGN TABLE' : 'TABLE'
}

/** The keys of the parts of each relation, by the key of the relation. */
export const partsByRelation = oncePerCatalog((catalog) =>
  groupKeys(catalog, (key) => relationKeyOf(catalog, key)),
)

/** The keys of the columns of a relation. */
export function columnKeysOf(catalog: Catalog, relationKey: string): readonly string[] {
  return (partsByRelation(catalog).get(relationKey) ?? []).filter((key) => key.startsWith('column:'))
}

/** What `textFact`, `listFact` and `booleanFact` read: an object, or the facts of a catalog entry. */
export interface WithFacts {
  readonly facts: Facts
}

/** A fact as text, empty if the object does not have it. */
export function textFact({ facts }: WithFacts, name: string): string {
  const fact = facts[name]
  return fact === undefined ? '' : String(fact)
}

/** A fact that is a list, empty if the object does not have it. */
export function listFact({ facts }: WithFacts, name: string): readonly string[] {
  const fact: Fact | undefined = facts[name]
  return typeof fact === 'object' ? fact : []
}

/** Whether the object has a fact and it is true. */
export function booleanFact({ facts }: WithFacts, name: string): boolean {
  return facts[name] === true
}
