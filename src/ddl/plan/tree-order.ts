import {
  columnKeysOf,
  type DdlObject,
  findObject,
  keyFromName,
  listFact,
  partsByRelation,
  relationOrOwnKey,
  textFact,
} from '../object.js'
import { descendantsOf, membersByKey, parentKeysOf, parentTables } from '../tree.js'
import {
  type CatalogPair,
  createsObject,
  droppedWithOf,
  dropsObject,
  type Intent,
  objectOf,
} from '../intents/intents.js'
import { isMadeWithParent } from '../intents/made-with-parent.js'
import { foreignKeysTo } from '../intents/propagate-tree.js'
import { rivalsOf } from '../intents/rivals.js'
import { type FindTask, type PlannedChanges, runBefore, type StepTask } from './step-task.js'

interface Order {
  readonly planned: PlannedChanges
  readonly catalogs: CatalogPair
  readonly find: FindTask
}

/** Orders what is done to the objects of one tree of tables. */
export function orderTrees(order: Order): void {
  for (const [key, { intent, steps }] of order.planned) {
    const isTable = /^(?:foreign_)?table:/.test(key)
    if (isTable && steps.some(({ phase }) => phase === 'release')) releaseFirst(key, order)
    if (isTable && intent.action === 'drop') dropAfterForeignKeys(intent, order)
    if (isTable && steps.some(({ phase }) => phase === 'attach')) attachWithParts(key, order)
    if (intent.action !== 'create') orderChange(key, intent, order)
    if (createsObject(intent)) orderCreation(objectOf(intent), order)
    if (intent.action !== 'drop' && intent.to.kind === 'trigger') orderTrigger(intent.to, order)
  }
}

/** What a table has in common with its parents is separate as soon as the link ends, so it is dropped or altered after that. */
function releaseFirst(table: string, { planned, catalogs: { from }, find }: Order): void {
  const parents = listFact({ facts: from[table] ?? {} }, 'parents').map((name) => keyFromName('table', name))
  for (const relation of [table, ...parents])
    for (const key of partsByRelation(from).get(relation) ?? []) {
      const { intent } = planned.get(key) ?? {}
      for (const phase of ['drop', 'alter'] as const)
        runBefore(find('release', table), find(phase, droppedWithOf(intent) ?? key))
      runBefore(find('release', table), find('release', key))
    }
}

function dropAfterForeignKeys(
  { from }: Extract<Intent, { action: 'drop' }>,
  { catalogs, find }: Order,
): void {
  if (textFact(from, 'partition') === '') return
  for (const key of foreignKeysTo(catalogs.from, from.key))
    for (const phase of ['release', 'drop'] as const) runBefore(find('drop', key), find(phase, from.key))
}

/**
 * A table is attached with what its parent has, before the parent gets more indexes and constraints. Otherwise PostgreSQL
 * chooses which of several equal indexes of the partition belongs to the parent's. Parents are attached before their
 * partitions, which have no identity otherwise.
 */
function attachWithParts(table: string, order: Order): void {
  const { catalogs, find } = order
  const { to } = catalogs
  const attach = find('attach', table)
  for (const key of partsByRelation(to).get(table) ?? []) attachAfterPart(key, attach, order)
  if (to[table]?.['partition'] === undefined) return attachAfterColumns(table, attach, order)
  for (const name of listFact({ facts: to[table] ?? {} }, 'parents')) {
    const parent = keyFromName('table', name)
    if (isAttached(parent, order)) runBefore(find('attach', parent), attach)
    for (const key of partsByRelation(to).get(parent) ?? []) attachBeforePart(key, attach, order)
  }
}

/** A child has the columns of its parents, with their types. */
function attachAfterColumns(
  table: string,
  attach: StepTask | undefined,
  { catalogs: { to }, find }: Order,
): void {
  for (const parent of parentTables(to, table))
    for (const column of columnKeysOf(to, parent)) runBefore(find('alter', column), attach)
}

/** What PostgreSQL requires of a table that is attached, or would make itself. */
function attachAfterPart(key: string, attach: StepTask | undefined, order: Order): void {
  const { planned, catalogs, find } = order
  const part = findObject(catalogs.to, key)
  const parents = part === undefined ? [] : parentKeysOf(part)
  if (part === undefined || parents.length === 0) return
  const isRequired = part.kind === 'column' || part.facts['type'] === 'check'
  if (!isRequired && parents.some((parent) => createsObject(planned.get(parent)?.intent))) return
  if (!isRequired && isMadeWithParent(part, catalogs.from)) return
  runBefore(find('create', key), attach)
  // A check that comes from another parent may be validated later.
  if (part.facts['type'] === 'check') for (const parent of parents) runBefore(find('attach', parent), attach)
  for (const member of descendantsOf(membersByKey(catalogs.to), key))
    if (!isAttached(relationOrOwnKey(catalogs.to, member), order)) runBefore(find('attach', member), attach)
}

