/*
 * How differences become ordered statements:
 *
 * 1. Intents (intents.ts). Each difference becomes one intent for one object: create, drop or alter.
 * 2. Propagation (propagate.ts). PostgreSQL refuses to drop or retype what other objects depend on, and a dropped table
 *    takes its parts with it. So intents are added along `pg_depend`: a view on a retyped column is replaced, a default
 *    is dropped and set again, an enum that loses a label is swapped for a new type. An object whose data would be lost
 *    with it is refused. In a tree of tables (../tree.ts) an object and those of partitions or children are one: they are
 *    dropped and created with that of the parent (propagate-tree.ts), and what its statement does is left out of theirs
 *    (carried-facts.ts, made-with-parent.ts).
 * 3. Rendering (render-intent.ts, kinds/). Each intent becomes steps: one statement each, with its hazards and its
 *    phase: release, drop, alter, create or attach. What needs a decision by a person is refused, and with it what
 *    depends on it.
 * 4. Tasks (tasks.ts). The steps of one object in one phase are a task. Prerequisites connect the tasks: an object is
 *    created after what it needs and dropped before it; a name is free before it is used again.
 * 5. Ranking (rank.ts, topological-sort.ts). Tasks are sorted topologically. Where prerequisites leave a choice, phase,
 *    kind, position of the column and key decide, so the same catalogs always give the same statements.
 */
import type { Catalog } from '../../core/model/catalog.js'
import { diff, type Difference } from '../../core/model/diff.js'
import { withFormHazards, withParts } from '../hazards/form-hazards.js'
import type { DdlStep } from '../object.js'
import type { Hazard, Plan, PlanRefusal, Statement } from '../statement.js'
import { keptTree, type KeptTree, withoutIdentityOfParents } from '../tree.js'
import { carriedFacts } from '../intents/carried-facts.js'
import { type CatalogPair, type Intent, createIntents, createsObject, objectOf } from '../intents/intents.js'
import { propagate } from '../intents/propagate.js'
import { refuseDependents } from './refuse-dependents.js'
import { joinRewrites } from './join-rewrites.js'
import { isMadeWithParent } from '../intents/made-with-parent.js'
import { linkPartedChildren, withPartedChildren } from '../intents/parted-children.js'
import { buildBesideOld, keepIndexesOfKeys } from '../intents/predecessors.js'
import { renderIntent } from './render-intent.js'
import type { PlannedChange } from './step-task.js'
import { createTasks } from './tasks.js'
import { sortTasks } from './topological-sort.js'

interface PlanOptions {
  /** What is to change, `to` being expected and `from` actual. Default: all that differs. */
  readonly differences?: readonly Difference[]
  /** Whether indexes are built while other sessions write, in statements outside a transaction. Default: yes. */
  readonly online?: boolean
  /** The major version of the server on which the statements run. Default: not known, so what all versions have is used. */
  readonly serverMajor?: number | null
  /** For a database that nobody uses: new tables are written with their constraints, and statements without hazards. Default: no. */
  readonly compact?: boolean
  /** Changes that are not written, because it is known that their SQL does not work. Default: none. */
  readonly refusals?: readonly PlanRefusal[]
}

/**
 * The statements that lead from one catalog to another, in the order in which they run, each with its hazards; and what
 * is not written as SQL because a person must decide. Both catalogs need structure, comments and grants.
 */
export function planChanges(live: Catalog, expected: Catalog, options: PlanOptions = {}): Plan {
  const [actual, to] = [withoutIdentityOfParents(live), withoutIdentityOfParents(expected)]
  const { differences = diff(to, actual), refusals = [], serverMajor = null, online = true } = options
  const { intents, tree, from } = allIntents({ from: actual, to }, differences, serverMajor)
  if (online) buildBesideOld(intents, { from, to })
  const planned = new Map<string, PlannedChange>()
  const refused = new Map<string, PlanRefusal>()
  for (const refusal of refusals) if (intents.has(refusal.key)) refused.set(refusal.key, refusal)
  for (const [key, intent] of intents) {
    if (refused.has(key)) continue
    const complete = withTargetState(intent, { intents, tree, from }, options)
    const rendered = renderIntent(complete, from)
    if ('refusal' in rendered) refused.set(key, rendered.refusal)
    else planned.set(key, { intent: complete, steps: rendered.steps })
  }
  refuseDependents(refused, planned, intents)
  const tasks = createTasks(planned, { from, to })
  const statements = sortTasks(online ? joinRewrites(tasks) : tasks).flatMap(({ key, steps }) =>
    steps.map((step) => toStatement(key, step, options.compact === true ? null : { from, to })),
  )
  return {
    statements: withPreamble(withoutNewObjectHazards(statements, intents)),
    refused: [...refused.values()],
  }
}

