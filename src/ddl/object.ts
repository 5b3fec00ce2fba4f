import {
  type Catalog,
  type Fact,
  type Facts,
  objectKey,
  parseKey,
  relationKeysOf,
} from '../core/model/catalog.js'
import { quoteIdentifier, unquoteIdentifier } from './identifiers.js'
import type { Hazard } from './statement.js'

/** An object in one of the two catalogs, with the names that SQL calls it by. */
export interface DdlObject {
  readonly key: string
  readonly kind: string
  /** The parts of its name, unquoted: schema, relation, name. */
  readonly names: readonly string[]
  /** Its own name in SQL: `public.songs`, for what belongs to a relation the last part alone: `title`. */
  readonly name: string
  /** The relation it belongs to, in SQL; its own name where it belongs to none. */
  readonly relation: string
  /** What follows the name of an overloaded object: `(integer, text)`; empty for others. */
  readonly signature: string
  readonly facts: Facts
  /** Whether its relation is made by the same plan, so that it has no rows and nobody waits for it. */
  readonly inNewRelation: boolean
  /** Whether others may have to wait for its relation, so that all can be done in a transaction. Default: no. */
  readonly mayBlock?: boolean
  /** All of the catalog it is in. */
  readonly catalog: Catalog
}

/**
 * When a step runs. `release` lets go of another object before anything is dropped (a partition is detached, a sequence
 * no longer owned), `attach` takes hold of one after everything is there.
 */
export type StepPhase = 'release' | 'drop' | 'alter' | 'create' | 'attach'

/** One statement of an object's change. Its order among those of other objects follows from phase and dependencies. */
export interface DdlStep {
  readonly sql: string
  readonly hazards: readonly Hazard[]
  readonly transactional: boolean
  /** Better in a transaction of its own, after the locks of those before are gone. */
  readonly alone?: true
  /** Default: that of the method that renders it. */
  readonly phase?: StepPhase
  /** Keys of objects that must be there, as they shall be, before it: beyond what `$needs` says. */
  readonly after?: readonly string[]
}

/** Steps, or why there are none: a reason, and what a person must decide. */
export type RenderResult = readonly DdlStep[] | { readonly reason: string; readonly decide: string }

export interface ObjectChange {
  readonly from: DdlObject
  readonly to: DdlObject
  /** The facts that differ; comment, owner and grants are not among them. */
  readonly facts: ReadonlySet<string>
}

/** How one kind of object is written as SQL. Adding a kind is one entry in `ddlKinds`. */
export interface KindDdl {
  /** How DROP, COMMENT ON and ALTER … OWNER TO name it: `TABLE public.songs`. */
  readonly reference: (object: DdlObject) => string
  readonly create: (object: DdlObject) => RenderResult
  /** Default: DROP and its reference. */
  readonly drop?: (object: DdlObject) => RenderResult
  /** `replace` drops and creates it anew, which loses nothing but what the drop says. Default: replace. */
  readonly alter?: (change: ObjectChange) => RenderResult | 'replace'
  /**
   * What lets go of a needed object and takes hold of it again without a drop of this one: a default that calls a function
   * which is made anew. Null where that cannot be; default: null, and it is replaced.
   */
  readonly rebind?: (
    object: { readonly from: DdlObject; readonly to: DdlObject },
    needed: string,
  ) => readonly DdlStep[] | null
  /** The facts that `rebind` takes from one side to the other by itself. */
  readonly reboundFacts?: readonly string[]
  /** Whether what depends on it must be dropped before a change of these facts and created after it. Default: no. */
  readonly recreatesDependents?: (change: ObjectChange) => boolean
}

export function step(sql: string, ...hazards: readonly Hazard[]): DdlStep {
  return { sql, hazards, transactional: true }
}

/** A step that PostgreSQL refuses inside a transaction block. */
export function nonTransactionalStep(sql: string, ...hazards: readonly Hazard[]): DdlStep {
  return { sql, hazards: [...hazards, { hazard: 'outside a transaction' }], transactional: false }
}

/** The object of a key in a catalog; undefined where the catalog has none. */
export function findObject(catalog: Catalog, key: string): DdlObject | undefined {
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
    signature: last.slice(end),
    facts,
    inNewRelation: false,
    catalog,
  }
}

/** The key of an object that a fact names as SQL does: `public."user".id` -> `column:public.user.id`. */
export function keyFromName(kind: string, name: string): string {
  return objectKey(kind, parseKey(`${kind}:${name}`).names.map(unquoteIdentifier))
}

/** Where the name ends and the arguments begin. */
function signatureIndex(part: string): number {
  if (!part.startsWith('"')) return part.includes('(') ? part.indexOf('(') : part.length
  return /^"(?:[^"]|"")*"/.exec(part)?.[0].length ?? part.length
}

/** The relation that a column, an index or another part belongs to; undefined for what stands alone. */
export function relationKeyOf(catalog: Catalog, key: string): string | undefined {
  return relationKeysOf(key).find((relation) => catalog[relation] !== undefined)
}

/** The relation itself that a part belongs to; undefined for what stands alone. */
export function findRelation({ catalog, key }: DdlObject): DdlObject | undefined {
  const relation = relationKeyOf(catalog, key)
  return relation === undefined ? undefined : findObject(catalog, relation)
}

/** Whether it belongs to a partitioned table. */
export function belongsToPartitionedTable(object: DdlObject): boolean {
  return findRelation(object)?.facts['partitionedBy'] !== undefined
}

const partsCache = new WeakMap<Catalog, ReadonlyMap<string, readonly string[]>>()

/** The keys of what belongs to each relation of a catalog, by the key of the relation. */
export function partsByRelation(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const known = partsCache.get(catalog)
  if (known !== undefined) return known
  const found = new Map<string, string[]>()
  for (const key of Object.keys(catalog)) {
    const relation = relationKeyOf(catalog, key)
    if (relation === undefined) continue
    const siblings = found.get(relation)
    if (siblings === undefined) found.set(relation, [key])
    else siblings.push(key)
  }
  partsCache.set(catalog, found)
  return found
}

/** A fact that is a text, empty where there is none. */
export function textFact({ facts }: Pick<DdlObject, 'facts'>, name: string): string {
  const fact = facts[name]
  return fact === undefined ? '' : String(fact)
}

/** A fact that is a list, empty where there is none. */
export function listFact({ facts }: Pick<DdlObject, 'facts'>, name: string): readonly string[] {
  const fact: Fact | undefined = facts[name]
  return typeof fact === 'object' ? fact : []
}

/** Whether a fact is there and true. */
export function booleanFact({ facts }: Pick<DdlObject, 'facts'>, name: string): boolean {
  return facts[name] === true
}
