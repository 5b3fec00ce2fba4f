import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf, dependenciesOf } from '../dependencies.js'
import { ddlKinds } from '../kinds/registry.js'
import {
  type DdlObject,
  findObject,
  keyFromName,
  listFact,
  partsByRelation,
  relationKeyOf,
  textFact,
} from '../object.js'
import { isAnnotation } from './annotation-facts.js'
import {
  dropsObject,
  droppedWithOf,
  isRelationDropped,
  type Intent,
  createsObject,
  type CatalogPair,
} from './intents.js'

/**
 * Types that columns can be moved away from while the new one of the same name is there. A renamed range keeps the names of
 * its constructors, and a base type those of its functions.
 */
const swappableKinds = new Set(['enum', 'domain', 'composite'])

/**
 * Completes intents with what they entail: what PostgreSQL would not let happen while something depends on it, what goes
 * with the relation that holds it, what has to come back.
 */
export function propagate(intents: Map<string, Intent>, sides: CatalogPair): void {
  const dependents = dependentsOf(sides.from)
  const children = partsByRelation(sides.from)
  const queue = [...intents.keys()]
  const put = (key: string, intent: Intent | null): void => {
    if (intent === null) return
    intents.set(key, intent)
    queue.push(key)
  }
  // What is put while it runs is visited, too.
  for (const key of queue) {
    const intent = replaceIfUnalterable(intents.get(key))
    if (intent === undefined) continue
    intents.set(key, intent)
    if (dropsObject(intent))
      for (const child of children.get(key) ?? [])
        put(child, intentForPart({ key: child, holder: key }, { intents, sides }))
    if (!dropsObject(intent) && !mustRecreateDependents(intent)) continue
    for (const dependent of dependents.get(key) ?? [])
      put(dependent, intentForDependent({ key: dependent, needed: key }, { intents, sides }))
  }
  swapUsedTypes(intents, dependents)
  dropOwnedSequences(intents, sides)
}

interface PropagationContext {
  readonly intents: ReadonlyMap<string, Intent>
  readonly sides: CatalogPair
}

/** An alteration its kind cannot write becomes a replacement. */
function replaceIfUnalterable(intent: Intent | undefined): Intent | undefined {
  if (intent?.action !== 'alter') return intent
  const facts = new Set([...intent.facts].filter((fact) => !isAnnotation(fact)))
  if (facts.size === 0) return intent
  const kind = ddlKinds[intent.from.kind]
  const answer = kind?.alter?.({ ...intent, facts }) ?? 'replace'
  return answer === 'replace' ? replaceIntent(intent.from, intent.to) : intent
}

function replaceIntent(from: DdlObject, to: DdlObject): Extract<Intent, { action: 'replace' }> {
  return { action: 'replace', from, to, droppedWith: null, swap: false }
}

function mustRecreateDependents(intent: Intent): boolean {
  if (intent.action !== 'alter') return false
  return ddlKinds[intent.from.kind]?.recreatesDependents?.(intent) ?? false
}

interface HeldPart {
  readonly key: string
  readonly holder: string
}

/** What becomes of a part when its relation ends; null where that is known already. */
function intentForPart({ key, holder }: HeldPart, { intents, sides }: PropagationContext): Intent | null {
  if (droppedWithOf(intents.get(key)) !== null) return null
  const from = findObject(sides.from, key)
  const to = findObject(sides.to, key)
  if (from === undefined) return null
  if (to === undefined)
    return { action: 'drop', from, droppedWith: mustDropBeforeRelation(from, intents) ? null : holder }
  return { ...replaceIntent(from, to), droppedWith: holder }
}

/**
 * Whether a part has to be dropped before its relation: two tables that refer to each other are dropped in any order without
 * their foreign keys, and a routine that takes the rows of a table and is called by it goes between the two.
 */
function mustDropBeforeRelation(
  { facts, key, catalog }: DdlObject,
  intents: ReadonlyMap<string, Intent>,
): boolean {
  if (facts['$inherited'] === true) return false
  const holder = relationKeyOf(catalog, key)
  return [...listFact({ facts }, '$needs'), ...listFact({ facts }, '$defaultNeeds')].some((needed) => {
    const relation = relationKeyOf(catalog, needed)
    if (relation !== undefined)
      return facts['type'] === 'foreign key' && relation !== holder && dropsObject(intents.get(relation))
    const other = dropsObject(intents.get(needed)) ? findObject(catalog, needed) : undefined
    return holder !== undefined && other !== undefined && dependenciesOf(other).has(holder)
  })
}

