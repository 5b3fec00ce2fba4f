/** How values of one type become values of another: on assignment, by a cast that has to be written, by way of text. */
export type Cast = 'implicit' | 'explicit' | 'text' | 'none'

/** Types of which each becomes each other on assignment. */
const families: readonly ReadonlySet<string>[] = [
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  ['text', 'character varying', 'character', 'name', '"char"', 'citext', 'public.citext'],
  ['date', 'timestamp without time zone', 'timestamp with time zone'],
  ['time without time zone', 'time with time zone'],
  ['json', 'jsonb'],
  ['inet', 'cidr'],
  ['bit', 'bit varying'],
].map((names) => new Set(names))

/** The numeric types, each able to hold the values of those before it. */
const numbers = ['smallint', 'integer', 'bigint', 'numeric']

/** Casts between families, as pg_cast has them. */
const others: Readonly<Record<string, readonly string[]>> = {
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

const texts: ReadonlySet<string> = families[1] ?? new Set()

export interface TypePair {
  /** A type as format_type has it, `enum` for any enum. */
  readonly was: string
  readonly shall: string
}

/** The cast from one type to another that PostgreSQL has, apart from those a project made. */
export function castBetween({ was, shall }: TypePair): Cast {
  const [from, to] = [plain(was), plain(shall)]
  if (from.isArray !== to.isArray) return texts.has(from.name) || texts.has(to.name) ? 'explicit' : 'none'
  if (from.name === 'enum' && to.name === 'enum') return 'text'
  if (from.name === to.name) return 'implicit'
  if (texts.has(to.name)) return texts.has(from.name) ? 'implicit' : 'explicit'
  if (texts.has(from.name)) return 'explicit'
  if (families.some((family) => family.has(from.name) && family.has(to.name))) return 'implicit'
  return others[from.name]?.includes(to.name) === true ? 'explicit' : 'none'
}

/** Whether every value of one type, without modifiers, is a value of the other. */
export function isWidened({ was, shall }: TypePair): boolean {
  const [from, to] = [numbers.indexOf(was), numbers.indexOf(shall)]
  return (from >= 0 && from < to) || shall === 'text'
}

function plain(type: string): { readonly name: string; readonly isArray: boolean } {
  const element = type.replace(/(\[\])+$/, '')
  return { name: element.replace(/\(\d+(,-?\d+)?\)/, ''), isArray: element !== type }
}
