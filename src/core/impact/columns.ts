import { type Fact, type Facts, quoteName } from '../model/catalog.js'
import {
  type FactChange,
  hasAllPromised,
  isGone,
  isNew,
  isNow,
  type KindRules,
  listOf,
  type ImpactRule,
  validityRule,
  type ImpactVerdict,
} from './rule.js'

const widerType: ImpactVerdict = ['harmless', 'every promised value fits, and arrives the same']

/** Of a column, of a domain. */
export const typeRule: ImpactRule<FactChange> = {
  cases: [
    [
      'it holds more: integer for smallint, text for character varying, a greater length',
      isTypeChange('wider'),
      widerType,
    ],
    [
      'it holds more and arrives as text: bigint or numeric for integer',
      isTypeChange('wider as text'),
      ['weakens', 'every promised value fits, but node-postgres returns a text instead of a number'],
    ],
    [
      'it holds more and has more decimals',
      isTypeChange('wider with more digits'),
      ['weakens', 'every promised value fits, but comes back with more decimals'],
    ],
  ],
  otherwise: ['breaks', 'values of the promised type may not fit or come back in another form'],
}

/** Of a column, of a domain. */
export const nullableRule: ImpactRule<FactChange> = {
  cases: [['it is NOT NULL', isNow(false), ['breaks', 'inserts of null fail']]],
  otherwise: ['weakens', 'nulls can be stored where the code expects none'],
}

const otherDefault: ImpactVerdict = ['weakens', 'rows inserted without a value get another one']

const defaultRule: ImpactRule<FactChange> = {
  cases: [
    [
      'an identity or a generated value takes its place, or gave it',
      (change) => (isGone(change) && isComputed(change.is)) || (isNew(change) && isComputed(change.was)),
      ['harmless', 'how the value is made is a fact of its own'],
    ],
    [
      'it is gone, and the column NOT NULL',
      (change) => isGone(change) && change.is['nullable'] === false,
      ['breaks', 'inserts that do not name it fail'],
    ],
    ['it is gone', isGone, ['weakens', 'rows inserted without a value get none']],
    [
      'there was none, and the column promised NOT NULL',
      (change) => isNew(change) && change.was['nullable'] === false,
      ['harmless', 'inserts always name it'],
    ],
  ],
  otherwise: otherDefault,
}

/** Of a domain, of the columns of a view. */
export const plainDefaultRule: ImpactRule<FactChange> = {
  cases: [['it is gone', isGone, ['weakens', 'rows inserted without a value get none']]],
  otherwise: otherDefault,
}

const valueRefused: ImpactVerdict = ['breaks', 'inserts and updates that name a value fail']

const identityRule: ImpactRule<FactChange> = {
  cases: [
    ['it is ALWAYS', isNow('always'), valueRefused],
    [
      'it is gone, and a default deals values',
      (change) => isGone(change) && change.is['default'] !== undefined,
      ['harmless', 'how the value is made is a fact of its own'],
    ],
    ['it is gone', isGone, ['breaks', 'inserts that do not name it fail']],
    ['there was none', isNew, ['harmless', 'inserts that name a value go on, others get one']],
  ],
  otherwise: ['weakens', 'values of its own can be stored, which the sequence deals again'],
}

const generatedRule: ImpactRule<FactChange> = {
  cases: [
    ['there was none', isNew, valueRefused],
    ['it is gone', isGone, ['breaks', 'its value is not made any more']],
    [
      'the same expression, stored or virtual',
      ({ expected, actual }) => expressionOf(expected) === expressionOf(actual),
      ['slows', 'it is computed at another time, and a virtual one cannot be indexed'],
    ],
  ],
  otherwise: ['weakens', 'it has other values than promised'],
}

export const columnRules: KindRules = {
  missing: ['breaks', 'queries that name it fail'],
  unexpected: {
    cases: [
      [
        'it is NOT NULL without a default',
        isRequiredOnInsert,
        ['breaks', 'inserts that do not name it fail'],
      ],
    ],
    otherwise: ['harmless', 'inserts may leave it out'],
  },
  changed: {
    type: typeRule,
    nullable: nullableRule,
    default: defaultRule,
    identity: identityRule,
    identityOptions: ['weakens', 'it deals other numbers than promised'],
    generated: generatedRule,
    valid: validityRule,
    notNullNoInherit: {
      cases: [['it is not inherited', isNow(true), ['weakens', 'tables that inherit it may store nulls']]],
      otherwise: ['breaks', 'inserts of null into tables that inherit it fail'],
    },
    collation: ['weakens', 'order and comparison of values differ'],
    storage: ['harmless', 'only how long values are stored differs'],
    compression: ['harmless', 'only how long values are stored differs'],
    statistics: ['slows', 'queries are planned from a larger or smaller sample'],
    options: ['slows', 'queries are planned with other numbers of distinct values'],
    fdwOptions: ['breaks', 'it stands for another column of the foreign server'],
  },
}

