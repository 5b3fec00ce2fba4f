import { literal } from '../identifiers.js'
import { type Change, type DdlObject, type KindDdl, step, text } from '../object.js'
import { type Clause, parenthesized } from './clauses.js'
import { dropOfType, shellOf } from './shell-type.js'
import { usersOfType } from './type-users.js'

const options: Readonly<Record<string, Clause>> = {
  input: (type) => `INPUT = ${text(type, 'input')}`,
  output: (type) => `OUTPUT = ${text(type, 'output')}`,
  receive: (type) => `RECEIVE = ${text(type, 'receive')}`,
  send: (type) => `SEND = ${text(type, 'send')}`,
  typmodIn: (type) => `TYPMOD_IN = ${text(type, 'typmodIn')}`,
  typmodOut: (type) => `TYPMOD_OUT = ${text(type, 'typmodOut')}`,
  analyze: (type) => `ANALYZE = ${text(type, 'analyze')}`,
  subscript: (type) => `SUBSCRIPT = ${text(type, 'subscript')}`,
  length: (type) => `INTERNALLENGTH = ${text(type, 'length')}`,
  byValue: () => 'PASSEDBYVALUE',
  alignment: (type) => `ALIGNMENT = ${text(type, 'alignment')}`,
  storage: (type) => `STORAGE = ${text(type, 'storage')}`,
  category: (type) => `CATEGORY = ${literal(text(type, 'category'))}`,
  preferred: () => 'PREFERRED = true',
  default: (type) => `DEFAULT = ${literal(text(type, 'default'))}`,
  element: (type) => `ELEMENT = ${text(type, 'element')}`,
  delimiter: (type) => `DELIMITER = ${literal(text(type, 'delimiter'))}`,
  collatable: () => 'COLLATABLE = true',
}

/** The options that ALTER TYPE sets, by fact. */
const settable: Readonly<Record<string, string>> = {
  receive: 'RECEIVE',
  send: 'SEND',
  typmodIn: 'TYPMOD_IN',
  typmodOut: 'TYPMOD_OUT',
  analyze: 'ANALYZE',
  subscript: 'SUBSCRIPT',
  storage: 'STORAGE',
}

export const baseType: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    ...shellOf(object),
    step(
      text(object, 'input') === ''
        ? `CREATE TYPE ${object.name}`
        : `CREATE TYPE ${object.name} ${parenthesized(object, options)}`,
    ),
  ],
  drop: dropOfType,
  alter: (change) => {
    const { from, to, facts } = change
    const isUsed = usersOfType(from).length > 0
    if (canBeSet(change, { isUsed }))
      return [step(`ALTER TYPE ${to.name} SET (${settings(to, facts).join(', ')})`)]
    if (!isUsed) return 'replace'
    return {
      reason: 'PostgreSQL cannot alter these properties of a base type, and columns are of this one',
      decide: 'whether to make a type of another name and to move the columns to it',
    }
  },
}

/** A type cannot be plain again, and columns keep the storage that their type once had. */
function canBeSet({ to, facts }: Change, { isUsed }: { readonly isUsed: boolean }): boolean {
  if (facts.has('storage') && (isUsed || text(to, 'storage') === '')) return false
  return [...facts].every((fact) => settable[fact] !== undefined)
}

function settings(to: DdlObject, facts: ReadonlySet<string>): readonly string[] {
  return Object.entries(settable).flatMap(([fact, option]) =>
    facts.has(fact) ? [`${option} = ${text(to, fact) || 'NONE'}`] : [],
  )
}
