import { nearestName } from '../../core/text/nearest.js'
import { hazardNames } from '../../ddl/hazards/allowed-hazards.js'
import { SchemaError } from '../../errors/schema-error.js'

/** The hazards that a list on a command line names, or what else `known` has. Throws SCHEMA_USAGE. */
export function parseAllowed(
  text: string,
  known: readonly string[] = hazardNames,
  option = '--allow',
): ReadonlySet<string> {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => name !== '' && name !== 'none' && !known.includes(name))
  for (const name of unknown) {
    const near = nearestName(name, known)
    throw new SchemaError('SCHEMA_USAGE', {
      what: `${option} names "${name}", which is no ${option === '--refuse' ? 'rule' : 'hazard'}. Nothing was done.`,
      facts: [['hazards', [...known]]],
      choices: near === undefined ? [] : [[`${option} ${near}`, 'if that is meant']],
    })
  }
  return new Set(names.filter((name) => known.includes(name)))
}
