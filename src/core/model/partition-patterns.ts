import { keyFromSqlName, parseKey, quoteName, relationKeysOf, schemaKeyOf } from './catalog.js'
import type { Difference } from './diff.js'
import { unquotedNames } from './pattern.js'

/**
 * The setting that covers differences which are all partitions and what belongs to them, as where partitions are made for the
 * day on which a migration runs: `VERIFY_IGNORE=table:public.events_p*`. Null if some difference is not of a partition.
 */
export function ignoreSettingFor(differences: readonly Difference[]): string | null {
  const parents = new Map(differences.flatMap((difference) => partitionEntry(difference)))
  const isCovered = (key: string): boolean =>
    [key, ...relationKeysOf(key)].some((table) => parents.has(table))
  if (differences.length === 0 || !differences.every(({ key }) => isCovered(key))) return null
  const groups = new Map<string, string[]>()
  for (const [partition, parent] of parents) {
    const group = `${schemaKeyOf(partition) ?? ''} ${parent}`
    groups.set(group, [...(groups.get(group) ?? []), partition])
  }
  const patterns = [...groups.values()].flatMap((keys) => patternsFor(keys, parents.get(keys[0] ?? '') ?? ''))
  return `VERIFY_IGNORE=${patterns.join(',')}`
}

function partitionEntry(difference: Difference): readonly (readonly [partition: string, parent: string])[] {
  const { partition, parents } = difference.change === 'unexpected' ? difference.actual : difference.expected
  const [parent] = Array.isArray(parents) ? parents : []
  return partition === undefined || parent === undefined
    ? []
    : [[difference.key, keyFromSqlName('table', String(parent))]]
}

/** One pattern for partitions of one schema, if their names begin alike and the name of the parent does not. */
function patternsFor(partitions: readonly string[], parent: string): readonly string[] {
  const prefix = commonPrefix(partitions.map((key) => unquotedNames(key)[1] ?? ''))
  const [schema = ''] = parseKey(partitions[0] ?? '').names
  const isOfParent = (unquotedNames(parent)[1] ?? '').startsWith(prefix)
  return isOfParent ? partitions : [`table:${schema}.${quoteName(prefix)}*`]
}

/** Without the number or date at its end, which the next partition does not have. */
function commonPrefix(names: readonly string[]): string {
  let prefix = names[0] ?? ''
  while (!names.every((name) => name.startsWith(prefix))) prefix = prefix.slice(0, -1)
  return prefix.replace(/\d+(?:[_-]\d+)*[_-]?$/, '')
}
