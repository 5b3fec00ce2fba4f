import type { Catalog } from '../../core/model/catalog.js'
import { diff, type Difference } from '../../core/model/diff.js'
import { type DdlObject, relationOf } from '../object.js'
import type { Plan, Refusal, Statement } from '../statement.js'
import { type Intent, intentsFor, makes } from './intents.js'
import { propagate } from './propagate.js'
import { refuseWith } from './refuse.js'
import { renderIntent } from './render.js'
import { type StepTask, tasksFor, type Work } from './tasks.js'
import { inOrder } from './topological-sort.js'

export interface Journey {
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
export function planChanges({ from, to, differences = diff(to, from), online = true }: Journey): Plan {
  const intents = intentsFor(differences, { from, to })
  propagate(intents, { from, to })
  const works = new Map<string, Work>()
  const refused = new Map<string, Refusal>()
  for (const [key, intent] of intents) {
    const aware = aimed(freshened(intent, intents), { mayBlock: !online })
    const rendered = renderIntent(aware, from)
    if ('refusal' in rendered) refused.set(key, rendered.refusal)
    else works.set(key, { intent: aware, steps: rendered.steps })
  }
  refuseWith(refused, { works, intents })
  const tasks = tasksFor(works)
  const statements = inOrder(tasks).flatMap((id) => statementsOf(tasks.get(id)))
  return {
    statements: withPreamble(withoutFreshHazards(statements, intents)),
    refused: [...refused.values()],
  }
}

/** An intent whose object knows whether its relation is made by the same plan. */
function freshened(intent: Intent, intents: ReadonlyMap<string, Intent>): Intent {
  if (intent.action === 'drop') return intent
  const { to } = intent
  const relation = relationOf(to.catalog, to.key) ?? to.key
  return makes(intents.get(relation)) ? { ...intent, to: { ...to, fresh: true } } : intent
}

function aimed(intent: Intent, { mayBlock }: Required<Pick<DdlObject, 'mayBlock'>>): Intent {
  return intent.action === 'drop' ? intent : { ...intent, to: { ...intent.to, mayBlock } }
}

function statementsOf(task: StepTask | undefined): readonly Statement[] {
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
function withoutFreshHazards(
  statements: readonly Statement[],
  intents: ReadonlyMap<string, Intent>,
): readonly Statement[] {
  const fresh = new Set<string>()
  for (const intent of intents.values())
    if (makes(intent) && intent.action !== 'drop') addFresh(fresh, intent)
  return statements.map((statement) => ({
    ...statement,
    hazards: statement.hazards.filter((hazard) => !('table' in hazard && fresh.has(hazard.table ?? ''))),
  }))
}

function addFresh(fresh: Set<string>, intent: Exclude<Intent, { action: 'drop' }>): void {
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
