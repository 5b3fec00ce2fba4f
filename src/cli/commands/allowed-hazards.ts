import { shortenList } from '../../core/text/format.js'
import { nearestName } from '../../core/text/nearest.js'
import { hazardName, hazardNames, hazardsBeyond } from '../../ddl/hazards/allowed-hazards.js'
import { describeHazard, type Plan } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { type CommandContext, textOption } from './command.js'

/**
 * Refuses SQL with hazards that `--allow` does not name. Without the option everything is shown.
 * Throws SCHEMA_HAZARD_NOT_ALLOWED, SCHEMA_USAGE.
 */
export function refuseHazards(context: CommandContext, plan: Plan): void {
  const text = textOption(context, 'allow')
  if (text === null) return
  const allowed = parseAllowed(text)
  const beyond = hazardsBeyond(plan, allowed)
  if (beyond.length === 0) return
  const names = [...new Set(beyond.map(hazardName))]
  throw new SchemaError('SCHEMA_HAZARD_NOT_ALLOWED', {
    what: 'The SQL has hazards that --allow does not name. It is not shown, and nothing was run.',
    facts: [
      ['allowed', allowed.size === 0 ? 'none' : [...allowed].join(', ')],
      [
        'not allowed',
        shortenList(beyond.map((hazard) => `${hazardName(hazard)}  ${describeHazard(hazard)}`)),
      ],
    ],
    choices: [
      [`--allow ${[...allowed, ...names].join(',')}`, 'accepts them'],
      ['without --allow', 'shows the SQL with its hazards, and runs nothing'],
    ],
  })
}

function parseAllowed(text: string): ReadonlySet<string> {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => name !== '' && name !== 'none' && !hazardNames.includes(name))
  for (const name of unknown) {
    const near = nearestName(name, hazardNames)
    throw new SchemaError('SCHEMA_USAGE', {
      what: `--allow names "${name}", which is no hazard. Nothing was done.`,
      facts: [['hazards', [...hazardNames]]],
      choices: near === undefined ? [] : [[`--allow ${near}`, 'if that is meant']],
    })
  }
  return new Set(names.filter((name) => hazardNames.includes(name)))
}
