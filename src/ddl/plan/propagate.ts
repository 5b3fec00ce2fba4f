import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf, dependenciesOf, reaches } from '../dependencies.js'
import { ddlKinds } from '../kinds/registry.js'
import {
  type DdlObject,
  findObject,
  keyFromName,
  listFact,
  partsByRelation,
  relationKeyOf,
  relationOrOwnKey,
  textFact,
} from '../object.js'
import type { KeptTree } from '../tree.js'
import { isAnnotation } from './annotation-facts.js'
import {
  dropsObject,
  droppedWithOf,
  isRelationDropped,
  isSwap,
  type Intent,
  createsObject,
  type CatalogPair,
  replaceIntent,
} from './intents.js'
import { intentsInTree } from './propagate-tree.js'

/**
 * Types whose columns can be moved to a new type while the old one exists under a different name. A renamed range keeps
 * the names of its constructors, and a base type the names of its functions, so these two are not among them.
 */
const swappableKinds = new Set(['enum', 'domain', 'composite'])

/**
 * Adds the intents that the given ones require: for objects that PostgreSQL would not let stay while what they depend
 * on changes, and for the parts of a dropped relation, some of which are created again.
 */
export function propagate(intents: Map<string, Intent>, catalogs: CatalogPair, tree: KeptTree): void {
  const dependents = dependentsOf(catalogs.from)
  const parts = partsByRelation(catalogs.from)
  const queue = [...intents.keys()]
  const put = (key: string, intent: Intent | null): void => {
    if (intent === null) return
    intents.set(key, intent)
    queue.push(key)
  }
  // The loop also visits the keys that are added while it runs.
  for (const key of queue) {
    const intent = replaceIfUnalterable(intents.get(key))
    if (intent === undefined) continue
    intents.set(key, intent)
    for (const [other, added] of intentsInTree(key, { intents, catalogs, tree })) put(other, added)
    if (dropsObject(intent))
      for (const part of parts.get(key) ?? []) put(part, intentForPart(part, key, intents, catalogs))
    if (!dropsObject(intent) && !mustRecreateDependents(intent)) continue
    for (const dependent of dependents.get(key) ?? [])
      put(dependent, intentForDependent(dependent, key, intents, catalogs))
  }
  swapUsedTypes(intents, dependents)
  dropOwnedSequences(intents, catalogs)
}

/** An alteration that its kind cannot write becomes a replacement. */
function replaceIfUnalterable(intent: Intent | undefined): Intent | undefined {
  if (intent?.action !== 'alter') return intent
  const facts = new Set([...intent.facts].filter((fact) => !isAnnotation(fact)))
  if (facts.size === 0) return intent
  const kind = ddlKinds[intent.from.kind]
  const altered = kind?.alter?.({ ...intent, facts }) ?? 'replace'
  return altered === 'replace' ? replaceIntent(intent.from, intent.to) : intent
}

function mustRecreateDependents(intent: Intent): boolean {
  if (intent.action !== 'alter') return false
  return ddlKinds[intent.from.kind]?.recreatesDependents?.(intent) ?? false
}

/** The intent for a part of a relation that is dropped; null where the part is already known to be dropped with it. */
function intentForPart(
  key: string,
  relation: string,
  intents: ReadonlyMap<string, Intent>,
  catalogs: CatalogPair,
): Intent | null {
  if (droppedWithOf(intents.get(key)) !== null) return null
  const [from, to] = [findObject(catalogs.from, key), findObject(catalogs.to, key)]
  if (from === undefined) return null
  if (to === undefined)
    return { action: 'drop', from, droppedWith: mustDropBeforeRelation(from, intents) ? null : relation }
  return { ...replaceIntent(from, to), droppedWith: relation }
}

/**
 * Whether a part has to be dropped before its relation. Two tables that reference each other can be dropped only
 * without their foreign keys. What needs a table, and is needed by a part of it, is dropped between the two: a routine that
 * takes its rows, or a view in a policy.
 */
function mustDropBeforeRelation(
  { facts, catalog, relationKey: own }: DdlObject,
  intents: ReadonlyMap<string, Intent>,
): boolean {
  if (facts['$inherited'] === true) return false
  // The partitions of a table that refers to itself are dropped before it.
  const isApart = (relation: string): boolean =>
    relation !== own || catalog[relation]?.['partitionedBy'] !== undefined
  return [...listFact({ facts }, '$needs'), ...listFact({ facts }, '$defaultNeeds')].some((needed) => {
    const relation = relationKeyOf(catalog, needed)
    if (relation !== undefined)
      return facts['type'] === 'foreign key' && isApart(relation) && dropsObject(intents.get(relation))
    return own !== undefined && dropsObject(intents.get(needed)) && reaches(catalog, needed, own)
  })
}