function attachBeforePart(
  key: string,
  attach: StepTask | undefined,
  { planned, catalogs: { from, to }, find }: Order,
): void {
  if (key.startsWith('column:')) return runBefore(find('create', key), attach)
  if (!/^(?:index|constraint):/.test(key) || !createsObject(planned.get(key)?.intent)) return
  // An index that belongs to one that is there already is whole only as long as its table has no partitions.
  const part = findObject(to, key)
  const above = part === undefined ? [] : parentKeysOf(part)
  const isAwaited = above.some(
    (parent) => from[parent] !== undefined && !dropsObject(planned.get(parent)?.intent),
  )
  if (!isAwaited) runBefore(attach, find('create', key))
}

function isAttached(table: string, { planned }: Order): boolean {
  return planned.get(table)?.steps.some(({ phase }) => phase === 'attach') === true
}

/** A statement for a parent changes, or drops, those of children, so that theirs come after it. */
function orderChange(
  key: string,
  intent: Exclude<Intent, { action: 'create' }>,
  { planned, find }: Order,
): void {
  const holder = droppedWithOf(intent)
  if (holder !== null) runBefore(find('drop', holder), find('create', key))
  // Attaching the table attaches what fits.
  if (intent.action === 'alter' && /^(?:index|constraint):/.test(key))
    runBefore(find('attach', intent.to.relationKey ?? ''), find('attach', key))
  const from = intent.action === 'refuse' ? intent.to : intent.from
  for (const parent of parentKeysOf(from)) {
    if (intent.action === 'alter') runBefore(find('alter', parent), find('alter', key))
    if (holder === null && dropsObject(intent) && droppedWithOf(planned.get(parent)?.intent) === null)
      runBefore(find('drop', parent), find('drop', key))
  }
}

function orderCreation(object: DdlObject, order: Order): void {
  const { find, catalogs } = order
  const { key, kind, facts, relationKey: table = '' } = object
  const create = find('create', key)
  for (const parent of parentKeysOf(object)) {
    if (object.isMadeWithParent) {
      runBefore(find('create', parent), create)
      runBefore(find('drop', key), find('create', parent))
      if (kind === 'constraint' && facts['type'] !== 'check') runBefore(find('attach', table), create)
    } else if (facts['type'] === 'foreign key') runBefore(create, find('create', parent))
    if (kind === 'index' || (kind === 'constraint' && facts['type'] !== 'check'))
      runBefore(find('attach', table), find('attach', key))
  }
  for (const rival of rivalsOf(object)) {
    runBefore(find('attach', table), create)
    for (const parent of rival.parents) runBefore(find('create', parent), create)
    runBefore(find('create', rival.key), create)
  }
  if (facts['type'] === 'foreign key')
    for (const needed of listFact(object, '$needs'))
      for (const member of descendantsOf(membersByKey(catalogs.to), needed))
        if (!member.startsWith('column:')) runBefore(find('attach', member), create)
  orderNewChildren(object, order)
}

/**
 * What is set on a parent after its child is there is set on the child as well: a constraint that is not valid, or the
 * statistics target of a column.
 */
function orderNewChildren({ key }: DdlObject, { find, planned, catalogs: { to } }: Order): void {
  for (const member of membersByKey(to).get(key) ?? []) {
    const child = planned.get(member)?.intent
    if (child?.action !== 'create' || !child.to.inNewRelation) continue
    const table = find('create', child.to.relationKey ?? '')
    if (to[child.to.relationKey ?? '']?.['partition'] !== undefined) continue
    if (child.to.facts['valid'] === false) runBefore(table, find('create', key))
    else if (child.to.kind === 'column' || to[key]?.['valid'] === false) runBefore(find('create', key), table)
  }
}

/** A trigger is switched on a partition after the partition has it. */
function orderTrigger(trigger: DdlObject, { find }: Order): void {
  for (const entry of listFact(trigger, 'onPartitions'))
    runBefore(
      find('attach', keyFromName('table', entry.slice(0, entry.lastIndexOf(': ')))),
      find('attach', trigger.key),
    )
}
