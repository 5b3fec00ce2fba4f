import { objectKey } from '../../core/model/catalog.js'
import { namesColumn } from '../column-parts.js'
import { dependentsOf } from '../dependencies.js'
import { unquoteIdentifier } from '../identifiers.js'
import { type DdlObject, columnKeysOf, partsByRelation } from '../object.js'
import { type CatalogPair, createsObject, type Intent, isMadeInPlace, objectOf } from '../intents/intents.js'
import { isMadeAgain, losesNotNull, predecessorOf } from '../intents/predecessors.js'
import { type FindTask, type PlannedChanges, runBefore, type StepTask } from './step-task.js'

interface Order {
  readonly planned: PlannedChanges
  readonly catalogs: CatalogPair
  readonly find: FindTask
}

/** Orders what is done in several steps so that others can work meanwhile. */
export function orderOnline(order: Order): void {
  for (const [key, { intent, steps }] of order.planned) {
    const { object, names } = predecessorOf(intent) ?? {}
    if (object !== undefined && names !== null && 'to' in intent) orderInPlace(object, intent.to, order)
    const isIndexDrop = intent.action === 'drop' && intent.from.kind === 'index'
    if (isIndexDrop || isMadeInPlace(intent)) dropBeforeForeignKeys(key, intent, order)
    const isSetLater =
      intent.action === 'alter' && steps.some(({ phase, alone }) => phase === 'attach' && alone)
    if (isSetLater && intent.to.kind === 'column') orderNotNull(key, intent.to, order)
  }
}

/** The task in which an object of a plan ceases to be what others need. */
export function endingTask(intent: Intent | undefined, key: string, find: FindTask): StepTask | undefined {
  if (intent?.action === 'drop' && intent.successor !== undefined) return find('create', intent.successor)
  return find(isMadeInPlace(intent) ? 'create' : 'drop', key)
}

/**
 * The new index is built when its columns are there, and what the old one alone has is changed after that is gone. Foreign
 * keys to the old one are only dropped when the new one is built.
 */
function orderInPlace(old: DdlObject, to: DdlObject, { planned, catalogs, find }: Order): void {
  const [build, last] = [find('alter', to.key), find('attach', to.key)]
  for (const name of Object.values(to.predecessor?.names ?? {}))
    runBefore(find('drop', objectKey('index', [...to.names.slice(0, 2), unquoteIdentifier(name)])), build)
  const columns = [catalogs.from, catalogs.to].flatMap((catalog) =>
    columnKeysOf(catalog, to.relationKey ?? ''),
  )
  for (const key of new Set(columns)) {
    const { intent } = planned.get(key) ?? {}
    if (intent === undefined) continue
    const column = objectOf(intent).names.at(-1) ?? ''
    const isLast = namesColumn(old, column) && (intent.action === 'drop' || losesNotNull(intent))
    if (isLast) for (const phase of ['alter', 'drop'] as const) runBefore(last, find(phase, key))
    else if (namesColumn(to, column))
      runBefore(find('create', key), isMadeAgain(intent) ? build : find('create', to.key))
  }
  for (const key of dependentsOf(catalogs.from).get(old.key) ?? [])
    if (planned.get(key)?.intent.action === 'replace') runBefore(build, find('drop', key))
}

/** A foreign key takes any unique index that fits: it is made when those that are to be dropped are gone. */
function dropBeforeForeignKeys(
  key: string,
  intent: Intent,
  { planned, catalogs: { to }, find }: Order,
): void {
  const gone = find(isMadeInPlace(intent) ? 'attach' : 'drop', key)
  for (const part of partsByRelation(to).get(objectOf(intent).relationKey ?? '') ?? [])
    for (const user of dependentsOf(to).get(part) ?? [])
      if (to[user]?.['type'] === 'foreign key' && createsObject(planned.get(user)?.intent))
        runBefore(gone, find('create', user))
}

/** A primary key, and a replica identity, need NOT NULL. */
function orderNotNull(
  key: string,
  { relationKey = '' }: DdlObject,
  { planned, catalogs, find }: Order,
): void {
  const set = find('attach', key)
  runBefore(set, find('attach', relationKey))
  for (const part of partsByRelation(catalogs.to).get(relationKey) ?? []) {
    const { intent } = planned.get(part) ?? {}
    const isKey = createsObject(intent) && catalogs.to[part]?.['type'] === 'primary key'
    if (isKey) runBefore(set, find('create', part))
  }
}
