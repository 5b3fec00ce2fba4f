import { quoteLiteral } from '../identifiers.js'
import { splitNamedText } from '../named-text.js'
import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { routinesTakingDomain } from './domain-routines.js'
import { matchesTypeKey, tablesStoringType, columnsOfType } from './type-users.js'

const notValidSuffix = / NOT VALID$/

export const domainDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => {
    const constraints = listFact(object, 'constraints')
    const isLater = routinesTakingDomain(object).length > 0
    const inline = constraints.filter((constraint) => !isLater && !notValidSuffix.test(constraint))
    const later = constraints.filter((constraint) => !inline.includes(constraint))
    return [
      step(
        [
          `CREATE DOMAIN ${object.name} AS ${textFact(object, 'type')}`,
          ...domainClauses(object, inline),
        ].join(' '),
      ),
      ...addedWhenPossible(
        object,
        later.map((constraint) => step(`ALTER DOMAIN ${object.name} ADD CONSTRAINT ${constraint}`)),
      ),
    ]
  },
  drop: (object) => [
    ...(routinesTakingDomain(object).length === 0
      ? []
      : listFact(object, 'constraints').map((constraint) =>
          releaseDomainStep(object, `DROP CONSTRAINT ${constraintName(constraint)}`),
        )),
    step(`DROP TYPE ${object.name}`),
  ],
  alter: (change) => (mustRecreateDomain(change) ? 'replace' : alterDomainSteps(change)),
  reboundFacts: ['constraints', 'default'],
  rebind: (from, to, needed) => {
    if (matchesTypeKey(textFact(from, 'type'), needed) || needed.startsWith('collation:')) return null
    const names = listFact(from, 'constraints').map(constraintName)
    return [
      ...(textFact(from, 'default') === '' ? [] : [releaseDomainStep(from, 'DROP DEFAULT')]),
      ...names.map((name) => releaseDomainStep(from, `DROP CONSTRAINT ${name}`)),
      ...(textFact(to, 'default') === ''
        ? []
        : [step(`ALTER DOMAIN ${to.name} SET DEFAULT ${textFact(to, 'default')}`)]),
      ...listFact(to, 'constraints').flatMap((constraint) => addDomainConstraintSteps(from, to, constraint)),
    ]
  },
}

function domainClauses(object: DdlObject, constraints: readonly string[]): readonly string[] {
  const [collation, expression] = [textFact(object, 'collation'), textFact(object, 'default')]
  return [
    ...(collation === '' ? [] : [`COLLATE ${collation}`]),
    ...(expression === '' ? [] : [`DEFAULT ${expression}`]),
    ...(object.facts['nullable'] === false ? ['NOT NULL'] : []),
    ...constraints.map((constraint) => `CONSTRAINT ${constraint}`),
  ]
}

/**
 * ALTER DOMAIN checks only columns of the domain itself; it fails if an array or a composite type contains the domain.
 */
function mustRecreateDomain({ from, to, facts }: ObjectChange): boolean {
  if (facts.has('type') || facts.has('collation')) return true
  const tightens =
    (facts.has('nullable') && to.facts['nullable'] === false) ||
    listFact(to, 'constraints').some(
      (constraint) => !notValidSuffix.test(constraint) && !listFact(from, 'constraints').includes(constraint),
    )
  return tightens && columnsOfType(from).some(({ contained }) => contained)
}

function alterDomainSteps({ from, to, facts }: ObjectChange): readonly DdlStep[] {
  const expression = textFact(to, 'default')
  return [
    ...(facts.has('constraints') ? domainConstraintSteps(from, to) : []),
    ...(facts.has('default')
      ? [step(`ALTER DOMAIN ${to.name} ${expression === '' ? 'DROP DEFAULT' : `SET DEFAULT ${expression}`}`)]
      : []),
    ...(facts.has('nullable') ? [domainNullabilityStep(to)] : []),
  ]
}

function domainNullabilityStep(to: DdlObject): DdlStep {
  if (to.facts['nullable'] === true) return step(`ALTER DOMAIN ${to.name} DROP NOT NULL`)
  return step(`ALTER DOMAIN ${to.name} SET NOT NULL`, ...validationHazards(to, 'null is stored'))
}

function domainConstraintSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'constraints'), listFact(to, 'constraints')]
  const becomesValid = (constraint: string): boolean => before.includes(`${constraint} NOT VALID`)
  const dropped = before.filter(
    (constraint) => !after.includes(constraint) && !after.includes(constraint.replace(notValidSuffix, '')),
  )
  const added = after.filter((constraint) => !before.includes(constraint) && !becomesValid(constraint))
  return [
    ...dropped.map((constraint) => releaseDomainStep(from, `DROP CONSTRAINT ${constraintName(constraint)}`)),
    ...addedWhenPossible(
      to,
      added.flatMap((constraint) => addDomainConstraintSteps(from, to, constraint)),
    ),
    ...after.filter(becomesValid).map((constraint) => validateDomainStep(to, constraint)),
  ]
}

/** A routine that takes the domain comes between the domain and its check. */
function addedWhenPossible(to: DdlObject, steps: readonly DdlStep[]): readonly DdlStep[] {
  if (routinesTakingDomain(to).length === 0) return steps
  return steps.map((one) => ({ ...one, phase: 'attach' }))
}

function releaseDomainStep(from: DdlObject, clause: string): DdlStep {
  return { ...step(`ALTER DOMAIN ${from.name} ${clause}`), phase: 'release' }
}

/** NOT VALID checks new values at once. Stored values are checked by a separate VALIDATE CONSTRAINT. */
function addDomainConstraintSteps(from: DdlObject, to: DdlObject, constraint: string): readonly DdlStep[] {
  const add = `ALTER DOMAIN ${to.name} ADD CONSTRAINT ${constraint}`
  const isOneStep = notValidSuffix.test(constraint) || tablesStoringType(to).length === 0
  return [
    ...(isOneStep ? [step(add)] : [step(`${add} NOT VALID`), validateDomainStep(to, constraint)]),
    ...restoreCommentSteps(from, to, constraintName(constraint)),
  ]
}

/** A dropped constraint loses its comment. If the comment does not differ, no other step writes it. */
function restoreCommentSteps(from: DdlObject, to: DdlObject, constraint: string): readonly DdlStep[] {
  return listFact(to, 'constraintComments')
    .filter((comment) => listFact(from, 'constraintComments').includes(comment))
    .map(splitNamedText)
    .filter(({ name }) => name === constraint)
    .map(({ text }) =>
      step(`COMMENT ON CONSTRAINT ${constraint} ON DOMAIN ${to.name} IS ${quoteLiteral(text)}`),
    )
}

function validateDomainStep(to: DdlObject, constraint: string): DdlStep {
  const name = constraintName(constraint)
  return step(
    `ALTER DOMAIN ${to.name} VALIDATE CONSTRAINT ${name}`,
    ...validationHazards(to, `a stored value does not satisfy ${name}`),
  )
}

function validationHazards(to: DdlObject, problem: string): readonly Hazard[] {
  return tablesStoringType(to).flatMap((table): readonly Hazard[] => [
    { hazard: 'full scan', table, lock: 'SHARE' },
    { hazard: 'may fail', when: `${problem} in ${table}`, table },
  ])
}

function constraintName(constraint: string): string {
  return /^(?:"(?:[^"]|"")*"|\S+)/.exec(constraint)?.[0] ?? ''
}
