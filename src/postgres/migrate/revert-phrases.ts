import type { ErrorChoice } from '../../errors/schema-error.js'
import { endedTransactionConsequence, type RunPhrases } from './run-phrases.js'
import type { LoadedRevision, RunState } from './run-state.js'
import type { ActiveRun } from './active-run.js'

/** How the errors of reverting a revision speak; `reverted` are the revisions reverted before it. */
export function revertPhrases(
  revision: LoadedRevision,
  { context: { target }, progress: { state } }: ActiveRun,
  reverted: readonly string[],
): RunPhrases {
  const isBegun = state.running !== null
  return {
    activity: `Reverting ${revision.revision}`,
    failed: `Reverting ${revision.revision} failed.`,
    during: `while ${revision.revision} was reverted`,
    consequence: isBegun ? consequenceFor(state.endedTransaction, revision) : 'It is still recorded.',
    consequenceOfLoss: revision.transactional
      ? 'What was not committed is rolled back.'
      : 'It runs outside a transaction: what it did before stays.',
    outcome: [['reverted', reverted.length === 0 ? 'nothing' : reverted]],
    choices: [
      ...(revision.transactional || target.snapshot === null ? [] : [restoreChoice(revision)]),
      ['correct the down function', 'or write a new migration that undoes it'],
    ],
    choicesAfterLoss: [['schemagate status', 'says where the database stands, once it is back']],
  }
}

function consequenceFor(
  endedTransaction: RunState['endedTransaction'],
  { transactional }: LoadedRevision,
): string {
  if (endedTransaction !== null)
    return `${endedTransactionConsequence[endedTransaction]} It is still recorded.`
  return transactional
    ? 'Its transaction was rolled back; it is still recorded.'
    : 'It runs outside a transaction: what it did before stays; it is still recorded.'
}

function restoreChoice({ revision }: LoadedRevision): ErrorChoice {
  const command = `schemagate diff database snapshot@${revision} --sql`
  return [command, 'writes what restores its objects, not its rows; then it can be reverted again']
}
