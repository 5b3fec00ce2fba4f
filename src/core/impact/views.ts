import { quoteName } from '../model/catalog.js'
import {
  type FactChange,
  hasAllPromised,
  type ImpactRule,
  isNow,
  type KindRules,
  listOf,
  otherAccessMethod,
  otherParameters,
  plainDefaultRule,
  queriesFail,
  unused,
} from './rule.js'
import { type TypeChange, compareTypes } from './type-change.js'

/** The columns of a view or a materialized view: texts such as `title text`. */
const viewColumnsRule: ImpactRule<FactChange> = {
  cases: [
    ['all promised ones exist', hasAllPromised, ['harmless', 'queries may omit the others']],
    [
      'all promised ones exist, and some hold more',
      (change) => columnTypeChanges(change).every((found) => found !== 'other'),
      ['weakens', 'every promised value fits, but may be returned in a different form'],
    ],
  ],
  otherwise: ['breaks', 'a promised column is gone or has a different type'],
}

const definitionRule: ImpactRule<FactChange> = {
  cases: [
    [
      'the columns differ too',
      ({ was, is }) => JSON.stringify(was['columns']) !== JSON.stringify(is['columns']),
      ['harmless', 'the text follows the columns, which are compared on their own'],
    ],
  ],
  otherwise: ['weakens', 'it shows different rows or values than promised'],
}

export const viewRules: KindRules = {
  missing: queriesFail,
  unexpected: unused,
  changed: {
    definition: definitionRule,
    columns: viewColumnsRule,
    defaults: plainDefaultRule,
    options: {
      cases: [
        [
          'it is a security_invoker',
          addsOption('security_invoker='),
          ['breaks', 'its users need privileges on its tables: permission denied'],
        ],
        [
          'it checks what is written',
          addsOption('check_option='),
          ['breaks', 'writing rows that the view would not show is refused'],
        ],
      ],
      otherwise: ['weakens', 'who may read or write which rows through it is decided differently'],
    },
  },
}

export const materializedViewRules: KindRules = {
  missing: queriesFail,
  unexpected: unused,
  changed: {
    definition: definitionRule,
    columns: viewColumnsRule,
    options: otherParameters,
    columnSettings: ['slows', 'its columns are stored or sampled differently'],
    accessMethod: otherAccessMethod,
    populated: {
      cases: [['it is not populated', isNow(false), ['breaks', 'queries on it fail until it is refreshed']]],
      otherwise: ['harmless', 'it has been refreshed since'],
    },
  },
}

function addsOption(option: string): (change: FactChange) => boolean {
  const has = (fact: FactChange['actual']): boolean => listOf(fact).some((text) => text.startsWith(option))
  return ({ expected, actual }) => has(actual) && !has(expected)
}

function columnTypeChanges({ expected, actual }: FactChange): readonly TypeChange[] {
  const types = new Map(listOf(actual).map(splitColumn))
  return listOf(expected).map((column) => {
    const [name, type] = splitColumn(column)
    const found = types.get(name)
    if (found === undefined) return 'other'
    return found === type ? 'wider' : compareTypes(type, found)
  })
}

function splitColumn(column: string): readonly [name: string, type: string] {
  const [, quoted = '', plain = ''] = /^("(?:[^"]|"")+"|[^" ]+) (.*)$/s.exec(column) ?? []
  return [quoted === '' ? quoteName(column) : quoted, plain]
}
