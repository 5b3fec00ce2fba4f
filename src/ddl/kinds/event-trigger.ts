import { literal } from '../identifiers.js'
import { type DdlObject, type KindDdl, list, type Step, step, text } from '../object.js'
import { firesAsUsual, firing } from './firing.js'

export const eventTrigger: KindDdl = {
  reference: ({ name }) => `EVENT TRIGGER ${name}`,
  create: (object) => [
    step(
      `CREATE EVENT TRIGGER ${object.name} ON ${text(object, 'event')}${tags(object)} EXECUTE FUNCTION ${text(object, 'function')}()`,
    ),
    ...(firesAsUsual(object) ? [] : [enable(object)]),
  ],
  alter: ({ to, facts }) => (facts.size === 1 && facts.has('enabled') ? [enable(to)] : 'replace'),
}

function tags(object: DdlObject): string {
  const all = list(object, 'tags').map(literal)
  return all.length === 0 ? '' : ` WHEN TAG IN (${all.join(', ')})`
}

function enable(object: DdlObject): Step {
  return step(`ALTER EVENT TRIGGER ${object.name} ${firing(object)}`)
}
