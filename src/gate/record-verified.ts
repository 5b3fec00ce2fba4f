import type pg from 'pg'
import { findingsOf, ignoredDifferencesOf, notesOf } from '../core/history/decision.js'
import { recordVerifiedState } from '../postgres/inspect/verified-state.js'
import type { Workspace } from '../workspace.js'
import type { CheckedDatabase } from './assess.js'
import { configuredWriter } from './preconditions.js'

/**
 * Records in the ledger that a database was read twice in the same state and is as promised, so that a start need not read
 * it. Not where there is anything to report: a start reports it again.
 */
export async function recordAsVerified(
  client: pg.ClientBase,
  { promise, inspection, assessment, decision }: CheckedDatabase,
  { config }: Workspace,
): Promise<void> {
  const { history, verification } = assessment
  const remarks = [
    ...decision.situations,
    ...findingsOf(assessment),
    ...ignoredDifferencesOf(assessment),
    ...notesOf(assessment),
  ]
  const { digest } = promise
  if (digest === null || config.verify.atStart === 'full' || remarks.length > 0) return
  if (verification.status === 'unverified' || history.position !== 'current') return
  const verified = { digest, compared: verification.compared }
  await recordVerifiedState(client, inspection, verified, configuredWriter(config))
}
