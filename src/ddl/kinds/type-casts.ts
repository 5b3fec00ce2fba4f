/**
 * How PostgreSQL converts values: in an assignment, with an explicit cast, with a cast through text (from one enum to
 * another), or not at all.
 */
export type CastKind = 'implicit' | 'explicit' | 'text' | 'none'

/** Groups of types that convert to each other in an assignment. */
const typeFamilies: readonly ReadonlySet<string>[] = [
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  ['text', 'character varying', 'character', 'name', '"char"', 'citext', 'public.citext'],
  ['date', 'timestamp without time zone', 'timestamp with time zone'],
  ['time without time zone', 'time with time zone'],
  ['json', 'jsonb'],
  ['inet', 'cidr'],
  ['bit', 'bit varying'],
].map((names) => new Set(names))

/** The numeric types; each can hold the values of those before it. */
const numericTypes = ['smallint', 'integer', 'bigint', 'numeric']

/** Casts between families, as in pg_cast. */
const crossFamilyCasts: Readonly<Record<string, readonly string[]>> = {
  integer: ['boolean', 'bit', 'oid', 'money', '"char"'],
  bigint: ['bit', 'oid', 'money'],
  boolean: ['integer'],
  numeric: ['money'],
  money: ['numeric'],
  oid: ['integer', 'bigint'],
  bit: ['integer', 'bigint'],
  'timestamp without time zone': ['time without time zone'],
  'timestamp with time zone': ['time without time zone', 'time with time zone'],
  interval: ['time without time zone'],
  'time without time zone': ['interval'],
}

const textTypes: ReadonlySet<string> = typeFamilies[1] ?? new Set()

/**
 * The built-in cast between two types as `format_type` prints them, `enum` for any enum. Casts of the project are not
 * known.
 */
export function castBetween(fromType: string, toType: string): CastKind {
  const [from, to] = [parseElementType(fromType), parseElementType(toType)]
  if (from.isArray !== to.isArray)
    return textTypes.has(from.name) || textTypes.has(to.name) ? 'explicit' : 'none'
  if (from.name === 'enum' && to.name === 'enum') return 'text'
  if (from.name === to.name) return 'implicit'
  if (textTypes.has(to.name)) return textTypes.has(from.name) ? 'implicit' : 'explicit'
  if (textTypes.has(from.name)) return 'explicit'
  if (typeFamilies.some((family) => family.has(from.name) && family.has(to.name))) return 'implicit'
  return crossFamilyCasts[from.name]?.includes(to.name) === true ? 'explicit' : 'none'
}

/** Whether every value of one type, without modifiers, is a value of the other. */
export function isWidening(fromType: string, toType: string): boolean {
  const [from, to] = [numericTypes.indexOf(fromType), numericTypes.indexOf(toType)]
  return (from >= 0 && from < to) || toType === 'text'
}

function parseElementType(type: string): { readonly name: string; readonly isArray: boolean } {
  const element = type.replace(/(\[\])+$/, '')
  return { name: element.replace(/\(\d+(,-?\d+)?\)/, ''), isArray: element !== type }
}
