import { unquotedNames } from '../../core/model/pattern.js'
import { namesColumn } from '../column-parts.js'
import { type DdlObject, type StepPhase, type DdlStep, listFact, columnKeysOf, textFact } from '../object.js'
import { isMadeInPlace, objectOf } from '../intents/intents.js'
import type { PlannedChange, PlannedChanges } from './step-task.js'
import { runsOutsideTransaction } from './transactions.js'

/** Kinds in the order in which they are created; they are dropped in the reverse order. */
const kindOrder = [
  'schema', 'extension', 'language', 'access_method', 'collation', 'enum', 'range', 'base_type', 'composite', 'domain',
  'foreign_data_wrapper', 'server', 'user_mapping', 'sequence', 'function', 'procedure', 'aggregate', 'operator', 'operator_family', 'operator_class',
  'cast', 'conversion', 'transform', 'table', 'foreign_table', 'column',
  'text_search_parser', 'text_search_template', 'text_search_dictionary', 'text_search_configuration',
  'constraint', 'index', 'statistics', 'view', 'materialized_view', 'rule', 'trigger', 'policy',
  'publication', 'subscription',
] // prettier-ignore

/** Kinds that take effect on the statements after them. They are created last and dropped first. */
const sideEffectKinds = new Set(['database_setting', 'default_privileges', 'event_trigger', 'role_setting'])

const phaseOrder: Readonly<Record<StepPhase, number>> = {
  release: 2,
  drop: 3,
  alter: 4,
  create: 5,
  attach: 6,
}

/**
 * The place of the steps of a phase among tasks that do not depend on each other, as a text that sorts. What is built beside
 * something else is done in one go, at the end; an index that nothing waits for is dropped then, too.
 */
export function rankOf(
  phase: StepPhase,
  own: readonly DdlStep[],
  { intent, steps }: PlannedChange,
  planned: PlannedChanges,
): string {
  const object = objectOf(intent)
  if (isMadeInPlace(intent)) return rankText('attach', object, steps)
  const isLate = phase === 'drop' && isDroppedLate({ intent, steps }, planned)
  return isLate ? afterBuilds(rankText('attach', object, own)) : rankText(phase, object, own)
}

/** The same stage, after all that have no such mark. */
function afterBuilds(rank: string): string {
  return rank.replace('|', '~|')
}

/** Whether an index is dropped outside a transaction, and no column or other object that it needs waits for that. */
export function isDroppedLate({ intent, steps }: PlannedChange, planned: PlannedChanges): boolean {
  if (intent.action !== 'drop' || intent.from.kind !== 'index' || !runsOutsideTransaction(steps)) return false
  const { catalog, relationKey = '' } = intent.from
  const columns = columnKeysOf(catalog, relationKey).filter((key) =>
    namesColumn(intent.from, unquotedNames(key).at(-1) ?? ''),
  )
  return ![relationKey, ...columns, ...listFact(intent.from, '$needs')].some((key) => planned.has(key))
}

function rankText(phase: StepPhase, object: DdlObject, steps: readonly DdlStep[]): string {
  const place = kindOrder.indexOf(object.kind) + 1
  const kind = phase === 'release' || phase === 'drop' ? kindOrder.length - place : place
  return [
    stageOf(phase, object, steps),
    String(kind).padStart(2, '0'),
    columnRelation(object),
    textFact(object, '$position').padStart(5, '0'),
    object.key,
  ].join('|')
}

function stageOf(phase: StepPhase, { kind }: DdlObject, steps: readonly DdlStep[]): number {
  if (sideEffectKinds.has(kind)) return phase === 'release' || phase === 'drop' ? 0 : 9
  if (steps.some(({ alone }) => alone === true)) return 7
  const separate = runsOutsideTransaction(steps)
  if (!separate) return phaseOrder[phase]
  // What runs outside a transaction comes before or after all statements that can share one.
  return phase === 'create' || phase === 'attach' ? 8 : 1
}

function columnRelation({ kind, relation }: DdlObject): string {
  return kind === 'column' ? relation : ''
}
