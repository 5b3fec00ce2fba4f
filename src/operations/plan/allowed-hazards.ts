import { hazardNames } from '../../ddl/hazards/allowed-hazards.js'
import { SchemaError } from '../../errors/schema-error.js'
import { readAllowingComments } from '../../project/allowing-comments.js'
import type { Migration } from '../../project/migration-files.js'
import { ruleNames } from './rules.js'

/** Why a migration allows hazards, by their names. */
export type AllowedByMigration = ReadonlyMap<string, string>

/**
 * The hazards that comments of a migration allow. Throws SCHEMA_USAGE where one names no hazard or gives no reason.
 */
export async function readAllowedHazards(migration: Migration): Promise<AllowedByMigration> {
  const allowed = new Map<string, string>()
  for (const { name, reason } of await readAllowingComments(migration)) {
    if (![...hazardNames, ...ruleNames].includes(name) || reason === '')
      throw commentError(migration.revision, name, reason)
    allowed.set(name, reason)
  }
  return allowed
}

function commentError(revision: string, name: string, reason: string): SchemaError {
  return new SchemaError('SCHEMA_USAGE', {
    what:
      reason === ''
        ? `A comment in ${revision} allows a hazard without a reason. Nothing was planned.`
        : `A comment in ${revision} allows "${name}", which is no hazard. Nothing was planned.`,
    facts: [
      ['hazards', [...hazardNames]],
      ['rules', [...ruleNames]],
    ],
    choices: [
      ['// schemagate: allow table-rewrite -- the table has 40 rows', 'names the hazard and says why'],
    ],
  })
}
