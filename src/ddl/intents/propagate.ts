import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf, dependenciesOf, reaches } from '../dependencies.js'
import { isRangeInsideType, isSwappableRange, isTextMeanwhile } from '../kinds/range.js'
import { ddlKinds } from '../kinds/registry.js'
import { type DdlObject, findObject, listFact, partsByRelation, relationKeyOf, textFact } from '../object.js'
import type { KeptTree } from '../tree.js'
import { isAnnotation } from '../annotations/annotation-facts.js'
import { partsNamingColumn } from '../column-parts.js'
import { hasOverload, holdsData, needsNamesake, typeKinds } from './namesakes.js'
import { followOwners } from './owned-sequences.js'
import { restoreLostSettings } from './lost-settings.js'
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
import { giveUpLostIndexes } from './predecessors.js'
import { intentsInTree } from './propagate-tree.js'

/**
 * Types whose columns can be moved to a new type while the old one exists under a different name. A renamed base type keeps
 * the names of its functions, so it is not among them.
 */
const swappableKinds = new Set(['enum', 'domain', 'composite', 'collation', 'range'])

/** Kinds that make a type of their name. */
const kindsWithType = [...typeKinds, 'table', 'foreign_table', 'view', 'materialized_view']

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
    for (const part of partsLostWith(intent)) put(part, intentForLostPart(part, intents, catalogs))
    if (!dropsObject(intent) && !mustRecreateDependents(intent)) continue
    for (const dependent of dependents.get(key) ?? [])
      put(dependent, intentForDependent(dependent, key, intents, catalogs))
  }
  dropPartsApart(intents)
  swapUsedTypes(intents, dependents)
  followOwners(intents, catalogs)
  giveUpLostIndexes(intents)
  restoreLostSettings(intents, catalogs)
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

/** What is dropped on its own was not known yet when the parts of a relation were found to be dropped with it. */
function dropPartsApart(intents: Map<string, Intent>): void {
  for (const [key, intent] of intents) {
    const relation = droppedWithOf(intent)
    if (intent.action !== 'drop' || relation === null || relation !== intent.from.relationKey) continue
    if (mustDropBeforeRelation(intent.from, intents)) intents.set(key, { ...intent, droppedWith: null })
  }
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

/** The indexes and constraints that are lost with a column that is dropped and added again, or not possible while it is text. */
function partsLostWith(intent: Intent): readonly string[] {
  if (intent.action !== 'replace' && intent.action !== 'alter') return []
  const isLost = intent.action === 'replace' || isTextMeanwhile(intent)
  return isLost && intent.from.kind === 'column' ? partsNamingColumn(intent.from) : []
}

/** The intent for an index or a constraint that is lost; null where it is dropped or created anyway. */
function intentForLostPart(
  key: string,
  intents: ReadonlyMap<string, Intent>,
  catalogs: CatalogPair,
): Intent | null {
  const [from, to] = [findObject(catalogs.from, key), findObject(catalogs.to, key)]
  if (from === undefined || dropsObject(intents.get(key)) || isRelationDropped(intents, catalogs.from, key))
    return null
  return to === undefined ? { action: 'drop', from, droppedWith: null } : replaceIntent(from, to)
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
  const isType = isTypeOfColumn(from, needed)
  // A type of another kind may have got the name.
  const keepsTypeName = isType && textFact(from, 'type') === textFact(to, 'type')
  const endsNeed = planned !== undefined && from.kind !== 'constraint' && !dependenciesOf(to).has(needed)
  const isCalledAgain = hasOverload(needed, catalogs.to) || needsNamesake(from, to, needed, intents)
  if (isNeededDropped && endsNeed && !keepsTypeName && !isCalledAgain) return null
  if (!dropsObject(intents.get(needed)) && (isType || from.kind === 'table')) return null
  if (isType) return retypeIntent(from, to, planned, needed.startsWith('collation:') ? 'collation' : 'type')
  const rebindSteps = ddlKinds[from.kind]?.rebind?.(from, to, needed) ?? null
  if (rebindSteps !== null) return rebindIntent(from, to, needed, planned)
  return holdsData(from) || isRangeInsideType(from, to)
    ? { action: 'refuse', to, needed }
    : replaceIntent(from, to)
}

/** Whether a column has the type, as opposed to an expression that only mentions it. */
function isTypeOfColumn({ kind, facts }: DdlObject, needed: string): boolean {
  if (kind !== 'column' || facts['generated'] !== undefined) return false
  const { kind: neededKind } = parseKey(needed)
  return (
    listFact({ facts }, '$needs').includes(needed) &&
    (swappableKinds.has(neededKind) || typeKinds.has(neededKind))
  )
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

function retypeIntent(
  from: DdlObject,
  to: DdlObject,
  planned: Intent | undefined,
  fact: 'type' | 'collation',
): Intent | null {
  const facts = planned?.action === 'alter' ? planned.facts : new Set<string>()
  return facts.has(fact) ? null : { action: 'alter', from, to, facts: new Set([...facts, fact]) }
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
    if (intent?.action !== 'replace' && intent?.action !== 'drop') continue
    if (intent.swap === true || !isSwappable(intent, intents)) continue
    if (![...(dependents.get(key) ?? [])].some((user) => keepsUsingType(user, intents.get(user)))) continue
    intents.set(key, { ...intent, swap: true })
    queue.push(...listFact(intent.from, '$needs'))
  }
}

/** A type that is only dropped is swapped if one of another kind gets its name. */
function isSwappable(
  { action, from }: Extract<Intent, { action: 'replace' | 'drop' }>,
  intents: ReadonlyMap<string, Intent>,
): boolean {
  if (action === 'replace')
    return swappableKinds.has(from.kind) && (from.kind !== 'range' || isSwappableRange(from))
  const name = from.key.slice(from.key.indexOf(':'))
  return (
    typeKinds.has(from.kind) && kindsWithType.some((kind) => createsObject(intents.get(`${kind}${name}`)))
  )
}

function keepsUsingType(user: string, intent: Intent | undefined): boolean {
  return isSwap(intent) || (user.startsWith('column:') && intent?.action === 'alter')
}
