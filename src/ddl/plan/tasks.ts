import { dependenciesOf, dependenciesWithoutDefault } from '../dependencies.js'
import { isDefaultDeferred, routinesOfOwnTable } from '../kinds/column-default.js'
import { routinesTakingDomain } from '../kinds/domain-routines.js'
import { type DdlObject, type PhasedStep, listFact, type StepPhase, relationKeyOf } from '../object.js'
import {
  type CatalogPair,
  type Intent,
  dropsObject,
  droppedWithOf,
  createsObject,
  isDroppedBySuccessor,
  isMadeInPlace,
  isSwap,
  objectOf,
} from '../intents/intents.js'
import { endingTask, orderOnline } from './online-order.js'
import { foreignKeysTo } from '../intents/propagate-tree.js'
import { isDroppedLate, rankOf } from './rank.js'
import {
  type FindTask,
  type Place,
  type PlannedChange,
  type PlannedChanges,
  runBefore,
  type StepTask,
} from './step-task.js'
import { orderTrees } from './tree-order.js'

const phasesInOrder: readonly StepPhase[] = ['release', 'drop', 'alter', 'create', 'attach']

/** The tasks of each place by key. */
type TasksByPlace = Readonly<Record<Place, Map<string, StepTask>>>

/** The rank of a task without steps, which runs only as the prerequisite of another task. */
const lastRank = '~'

/** The tasks of all planned changes, each with its prerequisites. */
export function createTasks(planned: PlannedChanges, catalogs: CatalogPair): readonly StepTask[] {
  const tasks: TasksByPlace = {
    release: new Map(),
    drop: new Map(),
    alter: new Map(),
    create: new Map(),
    attach: new Map(),
    'parts of': new Map(),
    'columns of': new Map(),
  }
  for (const change of planned.values()) addTasks(tasks, change, planned)
  const find: FindTask = (place, key) => tasks[place].get(key)
  for (const [key, change] of planned) {
    const { intent, steps } = change
    orderAfterDependencies(intent, find)
    orderBeforeOldDependencies(intent, planned, find)
    if (!isDroppedBySuccessor(intent) && !isDroppedLate(change, planned)) orderWithinRelation(intent, find)
    orderPersistence(intent, find)
    for (const { phase, after = [] } of steps)
      for (const needed of after) runBefore(find('create', needed), find(phase, key))
  }
  dropNamesBeforeReuse(planned, find)
  orderTrees({ planned, catalogs, find })
  orderOnline({ planned, catalogs, find })
  return Object.values(tasks).flatMap((found) => [...found.values()])
}

function addTasks(tasks: TasksByPlace, { intent, steps }: PlannedChange, planned: PlannedChanges): void {
  const object = objectOf(intent)
  const { relationKey: relation } = object
  const isNew =
    isCreatedOnly(intent) && (relation === undefined || isCreatedOnly(planned.get(relation)?.intent))
  let previous: StepTask | undefined
  for (const phase of phasesInOrder) {
    const own = steps.filter((step) => step.phase === phase)
    // A new object of a new relation has nothing to do before, and others wait for nothing but its creation.
    if (isNew && own.length === 0 && phase !== 'create' && !isAttached(phase, object)) continue
    const rank = own.length === 0 ? lastRank : rankOf(phase, own, { intent, steps }, planned)
    const task = createTask([phase, object.key], rank, own)
    runBefore(previous, task)
    tasks[phase].set(object.key, task)
    previous = task
  }
  if (relation !== undefined)
    addBarriers(tasks, relation, isNew ? ['columns of'] : ['columns of', 'parts of'])
}

function isCreatedOnly(intent: Intent | undefined): boolean {
  return intent?.action === 'create'
}

/** What is created on the parent of a partition waits for the partition to be attached. */
function isAttached(phase: StepPhase, { facts }: DdlObject): boolean {
  return phase === 'attach' && facts['partition'] !== undefined
}

function createTask(
  [place, key]: readonly [Place, string],
  rank: string,
  steps: readonly PhasedStep[],
): StepTask {
  return { id: `${place}|${key}`, key, rank, steps, prerequisites: [] }
}

/** Tasks without steps that separate the columns of a relation from its other parts. */
function addBarriers(tasks: TasksByPlace, relation: string, places: readonly Place[]): void {
  for (const place of places)
    if (!tasks[place].has(relation)) tasks[place].set(relation, createTask([place, relation], lastRank, []))
}

/** An object is created or altered after the objects that it will need. */
function orderAfterDependencies(intent: Intent, find: FindTask): void {
  if (intent.action === 'drop') return
  const { to } = intent
  const { relationKey: relation } = to
  const isInCreateTable = to.kind === 'column' && to.inNewRelation
  const attach = find('attach', to.key)
  const own = find(createsObject(intent) && !isMadeInPlace(intent) ? 'create' : 'alter', to.key)
  const table = isInCreateTable ? find('create', relation ?? to.key) : undefined
  const order = (needed: string, isLater: boolean): void => {
    const earlier = find('create', needed)
    // CREATE TABLE has all columns; what is done to one of them, such as its comment, comes after it.
    const isSibling = isInCreateTable && relationKeyOf(to.catalog, needed) === relation
    if (isSibling || !isLater) runBefore(earlier, own)
    if (!isSibling) runBefore(earlier, isLater ? attach : table)
  }
  const isRebound = intent.action === 'rebind'
  const mutual = new Set(routinesTakingDomain(to))
  for (const needed of dependenciesWithoutDefault(to)) order(needed, isRebound || mutual.has(needed))
  const isDefaultLater = isRebound || (isInCreateTable && isDefaultDeferred(to))
  for (const needed of listFact(to, '$defaultNeeds')) order(needed, isDefaultLater)
}

