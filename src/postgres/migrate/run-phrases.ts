import type { ErrorChoice, ErrorFact } from '../../errors/schema-error.js'

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
