import { schemaKeyOf } from '../model/catalog.js'
import { formatCount } from '../text/format.js'
import { toPrintable } from '../text/printable.js'
import type { Finding } from './assess-impact.js'

/** Findings, and how many objects there are in each schema of which nothing at all is promised. */
export interface FindingsBySchema {
  readonly findings: readonly Finding[]
  /** By the name of the schema. */
  readonly unpromised: Readonly<Record<string, number>>
}

/**
 * Counts what is in schemas that the promise does not have, such as those of other services in the same database, instead of
 * listing it. What has consequences is a finding all the same.
 */
export function countUnpromisedSchemas(all: readonly Finding[]): FindingsBySchema {
  const extra = all.filter(({ change, impact }) => change === 'unexpected' && impact === 'harmless')
  const schemas = new Set(extra.map(({ key }) => key).filter((key) => key.startsWith('schema:')))
  const objects = extra.filter(({ key }) => !schemas.has(key) && schemas.has(schemaKeyOf(key) ?? ''))
  const unpromised: Record<string, number> = {}
  for (const { key } of objects) {
    const name = (schemaKeyOf(key) ?? '').slice('schema:'.length)
    unpromised[name] = (unpromised[name] ?? 0) + 1
  }
  const counted = new Set<Finding>(objects)
  const isEmpty = ({ key }: Finding): boolean => unpromised[key.slice('schema:'.length)] === undefined
  return {
    findings: all.filter(
      (finding) => !counted.has(finding) && (!schemas.has(finding.key) || isEmpty(finding)),
    ),
    unpromised,
  }
}

/** `schema billing: 52 objects, not promised`, a line for each schema. */
export function describeUnpromised(unpromised: FindingsBySchema['unpromised']): readonly string[] {
  return Object.entries(unpromised).map(
    ([schema, number]) => `schema ${toPrintable(schema)}: ${formatCount(number, 'object')}, not promised`,
  )
}
