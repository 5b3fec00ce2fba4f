import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { readWithRetry } from '../../postgres/inspect/read-with-retry.js'
import type { LedgerEntry } from '../../postgres/ledger/ledger.js'
import { describeLeft } from './apply-error.js'
import type { ApplyRun } from './apply-run.js'
import { againChoice, doneFacts } from './done-facts.js'
import { recordStep } from './record-step.js'
import type { StepProgress } from './run-step.js'
import { settleStep, type StepOutcome } from './settle-step.js'

/** Connects again after the connection was lost in a step, finds out what has become of it, and returns the error to throw. */
export async function loseStep(
  run: ApplyRun,
  index: number,
  progress: StepProgress,
  cause: unknown,
): Promise<SchemaError> {
  const { steps, options, locked, mark, retry } = run
  const { target } = options
  const step = steps[index] ?? []
  const outcome = await readWithRetry(target.connection, retry, async (client) => {
    const settled = await settleStep(client, progress, step, mark)
    await recordStep(client, locked, step, entryOf(settled))
    return settled
  }).catch((error: unknown) => unreachedOutcome(error, progress))
  return new SchemaError('SCHEMA_DATABASE_UNREACHABLE', {
    what: `The connection to PostgreSQL was lost in step ${index + 1} of ${steps.length}. ${sentenceOf(outcome)} What was done before stays.`,
    facts: [
      ...doneFacts(
        steps,
        outcome.outcome === 'done' ? index + 1 : index,
        target,
        outcome.outcome === 'unknown' ? outcome.reason : null,
      ),
      ['reason', errorMessage(cause)],
    ],
    choices: [againChoice],
    cause,
  })
}

/** What this process knows by itself needs no answer. */
function unreachedOutcome(error: unknown, { at }: StepProgress): StepOutcome {
  if (at === 'after') return { outcome: 'done' }
  if (at === 'before') return { outcome: 'undone' }
  return { outcome: 'unknown', reason: `PostgreSQL could not be asked again: ${errorMessage(error)}` }
}

function sentenceOf(outcome: StepOutcome): string {
  switch (outcome.outcome) {
    case 'done':
      return 'The step is done.'
    case 'undone':
      return 'Its transaction was rolled back, so nothing of it was done.'
    case 'left':
      return describeLeft(outcome.left)
    case 'unknown':
      return 'Whether the step is done is not known.'
  }
}

const lost = 'the connection was lost'

function entryOf(outcome: StepOutcome): Pick<LedgerEntry, 'event' | 'error'> {
  if (outcome.outcome === 'done') return { event: 'repaired' }
  if (outcome.outcome === 'undone') return { event: 'undone', error: lost }
  return { event: 'failed', error: `${lost}; ${sentenceOf(outcome)}` }
}
