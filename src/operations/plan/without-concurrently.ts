import type { StatementRecord } from '../../postgres/observe/statement-runner.js'
import type { EventRuleName } from './event-rules.js'
import type { RuleMatch } from '../observe/rule.js'
import type { KnownRelations } from './statement-hazards.js'

type Match = RuleMatch<EventRuleName>

/** A command that runs others, of which PostgreSQL tells none, or the one that is asked for. */
const runs = (commands: readonly string[], command: string): boolean =>
  commands.some((each) => each === command || ['DO', 'CALL', 'SELECT'].includes(each))

/** What a statement could do with CONCURRENTLY, which PostgreSQL refuses in a transaction, and does without. */
export function matchesWithoutConcurrently(
  { commands, transactional, effects }: StatementRecord,
  { originalOf }: KnownRelations,
): readonly Match[] {
  if (!transactional) return []
  const isKnown = (table: string | null): table is string => table !== null && originalOf(table) !== null
  const found = (command: string, names: readonly NamedIndex[]): readonly Match[] =>
    runs(commands, command)
      ? names
          .filter(({ kind, table }) => kind === 'index' && isKnown(table))
          .map(({ name, table }) => matchOf(`${command} of ${name}`, table))
      : []
  const refreshed = commands.includes('REFRESH MATERIALIZED VIEW') ? effects.rewritten.filter(isKnown) : []
  const reindexed = commands.includes('REINDEX') ? effects.locks.filter(({ table }) => isKnown(table)) : []
  return [
    ...found('CREATE INDEX', effects.created),
    ...found('DROP INDEX', effects.dropped),
    ...refreshed.map((name) => matchOf(`REFRESH MATERIALIZED VIEW of ${name}`, name)),
    ...reindexed.map(({ table }) => matchOf(`REINDEX of ${table}`, table)),
  ]
}

type NamedIndex = StatementRecord['effects']['created'][number]

function matchOf(what: string, table: string | null): Match {
  return { rule: 'without-concurrently', what, ...(table === null ? {} : { table }) }
}
