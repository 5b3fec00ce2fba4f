import { parseTypeName, type TypeName } from './type-name.js'

/**
 * How PostgreSQL converts values: in an assignment, with an explicit cast, with a cast through text (from one enum to
 * another) or through integer (between boolean and other numbers), by a function that makes JSON of them, or not at all.
 */
export type CastKind = 'implicit' | 'explicit' | 'text' | 'integer' | 'to_json' | 'to_jsonb' | 'none'

/** Groups of types that convert to each other in an assignment. */
const typeFamilies: readonly ReadonlySet<string>[] = [
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  ['text', 'character varying', 'character', 'bpchar', 'name', '"char"', 'citext', 'public.citext'],
  ['date', 'timestamp without time zone', 'timestamp with time zone'],
  ['time without time zone', 'time with time zone'],
  ['json', 'jsonb'],
  ['inet', 'cidr'],
  ['bit', 'bit varying'],
  ['macaddr', 'macaddr8'],
].map((names) => new Set(names))

/** The types that hold every value of a type, besides text and the type itself. */
const widerTypes: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'numeric', 'real', 'double precision', 'boolean'],
  integer: ['bigint', 'numeric', 'real', 'double precision', 'boolean'],
  bigint: ['numeric', 'real', 'double precision'],
  real: ['double precision'],
  boolean: ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  jsonb: ['json'],
  cidr: ['inet'],
  inet: ['cidr'],
  macaddr: ['macaddr8'],
}

/** Types of date and time, between which every value can be converted, if only by giving up a part. */
const timeTypes: ReadonlySet<string> = new Set([
  'timestamp without time zone',
  'timestamp with time zone',
  'time without time zone',
  'time with time zone',
  'interval',
])

