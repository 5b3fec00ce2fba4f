import { dependenciesOf, dependenciesWithoutDefault } from '../dependencies.js'
import { isDefaultDeferred } from '../kinds/column-default.js'
import { type DdlObject, keyFromName, listFact, type StepPhase, relationKeyOf } from '../object.js'
import { type Intent, dropsObject, droppedWithOf, createsObject } from './intents.js'
import { rankOf } from './rank.js'
import { objectOf, type PhasedStep } from './render-intent.js'
import type { Task } from './topological-sort.js'

/** A part of one object's change that runs at one time. */
export interface StepTask extends Task {
  readonly key: string
  readonly steps: readonly PhasedStep[]
}

/** An intent with its steps. */
export interface IntentSteps {
  readonly intent: Intent
  readonly steps: readonly PhasedStep[]
}

const phasesInOrder: readonly StepPhase[] = ['release', 'drop', 'alter', 'create', 'attach']

const taskId = (phase: StepPhase, key: string): string => `${phase}|${key}`

/** The rank of what is done only when something else asks for it. */
const lastRank = '~'

/** The tasks of all intents, by id, each with what must be done before it. */
export function createTasks(works: ReadonlyMap<string, IntentSteps>): ReadonlyMap<string, StepTask> {
  const tasks = new Map<string, StepTask>()
  for (const [key, { intent, steps }] of works) {
    addTasks(tasks, { key, intent, steps })
    addBarriers(tasks, objectOf(intent))
  }
  const must = (earlier: string, later: string): void => {
    if (earlier !== later && tasks.has(earlier)) tasks.get(later)?.prerequisites.add(earlier)
  }
  const context: TaskContext = { works, runBefore: must }
  for (const [key, work] of works) {
    orderAfterDependencies({ key, ...work }, context)
    orderBeforeOldDependencies({ key, ...work }, context)
    orderWithinRelation({ key, ...work }, context)
    for (const { phase, after = [] } of work.steps)
      for (const needed of after) must(taskId('create', needed), taskId(phase, key))
  }
  dropNamesBeforeReuse(context)
  attachPartitionsFirst(context)
  return tasks
}

interface KeyedIntent extends IntentSteps {
  readonly key: string
}

interface TaskContext {
  readonly works: ReadonlyMap<string, IntentSteps>
  /** Orders two tasks, by id, if both exist. */
  readonly runBefore: (earlier: string, later: string) => void
}

function addTasks(tasks: Map<string, StepTask>, { key, intent, steps }: KeyedIntent): void {
  const object = objectOf(intent)
  let previous: string | undefined
  for (const phase of phasesInOrder) {
    const mine = steps.filter((step) => step.phase === phase)
    const before = new Set(previous === undefined ? [] : [previous])
    previous = taskId(phase, key)
    tasks.set(previous, {
      key,
      steps: mine,
      prerequisites: before,
      rank: mine.length === 0 ? lastRank : rankOf({ phase, object, steps: mine }),
    })
  }
}

const beforeColumnsId = (relation: string): string => `parts of ${relation}`
const afterColumnsId = (relation: string): string => `columns of ${relation}`

/** Two tasks without steps that keep the parts of a relation and its columns apart. */
function addBarriers(tasks: Map<string, StepTask>, { catalog, key }: DdlObject): void {
  const relation = relationKeyOf(catalog, key)
  if (relation === undefined || tasks.has(beforeColumnsId(relation))) return
  for (const id of [beforeColumnsId(relation), afterColumnsId(relation)])
    tasks.set(id, { key: relation, steps: [], prerequisites: new Set(), rank: lastRank })
}

/** What an object shall need is made before it. */
function orderAfterDependencies({ key, intent }: KeyedIntent, { runBefore }: TaskContext): void {
  if (intent.action === 'drop') return
  const { to } = intent
  const folded = to.kind === 'column' && to.inNewRelation
  const own = taskId(createsObject(intent) ? 'create' : 'alter', key)
  const makers = folded ? [own, taskId('create', relationOrOwnKey(to))] : [own]
  const later = (needed: string, ids: readonly string[]): void => {
    for (const id of ids) runBefore(taskId('create', needed), id)
  }
  for (const needed of dependenciesWithoutDefault(to))
    later(needed, intent.action === 'rebind' ? [taskId('attach', key)] : makers)
  const defaultMakers =
    intent.action === 'rebind' || (folded && isDefaultDeferred(to)) ? [taskId('attach', key)] : makers
  for (const needed of listFact(to, '$defaultNeeds')) later(needed, defaultMakers)
}

