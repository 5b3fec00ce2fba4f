import { readFile } from 'node:fs/promises'
import { hazardNames } from '../../ddl/hazards/allowed-hazards.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Migration } from '../../project/migration-files.js'
import { ruleNames } from './rules.js'

/** Why a migration allows hazards, by their names. */
export type AllowedByMigration = ReadonlyMap<string, string>

/** `// schemagate: allow table-rewrite, lock -- the table is small`, in a comment of any language. */
const comment =
  /^\s*(?:\/\/|--|\/?\*+|#)\s*schemagate:\s*allow\s+(?<names>[^\n]*?)(?:\s+--\s*(?<reason>[^\n]*?))?\s*(?:\*\/)?\s*$/gm

/**
 * The hazards that comments of a migration allow. Throws SCHEMA_USAGE where one names no hazard or gives no reason.
 */
export async function readAllowedHazards({ path, revision }: Migration): Promise<AllowedByMigration> {
  const text = path === null ? '' : await readFile(path, 'utf8')
  const allowed = new Map<string, string>()
  for (const { groups } of text.matchAll(comment)) {
    const { names = '', reason = '' } = groups ?? {}
    for (const name of names.split(',').map((each) => each.trim())) {
      if (![...hazardNames, ...ruleNames].includes(name) || reason === '')
        throw commentError(revision, name, reason)
      allowed.set(name, reason)
    }
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
