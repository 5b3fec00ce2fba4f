import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf, needsOf } from '../dependencies.js'
import { ddlKinds } from '../kinds/registry.js'
import { type DdlObject, findObject, keyOfName, list, partsOf, relationOf, text } from '../object.js'
import { isGeneric } from './generic.js'
import { ends, goesWithOf, holderEnds, type Intent, makes, type Sides } from './intents.js'

/**
 * Types that columns can be moved away from while the new one of the same name is there. A renamed range keeps the names of
 * its constructors, and a base type those of its functions.
 */
const swappable = new Set(['enum', 'domain', 'composite'])

/**
 * Completes intents with what they entail: what PostgreSQL would not let happen while something depends on it, what goes
 * with the relation that holds it, what has to come back.
 */
export function propagate(intents: Map<string, Intent>, sides: Sides): void {
  const dependents = dependentsOf(sides.from)
  const children = partsOf(sides.from)
  const queue = [...intents.keys()]
  const put = (key: string, intent: Intent | null): void => {
    if (intent === null) return
    intents.set(key, intent)
    queue.push(key)
  }
  // What is put while it runs is visited, too.
  for (const key of queue) {
    const intent = settled(intents.get(key))
    if (intent === undefined) continue
    intents.set(key, intent)
    if (ends(intent))
      for (const child of children.get(key) ?? [])
        put(child, withHolder({ key: child, holder: key }, { intents, sides }))
    if (!ends(intent) && !disturbs(intent)) continue
    for (const dependent of dependents.get(key) ?? [])
      put(dependent, entailed({ key: dependent, needed: key }, { intents, sides }))
  }
  swapUsedTypes(intents, dependents)
  dropWithOwners(intents, sides)
}

interface Context {
  readonly intents: ReadonlyMap<string, Intent>
  readonly sides: Sides
}

/** An alteration its kind cannot write becomes a replacement. */
function settled(intent: Intent | undefined): Intent | undefined {
  if (intent?.action !== 'alter') return intent
  const facts = new Set([...intent.facts].filter((fact) => !isGeneric(fact)))
  if (facts.size === 0) return intent
  const kind = ddlKinds[intent.from.kind]
  const answer = kind?.alter?.({ ...intent, facts }) ?? 'replace'
  return answer === 'replace' ? replacement(intent.from, intent.to) : intent
}

function replacement(from: DdlObject, to: DdlObject): Extract<Intent, { action: 'replace' }> {
  return { action: 'replace', from, to, goesWith: null, swap: false }
}

function disturbs(intent: Intent): boolean {
  if (intent.action !== 'alter') return false
  return ddlKinds[intent.from.kind]?.disturbs?.(intent) ?? false
}

interface Held {
  readonly key: string
  readonly holder: string
}

/** What becomes of a part when its relation ends; null where that is known already. */
function withHolder({ key, holder }: Held, { intents, sides }: Context): Intent | null {
  if (goesWithOf(intents.get(key)) !== null) return null
  const from = findObject(sides.from, key)
  const to = findObject(sides.to, key)
  if (from === undefined) return null
  if (to === undefined) return { action: 'drop', from, goesWith: mustGoFirst(from, intents) ? null : holder }
  return { ...replacement(from, to), goesWith: holder }
}

/**
 * Whether a part has to be dropped before its relation: two tables that refer to each other are dropped in any order without
 * their foreign keys, and a routine that takes the rows of a table and is called by it goes between the two.
 */
function mustGoFirst({ facts, key, catalog }: DdlObject, intents: ReadonlyMap<string, Intent>): boolean {
  if (facts['$inherited'] === true) return false
  const holder = relationOf(catalog, key)
  return [...list({ facts }, '$needs'), ...list({ facts }, '$defaultNeeds')].some((needed) => {
    const relation = relationOf(catalog, needed)
    if (relation !== undefined)
      return facts['type'] === 'foreign key' && relation !== holder && ends(intents.get(relation))
    const other = ends(intents.get(needed)) ? findObject(catalog, needed) : undefined
    return holder !== undefined && other !== undefined && needsOf(other).has(holder)
  })
}

