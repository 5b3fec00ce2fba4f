import {
  type ObjectChange,
  type DdlObject,
  keyFromName,
  listFact,
  partsByRelation,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import { keptParents } from '../tree.js'

/** DETACH PARTITION or NO INHERIT for the parents that a table loses, before anything is dropped. */
export function releaseParentSteps({ from, to, facts }: ObjectChange): readonly DdlStep[] {
  if (textFact(from, 'partition') !== '') {
    if (!facts.has('partition') && !facts.has('parents')) return []
    return listFact(from, 'parents').map((parent) => detachPartitionStep(parent, to))
  }
  const kept = keptParents(from, to)
  return listFact(from, 'parents')
    .filter((parent) => !kept.includes(parent))
    .map((parent) => ({ ...step(`ALTER TABLE ${to.name} NO INHERIT ${parent}`), phase: 'release' }))
}

/** Ends that a table is a partition of another one, before anything is dropped. */
export function detachPartitionStep(parent: string, { name }: DdlObject): DdlStep {
  return {
    ...step(`ALTER TABLE ${parent} DETACH PARTITION ${name}`),
    phase: 'release',
  }
}

/** ATTACH PARTITION or INHERIT for new parents, after the table has all parts that they require. */
export function attachParentSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  if (textFact(to, 'partition') !== '') return attachPartitionSteps(from, to)
  const isNew = Object.keys(from.facts).length === 0
  if (isNew) return []
  const kept = keptParents(from, to)
  return listFact(to, 'parents')
    .filter((parent) => !kept.includes(parent))
    .map((parent) => ({
      ...step(`ALTER TABLE ${to.name} INHERIT ${parent}`),
      phase: 'attach',
      after: [keyFromName('table', parent)],
    }))
}

function attachPartitionSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [parent] = listFact(to, 'parents')
  const [before] = listFact(from, 'parents')
  if (parent === undefined) return []
  if (parent === before && textFact(from, 'partition') === textFact(to, 'partition')) return []
  return [
    {
      ...step(
        `ALTER TABLE ${parent} ATTACH PARTITION ${to.name} ${textFact(to, 'partition')}`,
        { hazard: 'full scan', table: to.name, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'may fail', when: `a row of ${to.name} does not belong in the partition`, table: to.name },
      ),
      phase: 'attach',
      after: [keyFromName('table', parent)],
    },
  ]
}

/** The columns, constraints and indexes that a parent, or a composite type, requires its tables to have. */
export function requiredParts({ catalog, key }: DdlObject): readonly string[] {
  const kinds = ['column:', 'constraint:', 'index:']
  return (partsByRelation(catalog).get(key) ?? []).filter((part) =>
    kinds.some((kind) => part.startsWith(kind)),
  )
}
