import { type DdlObject, type KindDdl, type DdlStep, step, textFact } from '../object.js'
import { isEnabledByDefault, enableClause } from './enable-clause.js'

export const ruleDdl: KindDdl = {
  reference: ({ name, relation }) => `RULE ${name} ON ${relation}`,
  create: (object) => [
    ruleStep(object, ruleDefinition(object)),
    ...(isEnabledByDefault(object) ? [] : [enableRule(object)]),
  ],
  drop: (object) => [ruleStep(object, `DROP RULE ${object.name} ON ${object.relation}`)],
  alter: ({ to, facts }) => [
    ...(facts.has('definition')
      ? [ruleStep(to, ruleDefinition(to).replace(/^CREATE /, 'CREATE OR REPLACE '))]
      : []),
    ...(facts.has('enabled') ? [enableRule(to)] : []),
  ],
}

function ruleDefinition(object: DdlObject): string {
  return textFact(object, 'definition').replace(/;\s*$/, '')
}

function enableRule(object: DdlObject): DdlStep {
  return ruleStep(object, `ALTER TABLE ${object.relation} ${enableClause(object)} RULE ${object.name}`)
}

function ruleStep({ relation }: DdlObject, sql: string): DdlStep {
  return step(sql, { hazard: 'lock', table: relation, lock: 'ACCESS EXCLUSIVE' })
}