/**
 * The same for a migration, which has one transaction or none: it has one unless something has to be built outside of it. An
 * index that is only dropped, and NOT NULL, are no reason to give it up.
 */
export function planMigration(live: Catalog, expected: Catalog, options: PlanOptions): Plan {
  const plan = planChanges(live, expected, options)
  const isApart = plan.statements.some(
    ({ sql, transactional }) => !transactional && !sql.startsWith('DROP INDEX'),
  )
  return isApart ? plan : planChanges(live, expected, { ...options, online: false })
}

interface PlanState {
  readonly intents: Map<string, Intent>
  readonly tree: KeptTree
  readonly from: Catalog
}

/** The intents for differences and what they require. Tables that must be parted meanwhile are known only after that. */
function allIntents(
  { from, to }: CatalogPair,
  differences: readonly Difference[],
  serverMajor: number | null,
): PlanState {
  const intents = createIntents(differences, { from, to }, serverMajor)
  linkPartedChildren(intents, from, to)
  const tree = keptTree(from, to)
  keepIndexesOfKeys(intents)
  propagate(intents, { from, to }, tree)
  const parted = withPartedChildren(from, to, intents)
  return parted === from
    ? { intents, tree, from }
    : allIntents({ from: parted, to }, differences, serverMajor)
}

/**
 * The intent with what decides how its object is written: whether its relation is new, whether writers may be blocked,
 * and what the statements for a parent table do already.
 */
function withTargetState(
  intent: Intent,
  { intents, tree, from }: PlanState,
  { online = true, compact = false }: PlanOptions,
): Intent {
  const table = intents.get(objectOf(intent).relationKey ?? '')
  const changesTableType = table?.action === 'alter' && table.facts.has('ofType')
  const start = 'from' in intent ? { from: { ...intent.from, changesTableType, mayBlock: !online } } : {}
  if (intent.action === 'drop') return { ...intent, ...start }
  const inNewRelation = createsObject(intents.get(intent.to.relationKey ?? intent.to.key))
  const to = { ...intent.to, inNewRelation, mayBlock: !online, isCompact: compact, changesTableType }
  const complete = { ...to, isMadeWithParent: isMadeWithParent(to, from) }
  return intent.action === 'alter'
    ? { ...intent, ...start, to: complete, carried: carriedFacts(intent, intents, tree) }
    : { ...intent, ...start, to: complete }
}

/** @param sides null for a statement that nobody waits for */
function toStatement(key: string, step: DdlStep, sides: CatalogPair | null): Statement {
  const { sql, hazards, transactional, alone, parts, relationKey = key } = step
  const statement = { sql, key, hazards, transactional, ...(alone === true ? { alone } : {}) }
  if (sides === null) return { ...statement, hazards: [] }
  return parts === undefined
    ? withFormHazards(statement, relationKey, sides)
    : withParts(
        statement,
        parts.map(([part, own]) => toStatement(part, own, sides)),
      )
}

/** No session waits for a relation that the plan itself creates, it has no rows, and nobody has used the object. */
function withoutNewObjectHazards(
  statements: readonly Statement[],
  intents: ReadonlyMap<string, Intent>,
): readonly Statement[] {
  const created = [...intents.values()].filter(createsObject).map(objectOf)
  const newNames = new Set(created.map(({ name, signature }) => `${name}${signature}`))
  const newTables = new Set(created.filter(({ names }) => names.length === 2).map(({ name }) => name))
  const isOld = (hazard: Hazard): boolean =>
    hazard.hazard === 'authorization'
      ? !newNames.has(hazard.what)
      : !('table' in hazard && newTables.has(hazard.table ?? ''))
  return statements.map((statement) => ({
    ...statement,
    // What is replaced is old until it is dropped.
    hazards: statement.sql.startsWith('DROP ') ? statement.hazards : statement.hazards.filter(isOld),
  }))
}

/** The body of a routine may name objects that are created after it. */
function withPreamble(statements: readonly Statement[]): readonly Statement[] {
  const first = statements.find(
    ({ key, sql }) => /^(function|procedure):/.test(key) && sql.startsWith('CREATE'),
  )
  if (first === undefined) return statements
  return [
    { sql: 'SET check_function_bodies = off', key: first.key, hazards: [], transactional: true },
    ...statements,
  ]
}
