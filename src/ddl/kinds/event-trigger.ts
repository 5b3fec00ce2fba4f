import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, type KindDdl, listFact, type DdlStep, step, textFact } from '../object.js'
import { isEnabledByDefault, enableClause } from './enable-clause.js'

export const eventTriggerDdl: KindDdl = {
  reference: ({ name }) => `EVENT TRIGGER ${name}`,
  create: (object) => [
    step(
      `CREATE EVENT TRIGGER ${object.name} ON ${textFact(object, 'event')}${tagClause(object)} EXECUTE FUNCTION ${textFact(object, 'function')}()`,
    ),
    ...(isEnabledByDefault(object) ? [] : [enableEventTrigger(object)]),
  ],
  alter: ({ to, facts }) => (facts.size === 1 && facts.has('enabled') ? [enableEventTrigger(to)] : 'replace'),
}

function tagClause(object: DdlObject): string {
  const tags = listFact(object, 'tags').map(quoteLiteral)
  return tags.length === 0 ? '' : ` WHEN TAG IN (${tags.join(', ')})`
}

function enableEventTrigger(object: DdlObject): DdlStep {
  return step(`ALTER EVENT TRIGGER ${object.name} ${enableClause(object)}`)
}
