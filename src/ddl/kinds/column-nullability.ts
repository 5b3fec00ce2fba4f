import {
  type DdlObject,
  booleanFact,
  type DdlStep,
  findRelation,
  step,
  tableKeyword,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { descendantsOf, membersByKey } from '../tree.js'
import { alterColumnStep } from './alter-column.js'
import { isBoundByChildren, isNotNullOfParent, parentColumnOf } from './column-definition.js'
import { freeConstraintName, notNullName } from './constraint-name.js'

/** What changes whether a column may be null, and what is known of that: its name, and whether it is valid or inherited. */
export function nullabilitySteps(
  from: DdlObject,
  to: DdlObject,
  facts: ReadonlySet<string>,
): readonly DdlStep[] {
  if (!['nullable', 'valid', 'notNullNoInherit'].some((fact) => facts.has(fact)))
    return facts.has('notNullName') && !isNotNullOfParent(to) ? renameNotNullSteps(from, to) : []
  if (to.facts['nullable'] === true) return [alterColumnStep(to, 'DROP NOT NULL')]
  const later = from.facts['nullable'] === true ? setNotNullLaterSteps(from, to) : null
  if (later !== null) return later
  if (
    to.facts['valid'] === false ||
    booleanFact(to, 'notNullNoInherit') ||
    textFact(to, 'notNullName') !== ''
  )
    return [alterColumnStep(to, 'DROP NOT NULL'), addNotNullStep(to)]
  return [
    ...(facts.has('notNullNoInherit') ? [alterColumnStep(to, 'DROP NOT NULL')] : []),
    setNotNullStep(from, to),
    ...(facts.has('valid') && facts.has('notNullName') ? renameNotNullSteps(from, to) : []),
  ]
}

/**
 * NOT NULL that is found to be true while others write; null where that is not possible, or not allowed. PostgreSQL 18 has it as a
 * constraint that can be validated later. Before, and where the version is not known, a check that can be shows that it is
 * true, so that no scan is left.
 */
function setNotNullLaterSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] | null {
  const isPlain = to.facts['valid'] !== false && !booleanFact(to, 'notNullNoInherit')
  if (to.mayBlock || !isPlain || tableKeyword(to) !== 'TABLE' || !isSameTree(from, to)) return null
  if ((to.serverMajor ?? 0) >= 18) {
    const name = textFact(to, 'notNullName') || notNullName(to)
    return [addConstraintStep(to, `${name} NOT NULL ${to.name} NOT VALID`), validateLater(to, name)]
  }
  if (textFact(to, 'notNullName') !== '') return null
  const check = freeConstraintName(to, 'not_null_check')
  return [
    addConstraintStep(to, `${check} CHECK (${to.name} IS NOT NULL) NOT VALID`),
    validateLater(to, check),
    { ...alterColumnStep(to, 'SET NOT NULL'), phase: 'attach' },
    { ...step(`ALTER TABLE ${to.relation} DROP CONSTRAINT ${check}`), phase: 'attach' },
  ]
}

/** Whether its table has no parents, and the same tables below before and after. */
function isSameTree(from: DdlObject, to: DdlObject): boolean {
  const hasParents = [from, to].some((column) => findRelation(column)?.facts['parents'] !== undefined)
  const [before, after] = [from, to].map(({ catalog, key }) =>
    descendantsOf(membersByKey(catalog), key).toSorted().join(' '),
  )
  return !hasParents && before === after
}

function validateLater(column: DdlObject, name: string): DdlStep {
  return { ...validateStep(column, name), phase: 'attach', alone: true }
}

function validateStep(column: DdlObject, name: string): DdlStep {
  const { relation: table } = column
  return step(
    `ALTER ${tableKeyword(column)} ${table} VALIDATE CONSTRAINT ${name}`,
    { hazard: 'full scan', table, lock: 'SHARE UPDATE EXCLUSIVE' },
    { hazard: 'may fail', when: `${column.name} is null in a row`, table },
  )
}

/** Below a NOT NULL that is not valid, a valid one of its own keeps PostgreSQL from adding one that is not. */
function setNotNullStep(from: DdlObject, to: DdlObject): DdlStep {
  const own = textFact(from, '$notValidName')
  if (own !== '' && from.facts['valid'] === false) return validateStep(to, own)
  const set: DdlStep = { ...alterColumnStep(to, 'SET NOT NULL'), hazards: notNullHazards(to) }
  return parentColumnOf(to)?.facts['valid'] === false ? { ...set, phase: 'release' } : set
}

/** Only 18 and later have a constraint to rename. Where its name is not known, or a child has another, it is made again. */
function renameNotNullSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const before = textFact(from, 'notNullName')
  if (before === '' || isBoundByChildren(from))
    return [alterColumnStep(to, 'DROP NOT NULL'), addNotNullStep(to)]
  const after = textFact(to, 'notNullName') || notNullName(to)
  return [step(`ALTER ${tableKeyword(to)} ${to.relation} RENAME CONSTRAINT ${before} TO ${after}`)]
}

/** NOT NULL that is NOT VALID or NO INHERIT, or has a name of its own, needs a named constraint. */
export function addNotNullStep(object: DdlObject): DdlStep {
  const name = textFact(object, 'notNullName') || notNullName(object)
  const suffix = `${booleanFact(object, 'notNullNoInherit') ? ' NO INHERIT' : ''}${object.facts['valid'] === false ? ' NOT VALID' : ''}`
  const add = addConstraintStep(object, `${name} NOT NULL ${object.name}${suffix}`)
  return object.facts['valid'] === false ? add : { ...add, hazards: notNullHazards(object) }
}

function addConstraintStep(column: DdlObject, constraint: string): DdlStep {
  return step(`ALTER ${tableKeyword(column)} ${column.relation} ADD CONSTRAINT ${constraint}`)
}

function notNullHazards({ relation: table, name }: DdlObject): readonly Hazard[] {
  return [
    { hazard: 'full scan', table, lock: 'ACCESS EXCLUSIVE' },
    { hazard: 'may fail', when: `${name} is null in a row`, table },
  ]
}
