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
import { matchesTypeKey, tablesStoringType, columnsOfType } from './type-users.js'

const notValidSuffix = / NOT VALID$/

export const domainDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => {
    const inline = listFact(object, 'constraints').filter((constraint) => !notValidSuffix.test(constraint))
    const later = listFact(object, 'constraints').filter((constraint) => notValidSuffix.test(constraint))
    return [
      step(
        [
          `CREATE DOMAIN ${object.name} AS ${textFact(object, 'type')}`,
          ...domainClauses(object, inline),
        ].join(' '),
      ),
      ...later.map((constraint) => step(`ALTER DOMAIN ${object.name} ADD CONSTRAINT ${constraint}`)),
    ]
  },
  alter: (change) => (mustRecreateDomain(change) ? 'replace' : alterDomainSteps(change)),
  reboundFacts: ['constraints', 'default'],
  rebind: ({ from, to }, needed) => {
    if (matchesTypeKey(textFact(from, 'type'), needed) || needed.startsWith('collation:')) return null
    const names = listFact(from, 'constraints').map(constraintName)
    return [
      ...(textFact(from, 'default') === '' ? [] : [releaseDomainStep(from, 'DROP DEFAULT')]),
      ...names.map((name) => releaseDomainStep(from, `DROP CONSTRAINT ${name}`)),
      ...(textFact(to, 'default') === ''
        ? []
        : [step(`ALTER DOMAIN ${to.name} SET DEFAULT ${textFact(to, 'default')}`)]),
      ...listFact(to, 'constraints').flatMap((constraint) =>
        addDomainConstraintSteps({ from, to }, constraint),
      ),
    ]
  },
}

function domainClauses(object: DdlObject, constraints: readonly string[]): readonly string[] {
  const [collation, preset] = [textFact(object, 'collation'), textFact(object, 'default')]
  return [
    ...(collation === '' ? [] : [`COLLATE ${collation}`]),
    ...(preset === '' ? [] : [`DEFAULT ${preset}`]),
    ...(object.facts['nullable'] === false ? ['NOT NULL'] : []),
    ...constraints.map((constraint) => `CONSTRAINT ${constraint}`),
  ]
}

/** PostgreSQL checks the values in columns of the domain alone, not those within arrays and composite values. */
function mustRecreateDomain({ from, to, facts }: ObjectChange): boolean {
  if (facts.has('type') || facts.has('collation')) return true
  const tightens =
    (facts.has('nullable') && to.facts['nullable'] === false) ||
    listFact(to, 'constraints').some(
      (one) => !notValidSuffix.test(one) && !listFact(from, 'constraints').includes(one),
    )
  return tightens && columnsOfType(from).some(({ contained }) => contained)
}

function alterDomainSteps(change: ObjectChange): readonly DdlStep[] {
  const { to, facts } = change
  const preset = textFact(to, 'default')
  return [
    ...(facts.has('constraints') ? domainConstraintSteps(change) : []),
    ...(facts.has('default')
      ? [step(`ALTER DOMAIN ${to.name} ${preset === '' ? 'DROP DEFAULT' : `SET DEFAULT ${preset}`}`)]
      : []),
    ...(facts.has('nullable') ? [domainNullabilityStep(to)] : []),
  ]
}

function domainNullabilityStep(to: DdlObject): DdlStep {
  if (to.facts['nullable'] === true) return step(`ALTER DOMAIN ${to.name} DROP NOT NULL`)
  return step(`ALTER DOMAIN ${to.name} SET NOT NULL`, ...validationHazards(to, 'null is stored'))
}

function domainConstraintSteps({ from, to }: ObjectChange): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'constraints'), listFact(to, 'constraints')]
  const isToBeValidated = (one: string): boolean => before.includes(`${one} NOT VALID`)
  const gone = before.filter(
    (one) => !after.includes(one) && !after.includes(one.replace(notValidSuffix, '')),
  )
  const fresh = after.filter((one) => !before.includes(one) && !isToBeValidated(one))
  return [
    ...gone.map((one) => releaseDomainStep(from, `DROP CONSTRAINT ${constraintName(one)}`)),
    ...fresh.flatMap((one) => addDomainConstraintSteps({ from, to }, one)),
    ...after.filter(isToBeValidated).map((one) => validateDomainStep(to, one)),
  ]
}

function releaseDomainStep(from: DdlObject, what: string): DdlStep {
  return { ...step(`ALTER DOMAIN ${from.name} ${what}`), phase: 'release' }
}

type DomainChange = Pick<ObjectChange, 'from' | 'to'>

/** The values that are there are checked apart, so that new ones are checked from the first moment. */
function addDomainConstraintSteps({ from, to }: DomainChange, constraint: string): readonly DdlStep[] {
  const add = `ALTER DOMAIN ${to.name} ADD CONSTRAINT ${constraint}`
  const isOneStep = notValidSuffix.test(constraint) || tablesStoringType(to).length === 0
  return [
    ...(isOneStep ? [step(add)] : [step(`${add} NOT VALID`), validateDomainStep(to, constraint)]),
    ...restoreCommentSteps({ from, to }, constraintName(constraint)),
  ]
}

/** What is written about a constraint goes with it, and is no difference if it was the same before. */
function restoreCommentSteps({ from, to }: DomainChange, constraint: string): readonly DdlStep[] {
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
