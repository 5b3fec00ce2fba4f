/** What a different type of a column does to values of the promised type: whether they fit, and how they are returned. */
export type TypeChange = 'wider' | 'wider as text' | 'wider with more digits' | 'other'

interface TypeName {
  readonly name: string
  /** Length, or precision and scale; empty where there is no limit. */
  readonly limits: readonly number[]
  readonly array: string
}

const typePattern =
  /^(?<start>[^([]+?)(?:\((?<limits>[\d,]+)\))?(?<end> with(?:out)? time zone)?(?<array>(?:\[\])*)$/

/** Types that hold all values of a narrower one. node-postgres returns the same value, or a string instead of a number. */
const widenings: Readonly<Record<string, Readonly<Record<string, TypeChange>>>> = {
  smallint: { integer: 'wider', bigint: 'wider as text', numeric: 'wider as text' },
  integer: { bigint: 'wider as text', numeric: 'wider as text' },
  bigint: { numeric: 'wider' },
  real: { 'double precision': 'wider' },
  'character varying': { text: 'wider' },
  text: { 'character varying': 'wider' },
}

/** How values fit when only the limits of their type change. */
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

/** Compares two types, both as PostgreSQL's `format_type` prints them. */
export function compareTypes(from: string, to: string): TypeChange {
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
