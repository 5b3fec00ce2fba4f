import { literal } from '../identifiers.js'
import { splitNamed } from '../named-text.js'
import { type Change, type DdlObject, type KindDdl, list, type Step, step, text } from '../object.js'
import type { Hazard } from '../statement.js'
import { isTypeOf, tablesOfType, usersOfType } from './type-users.js'

const notValid = / NOT VALID$/

export const domain: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => {
    const inline = list(object, 'constraints').filter((constraint) => !notValid.test(constraint))
    const later = list(object, 'constraints').filter((constraint) => notValid.test(constraint))
    return [
      step([`CREATE DOMAIN ${object.name} AS ${text(object, 'type')}`, ...clauses(object, inline)].join(' ')),
      ...later.map((constraint) => step(`ALTER DOMAIN ${object.name} ADD CONSTRAINT ${constraint}`)),
    ]
  },
  alter: (change) => (mustBeMadeAnew(change) ? 'replace' : altered(change)),
  rebinds: ['constraints', 'default'],
  rebind: ({ from, to }, needed) => {
    if (isTypeOf(text(from, 'type'), needed) || needed.startsWith('collation:')) return null
    const names = list(from, 'constraints').map(nameOf)
    return [
      ...(text(from, 'default') === '' ? [] : [released(from, 'DROP DEFAULT')]),
      ...names.map((name) => released(from, `DROP CONSTRAINT ${name}`)),
      ...(text(to, 'default') === ''
        ? []
        : [step(`ALTER DOMAIN ${to.name} SET DEFAULT ${text(to, 'default')}`)]),
      ...list(to, 'constraints').flatMap((constraint) => added({ from, to }, constraint)),
    ]
  },
}

function clauses(object: DdlObject, constraints: readonly string[]): readonly string[] {
  const [collation, preset] = [text(object, 'collation'), text(object, 'default')]
  return [
    ...(collation === '' ? [] : [`COLLATE ${collation}`]),
    ...(preset === '' ? [] : [`DEFAULT ${preset}`]),
    ...(object.facts['nullable'] === false ? ['NOT NULL'] : []),
    ...constraints.map((constraint) => `CONSTRAINT ${constraint}`),
  ]
}

/** PostgreSQL checks the values in columns of the domain alone, not those within arrays and composite values. */
function mustBeMadeAnew({ from, to, facts }: Change): boolean {
  if (facts.has('type') || facts.has('collation')) return true
  const tightens =
    (facts.has('nullable') && to.facts['nullable'] === false) ||
    list(to, 'constraints').some((one) => !notValid.test(one) && !list(from, 'constraints').includes(one))
  return tightens && usersOfType(from).some(({ contained }) => contained)
}

function altered(change: Change): readonly Step[] {
  const { to, facts } = change
  const preset = text(to, 'default')
  return [
    ...(facts.has('constraints') ? constraintChanges(change) : []),
    ...(facts.has('default')
      ? [step(`ALTER DOMAIN ${to.name} ${preset === '' ? 'DROP DEFAULT' : `SET DEFAULT ${preset}`}`)]
      : []),
    ...(facts.has('nullable') ? [nullability(to)] : []),
  ]
}

function nullability(to: DdlObject): Step {
  if (to.facts['nullable'] === true) return step(`ALTER DOMAIN ${to.name} DROP NOT NULL`)
  return step(`ALTER DOMAIN ${to.name} SET NOT NULL`, ...checked(to, 'null is stored'))
}

function constraintChanges({ from, to }: Change): readonly Step[] {
  const [before, after] = [list(from, 'constraints'), list(to, 'constraints')]
  const isToBeValidated = (one: string): boolean => before.includes(`${one} NOT VALID`)
  const gone = before.filter((one) => !after.includes(one) && !after.includes(one.replace(notValid, '')))
  const fresh = after.filter((one) => !before.includes(one) && !isToBeValidated(one))
  return [
    ...gone.map((one) => released(from, `DROP CONSTRAINT ${nameOf(one)}`)),
    ...fresh.flatMap((one) => added({ from, to }, one)),
    ...after.filter(isToBeValidated).map((one) => validated(to, one)),
  ]
}

function released(from: DdlObject, what: string): Step {
  return { ...step(`ALTER DOMAIN ${from.name} ${what}`), phase: 'release' }
}

type Sides = Pick<Change, 'from' | 'to'>

/** The values that are there are checked apart, so that new ones are checked from the first moment. */
function added({ from, to }: Sides, constraint: string): readonly Step[] {
  const add = `ALTER DOMAIN ${to.name} ADD CONSTRAINT ${constraint}`
  const isOneStep = notValid.test(constraint) || tablesOfType(to).length === 0
  return [
    ...(isOneStep ? [step(add)] : [step(`${add} NOT VALID`), validated(to, constraint)]),
    ...keptComment({ from, to }, nameOf(constraint)),
  ]
}

/** What is written about a constraint goes with it, and is no difference if it was the same before. */
function keptComment({ from, to }: Sides, constraint: string): readonly Step[] {
  return list(to, 'constraintComments')
    .filter((comment) => list(from, 'constraintComments').includes(comment))
    .map(splitNamed)
    .filter(({ name }) => name === constraint)
    .map(({ text: comment }) =>
      step(`COMMENT ON CONSTRAINT ${constraint} ON DOMAIN ${to.name} IS ${literal(comment)}`),
    )
}

function validated(to: DdlObject, constraint: string): Step {
  const name = nameOf(constraint)
  return step(
    `ALTER DOMAIN ${to.name} VALIDATE CONSTRAINT ${name}`,
    ...checked(to, `a stored value does not satisfy ${name}`),
  )
}

function checked(to: DdlObject, problem: string): readonly Hazard[] {
  return tablesOfType(to).flatMap((table): readonly Hazard[] => [
    { hazard: 'full scan', table, lock: 'SHARE' },
    { hazard: 'may fail', when: `${problem} in ${table}`, table },
  ])
}

function nameOf(constraint: string): string {
  return /^(?:"(?:[^"]|"")*"|\S+)/.exec(constraint)?.[0] ?? ''
}
