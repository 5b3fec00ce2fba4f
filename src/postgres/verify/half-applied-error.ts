import {
  describeCompletion,
  invalidIndexes,
  summarizeCompletion,
  type Completion,
} from '../../core/history/completion.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import type { LastEvent } from '../ledger/ledger.js'
import { isInterrupted, isHalfApplied, type UnfinishedRevision } from './unfinished-revisions.js'

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
    what: [...half.map(describeUnfinishedRevision), consequence].join(' '),
    facts: [['database', database], ...completionFacts(pending)],
    choices: half.flatMap((each) => choicesFor(each, build)),
  })
}

function describeUnfinishedRevision(unfinished: UnfinishedRevision): string {
  const { revision, completion } = unfinished
  const how = isInterrupted(unfinished) ? 'was interrupted outside a transaction' : 'failed before'
  const name = summarizeCompletion(completion)
  return `${revision} ${how}, and ${name.startsWith('left') ? name : `is ${name}`}.`
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

function choicesFor(
  { revision, completion }: UnfinishedRevision,
  build: readonly string[],
): readonly ErrorChoice[] {
  if (completion.kind === 'unknown') return []
  const indexes = invalidIndexes(completion)
  const isComplete = completion.open.length === 0 && completion.invalid.length === indexes.length
  return [
    ...repairChoice(revision, { rebuilds: indexes.length > 0, isComplete }),
    ...(isComplete ? [] : partChoices(revision, build[build.indexOf(revision) - 1])),
    [
      'correct the migration',
      'to go on from what is there, then schemagate snapshot: a changed file runs again',
    ],
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

function partChoices(revision: string, previous: string | undefined): readonly ErrorChoice[] {
  const complete = [
    `schemagate diff database snapshot@${revision} --sql`,
    'writes what completes its objects, not its rows; schemagate repair records it then',
  ] as const
  if (previous === undefined) return [complete]
  const undo = [
    `schemagate diff database snapshot@${previous} --sql`,
    'writes what takes the part back; schemagate migrate runs it again then',
  ] as const
  return [complete, undo]
}
