import type { Assessment } from '../../core/history/decision.js'
import type { History } from '../../core/history/history.js'
import type { RowWriter } from '../../core/history/written-rows.js'
import type { Inspection } from '../../postgres/inspect/inspection.js'

/** What stamping a database at a revision would record, and how the database differs from it. */
export interface StampProposal {
  /** Null where nothing is to be recorded, and only revisions are forgotten. */
  readonly revision: string | null
  readonly inspection: Inspection
  readonly history: History
  /** The revisions up to it that are not recorded. */
  readonly unrecorded: readonly string[]
  /** Those of them that write rows: whether these are there is not judged. */
  readonly rows: readonly RowWriter[]
  /** The recorded revisions up to it whose files were edited: their present texts would be recorded. */
  readonly edited: readonly string[]
  /** The recorded revisions that would be taken out of the record. */
  readonly forget: readonly string[]
  /** The database against the promise at the revision. */
  readonly assessment: Assessment
}
