import { needsOf, ownNeeds } from '../dependencies.js'
import { defersDefault } from '../kinds/column-default.js'
import { type DdlObject, keyOfName, list, type Phase, relationOf } from '../object.js'
import { type Intent, ends, goesWithOf, makes } from './intents.js'
import { rankOf } from './rank.js'
import { objectOf, type PhasedStep } from './render.js'
import type { Task } from './topological-sort.js'

/** A part of one object's change that runs at one time. */
export interface StepTask extends Task {
  readonly key: string
  readonly steps: readonly PhasedStep[]
}

/** An intent with its steps. */
export interface Work {
  readonly intent: Intent
  readonly steps: readonly PhasedStep[]
}

const phases: readonly Phase[] = ['release', 'drop', 'alter', 'create', 'attach']

const idOf = (phase: Phase, key: string): string => `${phase}|${key}`

/** The rank of what is done only when something else asks for it. */
const last = '~'

/** The tasks of all intents, by id, each with what must be done before it. */
export function tasksFor(works: ReadonlyMap<string, Work>): ReadonlyMap<string, StepTask> {
  const tasks = new Map<string, StepTask>()
  for (const [key, { intent, steps }] of works) {
    addTasks(tasks, { key, intent, steps })
    addBarriers(tasks, objectOf(intent))
  }
  const must = (earlier: string, later: string): void => {
    if (earlier !== later && tasks.has(earlier)) tasks.get(later)?.before.add(earlier)
  }
  const context: Context = { works, must }
  for (const [key, work] of works) {
    afterWhatItNeeds({ key, ...work }, context)
    beforeWhatItNeeded({ key, ...work }, context)
    amongTheParts({ key, ...work }, context)
    for (const { phase, after = [] } of work.steps)
      for (const needed of after) must(idOf('create', needed), idOf(phase, key))
  }
  oneNameAtATime(context)
  partitionsFirst(context)
  return tasks
}

interface Keyed extends Work {
  readonly key: string
}

interface Context {
  readonly works: ReadonlyMap<string, Work>
  /** Orders two tasks, by id, if both exist. */
  readonly must: (earlier: string, later: string) => void
}

function addTasks(tasks: Map<string, StepTask>, { key, intent, steps }: Keyed): void {
  const object = objectOf(intent)
  let previous: string | undefined
  for (const phase of phases) {
    const mine = steps.filter((step) => step.phase === phase)
    const before = new Set(previous === undefined ? [] : [previous])
    previous = idOf(phase, key)
    tasks.set(previous, {
      key,
      steps: mine,
      before,
      rank: mine.length === 0 ? last : rankOf({ phase, object, steps: mine }),
    })
  }
}

const beforeColumns = (relation: string): string => `parts of ${relation}`
const afterColumns = (relation: string): string => `columns of ${relation}`

/** Two tasks without steps that keep the parts of a relation and its columns apart. */
function addBarriers(tasks: Map<string, StepTask>, { catalog, key }: DdlObject): void {
  const relation = relationOf(catalog, key)
  if (relation === undefined || tasks.has(beforeColumns(relation))) return
  for (const id of [beforeColumns(relation), afterColumns(relation)])
    tasks.set(id, { key: relation, steps: [], before: new Set(), rank: last })
}

/** What an object shall need is made before it. */
function afterWhatItNeeds({ key, intent }: Keyed, { must }: Context): void {
  if (intent.action === 'drop') return
  const { to } = intent
  const folded = to.kind === 'column' && to.fresh
  const own = idOf(makes(intent) ? 'create' : 'alter', key)
  const makers = folded ? [own, idOf('create', relationKey(to))] : [own]
  const later = (needed: string, ids: readonly string[]): void => {
    for (const id of ids) must(idOf('create', needed), id)
  }
  for (const needed of ownNeeds(to))
    later(needed, intent.action === 'rebind' ? [idOf('attach', key)] : makers)
  const defaultMakers =
    intent.action === 'rebind' || (folded && defersDefault(to)) ? [idOf('attach', key)] : makers
  for (const needed of list(to, '$defaultNeeds')) later(needed, defaultMakers)
}

