import type { ErrorChoice, ErrorFact } from '../../errors/schema-error.js'

/** What stays after a revision has ended the transaction it was given, by how it did that. */
export const endedTransactionConsequence = {
  committed: 'It had committed the transaction it was given: what it did before that stays.',
  'rolled back': 'What it did before that is gone, what it did after that outside a transaction stays.',
} as const

export const ownTransactionChoice: ErrorChoice = [
  'export const config = { transaction: false }',
  'is for a migration that begins and ends its own transactions',
]

/** How the errors of a run speak of what it does: forward or back. */
export interface RunPhrases {
  /** `Migrating`, `Reverting 002_likes` */
  readonly activity: string
  /** `002_likes failed.`, `Reverting 002_likes failed.` */
  readonly failed: string
  /** `while 002_likes ran`, `while 002_likes was reverted` */
  readonly during: string
  /** `Its transaction was rolled back.` */
  readonly consequence: string
  /** The consequence where the connection was lost: only the server knows what it had committed. */
  readonly consequenceOfLoss: string
  /** What this run had done before. */
  readonly outcome: readonly ErrorFact[]
  /** What helps against a failure of the migration itself. */
  readonly choices: readonly ErrorChoice[]
  /** What helps against a lost connection. */
  readonly choicesAfterLoss: readonly ErrorChoice[]
}
