import {
  type ObjectChange,
  type DdlObject,
  listFact,
  type RenderResult,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { foreignOptionChanges, foreignOptionList } from './parameters.js'

/**
 * A CREATE statement with its OPTIONS at the end; refused where the catalog does not contain the value of an option.
 */
export function createWithOptions(to: DdlObject, head: string): RenderResult {
  const options = foreignOptionList(to, 'options')
  const sql = options === '' ? head : `${head} OPTIONS (${options})`
  return refuseHiddenOptions(undefined, to, sql) ?? [step(sql)]
}

/** `ALTER SERVER s`, followed by clauses and by the options that change; no step where nothing changes. */
export function alterWithOptions(
  { from, to }: ObjectChange,
  head: string,
  clauses: readonly string[],
): RenderResult {
  const options = foreignOptionChanges(from, to, 'options')
  const parts = [...clauses, ...(options === '' ? [] : [`OPTIONS (${options})`])]
  const sql = [head, ...parts].join(' ')
  const refusal = refuseHiddenOptions(from, to, sql)
  if (refusal !== null) return refusal
  const droppedOptions = hiddenOptions(from).filter((name) => !optionNames(to).includes(name))
  return parts.length === 0 ? [] : [step(sql, ...hiddenOptionHazards(droppedOptions, to))]
}

/** A DROP statement. It loses the hidden option values, which only the database has. */
export function dropWithOptions(object: DdlObject, reference: string): readonly DdlStep[] {
  return [step(`DROP ${reference}`, ...hiddenOptionHazards(hiddenOptions(object), object))]
}

/** The catalog contains neither values that may be secrets nor options that its reader was not permitted to see. */
function refuseHiddenOptions(
  from: DdlObject | undefined,
  to: DdlObject,
  sql: string,
): Extract<RenderResult, { reason: string }> | null {
  const isReadable = (object: DdlObject | undefined): boolean =>
    object === undefined || textFact(object, 'options') !== '(not readable)'
  if (!isReadable(from) || !isReadable(to))
    return {
      reason: 'PostgreSQL shows its options only to their owner',
      decide: 'read both databases as a superuser, or as the owner of the server',
    }
  const names = hiddenOptions(to).filter((name) => from === undefined || !hiddenOptions(from).includes(name))
  if (names.length === 0) return null
  return {
    reason: `the catalog does not contain the value of ${names.join(', ')}, which may be a secret`,
    decide: `run this with the value in place of (hidden): ${sql}`,
  }
}

function hiddenOptions(object: DdlObject): readonly string[] {
  return listFact(object, 'options')
    .filter((option) => option.endsWith('=(hidden)'))
    .map(optionName)
}

function optionNames(object: DdlObject): readonly string[] {
  return listFact(object, 'options').map(optionName)
}

function optionName(option: string): string {
  return option.slice(0, option.indexOf('='))
}

function hiddenOptionHazards(options: readonly string[], { key }: DdlObject): readonly Hazard[] {
  return options.map((option) => ({
    hazard: 'data loss',
    what: `the value of the option ${option} of ${key}`,
  }))
}