/** What an object needed ends, or changes, only after it has let go. */
function beforeWhatItNeeded({ key, intent }: Keyed, { works, must }: Context): void {
  if (intent.action === 'create' || intent.action === 'refuse') return
  const shallNeed = intent.action === 'drop' ? new Set<string>() : needsOf(intent.to)
  for (const needed of needsOf(intent.from)) {
    const other = works.get(needed)?.intent
    if (other === undefined) continue
    const letsGo = lettingGo({ key, intent }, { stays: shallNeed.has(needed) && !isSwap(other) })
    must(letsGo, idOf(isSwap(other) ? 'attach' : 'drop', needed))
    const holder = goesWithOf(other)
    if (holder !== null && holder !== goesWithOf(intent) && holder !== key) must(letsGo, idOf('drop', holder))
    if (other.action === 'alter' && (ends(intent) || intent.action === 'rebind'))
      must(letsGo, idOf('alter', needed))
    if (ends(intent) && isSwap(other) && !isSwap(intent)) must(letsGo, idOf('release', needed))
  }
}

/** The task after which an object no longer holds what it needed. */
function lettingGo(
  {
    key,
    intent,
  }: { readonly key: string; readonly intent: Exclude<Intent, { action: 'create' | 'refuse' }> },
  { stays }: { readonly stays: boolean },
): string {
  switch (intent.action) {
    case 'drop':
      return idOf('drop', intent.goesWith ?? key)
    case 'replace':
      return isSwap(intent) ? idOf('attach', key) : idOf('drop', intent.goesWith ?? key)
    case 'rebind':
      return idOf('release', key)
    case 'alter':
      return idOf(stays ? 'release' : 'alter', key)
  }
}

/** Constraints, indexes and the like go before the columns of their relation change, and come after. */
function amongTheParts({ key, intent }: Keyed, { must }: Context): void {
  const object = objectOf(intent)
  const relation = relationOf(object.catalog, key)
  const holder = goesWithOf(intent)
  if (holder !== null) must(idOf('drop', key), idOf('drop', holder))
  if (relation === undefined) return
  const [columns, parts] = [afterColumns(relation), beforeColumns(relation)]
  if (object.kind === 'column') {
    for (const phase of ['alter', 'drop'] as const) must(parts, idOf(phase, key))
    must(idOf('create', key), columns)
  } else {
    must(idOf('drop', key), parts)
    must(columns, idOf('create', key))
  }
  for (const phase of ['alter', 'drop'] as const) must(parts, idOf(phase, relation))
}

/**
 * A partition is attached, with all it has, before its parent gets indexes and constraints: which of several equal ones
 * belong together is then said, and not left to PostgreSQL.
 */
function partitionsFirst({ works, must }: Context): void {
  const partitions = new Map<string, string[]>()
  for (const [key, { intent }] of works) {
    const { facts } = objectOf(intent)
    if (facts['partition'] === undefined || intent.action === 'drop') continue
    const [parent = ''] = list({ facts }, 'parents').map((name) => keyOfName('table', name))
    partitions.set(parent, [...(partitions.get(parent) ?? []), key])
  }
  for (const [key, { intent }] of works) {
    const { kind, catalog, facts } = objectOf(intent)
    if (!makes(intent) || (kind !== 'index' && kind !== 'constraint')) continue
    for (const partition of partitions.get(relationOf(catalog, key) ?? '') ?? [])
      must(idOf('attach', partition), idOf('create', key))
    if (kind === 'constraint' && facts['parent'] !== undefined)
      must(idOf('create', key), idOf('create', keyOfName('constraint', String(facts['parent']))))
  }
}

/** Relations, indexes, constraints and types of one schema share their names. */
function oneNameAtATime({ works, must }: Context): void {
  const ended = new Map<string, string[]>()
  for (const [key, { intent }] of works) {
    if (!ends(intent) || isSwap(intent)) continue
    const object = objectOf(intent)
    const id = idOf('drop', goesWithOf(intent) ?? key)
    const name = sharedName(object)
    if (name !== null) ended.set(name, [...(ended.get(name) ?? []), id])
  }
  for (const [key, { intent }] of works) {
    const name = makes(intent) ? sharedName(objectOf(intent)) : null
    for (const id of name === null ? [] : (ended.get(name) ?? [])) must(id, idOf('create', key))
  }
}

const privateNames = new Set(['column', 'trigger', 'policy', 'rule'])

function sharedName({ kind, names }: DdlObject): string | null {
  if (privateNames.has(kind) || names.length < 2) return null
  return `${names[0]}.${names.at(-1)}`
}

function isSwap(intent: Intent): boolean {
  return intent.action === 'replace' && intent.swap
}

function relationKey({ catalog, key }: DdlObject): string {
  return relationOf(catalog, key) ?? key
}
