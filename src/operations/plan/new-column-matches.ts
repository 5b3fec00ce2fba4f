import { type Catalog, type Facts, keyFromSqlName } from '../../core/model/catalog.js'
import type { StatementRecord } from '../../postgres/observe/statement-runner.js'
import type { EventRuleName } from './event-rules.js'
import type { RuleMatch } from '../observe/rule.js'
import type { KnownRelations } from './statement-hazards.js'

/** Why a new column rewrote its table: the first that it has. */
const causes: readonly (readonly [rule: EventRuleName, holds: (facts: Facts) => boolean])[] = [
  ['stored-column', ({ generated }) => generated !== undefined],
  ['numbered-column', ({ identity }) => identity !== undefined],
  ['numbered-column', ({ default: value }) => String(value ?? '').startsWith('nextval(')],
  ['volatile-default', ({ default: value }) => value !== undefined],
]

/** The new columns for which a table that was there was rewritten. */
export function newColumnMatches(
  { effects: { rewritten, createdColumns } }: StatementRecord,
  { originalOf }: KnownRelations,
  after: Catalog,
): readonly RuleMatch<EventRuleName>[] {
  const tables = rewritten.filter((table) => originalOf(table) !== null)
  return createdColumns
    .filter((column) => tables.includes(column.slice(0, column.lastIndexOf('.'))))
    .flatMap((column) => {
      const facts = after[keyFromSqlName('column', column)] ?? {}
      const cause = causes.find(([, holds]) => holds(facts))
      return cause === undefined ? [] : [{ rule: cause[0], what: column }]
    })
}
