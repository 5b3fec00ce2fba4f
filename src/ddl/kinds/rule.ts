import { type DdlObject, type KindDdl, type DdlStep, step, textFact } from '../object.js'
import { isEnabledByDefault, enableClause } from './enable-clause.js'

export const ruleDdl: KindDdl = {
  reference: ({ name, relation }) => `RULE ${name} ON ${relation}`,
  create: (object) => [
    step(ruleDefinition(object)),
    ...(isEnabledByDefault(object) ? [] : [enableRule(object)]),
  ],
  drop: (object) => [step(`DROP RULE ${object.name} ON ${object.relation}`)],
  alter: ({ to, facts }) => [
    ...(facts.has('definition') ? [step(ruleDefinition(to).replace(/^CREATE /, 'CREATE OR REPLACE '))] : []),
    ...(facts.has('enabled') ? [enableRule(to)] : []),
  ],
}

function ruleDefinition(object: DdlObject): string {
  return textFact(object, 'definition').replace(/;\s*$/, '')
}

function enableRule(object: DdlObject): DdlStep {
  return step(`ALTER TABLE ${object.relation} ${enableClause(object)} RULE ${object.name}`)
}
