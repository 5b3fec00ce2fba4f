import { assessCompletion } from '../../core/history/completion.js'
import { shortenList } from '../../core/text/format.js'
import type { ErrorFact } from '../../errors/schema-error.js'
import { ledgerTablesOf, readCatalog } from '../introspect/read-catalog.js'
import { endedTransactionConsequence, ownTransactionChoice, type RunPhrases } from './run-phrases.js'
import { type LoadedRevision, type RunState, serverMessageOf } from './run-state.js'
import type { ActiveRun } from './active-run.js'

/** How the errors of a run forward speak. Reads what a revision outside a transaction has done. */
export async function migratePhrases(run: ActiveRun): Promise<RunPhrases> {
  const { running, begun, endedTransaction } = run.progress.state
  if (run.context.guard === null) return scratchPhrases(run.progress.state)
  const outcome = await outcomeFacts(run)
  const consequence = describeRollback(run.progress.state)
  return {
    activity: 'Migrating',
    failed: `${running?.revision} failed.`,
    during: running === null ? 'while migrating' : `while ${running.revision} ran`,
    consequence,
    consequenceOfLoss:
      running?.transactional === false ? consequence : 'What was not committed is rolled back.',
    outcome,
    choices: [
      ...(outcome.some(([name]) => name === invalidLabel)
        ? [['schemagate repair', 'once the cause is gone: builds the invalid index again'] as const]
        : []),
      [
        'correct the migration',
        begun.length > 1
          ? 'then run it again, and with it what was rolled back too'
          : 'then run it again; what is applied is not run again',
      ],
      ...(endedTransaction === null ? [] : [ownTransactionChoice]),
    ],
    choicesAfterLoss: [['run it again', 'goes on from what is recorded']],
  }
}

/** A scratch database is thrown away: nothing of it stays, and the next run begins with a new one. */
function scratchPhrases({ running, endedTransaction }: RunState): RunPhrases {
  return {
    activity: 'Migrating',
    failed: `${running?.revision} failed.`,
    during: running === null ? 'while migrating' : `while ${running.revision} ran`,
    consequence: endedTransaction === null ? '' : endedTransactionConsequence[endedTransaction],
    consequenceOfLoss: '',
    outcome: [],
    choices: [
      ['correct the migration', 'then run it again'],
      ...(endedTransaction === null ? [] : [ownTransactionChoice]),
    ],
    choicesAfterLoss: [['run it again', 'begins with a new scratch database']],
  }
}

function describeRollback({ running, endedTransaction }: RunState): string {
  if (endedTransaction !== null) return endedTransactionConsequence[endedTransaction]
  return running === null || running.transactional
    ? 'Its transaction was rolled back.'
    : 'It runs outside a transaction: what it did before stays.'
}

async function outcomeFacts(run: ActiveRun): Promise<readonly ErrorFact[]> {
  const { applied, begun, running } = run.progress.state
  const rolledBack = begun.filter((revision) => revision !== running?.revision)
  return [
    ['stayed applied', applied.length === 0 ? 'none of this run' : shortenList(applied)],
    ...(rolledBack.length === 0 ? [] : [['rolled back too', shortenList(rolledBack)] as const]),
    ...(running?.transactional === false ? await partialProgressFacts(running, run) : []),
  ]
}

const invalidLabel = 'not valid'

/** Outside a transaction a revision can be half done; the snapshot says which of its objects are there. */
async function partialProgressFacts(
  { revision }: LoadedRevision,
  { context: { target, auditClient, inspection }, progress }: ActiveRun,
): Promise<readonly ErrorFact[]> {
  const { project, snapshot } = target
  const { applied, serverMessages } = progress.state
  if (snapshot === null) return []
  const live = await readCatalog(auditClient, ledgerTablesOf(project)).catch((error: unknown) =>
    serverMessageOf(error, serverMessages),
  )
  if (typeof live === 'string') return [['already done', `could not be read: ${live}`]]
  const recorded = [...inspection.recorded.revisions, ...applied]
  const completion = assessCompletion(revision, { snapshot, recorded, live })
  if (completion.kind === 'unknown') return []
  const { done, invalid, open } = completion
  return [
    ['already done', done.length === 0 ? 'nothing' : shortenList(done)],
    ...(invalid.length === 0 ? [] : [[invalidLabel, shortenList(invalid)] as const]),
    ['not done', open.length === 0 ? 'nothing' : shortenList(open)],
  ]
}
