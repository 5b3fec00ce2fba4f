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

/** Lets go of the parents a table shall no longer have, before anything is dropped. */
export function releaseParentSteps({ from, to, facts }: ObjectChange): readonly DdlStep[] {
  if (textFact(from, 'partition') !== '') {
    if (!facts.has('partition') && !facts.has('parents')) return []
    return listFact(from, 'parents').map((parent) => ({
      ...step(`ALTER TABLE ${parent} DETACH PARTITION ${to.name}`, {
        hazard: 'lock',
        table: parent,
        lock: 'ACCESS EXCLUSIVE',
      }),
      phase: 'release',
    }))
  }
  const after = textFact(to, 'partition') === '' ? listFact(to, 'parents') : []
  return listFact(from, 'parents')
    .filter((parent) => !after.includes(parent))
    .map((parent) => ({ ...step(`ALTER TABLE ${to.name} NO INHERIT ${parent}`), phase: 'release' }))
}

/** Takes hold of new parents, once the table has all they ask for. */
export function attachParentSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  if (textFact(to, 'partition') !== '') return attachPartitionSteps({ from, to })
  const isNew = Object.keys(from.facts).length === 0
  if (isNew) return []
  const before = textFact(from, 'partition') === '' ? listFact(from, 'parents') : []
  return listFact(to, 'parents')
    .filter((parent) => !before.includes(parent))
    .map((parent) => ({
      ...step(`ALTER TABLE ${to.name} INHERIT ${parent}`),
      phase: 'attach',
      after: [keyFromName('table', parent), ...requiredParts(to)],
    }))
}

function attachPartitionSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  const [parent] = listFact(to, 'parents')
  const [before] = listFact(from, 'parents')
  if (parent === undefined) return []
  if (parent === before && textFact(from, 'partition') === textFact(to, 'partition')) return []
  return [
    {
      ...step(
        `ALTER TABLE ${parent} ATTACH PARTITION ${to.name} ${textFact(to, 'partition')}`,
        { hazard: 'lock', table: parent, lock: 'SHARE UPDATE EXCLUSIVE' },
        { hazard: 'full scan', table: to.name, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'may fail', when: `a row of ${to.name} is not of this partition`, table: to.name },
      ),
      phase: 'attach',
      after: [keyFromName('table', parent), ...requiredParts(to)],
    },
  ]
}

/** A parent asks its children for columns, constraints and indexes of their own. */
function requiredParts({ catalog, key }: DdlObject): readonly string[] {
  const kinds = ['column:', 'constraint:', 'index:']
  return (partsByRelation(catalog).get(key) ?? []).filter((part) =>
    kinds.some((kind) => part.startsWith(kind)),
  )
}
