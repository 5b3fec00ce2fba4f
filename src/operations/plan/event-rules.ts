import { skippedStates } from '../../core/model/observed-statements.js'
import type { ObservedRevision } from './observation.js'
import type { RuleMatch, RuleText } from './rule.js'
import { createKnownRelations, type KnownRelations } from './statement-hazards.js'

/** What is seen while the statements of a revision run. */
export const eventRules = {
  rename: {
    kind: 'hazard',
    finds: 'gets another name',
    because: 'the build before names it as it was, and fails until the last process of it has ended',
    safer:
      'a new column or table that both builds fill, and the old one dropped in a later release; a table can leave a view with the old name',
  },
  skipped: {
    kind: 'advice',
    finds: 'skips what it was to make',
    because: 'something with this name is there, and PostgreSQL does not look at whether it is the same',
    safer: 'without IF NOT EXISTS: then another object of this name is an error',
  },
  'work-under-lock': {
    kind: 'advice',
    finds: 'stays locked in ACCESS EXCLUSIVE while later statements lock, read or write other tables',
    because: 'readers and writers wait for all of them, until the transaction ends',
    safer: 'a revision of its own for each table, the work on rows in another one before or after it',
  },
  'no-down': {
    kind: 'advice',
    finds: 'has no down',
    because: 'it cannot be reverted, and a rehearsal cannot run it twice',
    safer: 'export a down, which throws an error that says why where there is no way back',
  },
} as const satisfies Readonly<Record<string, RuleText>>

type EventRule = keyof typeof eventRules

/** What of a revision does not follow a rule. `relations` are those before it, by their names in SQL. */
export function eventMatches(revision: ObservedRevision, relations: readonly string[]): readonly RuleMatch[] {
  const known = createKnownRelations(relations)
  const found: [EventRule, string][] = revision.hasDown ? [] : [['no-down', revision.revision]]
  /** The tables that are locked against readers so far. */
  const locked = new Set<string>()
  for (const statement of revision.statements) {
    const { effects, notices, commands } = statement
    if (revision.transactional)
      for (const table of locked)
        if (reachesOthers(effects, table, known)) found.push(['work-under-lock', table])
    for (const { table, lock } of effects.locks)
      if (lock === 'ACCESS EXCLUSIVE' && known.originalOf(table) !== null) locked.add(table)
    for (const { from } of effects.renamed.filter(({ kind }) => kind !== 'index'))
      if (known.originalOf(from) !== null) found.push(['rename', from])
    for (const { table, from } of effects.renamedColumns)
      if (known.originalOf(table) !== null) found.push(['rename', `${table}.${from}`])
    if (notices.some(({ sqlstate }) => skippedStates.includes(sqlstate)))
      found.push(['skipped', commands.join(', ')])
    known.follow(statement)
  }
  const matches = found.map(([rule, what]) => ({ rule, what }))
  return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()]
}

type Effects = ObservedRevision['statements'][number]['effects']

function reachesOthers(effects: Effects, locked: string, { originalOf }: KnownRelations): boolean {
  const tables = [...effects.locks, ...effects.scanned].map(({ table }) => table)
  return [...tables, ...effects.rewritten, ...effects.written].some(
    (table) => table !== locked && originalOf(table) !== null,
  )
}