/** What an object needed is dropped or altered only after the object no longer needs it. */
function orderBeforeOldDependencies(intent: Intent, planned: PlannedChanges, find: FindTask): void {
  if (intent.action === 'create' || intent.action === 'refuse' || isDroppedBySuccessor(intent)) return
  const { key } = intent.from
  const willNeed = intent.action === 'drop' ? new Set<string>() : dependenciesOf(intent.to)
  const mutual = new Set([...routinesTakingDomain(intent.from), ...routinesOfOwnTable(intent.from)])
  for (const needed of dependenciesOf(intent.from)) {
    const other = planned.get(needed)?.intent
    // An enum that is altered only gains labels, which are in nobody's way.
    if (other === undefined || (other.action === 'alter' && other.from.kind === 'enum')) continue
    const isStillNeeded = willNeed.has(needed) && !isSwap(other)
    const released = mutual.has(needed)
      ? find('release', key)
      : releasingTask(intent, isStillNeeded ? phaseOfRelease(planned.get(key)) : 'alter', find)
    runBefore(released, isSwap(other) ? find('attach', needed) : endingTask(other, needed, find))
    const holder = droppedWithOf(other)
    if (holder !== null && holder !== droppedWithOf(intent) && holder !== key)
      runBefore(released, find('drop', holder))
    if (other.action === 'alter' && (dropsObject(intent) || intent.action === 'rebind'))
      runBefore(released, find('alter', needed))
    if (dropsObject(intent) && isSwap(other))
      // Before its subtype has another name: the functions of a range are told by it.
      runBefore(isSwap(intent) ? find('release', key) : released, find('release', needed))
  }
}

/** A column that is text meanwhile no longer needs its type then. */
function phaseOfRelease(change: PlannedChange | undefined): 'release' | 'drop' {
  return change?.steps.some(({ phase }) => phase === 'drop') === true ? 'drop' : 'release'
}

/**
 * The task after which an object no longer needs what it needed. `altered` is the phase of an alteration that ends the
 * need.
 */
function releasingTask(
  intent: Exclude<Intent, { action: 'create' | 'refuse' }>,
  altered: 'release' | 'drop' | 'alter',
  find: FindTask,
): StepTask | undefined {
  const { key } = intent.from
  switch (intent.action) {
    case 'drop':
    case 'replace':
      return isSwap(intent) ? find('attach', key) : find('drop', intent.droppedWith ?? key)
    case 'rebind':
      return find('release', key)
    case 'alter':
      return find(altered, key)
  }
}

/**
 * Constraints, indexes and other parts are dropped before the columns of their relation change, and created after it.
 */
function orderWithinRelation(intent: Intent, find: FindTask): void {
  const { key, kind, relationKey: relation } = objectOf(intent)
  const holder = droppedWithOf(intent)
  if (holder !== null) runBefore(find('drop', key), find('drop', holder))
  if (relation === undefined || isMadeInPlace(intent)) return
  const [columns, parts] = [find('columns of', relation), find('parts of', relation)]
  if (kind === 'column') {
    for (const phase of ['alter', 'drop'] as const) runBefore(parts, find(phase, key))
    runBefore(find('create', key), columns)
  } else {
    runBefore(find('drop', key), parts)
    runBefore(columns, find('create', key))
  }
  for (const phase of ['alter', 'drop'] as const) runBefore(parts, find(phase, relation))
}

/** A table that the write-ahead log has never refers to one that it has not. */
function orderPersistence(intent: Intent, find: FindTask): void {
  if (intent.action !== 'alter' || !intent.facts.has('unlogged')) return
  const { key, catalog, facts } = intent.to
  const table = find('alter', key)
  for (const foreignKey of foreignKeysTo(catalog, key)) {
    const referring = find('alter', relationKeyOf(catalog, foreignKey) ?? '')
    if (facts['unlogged'] === true) runBefore(referring, table)
    else runBefore(table, referring)
  }
}

/**
 * A name is free before it is used again: relations, indexes, constraints and types of a schema share one namespace.
 */
function dropNamesBeforeReuse(planned: PlannedChanges, find: FindTask): void {
  const dropTasks = new Map<string, (StepTask | undefined)[]>()
  for (const [key, { intent }] of planned) {
    if (!dropsObject(intent) || isSwap(intent)) continue
    const name = sharedName(objectOf(intent))
    if (name !== null) append(dropTasks, name, find('drop', droppedWithOf(intent) ?? key))
  }
  if (dropTasks.size === 0) return
  for (const [key, { intent }] of planned) {
    const name = createsObject(intent) ? sharedName(objectOf(intent)) : null
    for (const dropped of name === null ? [] : (dropTasks.get(name) ?? []))
      runBefore(dropped, find('create', key))
  }
}

function append<T>(groups: Map<string, T[]>, name: string, member: T): void {
  const group = groups.get(name)
  if (group === undefined) groups.set(name, [member])
  else group.push(member)
}

const kindsWithOwnNames = new Set(['column', 'trigger', 'policy', 'rule'])

function sharedName({ kind, names }: DdlObject): string | null {
  if (kindsWithOwnNames.has(kind) || names.length < 2) return null
  return `${names[0]}.${names.at(-1)}`
}
