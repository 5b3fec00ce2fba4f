import { type Change, type DdlObject, list, type Rendered, type Step, step, text } from '../object.js'
import type { Hazard } from '../statement.js'
import { optionChanges, optionList } from './parameters.js'

/** CREATE with its options at the end, refused where one of them is not in the catalog. */
export function createdWithOptions(to: DdlObject, head: string): Rendered {
  const options = optionList(to, 'options')
  const sql = options === '' ? head : `${head} OPTIONS (${options})`
  return unwritable({ to }, sql) ?? [step(sql)]
}

/** `ALTER SERVER s` followed by clauses and by the options that change; nothing where none does. */
export function alteredWithOptions(change: Change, head: string, clauses: readonly string[]): Rendered {
  const { from, to } = change
  const options = optionChanges({ from, to }, 'options')
  const all = [...clauses, ...(options === '' ? [] : [`OPTIONS (${options})`])]
  const sql = [head, ...all].join(' ')
  return (
    unwritable({ from, to }, sql) ??
    (all.length === 0
      ? []
      : [
          step(
            sql,
            ...lost(
              hiddenIn(from).filter((name) => !namesIn(to).includes(name)),
              to,
            ),
          ),
        ])
  )
}

/** DROP, which takes secrets along that only the database has. */
export function droppedWithOptions(object: DdlObject, reference: string): readonly Step[] {
  return [step(`DROP ${reference}`, ...lost(hiddenIn(object), object))]
}

interface Sides {
  readonly from?: DdlObject
  readonly to: DdlObject
}

/** The catalog has neither the values that may be secrets, nor options that whoever read it was not allowed to see. */
function unwritable({ from, to }: Sides, sql: string): Extract<Rendered, { reason: string }> | null {
  const isReadable = (object: DdlObject | undefined): boolean =>
    object === undefined || text(object, 'options') !== '(not readable)'
  if (!isReadable(from) || !isReadable(to))
    return {
      reason: 'its options are shown to their owner only',
      decide: 'read both databases as a superuser, or as the owner of the server',
    }
  const names = hiddenIn(to).filter((name) => from === undefined || !hiddenIn(from).includes(name))
  if (names.length === 0) return null
  return {
    reason: `the catalog does not hold the value of ${names.join(', ')}, which may be a secret`,
    decide: `run this with the value in place of (hidden): ${sql}`,
  }
}

function hiddenIn(object: DdlObject): readonly string[] {
  return list(object, 'options')
    .filter((option) => option.endsWith('=(hidden)'))
    .map(nameOf)
}

function namesIn(object: DdlObject): readonly string[] {
  return list(object, 'options').map(nameOf)
}

function nameOf(option: string): string {
  return option.slice(0, option.indexOf('='))
}

function lost(options: readonly string[], { key }: DdlObject): readonly Hazard[] {
  return options.map((option) => ({
    hazard: 'data loss',
    what: `the value of the option ${option} of ${key}`,
  }))
}
