import { redact } from '../text/redact.js'
import type { Progress } from './events.js'

/** A notice of PostgreSQL, as documents for `--json` have it. */
export interface RevisionNotice {
  /** Null where no revision ran. */
  readonly revision: string | null
  readonly severity: string
  /** Null where it is not the server's. */
  readonly sqlstate: string | null
  readonly message: string
}

export function noticeOf({ revision, severity, message, sqlstate }: Progress<'notice'>): RevisionNotice {
  return { revision, severity, sqlstate: sqlstate ?? null, message: redact(message) }
}