/** The columns of a view or a materialized view: texts such as `title text`. */
export const viewColumnsRule: ImpactRule<FactChange> = {
  cases: [
    ['all promised ones are there', hasAllPromised, ['harmless', 'queries may leave the others out']],
    [
      'all promised ones are there, some hold more',
      (change) => columnTypeChanges(change).every((found) => found !== 'other'),
      ['weakens', 'every promised value fits, but may come back in another form'],
    ],
  ],
  otherwise: ['breaks', 'a promised column is gone or has another type'],
}

function isTypeChange(wanted: TypeChange): (change: FactChange) => boolean {
  return ({ expected, actual }) => compareTypes(String(expected), String(actual)) === wanted
}

function isRequiredOnInsert(facts: Facts): boolean {
  return facts['nullable'] === false && facts['default'] === undefined && !isComputed(facts)
}

function isComputed({ identity, generated }: Facts): boolean {
  return identity !== undefined || generated !== undefined
}

function expressionOf(generated: Fact | undefined): string {
  return String(generated).replace(/^(?:stored|virtual): /, '')
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

/** What another type of a column does to values: those of the promised type still fit, and how they arrive, or not. */
export type TypeChange = 'wider' | 'wider as text' | 'wider with more digits' | 'other'

interface TypeName {
  readonly name: string
  /** Length, or precision and scale; empty where there is no limit. */
  readonly limits: readonly number[]
  readonly array: string
}

const typePattern =
  /^(?<start>[^([]+?)(?:\((?<limits>[\d,]+)\))?(?<end> with(?:out)? time zone)?(?<array>(?:\[\])*)$/

/** Types that hold all values of another; node-postgres gives the same to the program, or a text instead of a number. */
const widenings: Readonly<Record<string, Readonly<Record<string, TypeChange>>>> = {
  smallint: { integer: 'wider', bigint: 'wider as text', numeric: 'wider as text' },
  integer: { bigint: 'wider as text', numeric: 'wider as text' },
  bigint: { numeric: 'wider' },
  real: { 'double precision': 'wider' },
  'character varying': { text: 'wider' },
  text: { 'character varying': 'wider' },
}

/** How values of a fixed type fit when only its limits change. */
const compareLimitsByType: Readonly<
  Record<string, (from: readonly number[], to: readonly number[]) => TypeChange>
> = {
  'character varying': compareLimit,
  'bit varying': compareLimit,
  'timestamp with time zone': compareLimit,
  'timestamp without time zone': compareLimit,
  'time with time zone': compareLimit,
  'time without time zone': compareLimit,
  numeric: ([fromDigits = Infinity, fromScale = 0], [toDigits, toScale = 0]) => {
    if (toDigits === undefined) return 'wider'
    if (toDigits - toScale < fromDigits - fromScale || toScale < fromScale) return 'other'
    return toScale === fromScale ? 'wider' : 'wider with more digits'
  },
}

/** From one type to another, both as `format_type` has them. */
function compareTypes(from: string, to: string): TypeChange {
  const [one, other] = [parseType(from), parseType(to)]
  if (one === null || other === null || one.array !== other.array) return 'other'
  if (one.name === other.name) return compareLimitsByType[one.name]?.(one.limits, other.limits) ?? 'other'
  return other.limits.length === 0 ? (widenings[one.name]?.[other.name] ?? 'other') : 'other'
}

function compareLimit([from = Infinity]: readonly number[], [to = Infinity]: readonly number[]): TypeChange {
  return to >= from ? 'wider' : 'other'
}

function parseType(type: string): TypeName | null {
  const groups = typePattern.exec(type)?.groups
  if (groups === undefined) return null
  const { start = '', limits, end = '', array = '' } = groups
  return { name: start + end, limits: limits === undefined ? [] : limits.split(',').map(Number), array }
}
