import { dependenciesOf, dependenciesWithoutDefault } from '../dependencies.js'
import { isDefaultDeferred } from '../kinds/column-default.js'
import {
  type DdlObject,
  keyFromName,
  listFact,
  type StepPhase,
  relationKeyOf,
  relationOrOwnKey,
} from '../object.js'
import { type Intent, dropsObject, droppedWithOf, createsObject, isSwap, objectOf } from './intents.js'
import { rankOf } from './rank.js'
import type { PhasedStep } from './render-intent.js'
import type { Task } from './topological-sort.js'

/** The steps of one object in one phase. */
export interface StepTask extends Task {
  readonly key: string
  readonly steps: readonly PhasedStep[]
}

/** An intent with its steps. */
export interface PlannedChange {
  readonly intent: Intent
  readonly steps: readonly PhasedStep[]
}

type PlannedChanges = ReadonlyMap<string, PlannedChange>

/** Makes one task a prerequisite of another, by their ids, if both exist. */
type RunBefore = (earlier: string, later: string) => void

const phasesInOrder: readonly StepPhase[] = ['release', 'drop', 'alter', 'create', 'attach']

const taskId = (phase: StepPhase, key: string): string => `${phase}|${key}`

/** The rank of a task without steps, which runs only as the prerequisite of another task. */
const lastRank = '~'

/** The tasks of all planned changes, by id, each with its prerequisites. */
export function createTasks(planned: PlannedChanges): ReadonlyMap<string, StepTask> {
  const tasks = new Map<string, StepTask>()
  for (const { intent, steps } of planned.values()) {
    addTasks(tasks, objectOf(intent), steps)
    addBarriers(tasks, objectOf(intent))
  }
  const runBefore: RunBefore = (earlier, later) => {
    if (earlier !== later && tasks.has(earlier)) tasks.get(later)?.prerequisites.add(earlier)
  }
  for (const [key, { intent, steps }] of planned) {
    orderAfterDependencies(intent, runBefore)
    orderBeforeOldDependencies(intent, planned, runBefore)
    orderWithinRelation(intent, runBefore)
    for (const { phase, after = [] } of steps)
      for (const needed of after) runBefore(taskId('create', needed), taskId(phase, key))
  }
  dropNamesBeforeReuse(planned, runBefore)
  attachPartitionsFirst(planned, runBefore)
  return tasks
}

function addTasks(tasks: Map<string, StepTask>, object: DdlObject, steps: readonly PhasedStep[]): void {
  const { key } = object
  let previous: string | undefined
  for (const phase of phasesInOrder) {
    const phaseSteps = steps.filter((step) => step.phase === phase)
    const prerequisites = new Set(previous === undefined ? [] : [previous])
    const rank = phaseSteps.length === 0 ? lastRank : rankOf(phase, object, phaseSteps)
    previous = taskId(phase, key)
    tasks.set(previous, { key, steps: phaseSteps, prerequisites, rank })
  }
}

const beforeColumnsId = (relation: string): string => `parts of ${relation}`
const afterColumnsId = (relation: string): string => `columns of ${relation}`

/** Two tasks without steps that separate the columns of a relation from its other parts. */
function addBarriers(tasks: Map<string, StepTask>, { catalog, key }: DdlObject): void {
  const relation = relationKeyOf(catalog, key)
  if (relation === undefined || tasks.has(beforeColumnsId(relation))) return
  for (const id of [beforeColumnsId(relation), afterColumnsId(relation)])
    tasks.set(id, { key: relation, steps: [], prerequisites: new Set(), rank: lastRank })
}

/** An object is created or altered after the objects that it will need. */
function orderAfterDependencies(intent: Intent, runBefore: RunBefore): void {
  if (intent.action === 'drop') return
  const { to } = intent
  const attach = [taskId('attach', to.key)]
  const isInCreateTable = to.kind === 'column' && to.inNewRelation
  const own = taskId(createsObject(intent) ? 'create' : 'alter', to.key)
  const makers = isInCreateTable ? [own, taskId('create', relationOrOwnKey(to.catalog, to.key))] : [own]
  const relation = relationKeyOf(to.catalog, to.key)
  const order = (needed: string, ids: readonly string[]): void => {
    // CREATE TABLE has all columns; what is done to one of them, such as its comment, comes after it.
    const isSibling = isInCreateTable && relationKeyOf(to.catalog, needed) === relation
    for (const id of isSibling ? [own] : ids) runBefore(taskId('create', needed), id)
  }
  for (const needed of dependenciesWithoutDefault(to))
    order(needed, intent.action === 'rebind' ? attach : makers)
  const isDefaultLater = intent.action === 'rebind' || (isInCreateTable && isDefaultDeferred(to))
  for (const needed of listFact(to, '$defaultNeeds')) order(needed, isDefaultLater ? attach : makers)
}