interface DependentKeys {
  readonly key: string
  /** What it needs, and which is to end or to change. */
  readonly needed: string
}

/** What has to happen to an object because of one it needs; null where nothing, or where it is planned already. */
function intentForDependent(
  { key, needed }: DependentKeys,
  { intents, sides }: PropagationContext,
): Intent | null {
  const was = intents.get(key)
  if (
    dropsObject(was) ||
    createsObject(was) ||
    was?.action === 'refuse' ||
    isRelationDropped(intents, sides.from, key)
  )
    return null
  const from = findObject(sides.from, key)
  const to = findObject(sides.to, key)
  if (from === undefined || to === undefined) return null
  const goesForGood = intents.get(needed)?.action === 'drop'
  if (goesForGood && was !== undefined && !dependenciesOf(to).has(needed)) return null
  const isType = isTypeOfColumn(from, needed)
  if (!dropsObject(intents.get(needed)) && (isType || from.kind === 'table')) return null
  if (isType) return retypeIntent({ from, to, was })
  const canRebind = ddlKinds[from.kind]?.rebind?.({ from, to }, needed) ?? null
  if (canRebind !== null) return rebindIntent({ from, to, was }, needed)
  return holdsData(from) ? { action: 'refuse', to, needed } : replaceIntent(from, to)
}

/** Whether a column is of the type, and not merely made by an expression that mentions it. */
function isTypeOfColumn({ kind, facts }: DdlObject, needed: string): boolean {
  if (kind !== 'column' || facts['generated'] !== undefined) return false
  const needs = facts['$needs']
  return typeof needs === 'object' && needs.includes(needed) && swappableKinds.has(parseKey(needed).kind)
}

function holdsData({ kind, facts }: DdlObject): boolean {
  if (kind === 'column') return facts['generated'] === undefined
  return ['table', 'sequence', 'schema', 'extension'].includes(kind)
}

/** What a rebinding writes anew needs no other change. */
function rebindIntent({ from, to, was }: DependentChange, needed: string): Intent | null {
  if (was === undefined) return { action: 'rebind', from, to, needed }
  if (was.action !== 'alter' || was.needed !== undefined) return null
  const written = ddlKinds[from.kind]?.reboundFacts ?? []
  return { ...was, needed, facts: new Set([...was.facts].filter((fact) => !written.includes(fact))) }
}

interface DependentChange {
  readonly from: DdlObject
  readonly to: DdlObject
  readonly was: Intent | undefined
}

function retypeIntent({ from, to, was }: DependentChange): Intent | null {
  const facts = was?.action === 'alter' ? was.facts : new Set<string>()
  return facts.has('type') ? null : { action: 'alter', from, to, facts: new Set([...facts, 'type']) }
}

/** A sequence goes with the column that owns it. */
function dropOwnedSequences(intents: Map<string, Intent>, { from }: CatalogPair): void {
  for (const [key, intent] of intents) {
    const owner = intent.action === 'drop' ? textFact(intent.from, 'ownedBy') : ''
    if (intent.action !== 'drop' || owner === '') continue
    const column = keyFromName('column', owner)
    const table = relationKeyOf(from, column) ?? column
    const goesWith = [table, column].find((holder) => dropsObject(intents.get(holder))) ?? null
    intents.set(key, { ...intent, droppedWith: goesWith })
  }
}

/**
 * A type that is made anew while columns stay is swapped, because the columns cannot be without a type in between; and so is
 * a type that is part of such a one.
 */
function swapUsedTypes(
  intents: Map<string, Intent>,
  dependents: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const queue = [...intents.keys()]
  for (const key of queue) {
    const intent = intents.get(key)
    if (intent?.action !== 'replace' || intent.swap || !swappableKinds.has(intent.from.kind)) continue
    if (![...(dependents.get(key) ?? [])].some((user) => keepsUsingType(user, intents))) continue
    intents.set(key, { ...intent, swap: true })
    queue.push(...listFact(intent.from, '$needs'))
  }
}

function keepsUsingType(user: string, intents: ReadonlyMap<string, Intent>): boolean {
  const intent = intents.get(user)
  return (
    (intent?.action === 'replace' && intent.swap) ||
    (user.startsWith('column:') && intent?.action === 'alter')
  )
}
