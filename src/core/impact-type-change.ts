/** What another type of a column does to values: those of the promised type still fit, and how they arrive, or not. */
export type TypeChange = 'wider' | 'wider as text' | 'wider with more digits' | 'other'

interface TypeName {
  readonly name: string
  /** Length, or precision and scale; empty where there is no limit. */
  readonly limits: readonly number[]
  readonly array: string
}

const pattern =
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
const limited: Readonly<Record<string, (from: readonly number[], to: readonly number[]) => TypeChange>> = {
  'character varying': atLeast,
  'bit varying': atLeast,
  'timestamp with time zone': atLeast,
  'timestamp without time zone': atLeast,
  'time with time zone': atLeast,
  'time without time zone': atLeast,
  numeric: ([fromDigits = Infinity, fromScale = 0], [toDigits, toScale = 0]) => {
    if (toDigits === undefined) return 'wider'
    if (toDigits - toScale < fromDigits - fromScale || toScale < fromScale) return 'other'
    return toScale === fromScale ? 'wider' : 'wider with more digits'
  },
}

/** From one type to another, both as `format_type` has them. */
export function typeChange(from: string, to: string): TypeChange {
  const [one, other] = [parse(from), parse(to)]
  if (one === null || other === null || one.array !== other.array) return 'other'
  if (one.name === other.name) return limited[one.name]?.(one.limits, other.limits) ?? 'other'
  return other.limits.length === 0 ? (widenings[one.name]?.[other.name] ?? 'other') : 'other'
}

function atLeast([from = Infinity]: readonly number[], [to = Infinity]: readonly number[]): TypeChange {
  return to >= from ? 'wider' : 'other'
}

function parse(type: string): TypeName | null {
  const groups = pattern.exec(type)?.groups
  if (groups === undefined) return null
  const { start = '', limits, end = '', array = '' } = groups
  return { name: start + end, limits: limits === undefined ? [] : limits.split(',').map(Number), array }
}
