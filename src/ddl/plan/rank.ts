import { type DdlObject, type StepPhase, type DdlStep, textFact } from '../object.js'

/** Kinds in the order in which they are made, and dropped the other way round, where nothing else decides. */
const kindOrder = [
  'schema', 'extension', 'language', 'access_method', 'collation', 'enum', 'range', 'base_type', 'composite', 'domain',
  'foreign_data_wrapper', 'server', 'user_mapping', 'sequence', 'function', 'procedure', 'aggregate', 'operator', 'operator_family', 'operator_class',
  'cast', 'conversion', 'transform', 'table', 'foreign_table', 'column',
  'text_search_parser', 'text_search_template', 'text_search_dictionary', 'text_search_configuration',
  'constraint', 'index', 'statistics', 'view', 'materialized_view', 'rule', 'trigger', 'policy',
  'publication', 'subscription',
] // prettier-ignore

/** What acts on the statements that follow is made last and dropped first. */
const sideEffectKinds = new Set(['default_privileges', 'event_trigger'])

const phaseOrder: Readonly<Record<StepPhase, number>> = {
  release: 2,
  drop: 3,
  alter: 4,
  create: 5,
  attach: 6,
}

export interface RankInput {
  readonly phase: StepPhase
  readonly object: DdlObject
  readonly steps: readonly DdlStep[]
}

/** Where a task stands among those it does not depend on, as a text that sorts. */
export function rankOf({ phase, object, steps }: RankInput): string {
  const place = kindOrder.indexOf(object.kind) + 1
  const kind = phase === 'release' || phase === 'drop' ? kindOrder.length - place : place
  return [
    stageOf({ phase, object, steps }),
    String(kind).padStart(2, '0'),
    columnRelation(object),
    textFact(object, '$position').padStart(5, '0'),
    object.key,
  ].join('|')
}

function stageOf({ phase, object, steps }: RankInput): number {
  if (sideEffectKinds.has(object.kind)) return phase === 'release' || phase === 'drop' ? 0 : 9
  if (steps.some(({ alone }) => alone === true)) return 7
  const separate = steps.some(({ transactional }) => !transactional)
  if (!separate) return phaseOrder[phase]
  // What needs a transaction of its own comes before or after all that can share one.
  return phase === 'create' || phase === 'attach' ? 8 : 1
}

function columnRelation({ kind, relation }: DdlObject): string {
  return kind === 'column' ? relation : ''
}
