import type { Catalog } from '../../core/model/catalog.js'
import { changesBetween } from '../../core/model/snapshot.js'
import { skippedStates } from '../../core/model/observed-statements.js'
import { sqlState } from '../../postgres/connection/sqlstate.js'
import type { StatementRecord } from '../../postgres/observe/statement-runner.js'
import type { EventRuleName } from './event-rules.js'
import { newColumnMatches } from './new-column-matches.js'
import type { FailedRevision, ObservedDown, ObservedRevision } from '../observe/observation.js'
import type { RuleMatch } from '../observe/rule.js'
import { createKnownRelations, type KnownRelations } from './statement-hazards.js'
import { matchesWithoutConcurrently } from './without-concurrently.js'

export type EventMatch = RuleMatch<EventRuleName>

/** What is kept from one statement of a revision to the next. */
interface RevisionState {
  readonly known: KnownRelations
  readonly transactional: boolean
  /** What the revision leads to. */
  readonly after: Catalog
  /** The tables that are locked against readers so far. */
  readonly locked: Set<string>
  /** The constraints that were made NOT VALID so far. */
  readonly notValid: Set<string>
  /** How many statements have read or rewritten all of a table under a lock. */
  readonly passes: Map<string, number>
}

const rulesOfDown: Readonly<Record<ObservedDown, readonly EventRuleName[]>> = {
  missing: ['no-down'],
  empty: ['empty-down'],
  throws: ['down-throws'],
  works: [],
  unknown: [],
}

/** What of a revision does not follow a rule. `relations` are those before it, by their names in SQL. */
export function eventMatches(
  revision: ObservedRevision,
  relations: readonly string[],
): readonly EventMatch[] {
  const known = createKnownRelations(relations)
  const { transactional, after } = revision
  const state = {
    known,
    transactional,
    after,
    locked: new Set<string>(),
    notValid: new Set<string>(),
    passes: new Map(),
  }
  const found: EventMatch[] = [...downMatches(revision)]
  for (const statement of revision.statements) {
    for (const find of finders) found.push(...find(statement, state))
    known.follow(statement)
  }
  return [...new Map(found.map((match) => [`${match.rule} ${match.what}`, match])).values()]
}

/** Rows need not be taken back: a down that does nothing is told where the catalog changed. */
function downMatches({ revision, down, before, after }: ObservedRevision): readonly EventMatch[] {
  const isMeant = down === 'empty' && Object.keys(changesBetween(before, after)).length === 0
  return isMeant ? [] : rulesOfDown[down].map((rule) => ({ rule, what: revision }))
}

/** What to do instead of what PostgreSQL refuses, by its SQLSTATE. */
const rulesOfFailure: Readonly<Record<string, EventRuleName>> = {
  [sqlState.activeTransaction]: 'inside-transaction',
  [sqlState.unsafeNewEnumValue]: 'enum-value-used',
}

/** What PostgreSQL has refused in the last statement of a revision, where a rule says what to do instead. */
export function failureMatches({ revision, statements }: FailedRevision): readonly EventMatch[] {
  const rule = rulesOfFailure[statements.at(-1)?.sqlstate ?? '']
  return rule === undefined ? [] : [{ rule, what: revision }]
}

const finders: readonly ((statement: StatementRecord, state: RevisionState) => readonly EventMatch[])[] = [
  findWorkUnderLock,
  findLocks,
  findRenames,
  findNotices,
  findRows,
  findValidation,
  (statement, { known }) => matchesWithoutConcurrently(statement, known),
  (statement, { known, after }) => newColumnMatches(statement, known, after),
]

function findWorkUnderLock({ effects }: StatementRecord, { known, transactional, locked }: RevisionState) {
  if (!transactional) return []
  return [...locked].filter((table) => reaches(effects, table, known)).map(matchOf('work-under-lock'))
}

type Effects = StatementRecord['effects']

/** Whether a statement locks, reads or writes another table that was there, or the rows of the locked one. */
function reaches(effects: Effects, locked: string, { originalOf }: KnownRelations): boolean {
  const read = effects.scanned.map(({ table }) => table)
  const worked = [...read, ...effects.rewritten, ...effects.written]
  const touched = [...effects.locks.map(({ table }) => table), ...worked]
  return worked.includes(locked) || touched.some((table) => table !== locked && originalOf(table) !== null)
}

function findLocks({ effects }: StatementRecord, { known, locked }: RevisionState): readonly EventMatch[] {
  const taken = effects.locks.filter(({ table }) => known.originalOf(table) !== null)
  for (const { table, lock } of taken) if (lock === 'ACCESS EXCLUSIVE') locked.add(table)
  if (!effects.waitsWithoutEnd) return []
  return taken
    .filter(({ lock }) => lock !== 'SHARE UPDATE EXCLUSIVE')
    .map(({ table }) => table)
    .map(matchOf('no-lock-timeout'))
}

function findRenames({ effects }: StatementRecord, { known }: RevisionState): readonly EventMatch[] {
  const relations = effects.renamed.filter(({ kind }) => kind !== 'index').map(({ from }) => from)
  const columns = effects.renamedColumns.filter(({ table }) => known.originalOf(table) !== null)
  return [
    ...relations.filter((name) => known.originalOf(name) !== null),
    ...columns.map(({ table, from }) => `${table}.${from}`),
    ...effects.renamedNames,
  ].map(matchOf('rename'))
}

/** `name_too_long` as a notice: PostgreSQL cuts the name, and goes on. */
const truncatedState = '42622'

function findNotices({ notices, commands }: StatementRecord): readonly EventMatch[] {
  const skipped = notices.some(({ sqlstate }) => skippedStates.includes(sqlstate))
  const truncated = notices.filter(({ sqlstate }) => sqlstate === truncatedState)
  return [
    ...(skipped ? [commands.join(', ')].map(matchOf('skipped')) : []),
    ...truncated
      .map(({ message }) => /"(?<name>.+?)"/.exec(message)?.groups?.['name'] ?? message)
      .map(matchOf('name-truncated')),
  ]
}

function findRows({ effects }: StatementRecord, { known, passes }: RevisionState): readonly EventMatch[] {
  const underLock = effects.scanned.flatMap(({ table, lock }) => (lock === null ? [] : [table]))
  const whole = [...new Set([...underLock, ...effects.rewritten])].filter(
    (table) => known.originalOf(table) !== null,
  )
  for (const table of whole) passes.set(table, (passes.get(table) ?? 0) + 1)
  return [
    ...effects.allRowsWritten
      .filter((table) => known.originalOf(table) !== null)
      .map(matchOf('every-row-written')),
    ...whole.filter((table) => passes.get(table) === 2).map(matchOf('repeated-scan')),
  ]
}

function findValidation({ effects }: StatementRecord, { transactional, notValid }: RevisionState) {
  for (const name of effects.notValid) notValid.add(name)
  if (!transactional) return []
  return effects.validated.filter((name) => notValid.has(name)).map(matchOf('validated-at-once'))
}

function matchOf(rule: EventRuleName): (what: string) => EventMatch {
  return (what) => ({ rule, what })
}
