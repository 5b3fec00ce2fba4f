import { type DdlObject, type DdlStep, findRelation, keyFromName, step, textFact } from '../object.js'
import type { Hazard } from '../statement.js'

/** REPLICA IDENTITY USING INDEX comes after the index or the constraint is created. */
export function replicaIdentitySteps(to: DdlObject): readonly DdlStep[] {
  const identity = textFact(to, 'replicaIdentity')
  if (identity === '' && to.inNewRelation) return []
  const alter = (clause: string): DdlStep =>
    step(`ALTER TABLE ${to.name} REPLICA IDENTITY ${clause}`, {
      hazard: 'lock',
      table: to.name,
      lock: 'ACCESS EXCLUSIVE',
    })
  const [, index] = /^using index (.*)$/s.exec(identity) ?? []
  if (index === undefined) return [alter(identity === '' ? 'DEFAULT' : identity.toUpperCase())]
  const after = ['index', 'constraint'].map((kind) => keyFromName(kind, `${to.name}.${index}`))
  return [{ ...alter(`USING INDEX ${index}`), phase: 'attach', after }]
}

/** What the drop of an index or a constraint by which a table identifies its rows costs: the index that is set, or the primary key. */
export function replicaIdentityHazards(dropped: DdlObject): readonly Hazard[] {
  const table = findRelation(dropped)
  if (table === undefined) return []
  const identity = textFact(table, 'replicaIdentity')
  const isIdentity =
    identity === '' ? textFact(dropped, 'type') === 'primary key' : identity === `using index ${dropped.name}`
  return isIdentity ? [{ hazard: 'replica identity', table: table.name }] : []
}
