import { type DdlObject, findObject, keyFromName, listFact, partsByRelation, textFact } from '../object.js'
import { descendantsOf, membersByKey, parentKeysOf } from '../tree.js'
import {
  type CatalogPair,
  createsObject,
  droppedWithOf,
  dropsObject,
  type Intent,
  objectOf,
} from './intents.js'
import { foreignKeysTo } from './propagate-tree.js'
import { rivalsOf } from './rivals.js'
import { type FindTask, type PlannedChanges, runBefore } from './step-task.js'

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
 * A partition is attached with what its parent has, before the parent gets more indexes and constraints. Otherwise
 * PostgreSQL chooses which of several equal indexes of the partition belongs to the parent's.
 */
function attachWithParts(table: string, { planned, catalogs: { to }, find }: Order): void {
  const attach = find('attach', table)
  for (const key of partsByRelation(to).get(table) ?? []) {
    const part = findObject(to, key)
    if (part === undefined) continue
    const parents = parentKeysOf(part)
    const isForeignKey = part.facts['type'] === 'foreign key'
    const isMadeLater = parents.some((parent) => createsObject(planned.get(parent)?.intent))
    if (parents.length > 0 && !(isForeignKey && isMadeLater)) {
      const made = planned.get(key)?.intent
      const isMade = made !== undefined && made.action !== 'drop' && made.to.isMadeWithParent
      if (!isMade || !isForeignKey) runBefore(find('create', key), attach)
    }
  }
  if (to[table]?.['partition'] === undefined) return
  for (const parent of listFact({ facts: to[table] ?? {} }, 'parents'))
    for (const key of partsByRelation(to).get(keyFromName('table', parent)) ?? [])
      if (/^(?:index|constraint):/.test(key) && createsObject(planned.get(key)?.intent))
        runBefore(attach, find('create', key))
}

/** A statement for a parent changes, or drops, those of children, so that theirs come after it. */
function orderChange(
  key: string,
  intent: Exclude<Intent, { action: 'create' }>,
  { planned, find }: Order,
): void {
  const holder = droppedWithOf(intent)
  if (holder !== null) runBefore(find('drop', holder), find('create', key))
  const from = intent.action === 'refuse' ? intent.to : intent.from
  for (const parent of parentKeysOf(from)) {
    if (intent.action === 'alter') runBefore(find('alter', parent), find('alter', key))
    if (holder === null && dropsObject(intent) && droppedWithOf(planned.get(parent)?.intent) === null)
      runBefore(find('drop', parent), find('drop', key))
  }
}

function orderCreation(object: DdlObject, { find, planned, catalogs: { to } }: Order): void {
  const { key, kind, facts, relationKey: table = '' } = object
  const create = find('create', key)
  for (const parent of parentKeysOf(object)) {
    if (object.isMadeWithParent) {
      runBefore(find('create', parent), create)
      if (kind === 'constraint' && facts['type'] === 'foreign key') runBefore(find('attach', table), create)
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
      for (const member of descendantsOf(membersByKey(to), needed))
        if (!member.startsWith('column:')) runBefore(find('attach', member), create)
  if (facts['valid'] === false) orderNotValid(object, { find, planned, catalogs: { from: to, to } })
}

/** A child that is created after a parent's constraint has it valid, one that is created before has it as the parent. */
function orderNotValid({ key }: DdlObject, { find, planned, catalogs: { to } }: Order): void {
  for (const member of membersByKey(to).get(key) ?? []) {
    const child = planned.get(member)?.intent
    if (child?.action !== 'create' || !child.to.inNewRelation) continue
    const table = find('create', child.to.relationKey ?? '')
    if (to[child.to.relationKey ?? '']?.['partition'] !== undefined) continue
    if (child.to.facts['valid'] === false) runBefore(table, find('create', key))
    else runBefore(find('create', key), table)
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