/** The intent for an object that needs a dropped or altered one; null where nothing has to be added. */
function intentForDependent(
  key: string,
  needed: string,
  intents: ReadonlyMap<string, Intent>,
  catalogs: CatalogPair,
): Intent | null {
  const planned = intents.get(key)
  if (dropsObject(planned) || createsObject(planned) || planned?.action === 'refuse') return null
  if (isRelationDropped(intents, catalogs.from, key)) return null
  const [from, to] = [findObject(catalogs.from, key), findObject(catalogs.to, key)]
  if (from === undefined || to === undefined) return null
  const isNeededDropped = intents.get(needed)?.action === 'drop'
  const endsNeed = planned !== undefined && from.kind !== 'constraint' && !dependenciesOf(to).has(needed)
  if (isNeededDropped && endsNeed) return null
  const isType = isTypeOfColumn(from, needed)
  if (!dropsObject(intents.get(needed)) && (isType || from.kind === 'table')) return null
  if (isType) return retypeIntent(from, to, planned)
  const rebindSteps = ddlKinds[from.kind]?.rebind?.(from, to, needed) ?? null
  if (rebindSteps !== null) return rebindIntent(from, to, needed, planned)
  return holdsData(from) ? { action: 'refuse', to, needed } : replaceIntent(from, to)
}

/** Whether a column has the type, as opposed to an expression that only mentions it. */
function isTypeOfColumn({ kind, facts }: DdlObject, needed: string): boolean {
  if (kind !== 'column' || facts['generated'] !== undefined) return false
  return listFact({ facts }, '$needs').includes(needed) && swappableKinds.has(parseKey(needed).kind)
}

function holdsData({ kind, facts }: DdlObject): boolean {
  if (kind === 'column') return facts['generated'] === undefined
  return ['table', 'sequence', 'schema', 'extension'].includes(kind)
}

/** A planned alteration leaves out the facts that the rebinding sets itself. */
function rebindIntent(
  from: DdlObject,
  to: DdlObject,
  needed: string,
  planned: Intent | undefined,
): Intent | null {
  if (planned === undefined) return { action: 'rebind', from, to, needed }
  if (planned.action !== 'alter' || planned.needed !== undefined) return null
  const rebound = ddlKinds[from.kind]?.reboundFacts ?? []
  return { ...planned, needed, facts: new Set([...planned.facts].filter((fact) => !rebound.includes(fact))) }
}

function retypeIntent(from: DdlObject, to: DdlObject, planned: Intent | undefined): Intent | null {
  const facts = planned?.action === 'alter' ? planned.facts : new Set<string>()
  return facts.has('type') ? null : { action: 'alter', from, to, facts: new Set([...facts, 'type']) }
}

/** A sequence is dropped with the column that owns it. */
function dropOwnedSequences(intents: Map<string, Intent>, { from }: CatalogPair): void {
  for (const [key, intent] of intents) {
    const owner = intent.action === 'drop' ? textFact(intent.from, 'ownedBy') : ''
    if (intent.action !== 'drop' || owner === '') continue
    const column = keyFromName('column', owner)
    const table = relationOrOwnKey(from, column)
    const droppedWith = [table, column].find((holder) => dropsObject(intents.get(holder))) ?? null
    intents.set(key, { ...intent, droppedWith })
  }
}

/**
 * A type that is replaced while columns stay is swapped, because a column always has a type. The same holds for a type
 * that is part of a swapped one.
 */
function swapUsedTypes(
  intents: Map<string, Intent>,
  dependents: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const queue = [...intents.keys()]
  for (const key of queue) {
    const intent = intents.get(key)
    if (intent?.action !== 'replace' || intent.swap || !swappableKinds.has(intent.from.kind)) continue
    if (![...(dependents.get(key) ?? [])].some((user) => keepsUsingType(user, intents.get(user)))) continue
    intents.set(key, { ...intent, swap: true })
    queue.push(...listFact(intent.from, '$needs'))
  }
}

function keepsUsingType(user: string, intent: Intent | undefined): boolean {
  return isSwap(intent) || (user.startsWith('column:') && intent?.action === 'alter')
}
