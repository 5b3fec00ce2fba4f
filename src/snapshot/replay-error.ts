import { type ErrorChoice, SchemaError } from '../errors/schema-error.js'
import { isExtensionMissing } from '../postgres/connection/sqlstate.js'
import type { Scratch } from '../postgres/scratch/scratch.js'

/** The error of a replay. What stayed applied in a scratch database went with it. */
export function describeReplayError(error: unknown, scratch: Scratch): unknown {
  if (!(error instanceof SchemaError)) return error
  return new SchemaError(error.code, {
    what: `Replaying the migrations in a scratch database: ${error.message}`,
    facts: error.facts.filter(([name]) => name !== 'stayed applied'),
    choices: withServerChoice(error, scratch),
    cause: error.cause,
  })
}

/** What a migration needs of its server, a server of one's own may have; only an extension surely is that. */
function withServerChoice({ code, cause, choices }: SchemaError, scratch: Scratch): readonly ErrorChoice[] {
  if (code !== 'SCHEMA_MIGRATION_FAILED') return choices
  const named = 'SCRATCH_DATABASE_URL=postgres://…'
  if (isExtensionMissing(cause)) return [[named, 'replays on a server that has the extension'], ...choices]
  return scratch.isEmbedded
    ? [...choices, [named, 'replays on a server of yours, which has its extensions and settings']]
    : choices
}
