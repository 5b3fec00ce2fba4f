import type { Facts } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import {
  type DdlObject,
  findObject,
  findRelation,
  keyFromName,
  listFact,
  partsByRelation,
  relationOrOwnKey,
  textFact,
} from '../object.js'
import { descendantsOf, isDroppedWithParent, keptParents, type KeptTree, membersByKey } from '../tree.js'
import { type CatalogPair, dropsObject, droppedWithOf, type Intent, replaceIntent } from './intents.js'
import { restatedFacts } from './carried-facts.js'
import { rivalsOf } from './rivals.js'

type IntentEntries = readonly (readonly [key: string, intent: Intent])[]

/** A plan in the making, with what is one object through links that stay. */
export interface TreePlan {
  readonly intents: ReadonlyMap<string, Intent>
  readonly catalogs: CatalogPair
  readonly tree: KeptTree
}

/** The intents that one for an object of a tree of tables requires for its other names. */
export function intentsInTree(key: string, plan: TreePlan): IntentEntries {
  const intent = plan.intents.get(key)
  if (intent === undefined || intent.action === 'refuse') return []
  if (intent.action === 'create') return takeMembers(key, plan)
  return [
    ...(dropsObject(intent) ? dropMembers(key, intent, plan) : []),
    ...(intent.action === 'replace' ? takeMembers(key, plan) : []),
    ...(losesParent(intent) ? replaceParents(key, plan) : []),
    ...(intent.action === 'alter'
      ? [...restateMembers(key, intent, plan), ...replaceRivals(intent, plan)]
      : []),
    ...detachReferenced(key, intent, plan),
  ]
}

/** What is one with a dropped object is dropped with it, and made again where it is to stay. */
function dropMembers(key: string, intent: Intent, plan: TreePlan): IntentEntries {
  const { intents, catalogs, tree } = plan
  const members = tree.membersOf.get(key) ?? []
  if (members.length === 0) return []
  if (canLeaveToChildren(key, intent, plan) && intent.action === 'drop')
    return intent.from.isLeftToChildren
      ? []
      : [[key, { ...intent, from: { ...intent.from, isLeftToChildren: true } }]]
  const holder = droppedWithOf(intent) ?? key
  return members.flatMap((member): IntentEntries => {
    const [from, to] = [findObject(catalogs.from, member), findObject(catalogs.to, member)]
    const staysByOther = (tree.parentsOf.get(member) ?? []).some(
      (parent) => !dropsObject(intents.get(parent)),
    )
    if (from === undefined || staysByOther || !isDroppedWithParent(from)) return []
    const known = droppedWithOf(intents.get(member))
    if (known === holder || (known !== null && known === from.relationKey)) return []
    if (to === undefined) return [[member, { action: 'drop', from, droppedWith: holder }]]
    return [[member, { ...replaceIntent(from, to), droppedWith: holder }]]
  })
}

/** What a new object of a parent takes, and what it would take in its stead. */
function takeMembers(key: string, plan: TreePlan): IntentEntries {
  return [...attachKeys(key, plan), ...replaceRivalsOfMembers(key, plan)]
}

/** A key of a partition becomes that of a new index of the parent, without a difference of its own. */
function attachKeys(key: string, { intents, catalogs }: TreePlan): IntentEntries {
  if (!key.startsWith('index:')) return []
  return (membersByKey(catalogs.to).get(key) ?? []).flatMap((member): IntentEntries => {
    const [from, to] = [findObject(catalogs.from, member), findObject(catalogs.to, member)]
    if (from === undefined || to === undefined || intents.has(member) || from.kind === 'index') return []
    return [[member, { action: 'alter', from, to, facts: new Set(['parent']) }]]
  })
}

/** Whether ONLY drops it, because a child keeps its column or check. A partitioned table has no such way. */
function canLeaveToChildren(key: string, intent: Intent, { catalogs, tree }: TreePlan): boolean {
  if (intent.action !== 'drop' || intent.droppedWith !== null) return false
  const { from } = intent
  if (from.kind !== 'column' && from.facts['type'] !== 'check') return false
  if (findRelation(from)?.facts['partitionedBy'] !== undefined) return false
  return descendantsOf(tree.membersOf, key).some((member) => catalogs.to[member] !== undefined)
}

function losesParent(intent: Intent): boolean {
  if (dropsObject(intent)) return droppedWithOf(intent) === null
  return intent.action === 'alter' && intent.facts.has('parent')
}

/** An index or a key of a partition goes only with that of the parent, which is then made again. */
function replaceParents(key: string, { intents, catalogs, tree }: TreePlan): IntentEntries {
  if (!/^(?:index|constraint):/.test(key)) return []
  return (tree.parentsOf.get(key) ?? []).flatMap((parent): IntentEntries => {
    const [from, to] = [findObject(catalogs.from, parent), findObject(catalogs.to, parent)]
    if (dropsObject(intents.get(parent)) || from === undefined || to === undefined) return []
    return [[parent, replaceIntent(from, to)]]
  })
}

