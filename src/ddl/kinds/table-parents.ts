import { type Change, type DdlObject, keyOfName, list, partsOf, type Step, step, text } from '../object.js'

/** Lets go of the parents a table shall no longer have, before anything is dropped. */
export function releaseSteps({ from, to, facts }: Change): readonly Step[] {
  if (text(from, 'partition') !== '') {
    if (!facts.has('partition') && !facts.has('parents')) return []
    return list(from, 'parents').map((parent) => ({
      ...step(`ALTER TABLE ${parent} DETACH PARTITION ${to.name}`, {
        hazard: 'lock',
        table: parent,
        lock: 'ACCESS EXCLUSIVE',
      }),
      phase: 'release',
    }))
  }
  const after = text(to, 'partition') === '' ? list(to, 'parents') : []
  return list(from, 'parents')
    .filter((parent) => !after.includes(parent))
    .map((parent) => ({ ...step(`ALTER TABLE ${to.name} NO INHERIT ${parent}`), phase: 'release' }))
}

/** Takes hold of new parents, once the table has all they ask for. */
export function attachSteps({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  if (text(to, 'partition') !== '') return attached({ from, to })
  const isNew = Object.keys(from.facts).length === 0
  if (isNew) return []
  const before = text(from, 'partition') === '' ? list(from, 'parents') : []
  return list(to, 'parents')
    .filter((parent) => !before.includes(parent))
    .map((parent) => ({
      ...step(`ALTER TABLE ${to.name} INHERIT ${parent}`),
      phase: 'attach',
      after: [keyOfName('table', parent), ...requirements(to)],
    }))
}

function attached({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  const [parent] = list(to, 'parents')
  const [before] = list(from, 'parents')
  if (parent === undefined) return []
  if (parent === before && text(from, 'partition') === text(to, 'partition')) return []
  return [
    {
      ...step(
        `ALTER TABLE ${parent} ATTACH PARTITION ${to.name} ${text(to, 'partition')}`,
        { hazard: 'lock', table: parent, lock: 'SHARE UPDATE EXCLUSIVE' },
        { hazard: 'full scan', table: to.name, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'may fail', when: `a row of ${to.name} is not of this partition`, table: to.name },
      ),
      phase: 'attach',
      after: [keyOfName('table', parent), ...requirements(to)],
    },
  ]
}

/** A parent asks its children for columns, constraints and indexes of their own. */
function requirements({ catalog, key }: DdlObject): readonly string[] {
  const kinds = ['column:', 'constraint:', 'index:']
  return (partsOf(catalog).get(key) ?? []).filter((part) => kinds.some((kind) => part.startsWith(kind)))
}
