import { nearestName } from '../core/text/nearest.js'
import { SchemaError } from '../errors/schema-error.js'

/** The number of revisions up to the one that `from` names; null where it names none. Throws SCHEMA_USAGE. */
export function countUpTo(from: string | null, build: readonly string[], consequence: string): number | null {
  if (from === null) return null
  const last = build.indexOf(from)
  if (last >= 0) return last + 1
  const near = nearestName(from, build)
  throw new SchemaError('SCHEMA_USAGE', {
    what: `--from names "${from}", which is no revision of this build. ${consequence}`,
    choices: near === undefined ? [] : [[`--from ${near}`, 'if that is meant']],
  })
}