/** What an object needed is dropped or altered only after the object no longer needs it. */
function orderBeforeOldDependencies(intent: Intent, planned: PlannedChanges, runBefore: RunBefore): void {
  if (intent.action === 'create' || intent.action === 'refuse') return
  const { key } = intent.from
  const willNeed = intent.action === 'drop' ? new Set<string>() : dependenciesOf(intent.to)
  for (const needed of dependenciesOf(intent.from)) {
    const other = planned.get(needed)?.intent
    if (other === undefined) continue
    const isStillNeeded = willNeed.has(needed) && !isSwap(other)
    const released = releaseTaskId(intent, isStillNeeded ? 'release' : 'alter')
    runBefore(released, taskId(isSwap(other) ? 'attach' : 'drop', needed))
    const holder = droppedWithOf(other)
    if (holder !== null && holder !== droppedWithOf(intent) && holder !== key)
      runBefore(released, taskId('drop', holder))
    if (other.action === 'alter' && (dropsObject(intent) || intent.action === 'rebind'))
      runBefore(released, taskId('alter', needed))
    if (dropsObject(intent) && isSwap(other) && !isSwap(intent))
      runBefore(released, taskId('release', needed))
  }
}

/**
 * The task after which an object no longer needs what it needed. `altered` is the phase of an alteration that ends the
 * need.
 */
function releaseTaskId(
  intent: Exclude<Intent, { action: 'create' | 'refuse' }>,
  altered: 'release' | 'alter',
): string {
  const { key } = intent.from
  switch (intent.action) {
    case 'drop':
      return taskId('drop', intent.droppedWith ?? key)
    case 'replace':
      return isSwap(intent) ? taskId('attach', key) : taskId('drop', intent.droppedWith ?? key)
    case 'rebind':
      return taskId('release', key)
    case 'alter':
      return taskId(altered, key)
  }
}

/**
 * Constraints, indexes and other parts are dropped before the columns of their relation change, and created after it.
 */
function orderWithinRelation(intent: Intent, runBefore: RunBefore): void {
  const { catalog, key, kind } = objectOf(intent)
  const relation = relationKeyOf(catalog, key)
  const holder = droppedWithOf(intent)
  if (holder !== null) runBefore(taskId('drop', key), taskId('drop', holder))
  if (relation === undefined) return
  const [columns, parts] = [afterColumnsId(relation), beforeColumnsId(relation)]
  if (kind === 'column') {
    for (const phase of ['alter', 'drop'] as const) runBefore(parts, taskId(phase, key))
    runBefore(taskId('create', key), columns)
  } else {
    runBefore(taskId('drop', key), parts)
    runBefore(columns, taskId('create', key))
  }
  for (const phase of ['alter', 'drop'] as const) runBefore(parts, taskId(phase, relation))
}

/**
 * A partition is attached with its indexes and constraints before its parent gets them. Otherwise PostgreSQL chooses
 * which of several equal indexes of the partition belongs to the parent's.
 */
function attachPartitionsFirst(planned: PlannedChanges, runBefore: RunBefore): void {
  const partitions = new Map<string, string[]>()
  for (const [key, { intent }] of planned) {
    const { facts } = objectOf(intent)
    if (facts['partition'] === undefined || intent.action === 'drop') continue
    const [parent = ''] = listFact({ facts }, 'parents').map((name) => keyFromName('table', name))
    partitions.set(parent, [...(partitions.get(parent) ?? []), key])
  }
  for (const [key, { intent }] of planned) {
    const { kind, catalog, facts } = objectOf(intent)
    if (!createsObject(intent) || (kind !== 'index' && kind !== 'constraint')) continue
    for (const partition of partitions.get(relationKeyOf(catalog, key) ?? '') ?? [])
      runBefore(taskId('attach', partition), taskId('create', key))
    if (kind === 'constraint' && facts['parent'] !== undefined)
      runBefore(taskId('create', key), taskId('create', keyFromName('constraint', String(facts['parent']))))
  }
}

/**
 * A name is free before it is used again: relations, indexes, constraints and types of a schema share one namespace.
 */
function dropNamesBeforeReuse(planned: PlannedChanges, runBefore: RunBefore): void {
  const dropTasks = new Map<string, string[]>()
  for (const [key, { intent }] of planned) {
    if (!dropsObject(intent) || isSwap(intent)) continue
    const id = taskId('drop', droppedWithOf(intent) ?? key)
    const name = sharedName(objectOf(intent))
    if (name !== null) dropTasks.set(name, [...(dropTasks.get(name) ?? []), id])
  }
  for (const [key, { intent }] of planned) {
    const name = createsObject(intent) ? sharedName(objectOf(intent)) : null
    for (const id of name === null ? [] : (dropTasks.get(name) ?? [])) runBefore(id, taskId('create', key))
  }
}

const kindsWithOwnNames = new Set(['column', 'trigger', 'policy', 'rule'])

function sharedName({ kind, names }: DdlObject): string | null {
  if (kindsWithOwnNames.has(kind) || names.length < 2) return null
  return `${names[0]}.${names.at(-1)}`
}