/** A statement for a parent's column also changes those of children that are to be otherwise. */
function restateMembers(
  key: string,
  intent: Extract<Intent, { action: 'alter' }>,
  plan: TreePlan,
): IntentEntries {
  const { intents, catalogs, tree } = plan
  if (intent.to.kind !== 'column') return []
  return (tree.membersOf.get(key) ?? []).flatMap((member): IntentEntries => {
    const [from, to] = [findObject(catalogs.from, member), findObject(catalogs.to, member)]
    const planned = intents.get(member)
    if (from === undefined || to === undefined || (planned !== undefined && planned.action !== 'alter'))
      return []
    const restated = restatedFacts(intent, to).filter((fact) => planned?.facts.has(fact) !== true)
    if (restated.length === 0) return []
    const facts = new Set([...(planned?.facts ?? []), ...restated])
    const changed = { ...from, facts: factsAfterParent(planned?.from ?? from, intent.to, restated) }
    const target = { ...to, serverMajor: intent.to.serverMajor }
    return [[member, { ...planned, action: 'alter', from: changed, to: target, facts }]]
  })
}

/** The facts of a child after the statement for its parent. */
function factsAfterParent({ facts }: DdlObject, parent: DdlObject, changed: readonly string[]): Facts {
  const set = changed.filter((fact) => fact !== 'nullable')
  const kept = Object.entries(facts).filter(([fact]) => !set.includes(fact))
  const taken = set.flatMap((fact) => {
    const value = parent.facts[fact]
    return value === undefined ? [] : [[fact, value] as const]
  })
  return Object.fromEntries([...kept, ...taken])
}

/** What PostgreSQL would take for the index or foreign key that a table gets in a tree is made after that. */
function replaceRivals({ from, to }: Extract<Intent, { action: 'alter' }>, plan: TreePlan): IntentEntries {
  const { intents, catalogs } = plan
  const isAttached = to.facts['partition'] !== undefined && keptParents(from, to).length === 0
  if (!isAttached) return []
  return rivalsIn(
    to.key,
    plan,
    (parent) => catalogs.from[parent] !== undefined && !dropsObject(intents.get(parent)),
  )
}

/** The same where a parent gets a foreign key, and with it each partition. */
function replaceRivalsOfMembers(key: string, plan: TreePlan): IntentEntries {
  const { to } = plan.catalogs
  if (to[key]?.['type'] !== 'foreign key') return []
  return (membersByKey(to).get(key) ?? []).flatMap((member) =>
    rivalsIn(relationOrOwnKey(to, member), plan, (parent) => parent === key),
  )
}

/** Replaces what is in a table already and like something that it gets from a parent. */
function rivalsIn(
  table: string,
  { intents, catalogs }: TreePlan,
  takes: (parent: string) => boolean,
): IntentEntries {
  return (partsByRelation(catalogs.to).get(table) ?? []).flatMap((key): IntentEntries => {
    const [before, after] = [findObject(catalogs.from, key), findObject(catalogs.to, key)]
    if (before === undefined || after === undefined || intents.has(key)) return []
    return rivalsOf(after).some(({ parents }) => parents.some(takes))
      ? [[key, replaceIntent(before, after)]]
      : []
  })
}

/** A partition of a table that foreign keys lead to is detached before it is dropped. */
function detachReferenced(key: string, intent: Intent, { intents, catalogs }: TreePlan): IntentEntries {
  if (intent.action !== 'drop' || intent.detachedFrom !== undefined) return []
  const { from } = intent
  const [parent] = listFact(from, 'parents')
  if (textFact(from, 'partition') === '' || parent === undefined) return []
  const table = keyFromName('table', parent)
  if (dropsObject(intents.get(table))) return []
  const isReferenced = foreignKeysTo(catalogs.from, table).some((found) => !dropsObject(intents.get(found)))
  return isReferenced ? [[key, { ...intent, detachedFrom: parent }]] : []
}

/** The keys of the foreign keys that lead to a table or to one above it. */
export function foreignKeysTo(catalog: CatalogPair['from'], table: string): readonly string[] {
  const dependents = dependentsOf(catalog)
  const own = (partsByRelation(catalog).get(table) ?? []).flatMap((part) => [...(dependents.get(part) ?? [])])
  const above = listFact({ facts: catalog[table] ?? {} }, 'parents')
  return [
    ...own.filter((key) => catalog[key]?.['type'] === 'foreign key'),
    ...above.flatMap((parent) => foreignKeysTo(catalog, keyFromName('table', parent))),
  ]
}
