import { parseTypeName, type TypeName } from './type-name.js'

/** What the numeric types hold exactly: decimal digits in all, and after the point. */
interface NumericCapacity {
  readonly digits: number
  readonly scale: number
}

const numericCapacities: Readonly<Record<string, NumericCapacity>> = {
  smallint: { digits: 5, scale: 0 },
  integer: { digits: 10, scale: 0 },
  bigint: { digits: 19, scale: 0 },
  money: { digits: 19, scale: 2 },
  real: { digits: 6, scale: Infinity },
  'double precision': { digits: 15, scale: Infinity },
}

const floatTypes = ['real', 'double precision']

/** The parts of the types of date and time. A type without a part gives it up. */
const timeParts: Readonly<Record<string, readonly ('the date' | 'the time of day' | 'the time zone')[]>> = {
  date: ['the date'],
  'timestamp without time zone': ['the date', 'the time of day'],
  'timestamp with time zone': ['the date', 'the time of day', 'the time zone'],
  'time without time zone': ['the time of day'],
  'time with time zone': ['the time of day', 'the time zone'],
}

/** A text may have all parts, and a time without a date is one: so no text says what it loses but these. */
const lossesOfText: Readonly<Record<string, string>> = {
  real: 'digits',
  'double precision': 'digits',
  money: 'digits',
  date: 'the time of day',
  'timestamp without time zone': 'the time zone',
  'time without time zone': 'the date',
  'time with time zone': 'the date',
  jsonb: 'the order and the duplicates of keys',
  tsvector: 'the order and the duplicates of words',
}

const [digits, shape, numbers] = ['digits', 'the shape', 'all numbers but 0 and 1']

/** Other pairs of types with what is lost between them. */
const lossesOfPairs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  json: { jsonb: 'the order and the duplicates of keys' },
  inet: { cidr: 'the bits of the host' },
  smallint: { boolean: numbers },
  integer: { boolean: numbers },
  bigint: { boolean: numbers },
  interval: { 'time without time zone': 'the days' },
  jsonb: { smallint: digits, integer: digits, bigint: digits, real: digits, 'double precision': digits },
  lseg: { point: shape },
  box: { circle: shape, lseg: shape, point: shape },
  circle: { box: shape, point: shape, polygon: shape },
  polygon: { box: shape, circle: shape, point: shape },
}

/** Types that cut a text without an error. */
const cuttingTypes: Readonly<Record<string, string>> = {
  '"char"': 'the characters after the first',
  name: 'the characters after the first 63 bytes',
}

const textTypes: ReadonlySet<string> = new Set([
  'text',
  'character varying',
  'character',
  'bpchar',
  'name',
  'citext',
  'public.citext',
])

/** Types whose values are never longer than a name when they are printed. */
const shortTypes: ReadonlySet<string> = new Set([
  ...Object.keys(numericCapacities),
  ...Object.keys(timeParts),
  'interval',
  'boolean',
  'uuid',
  'oid',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  '"char"',
])

/** The fields of an interval from the greatest to the least. */
const intervalFields = ['year', 'month', 'day', 'hour', 'minute', 'second']

/**
 * What values may lose without an error when they are converted between two types as `format_type` prints them, as text;
 * null where every value stays what it is, or is refused.
 */
export function lossBetween(fromType: string, toType: string): string | null {
  const [from, to] = [parseTypeName(fromType), parseTypeName(toType)]
  const cut = from.name === to.name && from.isArray === to.isArray ? null : lossOfCut(from, to)
  // An array becomes a text, or JSON, with all that is in it.
  if (cut !== null || from.isArray !== to.isArray) return cut
  return (
    lossesOfPairs[from.name]?.[to.name] ??
    lossOfText(from, to) ??
    (losesDigits(from, to) ? digits : null) ??
    lossOfTimeParts(from, to) ??
    (losesSeconds(from, to) ? 'fractions of seconds' : null) ??
    (losesBits(from, to) ? 'bits' : null)
  )
}

function lossOfCut(from: TypeName, to: TypeName): string | null {
  const isShort = to.name === 'name' && !from.isArray && shortTypes.has(from.name)
  return isShort ? null : (cuttingTypes[to.name] ?? null)
}

function lossOfText(from: TypeName, to: TypeName): string | null {
  if (!textTypes.has(from.name)) return null
  // The blanks at the end of a character(n) mean nothing.
  if (to.name === 'character' && from.name !== 'bpchar' && from.name !== 'character')
    return 'blanks at the end'
  return lossesOfText[to.name] ?? (to.name === 'numeric' && to.modifiers.length > 0 ? 'digits' : null)
}

function numericCapacity({
  name,
  modifiers: [digits = Infinity, scale],
}: TypeName): NumericCapacity | undefined {
  if (name !== 'numeric') return numericCapacities[name]
  return { digits, scale: scale ?? (digits === Infinity ? Infinity : 0) }
}

function losesDigits(from: TypeName, to: TypeName): boolean {
  if (from.name === 'jsonb') return to.name === 'numeric' && to.modifiers.length > 0
  const [before, after] = [numericCapacity(from), numericCapacity(to)]
  if (before === undefined || after === undefined || (from.name === to.name && from.name !== 'numeric'))
    return false
  if (floatTypes.includes(from.name)) return to.name !== 'double precision'
  return floatTypes.includes(to.name) ? before.digits > after.digits : before.scale > after.scale
}

function lossOfTimeParts(from: TypeName, to: TypeName): string | null {
  const [before, after] = [timeParts[from.name], timeParts[to.name]]
  const lost =
    before === undefined || after === undefined ? [] : before.filter((part) => !after.includes(part))
  return lost.length === 0 ? null : lost.join(' and ')
}

/** How many decimals of a second a type has; an interval without seconds, by its least field, has fewer than none. */
function secondDecimals({ name, modifiers: [precision = 6], fields }: TypeName): number | null {
  if (name !== 'interval') return timeParts[name]?.includes('the time of day') === true ? precision : null
  const least = fields.split(' to ').at(-1) ?? ''
  const distance = least === '' ? 0 : intervalFields.length - 1 - intervalFields.indexOf(least)
  return distance === 0 ? precision : -distance
}

function losesSeconds(from: TypeName, to: TypeName): boolean {
  const before = textTypes.has(from.name) ? 6 : secondDecimals(from)
  const after = secondDecimals(to)
  return before !== null && after !== null && before > after
}

const integerBits: Readonly<Record<string, number>> = { integer: 32, bigint: 64 }

function losesBits(from: TypeName, to: TypeName): boolean {
  return to.name === 'bit' && (integerBits[from.name] ?? 0) > (to.modifiers[0] ?? 1)
}
