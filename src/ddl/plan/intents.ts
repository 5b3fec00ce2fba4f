import type { Catalog } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { type DdlObject, findObject, relationKeyOf } from '../object.js'

/** What is to be done about one object. `goesWith` is the key of an object whose drop drops it, too. */
export type Intent =
  | { readonly action: 'create'; readonly to: DdlObject }
  | { readonly action: 'drop'; readonly from: DdlObject; readonly droppedWith: string | null }
  | {
      readonly action: 'alter'
      readonly from: DdlObject
      readonly to: DdlObject
      readonly facts: ReadonlySet<string>
      /** What it has to let go of and take hold of again, too. */
      readonly needed?: string
    }
  /** Only the default, or the like, is dropped before and set after something it needs is made anew. */
  | { readonly action: 'rebind'; readonly from: DdlObject; readonly to: DdlObject; readonly needed: string }
  /** Dropped and created again. `swap`: the old one is renamed, and dropped once columns have moved to the new one. */
  | {
      readonly action: 'replace'
      readonly from: DdlObject
      readonly to: DdlObject
      readonly droppedWith: string | null
      readonly swap: boolean
    }
  /** It would have to be made anew, and holds what cannot be. */
  | { readonly action: 'refuse'; readonly to: DdlObject; readonly needed: string }

export interface CatalogPair {
  readonly from: Catalog
  readonly to: Catalog
}

/** One intent for each difference, by key. `expected` of a difference is where to go, `actual` where from. */
export function createIntents(
  differences: readonly Difference[],
  { from, to }: CatalogPair,
): Map<string, Intent> {
  const intents = new Map<string, Intent>()
  for (const difference of differences) {
    const { key } = difference
    const [is, shall] = [findObject(from, key), findObject(to, key)]
    if (shall !== undefined && is === undefined) intents.set(key, { action: 'create', to: shall })
    if (is !== undefined && shall === undefined)
      intents.set(key, { action: 'drop', from: is, droppedWith: null })
    if (difference.change === 'changed' && is !== undefined && shall !== undefined)
      intents.set(key, { action: 'alter', from: is, to: shall, facts: new Set(difference.facts) })
  }
  return intents
}

/** Whether an intent ends the object that is there now. */
export function dropsObject(intent: Intent | undefined): boolean {
  return intent?.action === 'drop' || intent?.action === 'replace'
}

/** The key of the object whose drop drops this one, too; null where it is dropped by itself, or not at all. */
export function droppedWithOf(intent: Intent | undefined): string | null {
  return intent?.action === 'drop' || intent?.action === 'replace' ? intent.droppedWith : null
}

/** Whether an intent makes an object that was not there, or makes it anew. */
export function createsObject(intent: Intent | undefined): boolean {
  return intent?.action === 'create' || intent?.action === 'replace'
}

/** Whether the relation an object belongs to is dropped, alone or to be made anew: what it holds goes with it. */
export function isRelationDropped(
  intents: ReadonlyMap<string, Intent>,
  catalog: Catalog,
  key: string,
): boolean {
  const relation = relationKeyOf(catalog, key)
  return relation !== undefined && dropsObject(intents.get(relation))
}
