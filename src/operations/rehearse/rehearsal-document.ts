import { errorMessage } from '../../core/text/redact.js'
import { errorDetails, SchemaError } from '../../errors/schema-error.js'
import {
  faultyRevisions,
  isFault,
  type Rehearsal,
  type RehearsedRevision,
  type RehearsedStep,
} from './rehearsal.js'

/** What `rehearse --json` prints. */
export type RehearsalDocument = ReturnType<typeof rehearsalDocument>

/** A rehearsal as `--json` prints it. */
export function rehearsalDocument(rehearsal: Rehearsal) {
  const { revisions, ...rest } = rehearsal
  return { ...rest, faulty: faultyRevisions(rehearsal), revisions: revisions.map(revisionDocument) }
}

function revisionDocument({ up, down, again, repeated, ...revision }: RehearsedRevision) {
  return {
    ...revision,
    fails: [up, down, again].some(isFault),
    up: stepDocument(up),
    down: stepDocument(down),
    again: stepDocument(again),
    repeated: stepDocument(repeated),
  }
}

function stepDocument(step: RehearsedStep) {
  if (step.outcome === 'ok') return { ...step, duration: Math.round(step.duration) }
  if (step.outcome !== 'failed') return step
  const { error } = step
  const details = error instanceof SchemaError ? { code: error.code, ...errorDetails(error) } : {}
  return { outcome: step.outcome, message: errorMessage(error), ...details }
}
