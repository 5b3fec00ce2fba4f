import { type ErrorChoice, SchemaError } from '../errors/schema-error.js'
import { hasSqlState, isExtensionMissing, sqlState } from '../postgres/connection/sqlstate.js'
import type { Scratch } from '../postgres/scratch/scratch.js'
import { createRoleStatement, missingRoleOf } from '../postgres/scratch/server-roles.js'

/** The error of a replay, with what helps on its server. */
export function describeReplayError(error: unknown, scratch: Scratch): unknown {
  if (!(error instanceof SchemaError)) return error
  return new SchemaError(error.code, {
    what: `Replaying the migrations in a scratch database: ${error.message}`,
    facts: error.facts,
    choices: withServerChoice(error, scratch),
    cause: error.cause,
  })
}

/** For a schema that no migration creates. */
const schemaChoices: readonly ErrorChoice[] = [
  ['searchPath', 'in the knexfile names the schemas that the service creates before it migrates'],
  ['SCRATCH_PRELUDE=FILE.sql', 'creates in scratch databases whatever it creates before'],
]

/** What a migration needs of its server, a server of one's own may have; only an extension surely is that. */
function withServerChoice({ code, cause, choices }: SchemaError, scratch: Scratch): readonly ErrorChoice[] {
  if (code !== 'SCHEMA_MIGRATION_FAILED') return choices
  const named = 'SCRATCH_DATABASE_URL=postgres://…'
  if (isExtensionMissing(cause)) return [[named, 'replays on a server that has the extension'], ...choices]
  if (hasSqlState(cause, sqlState.invalidSchemaName)) return [...schemaChoices, ...choices]
  const role = missingRoleOf(cause)
  if (role !== null)
    return [[createRoleStatement(role), 'on the scratch server, which gets no role unasked'], ...choices]
  return scratch.isEmbedded
    ? [...choices, [named, 'replays on a server of yours, which has its extensions and settings']]
    : choices
}
