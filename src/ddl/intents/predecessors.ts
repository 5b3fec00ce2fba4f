import { objectKey } from '../../core/model/catalog.js'
import { namesColumn } from '../column-parts.js'
import { quoteIdentifier, shortenName } from '../identifiers.js'
import { isIndexOfKey, keyIndexOf } from '../kinds/key-index.js'
import {
  belongsToPartitionedTable,
  type DdlObject,
  findObject,
  listFact,
  columnKeysOf,
  type Predecessor,
  textFact,
} from '../object.js'
import { type CatalogPair, createsObject, dropsObject, type Intent } from './intents.js'
import { rivalsOf } from './rivals.js'

type Intents = Map<string, Intent>

/** What the object of an intent takes the place of, if it is made again without a moment in between. */
export function predecessorOf(intent: Intent | undefined): Predecessor | undefined {
  return intent?.action === 'create' || intent?.action === 'replace' ? intent.to.predecessor : undefined
}

/** Lets a unique index become that of a new key with its name, instead of being dropped before the key is made. */
export function keepIndexesOfKeys(intents: Intents): void {
  for (const [key, intent] of intents) {
    if (intent.action !== 'create' || intent.to.kind !== 'constraint') continue
    const indexKey = namesakeKey(key)
    const index = intents.get(indexKey)
    if (index?.action !== 'drop' || !isIndexOfKey(index.from, intent.to) || isOfTree(intent.to)) continue
    intents.delete(indexKey)
    intents.set(key, withPredecessor(intent, { object: index.from, names: null }))
  }
}

/** Makes the key as usual, where its index is lost with a column after all. */
export function giveUpLostIndexes(intents: Intents): void {
  for (const [key, intent] of intents) {
    if (intent.action !== 'create' || intent.to.predecessor === undefined) continue
    const { predecessor: _, ...to } = intent.to
    if (intents.has(namesakeKey(key))) intents.set(key, { ...intent, to })
  }
}

/**
 * Lets an index or a key that changes be built beside the old one, under a temporary name. What an interrupted build left
 * under that name is dropped first.
 */
export function buildBesideOld(intents: Intents, catalogs: CatalogPair): void {
  const taken = new Set<string>()
  for (const [key, intent] of intents) {
    if (intent.action !== 'create' && intent.action !== 'replace') continue
    const old = replacedObject(key, intent, intents)
    if (old === undefined || !canBuildBeside(old, intent.to, intents)) continue
    const names = {
      built: temporaryName(intent.to, 'new', { intents, catalogs, taken }),
      retired: temporaryName(intent.to, 'old', { intents, catalogs, taken }),
    }
    intents.set(key, withPredecessor(intent, { object: old, names }))
    const other = intents.get(old.key)
    if (old.key !== key && other?.action === 'drop') intents.set(old.key, { ...other, successor: key })
  }
}

type Creation = Extract<Intent, { action: 'create' | 'replace' }>

function withPredecessor(intent: Creation, predecessor: Predecessor): Creation {
  return { ...intent, to: { ...intent.to, predecessor } }
}

/** The key of the constraint with the name of an index, or of the index with that of a constraint. */
function namesakeKey(key: string): string {
  return key.startsWith('index:') ? `constraint:${key.slice(6)}` : key.replace(/^constraint:/, 'index:')
}

/** The index or key that is dropped for one with the same name. */
function replacedObject(key: string, intent: Creation, intents: Intents): DdlObject | undefined {
  if (intent.action === 'replace') return intent.droppedWith === null ? intent.from : undefined
  if (intent.to.kind !== 'index' && intent.to.kind !== 'constraint') return undefined
  const other = intents.get(namesakeKey(key))
  return other?.action === 'drop' && other.droppedWith === null ? other.from : undefined
}

function canBuildBeside(old: DdlObject, to: DdlObject, intents: Intents): boolean {
  const relation = intents.get(to.relationKey ?? '')
  if (dropsObject(relation) || createsObject(relation)) return false
  if (![old, to].every((one) => isBuilt(one) && !isOfTree(one) && rivalsOf(one).length === 0)) return false
  const differs = old.kind !== to.kind || textFact(old, 'definition') !== textFact(to, 'definition')
  const isReleased = listFact(old, '$needs').every(
    (needed) => (intents.get(needed)?.action ?? 'create') === 'create',
  )
  return differs && isReleased && !standsInTheWay(old, intents)
}

/** Whether CREATE INDEX CONCURRENTLY builds it. */
function isBuilt(object: DdlObject): boolean {
  return object.kind === 'index' || (object.kind === 'constraint' && keyIndexOf(object) !== null)
}

function isOfTree(object: DdlObject): boolean {
  const { facts } = object
  return (
    belongsToPartitionedTable(object) || facts['parent'] !== undefined || facts['$parentIndex'] !== undefined
  )
}

/** Whether a change of a column that has the old index needs it to be dropped first. */
function standsInTheWay(old: DdlObject, intents: Intents): boolean {
  return columnKeysOf(old.catalog, old.relationKey ?? '').some((key) => {
    const intent = intents.get(key)
    const column = intent?.action === 'alter' || intent?.action === 'replace' ? intent.from : undefined
    const name = column?.names.at(-1) ?? ''
    return column !== undefined && namesColumn(old, name) && isMadeAgain(intent)
  })
}

/** Whether PostgreSQL makes the indexes with a column again, or drops them. */
export function isMadeAgain(intent: Intent | undefined): boolean {
  if (intent?.action !== 'alter') return intent !== undefined
  return ['type', 'collation', 'generated'].some((fact) => intent.facts.has(fact))
}

/** Whether an alteration drops NOT NULL, which a primary key and a replica identity need. */
export function losesNotNull(intent: Intent): boolean {
  return intent.action === 'alter' && intent.facts.has('nullable') && intent.to.facts['nullable'] === true
}

interface NameSearch {
  readonly intents: Intents
  readonly catalogs: CatalogPair
  readonly taken: Set<string>
}

/** A name that nothing of the table has, but for what an interrupted build left: that is dropped. */
function temporaryName(object: DdlObject, suffix: string, { intents, catalogs, taken }: NameSearch): string {
  const [schema = '', table = '', name = ''] = object.names
  for (let count = 1; ; count += 1) {
    const end = `__${suffix}${count === 1 ? '' : count}`
    const found = `${shortenName(name, 63 - end.length)}${end}`
    const index = objectKey('index', [schema, table, found])
    const constraint = namesakeKey(index)
    const isOther = [index, constraint].some((key) => catalogs.to[key] !== undefined)
    if (taken.has(index) || isOther || catalogs.from[constraint] !== undefined) continue
    taken.add(index)
    const left = findObject(catalogs.from, index)
    if (left !== undefined && !intents.has(index))
      intents.set(index, { action: 'drop', from: left, droppedWith: null })
    return quoteIdentifier(found)
  }
}
