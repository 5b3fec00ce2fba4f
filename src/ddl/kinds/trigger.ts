import { type DdlObject, type KindDdl, type DdlStep, step, textFact } from '../object.js'
import type { LockMode } from '../statement.js'
import { isEnabledByDefault, enableClause } from './enable-clause.js'

export const triggerDdl: KindDdl = {
  reference: ({ name, relation }) => `TRIGGER ${name} ON ${relation}`,
  create: (object) => [
    triggerStep(object, textFact(object, 'definition')),
    ...(isEnabledByDefault(object) ? [] : [enableTrigger(object)]),
  ],
  drop: (object) => [
    triggerStep(object, `DROP TRIGGER ${object.name} ON ${object.relation}`, 'ACCESS EXCLUSIVE'),
  ],
  alter: ({ from, to, facts }) => {
    if (!facts.has('definition')) return [enableTrigger(to)]
    if (isConstraintTrigger(from) || isConstraintTrigger(to)) return 'replace'
    // CREATE OR REPLACE TRIGGER enables the trigger.
    return [
      triggerStep(to, textFact(to, 'definition').replace(/^CREATE /, 'CREATE OR REPLACE ')),
      ...(isEnabledByDefault(to) ? [] : [enableTrigger(to)]),
    ]
  },
}

function enableTrigger(object: DdlObject): DdlStep {
  return triggerStep(object, `ALTER TABLE ${object.relation} ${enableClause(object)} TRIGGER ${object.name}`)
}

function triggerStep({ relation }: DdlObject, sql: string, lock: LockMode = 'SHARE ROW EXCLUSIVE'): DdlStep {
  return step(sql, { hazard: 'lock', table: relation, lock })
}

/** PostgreSQL has no CREATE OR REPLACE CONSTRAINT TRIGGER. */
function isConstraintTrigger(object: DdlObject): boolean {
  return textFact(object, 'definition').startsWith('CREATE CONSTRAINT')
}
