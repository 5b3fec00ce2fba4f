import { type DdlObject, type KindDdl, type Step, step, text } from '../object.js'
import type { Lock } from '../statement.js'
import { firesAsUsual, firing } from './firing.js'

export const trigger: KindDdl = {
  reference: ({ name, relation }) => `TRIGGER ${name} ON ${relation}`,
  create: (object) => [
    stepOn(object, text(object, 'definition')),
    ...(firesAsUsual(object) ? [] : [enable(object)]),
  ],
  drop: (object) => [stepOn(object, `DROP TRIGGER ${object.name} ON ${object.relation}`, 'ACCESS EXCLUSIVE')],
  alter: ({ from, to, facts }) => {
    if (!facts.has('definition')) return [enable(to)]
    if (isConstraint(from) || isConstraint(to)) return 'replace'
    // A trigger that is replaced is enabled again.
    return [
      stepOn(to, text(to, 'definition').replace(/^CREATE /, 'CREATE OR REPLACE ')),
      ...(firesAsUsual(to) ? [] : [enable(to)]),
    ]
  },
}

function enable(object: DdlObject): Step {
  return stepOn(object, `ALTER TABLE ${object.relation} ${firing(object)} TRIGGER ${object.name}`)
}

function stepOn({ relation }: DdlObject, sql: string, lock: Lock = 'SHARE ROW EXCLUSIVE'): Step {
  return step(sql, { hazard: 'lock', table: relation, lock })
}

/** PostgreSQL has no CREATE OR REPLACE CONSTRAINT TRIGGER. */
function isConstraint(object: DdlObject): boolean {
  return text(object, 'definition').startsWith('CREATE CONSTRAINT')
}
