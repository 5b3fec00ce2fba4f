import { quoteLiteral } from '../identifiers.js'
import { type ObjectChange, type DdlObject, type KindDdl, step, textFact } from '../object.js'
import { type OptionClause, renderOptionList } from './option-list.js'
import { dropTypeSteps, shellTypeSteps } from './shell-type.js'
import { columnsOfType } from './type-users.js'

const baseTypeOptions: Readonly<Record<string, OptionClause>> = {
  input: (type) => `INPUT = ${textFact(type, 'input')}`,
  output: (type) => `OUTPUT = ${textFact(type, 'output')}`,
  receive: (type) => `RECEIVE = ${textFact(type, 'receive')}`,
  send: (type) => `SEND = ${textFact(type, 'send')}`,
  typmodIn: (type) => `TYPMOD_IN = ${textFact(type, 'typmodIn')}`,
  typmodOut: (type) => `TYPMOD_OUT = ${textFact(type, 'typmodOut')}`,
  analyze: (type) => `ANALYZE = ${textFact(type, 'analyze')}`,
  subscript: (type) => `SUBSCRIPT = ${textFact(type, 'subscript')}`,
  length: (type) => `INTERNALLENGTH = ${textFact(type, 'length')}`,
  byValue: () => 'PASSEDBYVALUE',
  alignment: (type) => `ALIGNMENT = ${textFact(type, 'alignment')}`,
  storage: (type) => `STORAGE = ${textFact(type, 'storage')}`,
  category: (type) => `CATEGORY = ${quoteLiteral(textFact(type, 'category'))}`,
  preferred: () => 'PREFERRED = true',
  default: (type) => `DEFAULT = ${quoteLiteral(textFact(type, 'default'))}`,
  element: (type) => `ELEMENT = ${textFact(type, 'element')}`,
  delimiter: (type) => `DELIMITER = ${quoteLiteral(textFact(type, 'delimiter'))}`,
  collatable: () => 'COLLATABLE = true',
}

/** The options that ALTER TYPE sets, by fact. */
const alterTypeOptions: Readonly<Record<string, string>> = {
  receive: 'RECEIVE',
  send: 'SEND',
  typmodIn: 'TYPMOD_IN',
  typmodOut: 'TYPMOD_OUT',
  analyze: 'ANALYZE',
  subscript: 'SUBSCRIPT',
  storage: 'STORAGE',
}

export const baseTypeDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    ...shellTypeSteps(object),
    step(
      textFact(object, 'input') === ''
        ? `CREATE TYPE ${object.name}`
        : `CREATE TYPE ${object.name} ${renderOptionList(object, baseTypeOptions)}`,
    ),
  ],
  drop: dropTypeSteps,
  alter: (change) => {
    const { from, to, facts } = change
    const isUsed = columnsOfType(from).length > 0
    if (canAlterInPlace(change, { isUsed }))
      return [step(`ALTER TYPE ${to.name} SET (${typeSettings(to, facts).join(', ')})`)]
    if (!isUsed) return 'replace'
    return {
      reason: 'PostgreSQL cannot alter these properties of a base type, and columns are of this one',
      decide: 'whether to make a type of another name and to move the columns to it',
    }
  },
}

/** A type cannot be plain again, and columns keep the storage that their type once had. */
function canAlterInPlace({ to, facts }: ObjectChange, { isUsed }: { readonly isUsed: boolean }): boolean {
  if (facts.has('storage') && (isUsed || textFact(to, 'storage') === '')) return false
  return [...facts].every((fact) => alterTypeOptions[fact] !== undefined)
}

function typeSettings(to: DdlObject, facts: ReadonlySet<string>): readonly string[] {
  return Object.entries(alterTypeOptions).flatMap(([fact, option]) =>
    facts.has(fact) ? [`${option} = ${textFact(to, fact) || 'NONE'}`] : [],
  )
}
