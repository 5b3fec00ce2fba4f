import { formatCount, shortenList } from '../core/text/format.js'
import type { Plan } from './statement.js'

/** Changes that could not be run in the scratch database, and why. */
export interface UnprovenPart {
  /** The keys of the objects. */
  readonly keys: readonly string[]
  readonly reason: string
}

/** What is known of a plan: whether it was run in a scratch database, and led to the wanted catalog there. */
export type Proof =
  | {
      readonly proven: true
      /** The major version of the PostgreSQL that ran it. */
      readonly postgres: number
      /** The major version of the database that it is for; null where it is for none in particular. */
      readonly target: number | null
      /** The tables that had generated rows while it ran. */
      readonly tablesWithRows: number
      /** What the proof leaves out. */
      readonly unproven: readonly UnprovenPart[]
    }
  | {
      readonly proven: false
      readonly reason: string
      /** What would let it be proven. */
      readonly advice: string
    }

/** A plan that was run, or that says why not. Only this is shown to a person. */
export interface ProvenPlan extends Plan {
  /** Null where there is no statement to run. */
  readonly proof: Proof | null
}

/** Whether all of a plan was run. */
export function isWhole(proof: Proof): boolean {
  return proof.proven && proof.unproven.length === 0
}

/** A proof as lines of text, the first of which says whether it is one. */
export function describeProof(proof: Proof): readonly string[] {
  if (!proof.proven) return [`NOT PROVEN: ${proof.reason}`, `  ${proof.advice}`]
  const { postgres, target, tablesWithRows, unproven } = proof
  const rows = tablesWithRows === 0 ? '' : `, with rows in ${formatCount(tablesWithRows, 'table')}`
  return [
    `proven: run in a scratch database on PostgreSQL ${postgres}${rows}, and read again`,
    ...(target === null || target === postgres ? [] : [`  the database has PostgreSQL ${target}`]),
    ...unproven.map(({ keys, reason }) => `  NOT PROVEN: ${shortenList(keys).join(', ')}: ${reason}`),
  ]
}
