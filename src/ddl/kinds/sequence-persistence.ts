import { groupKeys, oncePerCatalog } from '../../core/model/catalog.js'
import {
  booleanFact,
  type DdlObject,
  type DdlStep,
  findObject,
  findRelation,
  keyFromName,
  relationKeyOf,
  step,
  textFact,
} from '../object.js'
import { identitySequenceName } from './column-identity.js'

/** The first major version with unlogged sequences. */
const firstWithUnlogged = 15

/** Whether the write-ahead log has the sequence of an identity column, where that is not so for the rows of its table. */
export function identityPersistenceSteps(to: DdlObject): readonly DdlStep[] {
  if (textFact(to, 'identity') === '') return []
  const table = findRelation(to)
  const isAsTable = to.facts['identityUnlogged'] === undefined
  const isUnlogged = isAsTable
    ? table !== undefined && booleanFact(table, 'unlogged')
    : booleanFact(to, 'identityUnlogged')
  return [persistenceStep(identitySequenceName(to), isUnlogged)]
}

/** With a table, PostgreSQL changes the sequences that its columns own. Those that are to be otherwise are changed back. */
export function ownedSequenceSteps(table: DdlObject): readonly DdlStep[] {
  if ((table.serverMajor ?? 0) < firstWithUnlogged) return []
  const isUnlogged = booleanFact(table, 'unlogged')
  return (sequencesByTable(table.catalog).get(table.key) ?? [])
    .flatMap((key) => findObject(table.catalog, key) ?? [])
    .filter((sequence) => booleanFact(sequence, 'unlogged') !== isUnlogged)
    .map(({ name }) => persistenceStep(name, !isUnlogged))
}

const sequencesByTable = oncePerCatalog((catalog) =>
  groupKeys(catalog, (key) => {
    const column = key.startsWith('sequence:') ? textFact({ facts: catalog[key] ?? {} }, 'ownedBy') : ''
    return column === '' ? null : relationKeyOf(catalog, keyFromName('column', column))
  }),
)

function persistenceStep(sequence: string, isUnlogged: boolean): DdlStep {
  return {
    ...step(`ALTER SEQUENCE ${sequence} SET ${isUnlogged ? 'UNLOGGED' : 'LOGGED'}`),
    phase: 'attach',
  }
}