/** Casts between families, as in pg_cast. */
const crossFamilyCasts: Readonly<Record<string, readonly string[]>> = {
  integer: ['boolean', 'bit', 'oid', 'money', '"char"'],
  bigint: ['bit', 'oid', 'money'],
  boolean: ['integer'],
  numeric: ['money'],
  money: ['numeric'],
  oid: ['integer', 'bigint'],
  bit: ['integer', 'bigint'],
  '"char"': ['integer'],
  'timestamp without time zone': ['time without time zone'],
  'timestamp with time zone': ['time without time zone', 'time with time zone'],
  interval: ['time without time zone'],
  'time without time zone': ['interval'],
  jsonb: ['boolean', 'smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  point: ['box'],
  lseg: ['point'],
  box: ['circle', 'lseg', 'point', 'polygon'],
  circle: ['box', 'point', 'polygon'],
  path: ['polygon'],
  polygon: ['box', 'circle', 'path', 'point'],
  int4range: ['int4multirange'],
  int8range: ['int8multirange'],
  numrange: ['nummultirange'],
  tsrange: ['tsmultirange'],
  tstzrange: ['tstzmultirange'],
  daterange: ['datemultirange'],
}

/** Only integer has casts from and to boolean. */
const castsThroughInteger: Readonly<Record<string, readonly string[]>> = {
  smallint: ['boolean'],
  bigint: ['boolean'],
  boolean: ['smallint', 'bigint', 'numeric', 'real', 'double precision'],
}

/** The types of numbers that stand for an object of the catalog, such as a `regclass`. */
const objectNumbers: ReadonlySet<string> = new Set(['oid', 'integer', 'bigint'])

/** Ranges that have no cast, though each bound of the one, as it is printed, is a bound of the other. */
const rangesThroughText: Readonly<Record<string, readonly string[]>> = {
  int4range: ['int8range', 'numrange'],
  int8range: ['int4range', 'numrange'],
  daterange: ['tsrange', 'tstzrange'],
  int4multirange: ['int8multirange', 'nummultirange'],
  int8multirange: ['int4multirange', 'nummultirange'],
  datemultirange: ['tsmultirange', 'tstzmultirange'],
}

const textTypes: ReadonlySet<string> = typeFamilies[1] ?? new Set()

/** PostgreSQL does not take a `"char"` for a text that it could read, nor a name for one that it could cut. */
const isReadableText = (name: string): boolean => textTypes.has(name) && name !== '"char"'

/**
 * The built-in cast between two types as `format_type` prints them, `enum` for any enum. Casts of the project are not
 * known.
 */
export function castBetween(fromType: string, toType: string): CastKind {
  const [from, to] = [parseTypeName(fromType), parseTypeName(toType)]
  if (from.isArray !== to.isArray) return castOfArray(from, to)
  if (from.name === 'enum' && to.name === 'enum') return 'text'
  if (rangesThroughText[from.name]?.includes(to.name) === true) return 'text'
  if (from.name === to.name) return 'implicit'
  if (textTypes.has(to.name)) return isAssignableText(from.name, to.name) ? 'implicit' : 'explicit'
  if (isReadableText(from.name)) return 'explicit'
  if (typeFamilies.some((family) => family.has(from.name) && family.has(to.name))) return 'implicit'
  if (!from.isArray && (to.name === 'json' || to.name === 'jsonb')) return `to_${to.name}`
  const [object, number] = from.name.startsWith('reg') ? [from.name, to.name] : [to.name, from.name]
  if (object.startsWith('reg') && objectNumbers.has(number)) return 'explicit'
  if (crossFamilyCasts[from.name]?.includes(to.name) === true) return 'explicit'
  return castsThroughInteger[from.name]?.includes(to.name) === true ? 'integer' : 'none'
}

function isAssignableText(from: string, to: string): boolean {
  return textTypes.has(from) && !(from === 'name' && to === '"char"')
}

/** A text is read as an array, and an array is printed, or becomes a JSON array. */
function castOfArray(from: TypeName, to: TypeName): CastKind {
  if (to.isArray) return isReadableText(from.name) ? 'explicit' : 'none'
  if (to.name === 'json' || to.name === 'jsonb') return `to_${to.name}`
  return textTypes.has(to.name) ? 'explicit' : 'none'
}

/** The type of a column before and after, as it is stored; and how it will be printed. */
interface ConvertedType {
  readonly from: string
  readonly to: string
  readonly type: string
}

/**
 * A column as a value of a type. The length of a text, or of bits that were a text, is left to the assignment: it refuses
 * what is too long where a cast would cut it.
 */
export function castExpression(column: string, cast: CastKind, { from, to, type }: ConvertedType): string {
  const { name, isArray } = parseTypeName(to)
  const brackets = isArray ? '[]' : ''
  if (cast === 'to_json' || cast === 'to_jsonb') return `${cast}(${column})`
  if (textTypes.has(name)) return `${column}::text${brackets}`
  if (name.startsWith('bit') && textTypes.has(parseTypeName(from).name))
    return `${column}::bit varying${brackets}`
  const between = cast === 'text' || cast === 'integer' ? `::${cast}${brackets}` : ''
  return `${column}${between}::${type}`
}

/** Whether every value of a type can be converted to another one, exactly or not. */
export function neverFails(fromType: string, toType: string): boolean {
  const [from, to] = [parseTypeName(fromType), parseTypeName(toType)]
  if (to.name === 'numeric' && to.modifiers.length > 0) return fitsNumeric(from, to)
  if (toType === 'text' || toType === 'text[]') return true
  if (from.isArray !== to.isArray) return to.name.startsWith('json')
  if (!to.isArray && to.name.startsWith('json') && from.name !== 'json') return !textTypes.has(from.name)
  if (timeTypes.has(from.name) && (timeTypes.has(to.name) || to.name === 'date')) return true
  return widerTypes[from.name]?.includes(to.name) === true
}

/** The digits before the point; one more where decimals are rounded up. */
function fitsNumeric(from: TypeName, to: TypeName): boolean {
  const [before, after] = [from, to].map(({ modifiers: [digits = 0, scale = 0] }) => ({
    whole: digits - scale,
    scale,
  }))
  if (from.name !== 'numeric' || from.modifiers.length === 0 || before === undefined || after === undefined)
    return false
  return after.whole > before.whole || (after.whole === before.whole && after.scale >= before.scale)
}
