import { relationKeysOf } from '../model/catalog.js'
import { parentKeyOf, partitionsByParent } from '../model/partition-tree.js'
import type { ImpactContext } from './rule.js'

/**
 * Whether an object is a promised partition that was dropped or detached, or belongs to one, and no row that is written today
 * misses it: the partitions that are left are all of later ranges, as after retention, or one of them takes all other rows.
 */
export function belongsToRetiredPartition({ key, ...catalogs }: ImpactContext): boolean {
  return [key, ...relationKeysOf(key)].some((table) => isRetired(table, catalogs))
}

type Catalogs = Pick<ImpactContext, 'expected' | 'live'>

function isRetired(table: string, { expected, live }: Catalogs): boolean {
  const parent = parentKeyOf(table, expected)
  if (parent === null || live[table]?.['partition'] !== undefined || expected[parent] === undefined)
    return false
  if (live[parent]?.['partitionedBy'] === undefined) return isRetired(parent, { expected, live })
  const left = (partitionsByParent(live).get(parent) ?? []).map((each) => String(live[each]?.['partition']))
  const bound = parseRange(String(expected[table]?.['partition']))
  return (
    left.includes('DEFAULT') ||
    (bound !== null &&
      left.length > 0 &&
      left.every((each) => isAtOrBefore(bound.to, parseRange(each)?.from)))
  )
}

const rangePattern = /^FOR VALUES FROM \(('(?:[^']|'')*'|[^',()]+)\) TO \(('(?:[^']|'')*'|[^',()]+)\)$/

/** The bounds of a range of one column, as PostgreSQL prints them. */
function parseRange(bound: string): { readonly from: string; readonly to: string } | null {
  const [, from, to] = rangePattern.exec(bound) ?? []
  return from === undefined || to === undefined ? null : { from, to }
}

const datePattern = /^'\d{4}-\d{2}-\d{2}/

/** Numbers, and dates as PostgreSQL prints them in ISO 8601 and one time zone. Of anything else it is not known. */
function isAtOrBefore(one: string, other: string | undefined): boolean {
  if (other === undefined) return false
  if (datePattern.test(one) && datePattern.test(other)) return one <= other
  const [first, second] = [one, other].map((text) => text.replace(/^'(.*)'$/, '$1'))
  return isNumber(first) && isNumber(second) && Number(first) <= Number(second)
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+(?:\.\d+)?$/.test(text)
}
