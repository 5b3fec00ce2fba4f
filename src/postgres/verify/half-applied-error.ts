import { describeCompletion, invalidIndexes, summarizeCompletion } from '../../core/history/completion.js'
import type { Completion } from '../../core/history/completion-result.js'
import { formatCount } from '../../core/text/format.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import type { LastEvent } from '../ledger/ledger.js'
import {
  hasLostRecord,
  isHalfApplied,
  isInterrupted,
  type UnfinishedRevision,
} from './unfinished-revisions.js'

export interface HalfAppliedParts {
  /** The pending revisions in order, one of them half applied. */
  readonly pending: readonly UnfinishedRevision[]
  /** The revisions of this build, in order. */
  readonly build: readonly string[]
  readonly database: string
  /** What that means for the caller. */
  readonly consequence: string
}

/** The error of revisions that were interrupted outside a transaction or left an invalid index: how far each got. */
export function halfAppliedError({ pending, build, database, consequence }: HalfAppliedParts): SchemaError {
  const half = pending.filter(isHalfApplied)
  return new SchemaError('SCHEMA_HALF_APPLIED', {
    what: [
      ...half.filter((each) => !hasLostRecord(each)).map(describeUnfinishedRevision),
      ...describeLostRecords(half.filter(hasLostRecord)),
      consequence,
    ].join(' '),
    facts: [['database', database], ...completionFacts(pending)],
    choices: [...recordChoice(half), ...half.flatMap((each) => choicesFor(each, build))],
  })
}

function describeUnfinishedRevision(unfinished: UnfinishedRevision): string {
  const { revision, completion } = unfinished
  const how = isInterrupted(unfinished) ? 'was interrupted' : 'failed before'
  const name = summarizeCompletion(completion)
  return `${revision} ${how} outside a transaction, and ${name.startsWith('left') ? name : `is ${name}`}.`
}

function describeLostRecords(lost: readonly UnfinishedRevision[]): readonly string[] {
  const [first] = lost
  if (first === undefined) return []
  const which = lost.length === 1 ? `${first.revision} is` : `${formatCount(lost.length, 'revision')} are`
  return [`${which} applied in full, and no longer recorded by Knex.`]
}

/** `002_half, started by replica-1 at 2026-11-20T10:00:00.000Z` */
export function describeAttempt({ revision, event, host, at }: LastEvent): string {
  return `${revision}, ${event} ${event === 'started' ? 'by' : 'on'} ${host} at ${at}`
}

/** What was interrupted when, and how far each revision got. */
function completionFacts(unfinished: readonly UnfinishedRevision[]): readonly ErrorFact[] {
  const attempts = unfinished.filter(isInterrupted).flatMap(({ lastEvent }) => lastEvent ?? [])
  return [
    ...(attempts.length === 0 ? [] : [['interrupted', attempts.map(describeAttempt)] as const]),
    ['pending', unfinished.flatMap(completionLines)],
  ]
}

/** `002_half  applied in part`, and below it which of its objects exist. */
export function completionLines({ revision, completion, lastEvent }: UnfinishedRevision): readonly string[] {
  const [first = '', ...rest] = describeCompletion(completion)
  return [
    `${revision}  ${first}`,
    ...[...rest, ...completionNote(completion, lastEvent?.event)].map((line) => `  ${line}`),
  ]
}

/** Our own ledger records the end of a verified revision right before Knex records it. */
function completionNote({ kind }: Completion, event: string | undefined): readonly string[] {
  if (kind !== 'applied') return []
  return [
    event === 'applied'
      ? 'it ran to its end and was verified: only its record is missing'
      : 'all its objects are there; whether it wrote all its rows, the catalog does not say',
  ]
}

/** What is complete and was not interrupted may be recorded by somebody who knows that its rows are right. */
function recordChoice(half: readonly UnfinishedRevision[]): readonly ErrorChoice[] {
  const last = half.findLast(isRecordable)
  if (last === undefined) return []
  const rows = hasLostRecord(last) ? '' : '; what it did to rows, the catalog does not say'
  return [[`schemagate stamp ${last.revision}`, `records what is there${rows}`]]
}

function isRecordable(unfinished: UnfinishedRevision): boolean {
  return unfinished.completion.kind === 'applied' && !isInterrupted(unfinished)
}

function choicesFor(unfinished: UnfinishedRevision, build: readonly string[]): readonly ErrorChoice[] {
  const { revision, completion } = unfinished
  if (completion.kind === 'unknown' || hasLostRecord(unfinished)) return []
  const correct: ErrorChoice = [
    'correct the migration',
    'to go on from what is there, then schemagate snapshot: a changed file runs again',
  ]
  if (isRecordable(unfinished)) return [correct]
  const indexes = invalidIndexes(completion)
  const isComplete = completion.open.length === 0 && completion.invalid.length === indexes.length
  return [
    ...repairChoice(revision, { rebuilds: indexes.length > 0, isComplete }),
    ...(isComplete ? [] : partChoices(unfinished, build[build.indexOf(revision) - 1])),
    correct,
  ]
}

/** `rebuilds` invalid indexes; once that is done, a complete revision can be recorded. */
function repairChoice(
  revision: string,
  { rebuilds, isComplete }: { readonly rebuilds: boolean; readonly isComplete: boolean },
): readonly ErrorChoice[] {
  const actions = [
    ...(rebuilds ? ['builds the invalid index again'] : []),
    ...(isComplete ? [`${rebuilds ? 'then ' : ''}records ${revision}`] : []),
  ]
  return actions.length === 0 ? [] : [['schemagate repair', actions.join(', ')]]
}

function partChoices(unfinished: UnfinishedRevision, previous: string | undefined): readonly ErrorChoice[] {
  const { revision } = unfinished
  const record = isInterrupted(unfinished) ? 'repair' : `stamp ${revision}`
  const complete = [
    `schemagate diff database snapshot@${revision} --sql`,
    `writes what completes its objects, not its rows; schemagate ${record} records it then`,
  ] satisfies ErrorChoice
  if (previous === undefined) return [complete]
  const undo = [
    `schemagate diff database snapshot@${previous} --sql`,
    'writes what removes the part that is there; schemagate migrate runs it again then',
  ] satisfies ErrorChoice
  return [complete, undo]
}
