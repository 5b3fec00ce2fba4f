import { unquotedNames } from '../../core/model/pattern.js'
import { quoteIdentifier } from '../identifiers.js'
import {
  type DdlObject,
  type DdlStep,
  findObject,
  keyFromName,
  type KindDdl,
  listFact,
  type ObjectChange,
  step,
  textFact,
} from '../object.js'
import { type OptionClause, renderOptionList } from './option-list.js'
import { dropTypeSteps, hasFunctionCycle, shellTypeSteps } from './shell-type.js'
import { swapNameOf } from './swap-name.js'
import { columnsKeepingType } from './type-users.js'

/** The options of CREATE TYPE … AS RANGE by fact, in the order of PostgreSQL's manual. */
const rangeOptions: Readonly<Record<string, OptionClause>> = {
  subtype: (range) => `SUBTYPE = ${textFact(range, 'subtype')}`,
  operatorClass: (range) => `SUBTYPE_OPCLASS = ${textFact(range, 'operatorClass')}`,
  collation: (range) => `COLLATION = ${textFact(range, 'collation')}`,
  canonical: (range) => `CANONICAL = ${textFact(range, 'canonical')}`,
  subtypeDiff: (range) => `SUBTYPE_DIFF = ${textFact(range, 'subtypeDiff')}`,
  multirange: (range) => `MULTIRANGE_TYPE_NAME = ${textFact(range, 'multirange')}`,
}

export const rangeDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    ...shellTypeSteps(object),
    step(`CREATE TYPE ${object.name} AS RANGE ${renderOptionList(object, rangeOptions)}`),
  ],
  drop: dropTypeSteps,
  alter: ({ from, to }) =>
    isRangeInsideType(from, to)
      ? {
          reason:
            'PostgreSQL cannot alter a range type that has functions of its own, and columns have types that are made of it',
          decide: 'whether to create a type with a different name and move the columns to it',
        }
      : 'replace',
  beforeSwap: renameConstructors,
}

/** A range type that is renamed keeps the names of its multirange type and of the functions that make values of both. */
function renameConstructors(from: DdlObject): readonly DdlStep[] {
  const [schema = '', name = ''] = from.names
  const renamed = swapNameOf(from)
  const multirange = multirangeName(from)
  const qualified = from.name
  const subtype = textFact(from, 'subtype')
  const renamedMultirange = swapNameOf({ ...from, names: multirange.names })
  const calls = [
    [`${quoteIdentifier(schema)}.${quoteIdentifier(name)}(${subtype}, ${subtype})`, renamed],
    [`${quoteIdentifier(schema)}.${quoteIdentifier(name)}(${subtype}, ${subtype}, text)`, renamed],
    ...['', qualified, `${qualified}[]`].map(
      (argument) => [`${multirange.name}(${argument})`, renamedMultirange] as const,
    ),
  ] as const
  return [
    ...calls.map(([call, other]) => step(`ALTER FUNCTION ${call} RENAME TO ${other}`)),
    step(`ALTER TYPE ${multirange.name} RENAME TO ${renamedMultirange}`),
  ]
}

interface MultirangeName {
  readonly names: readonly string[]
  /** In SQL. */
  readonly name: string
}

/** The multirange type of a range type: PostgreSQL names it after that where nothing else is said. */
function multirangeName(range: DdlObject): MultirangeName {
  const given = textFact(range, 'multirange')
  if (given !== '') return { names: unquotedNames(keyFromName('range', given)), name: given }
  const [schema = '', name = ''] = range.names
  const own = name.includes('range') ? name.replace('range', 'multirange') : `${name}_multirange`
  return { names: [schema, own], name: `${quoteIdentifier(schema)}.${quoteIdentifier(own)}` }
}

/** Whether two types are the multirange types of one range type, before and after it is replaced. */
export function isSameMultirange(from: DdlObject, to: DdlObject): boolean {
  const [oldType, newType] = [textFact(from, 'type'), textFact(to, 'type')]
  const [array = ''] = /(?:\[\])*$/.exec(oldType) ?? []
  return listFact(from, '$needs').some((key) => {
    if (!key.startsWith('range:') || !listFact(to, '$needs').includes(key)) return false
    const [before, after] = [findObject(from.catalog, key), findObject(to.catalog, key)]
    return (
      before !== undefined &&
      after !== undefined &&
      oldType === `${multirangeName(before).name}${array}` &&
      newType === `${multirangeName(after).name}${array}`
    )
  })
}

/** With functions of its own it cannot be made beside the old one, as these take or return both. */
export function isSwappableRange(range: DdlObject): boolean {
  return !hasFunctionCycle(range)
}

/**
 * Whether columns keep values of a range type inside of those of another type. Columns of the range type itself are text
 * until there is the new one, where both cannot exist.
 */
export function isRangeInsideType(from: DdlObject, to: DdlObject): boolean {
  const isMade = from.kind === 'range' && !isSwappableRange(from)
  return isMade && columnsKeepingType(from, to).some(({ direct }) => !direct)
}

/** Whether a column gets a range type again that is replaced, and is text while there is none. */
export function isTextMeanwhile({ from, to, facts }: Pick<ObjectChange, 'from' | 'to' | 'facts'>): boolean {
  if (!facts.has('type') || textFact(from, 'type') !== textFact(to, 'type')) return false
  return listFact(from, '$needs').some((key) => {
    const range = key.startsWith('range:') ? findObject(from.catalog, key) : undefined
    return range !== undefined && !isSwappableRange(range) && listFact(to, '$needs').includes(key)
  })
}
