import { type Change, type DdlObject, type KindDdl, step, text } from '../object.js'
import { splitArguments } from './argument-list.js'
import { routinesNamedBy } from './routine-calls.js'
import { endsWithType } from './shell-type.js'

export const routineFunction: KindDdl = routine('FUNCTION')
export const procedure: KindDdl = routine('PROCEDURE')

function routine(word: string): KindDdl {
  const create = (object: DdlObject) => [
    { ...step(text(object, 'definition').trimEnd()), after: routinesNamedBy(object) },
  ]
  return {
    reference: ({ name, signature }) => `${word} ${name}${signature}`,
    create,
    drop: (object) => (endsWithType(object) ? [] : [step(`DROP ${word} ${object.name}${object.signature}`)]),
    alter: (change) => (canReplaceInPlace(change) ? create(change.to) : 'replace'),
  }
}

/** CREATE OR REPLACE keeps the result, the names and modes of arguments, and every default that is there. */
function canReplaceInPlace({ from, to }: Change): boolean {
  if (text(from, '$returns') !== text(to, '$returns') || isWindow(from) !== isWindow(to)) return false
  const before = splitArguments(text(from, '$arguments'))
  const after = splitArguments(text(to, '$arguments'))
  const types = splitArguments(from.signature.slice(1, -1)).map(({ declared }) => declared)
  return (
    before.length === after.length &&
    before.every(({ declared, hasDefault }, index) => {
      const other = after[index]
      const type = types.length === before.length ? types[index] : undefined
      if (other === undefined || (hasDefault && !other.hasDefault)) return false
      return declared === other.declared || getsName({ declared, type }, other.declared)
    })
  )
}

interface Unnamed {
  readonly declared: string
  readonly type: string | undefined
}

/** An argument without a name may get one, unless it is part of the result. */
function getsName({ declared, type }: Unnamed, after: string): boolean {
  if (type === undefined || !declared.endsWith(type)) return false
  const mode = declared.slice(0, -type.length)
  return ['', 'IN ', 'VARIADIC '].includes(mode) && after.startsWith(mode) && after.endsWith(` ${type}`)
}

/** Window functions are functions of their own kind to CREATE OR REPLACE; they are marked ahead of the body. */
function isWindow(object: DdlObject): boolean {
  const [head = ''] = text(object, 'definition').split('\nAS ')
  return /^ WINDOW\b/m.test(head)
}
