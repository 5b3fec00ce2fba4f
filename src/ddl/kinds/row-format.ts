import { parseTypeName } from './type-name.js'

/** Types of which a value with fewer decimals of a second is a value with more. */
const secondTypes: ReadonlySet<string> = new Set([
  'timestamp without time zone',
  'timestamp with time zone',
  'time without time zone',
  'time with time zone',
])

const allDecimals = 6

/** Whether PostgreSQL changes the type without a rewrite: the limit gets larger or is removed. */
export function keepsRowFormat(oldType: string, newType: string): boolean {
  const [from, to] = [typeLimits(oldType), typeLimits(newType)]
  if (from.name === 'cidr' && to.name === 'inet') return true
  if (from.name === 'character varying' && (to.name === 'text' || to.name === 'character varying'))
    return to.first === null || (from.first !== null && to.first >= from.first)
  if (from.name === 'text' && to.name === 'character varying') return to.first === null
  if (from.name !== to.name) return false
  if (secondTypes.has(from.name)) return decimalsOf(to) >= decimalsOf(from)
  if (from.name === 'bit varying') return to.first === null || (from.first !== null && to.first >= from.first)
  if (from.name !== 'numeric') return false
  return to.first === null || (from.first !== null && to.first >= from.first && from.second === to.second)
}

/** What is true of the session in which PostgreSQL takes a time with a zone and one without for the same. */
export const inUtc = 'the TimeZone of the session is UTC'

const timestampTypes = ['timestamp without time zone', 'timestamp with time zone']

/** Whether it is that which decides about a rewrite. Decimals that are left out are a rewrite in any case. */
export function dependsOnTimeZone(oldType: string, newType: string): boolean {
  const [from, to] = [typeLimits(oldType), typeLimits(newType)]
  return (
    from.name !== to.name &&
    [from, to].every(({ name }) => timestampTypes.includes(name)) &&
    decimalsOf(to) === allDecimals
  )
}

interface TypeLimits {
  readonly name: string
  readonly first: number | null
  readonly second: number | null
}

function decimalsOf({ first }: TypeLimits): number {
  return first ?? allDecimals
}

function typeLimits(type: string): TypeLimits {
  const { name, isArray, modifiers, fields } = parseTypeName(type)
  const [first = null, second = first === null ? null : 0] = modifiers
  return { name: isArray || fields !== '' ? type : name, first, second }
}
