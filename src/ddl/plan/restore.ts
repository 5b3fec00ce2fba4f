import type { Finding } from '../../core/impact/assess-impact.js'
import { type Catalog, type Facts, relationKeysOf, schemaKeyOf } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { toPrintable } from '../../core/text/printable.js'
import { isAnnotation } from '../annotations/annotation-facts.js'

/** What a database is to become, the differences from that, and the keys of the harmless ones that stay as they are. */
export interface RestoreGoal {
  readonly to: Catalog
  readonly differences: readonly Difference[]
  readonly kept: readonly string[]
}

/**
 * What a database is to become so that nothing of consequence is left. What is harmless stays: nobody promised that there is nothing
 * else, and what is wider, newer or more than promised would lose rows or values by being taken back. What is left is created
 * again where something that it depends on has to be.
 */
export function restoreGoalOf(live: Catalog, promised: Catalog, findings: readonly Finding[]): RestoreGoal {
  const kept = findings.filter(isKept)
  const to: Record<string, Facts> = { ...promised }
  for (const { key } of kept) setOrDelete(to, key, live[key])
  const differences = findings
    .filter((finding) => !isKept(finding))
    .map((finding) => withoutLoss(finding, to, live))
    .map((difference) => keepPopulated(difference, to))
  return { to, differences, kept: kept.map(({ key }) => key) }
}

function setOrDelete(catalog: Record<string, Facts>, key: string, facts: Facts | undefined): void {
  if (facts === undefined) delete catalog[key]
  else catalog[key] = facts
}

/** A comment is restored, though it is harmless: it is compared only where that was asked for. */
function isKept(finding: Finding): boolean {
  return finding.impact === 'harmless' && !(finding.change === 'changed' && finding.facts.every(isAnnotation))
}

/** How an unexpected object that holds rows becomes harmless, by kind. It is not dropped. */
const harmlessFacts: Readonly<Record<string, (facts: Facts) => Facts>> = {
  column: (facts) => ({ ...facts, nullable: true }),
  table: (facts) => omitFact(facts, 'parents'),
  foreign_table: (facts) => omitFact(facts, 'parents'),
}

/** Instead of dropping an unexpected column or table, what it does to others is taken back: NOT NULL, or INHERITS. */
function withoutLoss(finding: Finding, to: Record<string, Facts>, live: Catalog): Difference {
  const { key } = finding
  const harmless = harmlessFacts[key.slice(0, key.indexOf(':'))]
  const facts = live[key]
  if (finding.change !== 'unexpected' || harmless === undefined || facts === undefined) return finding
  const expected = harmless(facts)
  to[key] = expected
  const names = Object.keys(facts).filter((name) => facts[name] !== expected[name])
  return { change: 'changed', key, facts: names, expected, actual: facts }
}

/** A materialized view that was promised without rows and has been refreshed since keeps them. */
function keepPopulated(difference: Difference, to: Record<string, Facts>): Difference {
  if (difference.change !== 'changed' || difference.expected['populated'] !== false) return difference
  to[difference.key] = omitFact(to[difference.key] ?? {}, 'populated')
  return { ...difference, facts: difference.facts.filter((name) => name !== 'populated') }
}

function omitFact(facts: Facts, omitted: string): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => name !== omitted))
}

/** What is left as it is, as a comment in SQL; what belongs to something that is left is not listed itself. */
export function renderKept(kept: readonly string[]): readonly string[] {
  const all = new Set(kept)
  const listed = kept.filter((key) => {
    const owners = [...relationKeysOf(key), schemaKeyOf(key)]
    return !owners.some((owner) => owner !== null && all.has(owner))
  })
  if (listed.length === 0) return []
  return [
    [
      '-- Harmless, and left as it is; with --drop-unexpected it is dropped or changed back, too:',
      ...listed.map((key) => `--   ${toPrintable(key)}`),
    ].join('\n'),
  ]
}
