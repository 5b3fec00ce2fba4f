import { type ObjectChange, type DdlObject, type KindDdl, step, textFact } from '../object.js'
import { splitArguments } from './argument-list.js'
import { routinesToCreateFirst } from './routine-order.js'
import { isDroppedWithType } from './shell-type.js'

export const functionDdl: KindDdl = createRoutineDdl('FUNCTION')
export const procedureDdl: KindDdl = createRoutineDdl('PROCEDURE')

function createRoutineDdl(word: string): KindDdl {
  const create = (object: DdlObject) => [
    { ...step(textFact(object, 'definition').trimEnd()), after: routinesToCreateFirst(object) },
  ]
  return {
    reference: ({ name, signature }) => `${word} ${name}${signature}`,
    create,
    drop: (object) =>
      isDroppedWithType(object) ? [] : [step(`DROP ${word} ${object.name}${object.signature}`)],
    alter: (change) => (canReplaceInPlace(change) ? create(change.to) : 'replace'),
  }
}

/** CREATE OR REPLACE keeps the result, the names and modes of arguments, and every default that is there. */
function canReplaceInPlace({ from, to }: ObjectChange): boolean {
  if (
    textFact(from, '$returns') !== textFact(to, '$returns') ||
    isWindowFunction(from) !== isWindowFunction(to)
  )
    return false
  const before = splitArguments(textFact(from, '$arguments'))
  const after = splitArguments(textFact(to, '$arguments'))
  const types = splitArguments(from.signature.slice(1, -1)).map(({ declared }) => declared)
  return (
    before.length === after.length &&
    before.every(({ declared, hasDefault }, index) => {
      const other = after[index]
      const type = types.length === before.length ? types[index] : undefined
      if (other === undefined || (hasDefault && !other.hasDefault)) return false
      return declared === other.declared || onlyGainsName({ declared, type }, other.declared)
    })
  )
}

interface UnnamedArgument {
  readonly declared: string
  readonly type: string | undefined
}

/** An argument without a name may get one, unless it is part of the result. */
function onlyGainsName({ declared, type }: UnnamedArgument, after: string): boolean {
  if (type === undefined || !declared.endsWith(type)) return false
  const mode = declared.slice(0, -type.length)
  return ['', 'IN ', 'VARIADIC '].includes(mode) && after.startsWith(mode) && after.endsWith(` ${type}`)
}

/** Window functions are functions of their own kind to CREATE OR REPLACE; they are marked ahead of the body. */
function isWindowFunction(object: DdlObject): boolean {
  const [head = ''] = textFact(object, 'definition').split('\nAS ')
  return /^ WINDOW\b/m.test(head)
}
