import type { Catalog } from '../../core/model/catalog.js'
import { diff, type Difference } from '../../core/model/diff.js'
import { type DdlObject, relationKeyOf } from '../object.js'
import type { Plan, PlanRefusal, Statement } from '../statement.js'
import { type Intent, createIntents, createsObject } from './intents.js'
import { propagate } from './propagate.js'
import { refuseDependents } from './refuse-dependents.js'
import { renderIntent } from './render-intent.js'
import { type StepTask, createTasks, type IntentSteps } from './tasks.js'
import { sortTasks } from './topological-sort.js'

export interface PlanInput {
  /** The catalog of the database the statements are for. */
  readonly from: Catalog
  readonly to: Catalog
  /** What is to change, `to` being expected and `from` actual. Default: all that differs. */
  readonly differences?: readonly Difference[]
  /** Whether indexes are made while others write, which takes statements outside a transaction. Default: yes. */
  readonly online?: boolean
}

/**
 * The statements that bring a database with one catalog to another, in the order in which they run, each with its hazards;
 * and what is not written as SQL because a person must decide. Both catalogs are needed with their structure, comments and
 * grants.
 */
export function planChanges({ from, to, differences = diff(to, from), online = true }: PlanInput): Plan {
  const intents = createIntents(differences, { from, to })
  propagate(intents, { from, to })
  const works = new Map<string, IntentSteps>()
  const refused = new Map<string, PlanRefusal>()
  for (const [key, intent] of intents) {
    const aware = withMayBlock(markInNewRelation(intent, intents), { mayBlock: !online })
    const rendered = renderIntent(aware, from)
    if ('refusal' in rendered) refused.set(key, rendered.refusal)
    else works.set(key, { intent: aware, steps: rendered.steps })
  }
  refuseDependents(refused, { works, intents })
  const tasks = createTasks(works)
  const statements = sortTasks(tasks).flatMap((id) => toStatements(tasks.get(id)))
  return {
    statements: withPreamble(withoutNewTableHazards(statements, intents)),
    refused: [...refused.values()],
  }
}

/** An intent whose object knows whether its relation is made by the same plan. */
function markInNewRelation(intent: Intent, intents: ReadonlyMap<string, Intent>): Intent {
  if (intent.action === 'drop') return intent
  const { to } = intent
  const relation = relationKeyOf(to.catalog, to.key) ?? to.key
  return createsObject(intents.get(relation)) ? { ...intent, to: { ...to, inNewRelation: true } } : intent
}

function withMayBlock(intent: Intent, { mayBlock }: Required<Pick<DdlObject, 'mayBlock'>>): Intent {
  return intent.action === 'drop' ? intent : { ...intent, to: { ...intent.to, mayBlock } }
}

function toStatements(task: StepTask | undefined): readonly Statement[] {
  if (task === undefined) return []
  const { key, steps } = task
  return steps.map(({ sql, hazards, transactional, alone }) => ({
    sql,
    key,
    hazards,
    transactional,
    ...(alone === true ? { alone } : {}),
  }))
}

/** Nobody waits for a table that the plan itself makes, and it has no rows. */
function withoutNewTableHazards(
  statements: readonly Statement[],
  intents: ReadonlyMap<string, Intent>,
): readonly Statement[] {
  const fresh = new Set<string>()
  for (const intent of intents.values())
    if (createsObject(intent) && intent.action !== 'drop') addNewTable(fresh, intent)
  return statements.map((statement) => ({
    ...statement,
    hazards: statement.hazards.filter((hazard) => !('table' in hazard && fresh.has(hazard.table ?? ''))),
  }))
}

function addNewTable(fresh: Set<string>, intent: Exclude<Intent, { action: 'drop' }>): void {
  const { to }: { readonly to: DdlObject } = intent
  if (to.names.length === 2) fresh.add(to.name)
}

/** The body of a routine may name what is made after it. */
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
