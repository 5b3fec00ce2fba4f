import { type DdlObject, type KindDdl, type Step, step, text } from '../object.js'
import { firesAsUsual, firing } from './firing.js'

export const rule: KindDdl = {
  reference: ({ name, relation }) => `RULE ${name} ON ${relation}`,
  create: (object) => [stepOn(object, definition(object)), ...(firesAsUsual(object) ? [] : [enable(object)])],
  drop: (object) => [stepOn(object, `DROP RULE ${object.name} ON ${object.relation}`)],
  alter: ({ to, facts }) => [
    ...(facts.has('definition')
      ? [stepOn(to, definition(to).replace(/^CREATE /, 'CREATE OR REPLACE '))]
      : []),
    ...(facts.has('enabled') ? [enable(to)] : []),
  ],
}

function definition(object: DdlObject): string {
  return text(object, 'definition').replace(/;\s*$/, '')
}

function enable(object: DdlObject): Step {
  return stepOn(object, `ALTER TABLE ${object.relation} ${firing(object)} RULE ${object.name}`)
}

function stepOn({ relation }: DdlObject, sql: string): Step {
  return step(sql, { hazard: 'lock', table: relation, lock: 'ACCESS EXCLUSIVE' })
}
