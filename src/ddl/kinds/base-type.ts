import { quoteLiteral } from '../identifiers.js'
import { type ObjectChange, type DdlObject, type KindDdl, step, textFact } from '../object.js'
import { type OptionClause, renderOptionList } from './option-list.js'
import { dropTypeSteps, shellTypeSteps } from './shell-type.js'
import { columnsKeepingType, columnsOfType } from './type-users.js'

/** The options of CREATE TYPE by fact, in the order of PostgreSQL's manual. */
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
    if (canAlterInPlace(change))
      return [step(`ALTER TYPE ${to.name} SET (${typeSettings(to, facts).join(', ')})`)]
    if (columnsKeepingType(from, to).length === 0) return 'replace'
    return {
      reason: 'PostgreSQL cannot alter these properties of a base type, and columns have this type',
      decide: 'whether to create a type with a different name and move the columns to it',
    }
  },
}

/**
 * ALTER TYPE cannot set the storage back to plain, and existing columns keep the storage that they got from their type.
 */
function canAlterInPlace({ from, to, facts }: ObjectChange): boolean {
  if (facts.has('storage') && (textFact(to, 'storage') === '' || columnsOfType(from).length > 0)) return false
  return [...facts].every((fact) => alterTypeOptions[fact] !== undefined)
}

function typeSettings(to: DdlObject, facts: ReadonlySet<string>): readonly string[] {
  return Object.entries(alterTypeOptions).flatMap(([fact, option]) =>
    facts.has(fact) ? [`${option} = ${textFact(to, fact) || 'NONE'}`] : [],
  )
}
