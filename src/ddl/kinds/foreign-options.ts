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

/** CREATE with its options at the end, refused where one of them is not in the catalog. */
export function createWithOptions(to: DdlObject, head: string): RenderResult {
  const options = foreignOptionList(to, 'options')
  const sql = options === '' ? head : `${head} OPTIONS (${options})`
  return refuseHiddenOptions({ to }, sql) ?? [step(sql)]
}

/** `ALTER SERVER s` followed by clauses and by the options that change; nothing where none does. */
export function alterWithOptions(
  change: ObjectChange,
  head: string,
  clauses: readonly string[],
): RenderResult {
  const { from, to } = change
  const options = foreignOptionChanges({ from, to }, 'options')
  const all = [...clauses, ...(options === '' ? [] : [`OPTIONS (${options})`])]
  const sql = [head, ...all].join(' ')
  return (
    refuseHiddenOptions({ from, to }, sql) ??
    (all.length === 0
      ? []
      : [
          step(
            sql,
            ...hiddenOptionHazards(
              hiddenOptions(from).filter((name) => !optionNames(to).includes(name)),
              to,
            ),
          ),
        ])
  )
}

/** DROP, which takes secrets along that only the database has. */
export function dropWithOptions(object: DdlObject, reference: string): readonly DdlStep[] {
  return [step(`DROP ${reference}`, ...hiddenOptionHazards(hiddenOptions(object), object))]
}

interface Sides {
  readonly from?: DdlObject
  readonly to: DdlObject
}

/** The catalog has neither the values that may be secrets, nor options that whoever read it was not allowed to see. */
function refuseHiddenOptions(
  { from, to }: Sides,
  sql: string,
): Extract<RenderResult, { reason: string }> | null {
  const isReadable = (object: DdlObject | undefined): boolean =>
    object === undefined || textFact(object, 'options') !== '(not readable)'
  if (!isReadable(from) || !isReadable(to))
    return {
      reason: 'its options are shown to their owner only',
      decide: 'read both databases as a superuser, or as the owner of the server',
    }
  const names = hiddenOptions(to).filter((name) => from === undefined || !hiddenOptions(from).includes(name))
  if (names.length === 0) return null
  return {
    reason: `the catalog does not hold the value of ${names.join(', ')}, which may be a secret`,
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
