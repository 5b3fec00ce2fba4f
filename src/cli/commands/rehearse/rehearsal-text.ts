import { describeDifference } from '../../../core/model/describe.js'
import { describeDuration, formatCount, shortenList } from '../../../core/text/format.js'
import { errorMessage } from '../../../core/text/redact.js'
import { type ErrorFact, SchemaError } from '../../../errors/schema-error.js'
import {
  faultyRevisions,
  isFault,
  reasonOf,
  type Rehearsal,
  type RehearsedRevision,
  type RehearsedStep,
} from '../../../operations/rehearse/rehearsal.js'

/** One line on the whole: where, on what, and what it came to. */
export function summaryOf(rehearsal: Rehearsal): string {
  const { where, revisions, rows, seeds, notRun } = rehearsal
  if (revisions.length === 0) return `${where}: nothing is pending`
  const faulty = faultyRevisions(rehearsal)
  const seeded = seeds.length === 0 ? '' : ` and those of ${formatCount(seeds.length, 'seed')}`
  const on = {
    generated: `generated rows${seeded}`,
    none: 'no rows',
    'of the migrations': 'the rows of the migrations',
    'of the copy': 'the rows there',
  }
  const rest = notRun.length === 0 ? '' : `; not run: ${shortenList(notRun).join(', ')}`
  const verdict = faulty.length === 0 ? 'no fault' : `FAILS: ${faulty.join(', ')}`
  return `${where}: ${formatCount(revisions.length, 'revision')} rehearsed on ${on[rows]}: ${verdict}${rest}`
}

export const columnTitles = ['revision', 'up', 'down', 'up again', 'rows', 'without its record'] as const

/** A revision as a row of a table with these titles. */
export function cellsOf({
  revision,
  up,
  down,
  again,
  repeated,
  hasVerify,
}: RehearsedRevision): readonly string[] {
  const asked = up.outcome === 'ok' ? 'verified' : '-'
  return [
    revision,
    wordOf(up),
    down.outcome === 'not run' && up.outcome === 'ok' ? 'none' : wordOf(down),
    wordOf(again),
    hasVerify ? asked : '-',
    repeatWords[repeated.outcome],
  ]
}

function wordOf(step: RehearsedStep): string {
  if (step.outcome === 'ok') return describeDuration(step.duration)
  return { failed: 'FAILED', differs: 'DIFFERS', 'not run': '-', 'writes rows': 'ok' }[step.outcome]
}

const repeatWords: Readonly<Record<RehearsedStep['outcome'], string>> = {
  ok: 'does nothing',
  failed: 'is refused',
  differs: 'changes more',
  'writes rows': 'writes rows again',
  'not run': '-',
}

/** What is at fault with a revision, step by step. */
export interface StepFault {
  /** `its down` */
  readonly step: string
  readonly what: string
  readonly facts: readonly ErrorFact[]
}

export function faultsOf({ up, down, again }: RehearsedRevision): readonly StepFault[] {
  const steps = { 'its up': up, 'its down': down, 'its up after its down': again }
  return Object.entries(steps).flatMap(([step, result]) => (isFault(result) ? [faultOf(step, result)] : []))
}

function faultOf(step: string, result: RehearsedStep): StepFault {
  if (result.outcome === 'differs') {
    const goal = step === 'its down' ? 'what was there before its up' : 'what its first up made'
    const lines = shortenList(result.differences.flatMap(describeDifference))
    return { step, what: `leaves another catalog than ${goal}`, facts: [['differences', lines]] }
  }
  return { step, what: 'failed', facts: result.outcome === 'failed' ? factsOf(result.error) : [] }
}

/** Without what is true of every scratch database. */
const knownFacts = ['database', 'stayed applied', 'reverted']

function factsOf(error: Error): readonly ErrorFact[] {
  if (!(error instanceof SchemaError)) return [['error', errorMessage(error)]]
  return [['what', error.message], ...error.facts.filter(([name]) => !knownFacts.includes(name))]
}

/** What is known of running a revision once more without its record, beyond the word of the table; null for nothing. */
export function repeatDetail({ repeated }: RehearsedRevision): string | null {
  if (repeated.outcome === 'writes rows') return repeated.tables.join(', ')
  if (repeated.outcome === 'differs')
    return shortenList(repeated.differences.map(({ change, key }) => `${change} ${key}`)).join(', ')
  if (repeated.outcome !== 'failed') return null
  return reasonOf(repeated.error)
}