interface Dependence {
  readonly key: string
  /** What it needs, and which is to end or to change. */
  readonly needed: string
}

/** What has to happen to an object because of one it needs; null where nothing, or where it is planned already. */
function entailed({ key, needed }: Dependence, { intents, sides }: Context): Intent | null {
  const was = intents.get(key)
  if (ends(was) || makes(was) || was?.action === 'refuse' || holderEnds(intents, sides.from, key)) return null
  const from = findObject(sides.from, key)
  const to = findObject(sides.to, key)
  if (from === undefined || to === undefined) return null
  const goesForGood = intents.get(needed)?.action === 'drop'
  if (goesForGood && was !== undefined && !needsOf(to).has(needed)) return null
  const isType = isTypeOfColumn(from, needed)
  if (!ends(intents.get(needed)) && (isType || from.kind === 'table')) return null
  if (isType) return retyped({ from, to, was })
  const canRebind = ddlKinds[from.kind]?.rebind?.({ from, to }, needed) ?? null
  if (canRebind !== null) return rebound({ from, to, was }, needed)
  return holdsData(from) ? { action: 'refuse', to, needed } : replacement(from, to)
}

/** Whether a column is of the type, and not merely made by an expression that mentions it. */
function isTypeOfColumn({ kind, facts }: DdlObject, needed: string): boolean {
  if (kind !== 'column' || facts['generated'] !== undefined) return false
  const needs = facts['$needs']
  return typeof needs === 'object' && needs.includes(needed) && swappable.has(parseKey(needed).kind)
}

function holdsData({ kind, facts }: DdlObject): boolean {
  if (kind === 'column') return facts['generated'] === undefined
  return ['table', 'sequence', 'schema', 'extension'].includes(kind)
}

/** What a rebinding writes anew needs no other change. */
function rebound({ from, to, was }: Retyped, needed: string): Intent | null {
  if (was === undefined) return { action: 'rebind', from, to, needed }
  if (was.action !== 'alter' || was.needed !== undefined) return null
  const written = ddlKinds[from.kind]?.rebinds ?? []
  return { ...was, needed, facts: new Set([...was.facts].filter((fact) => !written.includes(fact))) }
}

interface Retyped {
  readonly from: DdlObject
  readonly to: DdlObject
  readonly was: Intent | undefined
}

function retyped({ from, to, was }: Retyped): Intent | null {
  const facts = was?.action === 'alter' ? was.facts : new Set<string>()
  return facts.has('type') ? null : { action: 'alter', from, to, facts: new Set([...facts, 'type']) }
}

/** A sequence goes with the column that owns it. */
function dropWithOwners(intents: Map<string, Intent>, { from }: Sides): void {
  for (const [key, intent] of intents) {
    const owner = intent.action === 'drop' ? text(intent.from, 'ownedBy') : ''
    if (intent.action !== 'drop' || owner === '') continue
    const column = keyOfName('column', owner)
    const table = relationOf(from, column) ?? column
    const goesWith = [table, column].find((holder) => ends(intents.get(holder))) ?? null
    intents.set(key, { ...intent, goesWith })
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
    if (intent?.action !== 'replace' || intent.swap || !swappable.has(intent.from.kind)) continue
    if (![...(dependents.get(key) ?? [])].some((user) => holdsOn(user, intents))) continue
    intents.set(key, { ...intent, swap: true })
    queue.push(...list(intent.from, '$needs'))
  }
}

function holdsOn(user: string, intents: ReadonlyMap<string, Intent>): boolean {
  const intent = intents.get(user)
  return (
    (intent?.action === 'replace' && intent.swap) ||
    (user.startsWith('column:') && intent?.action === 'alter')
  )
}
