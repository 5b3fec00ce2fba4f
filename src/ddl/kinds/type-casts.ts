/** How values of one type become values of another: on assignment, by a cast that has to be written, by way of text. */
export type CastKind = 'implicit' | 'explicit' | 'text' | 'none'

/** Types of which each becomes each other on assignment. */
const typeFamilies: readonly ReadonlySet<string>[] = [
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  ['text', 'character varying', 'character', 'name', '"char"', 'citext', 'public.citext'],
  ['date', 'timestamp without time zone', 'timestamp with time zone'],
  ['time without time zone', 'time with time zone'],
  ['json', 'jsonb'],
  ['inet', 'cidr'],
  ['bit', 'bit varying'],
].map((names) => new Set(names))

/** The numeric types, each able to hold the values of those before it. */
const numericTypes = ['smallint', 'integer', 'bigint', 'numeric']

/** Casts between families, as pg_cast has them. */
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

export interface TypePair {
  /** A type as format_type has it, `enum` for any enum. */
  readonly from: string
  readonly to: string
}

/** The cast from one type to another that PostgreSQL has, apart from those a project made. */
export function castBetween({ from: was, to: shall }: TypePair): CastKind {
  const [from, to] = [parseElementType(was), parseElementType(shall)]
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
export function isWidening({ from: was, to: shall }: TypePair): boolean {
  const [from, to] = [numericTypes.indexOf(was), numericTypes.indexOf(shall)]
  return (from >= 0 && from < to) || shall === 'text'
}

function parseElementType(type: string): { readonly name: string; readonly isArray: boolean } {
  const element = type.replace(/(\[\])+$/, '')
  return { name: element.replace(/\(\d+(,-?\d+)?\)/, ''), isArray: element !== type }
}