/** What an object needed ends, or changes, only after it has let go. */
function orderBeforeOldDependencies({ key, intent }: KeyedIntent, { works, runBefore }: TaskContext): void {
  if (intent.action === 'create' || intent.action === 'refuse') return
  const shallNeed = intent.action === 'drop' ? new Set<string>() : dependenciesOf(intent.to)
  for (const needed of dependenciesOf(intent.from)) {
    const other = works.get(needed)?.intent
    if (other === undefined) continue
    const letsGo = releaseTaskId({ key, intent }, { stays: shallNeed.has(needed) && !isSwap(other) })
    runBefore(letsGo, taskId(isSwap(other) ? 'attach' : 'drop', needed))
    const holder = droppedWithOf(other)
    if (holder !== null && holder !== droppedWithOf(intent) && holder !== key)
      runBefore(letsGo, taskId('drop', holder))
    if (other.action === 'alter' && (dropsObject(intent) || intent.action === 'rebind'))
      runBefore(letsGo, taskId('alter', needed))
    if (dropsObject(intent) && isSwap(other) && !isSwap(intent)) runBefore(letsGo, taskId('release', needed))
  }
}

/** The task after which an object no longer holds what it needed. */
function releaseTaskId(
  {
    key,
    intent,
  }: { readonly key: string; readonly intent: Exclude<Intent, { action: 'create' | 'refuse' }> },
  { stays }: { readonly stays: boolean },
): string {
  switch (intent.action) {
    case 'drop':
      return taskId('drop', intent.droppedWith ?? key)
    case 'replace':
      return isSwap(intent) ? taskId('attach', key) : taskId('drop', intent.droppedWith ?? key)
    case 'rebind':
      return taskId('release', key)
    case 'alter':
      return taskId(stays ? 'release' : 'alter', key)
  }
}

/** Constraints, indexes and the like go before the columns of their relation change, and come after. */
function orderWithinRelation({ key, intent }: KeyedIntent, { runBefore }: TaskContext): void {
  const object = objectOf(intent)
  const relation = relationKeyOf(object.catalog, key)
  const holder = droppedWithOf(intent)
  if (holder !== null) runBefore(taskId('drop', key), taskId('drop', holder))
  if (relation === undefined) return
  const [columns, parts] = [afterColumnsId(relation), beforeColumnsId(relation)]
  if (object.kind === 'column') {
    for (const phase of ['alter', 'drop'] as const) runBefore(parts, taskId(phase, key))
    runBefore(taskId('create', key), columns)
  } else {
    runBefore(taskId('drop', key), parts)
    runBefore(columns, taskId('create', key))
  }
  for (const phase of ['alter', 'drop'] as const) runBefore(parts, taskId(phase, relation))
}

/**
 * A partition is attached, with all it has, before its parent gets indexes and constraints: which of several equal ones
 * belong together is then said, and not left to PostgreSQL.
 */
function attachPartitionsFirst({ works, runBefore }: TaskContext): void {
  const partitions = new Map<string, string[]>()
  for (const [key, { intent }] of works) {
    const { facts } = objectOf(intent)
    if (facts['partition'] === undefined || intent.action === 'drop') continue
    const [parent = ''] = listFact({ facts }, 'parents').map((name) => keyFromName('table', name))
    partitions.set(parent, [...(partitions.get(parent) ?? []), key])
  }
  for (const [key, { intent }] of works) {
    const { kind, catalog, facts } = objectOf(intent)
    if (!createsObject(intent) || (kind !== 'index' && kind !== 'constraint')) continue
    for (const partition of partitions.get(relationKeyOf(catalog, key) ?? '') ?? [])
      runBefore(taskId('attach', partition), taskId('create', key))
    if (kind === 'constraint' && facts['parent'] !== undefined)
      runBefore(taskId('create', key), taskId('create', keyFromName('constraint', String(facts['parent']))))
  }
}

/** Relations, indexes, constraints and types of one schema share their names. */
function dropNamesBeforeReuse({ works, runBefore }: TaskContext): void {
  const ended = new Map<string, string[]>()
  for (const [key, { intent }] of works) {
    if (!dropsObject(intent) || isSwap(intent)) continue
    const object = objectOf(intent)
    const id = taskId('drop', droppedWithOf(intent) ?? key)
    const name = sharedName(object)
    if (name !== null) ended.set(name, [...(ended.get(name) ?? []), id])
  }
  for (const [key, { intent }] of works) {
    const name = createsObject(intent) ? sharedName(objectOf(intent)) : null
    for (const id of name === null ? [] : (ended.get(name) ?? [])) runBefore(id, taskId('create', key))
  }
}

const kindsWithOwnNames = new Set(['column', 'trigger', 'policy', 'rule'])

function sharedName({ kind, names }: DdlObject): string | null {
  if (kindsWithOwnNames.has(kind) || names.length < 2) return null
  return `${names[0]}.${names.at(-1)}`
}

function isSwap(intent: Intent): boolean {
  return intent.action === 'replace' && intent.swap
}

function relationOrOwnKey({ catalog, key }: DdlObject): string {
  return relationKeyOf(catalog, key) ?? key
}
