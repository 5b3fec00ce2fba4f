import type { Catalog } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { type DdlObject, findObject, relationKeyOf } from '../object.js'

/** What to do about one object. `droppedWith` is the key of an object whose drop also drops this one. */
export type Intent =
  | { readonly action: 'create'; readonly to: DdlObject }
  /** `swap`: a type of another kind gets its name, so it is renamed, and dropped after the columns have the new type. */
  | {
      readonly action: 'drop'
      readonly from: DdlObject
      readonly droppedWith: string | null
      readonly swap?: boolean
      /** The key of what is built beside it and takes its place, and drops it then. */
      readonly successor?: string
      /** The partitioned table that it is detached from first, because foreign keys lead there. */
      readonly detachedFrom?: string
    }
  | {
      readonly action: 'alter'
      readonly from: DdlObject
      readonly to: DdlObject
      readonly facts: ReadonlySet<string>
      /** The key of a needed object to which the link must be dropped and restored as well. */
      readonly needed?: string
      /** The facts that the statement for a parent table changes in the same way. */
      readonly carried?: ReadonlySet<string>
    }
  /** Only the link to a needed object that is recreated, such as a default, is dropped and restored. */
  | { readonly action: 'rebind'; readonly from: DdlObject; readonly to: DdlObject; readonly needed: string }
  /** Dropped and created. `swap`: the old type is renamed, and dropped after the columns have the new type. */
  | {
      readonly action: 'replace'
      readonly from: DdlObject
      readonly to: DdlObject
      readonly droppedWith: string | null
      readonly swap: boolean
    }
  /** It would have to be replaced because of a needed object, and its data would be lost. */
  | { readonly action: 'refuse'; readonly to: DdlObject; readonly needed: string }

/** The two catalogs of a plan. */
export interface CatalogPair {
  readonly from: Catalog
  readonly to: Catalog
}

/** One intent for each difference, by key. `expected` of a difference belongs to `to`, `actual` to `from`. */
export function createIntents(
  differences: readonly Difference[],
  catalogs: CatalogPair,
  serverMajor: number | null,
): Map<string, Intent> {
  const intents = new Map<string, Intent>()
  for (const difference of differences) {
    const { key } = difference
    const [from, found] = [findObject(catalogs.from, key), findObject(catalogs.to, key)]
    const to = found === undefined ? undefined : { ...found, serverMajor }
    if (to !== undefined && from === undefined) intents.set(key, { action: 'create', to })
    if (from !== undefined && to === undefined) intents.set(key, { action: 'drop', from, droppedWith: null })
    if (difference.change === 'changed' && from !== undefined && to !== undefined)
      intents.set(key, { action: 'alter', from, to, facts: new Set(difference.facts) })
  }
  return intents
}

/** The object an intent is about: as it will be, or as it was where it is only dropped. */
export function objectOf(intent: Intent): DdlObject {
  return intent.action === 'drop' ? intent.from : intent.to
}

/** Whether an intent drops the existing object. */
export function dropsObject(intent: Intent | undefined): boolean {
  return intent?.action === 'drop' || intent?.action === 'replace'
}

/** The key of the object whose drop also drops this one; null where it has its own drop, or none. */
export function droppedWithOf(intent: Intent | undefined): string | null {
  return intent?.action === 'drop' || intent?.action === 'replace' ? intent.droppedWith : null
}

/** Whether an intent creates an object, for the first time or again. */
export function createsObject(intent: Intent | undefined): boolean {
  return intent?.action === 'create' || intent?.action === 'replace'
}

/** Whether an object is built beside the one whose place it takes. */
export function isMadeInPlace(intent: Intent | undefined): boolean {
  const isMade = intent?.action === 'create' || intent?.action === 'replace'
  return isMade && intent.to.predecessor !== undefined && intent.to.predecessor.names !== null
}

/** Whether what takes the place of the object also drops it. */
export function isDroppedBySuccessor(intent: Intent | undefined): boolean {
  return intent?.action === 'drop' ? intent.successor !== undefined : isMadeInPlace(intent)
}

/** Whether an intent replaces a type by renaming the old one. */
export function isSwap(intent: Intent | undefined): boolean {
  return (intent?.action === 'replace' || intent?.action === 'drop') && intent.swap === true
}

/** Whether the relation of an object is dropped, for good or to be created again. */
export function isRelationDropped(
  intents: ReadonlyMap<string, Intent>,
  catalog: Catalog,
  key: string,
): boolean {
  const relation = relationKeyOf(catalog, key)
  return relation !== undefined && dropsObject(intents.get(relation))
}

/** Drops an object and creates it again. */
export function replaceIntent(from: DdlObject, to: DdlObject): Extract<Intent, { action: 'replace' }> {
  return { action: 'replace', from, to, droppedWith: null, swap: false }
}
