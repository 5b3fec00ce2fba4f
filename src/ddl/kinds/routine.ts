import { type ObjectChange, type DdlObject, type KindDdl, step, textFact } from '../object.js'
import { splitArguments } from './argument-list.js'
import { keptResultHazards } from './kept-results.js'
import { routinesToCreateFirst } from './routine-order.js'
import { isDroppedWithType } from './shell-type.js'

export const functionDdl: KindDdl = createRoutineDdl('FUNCTION')
export const procedureDdl: KindDdl = createRoutineDdl('PROCEDURE')

function createRoutineDdl(keyword: string): KindDdl {
  const create = (object: DdlObject) => [
    { ...step(textFact(object, 'definition').trimEnd()), after: routinesToCreateFirst(object) },
  ]
  return {
    reference: ({ name, signature }) => `${keyword} ${name}${signature}`,
    create,
    drop: (object) =>
      isDroppedWithType(object) ? [] : [step(`DROP ${keyword} ${object.name}${object.signature}`)],
    alter: (change) =>
      canReplaceInPlace(change)
        ? create(change.to).map((one) => ({ ...one, hazards: keptResultHazards(change) }))
        : 'replace',
  }
}

/** CREATE OR REPLACE cannot change the result type, rename an argument or change its mode, nor remove a default. */
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
      return declared === other.declared || onlyGainsName(declared, other.declared, type)
    })
  )
}

/** An argument without a name may get one, unless it is part of the result. */
function onlyGainsName(before: string, after: string, type: string | undefined): boolean {
  if (type === undefined || !before.endsWith(type)) return false
  const mode = before.slice(0, -type.length)
  return ['', 'IN ', 'VARIADIC '].includes(mode) && after.startsWith(mode) && after.endsWith(` ${type}`)
}

/**
 * CREATE OR REPLACE cannot turn a window function into an ordinary one. WINDOW is in the definition before the body.
 */
function isWindowFunction(object: DdlObject): boolean {
  const [head = ''] = textFact(object, 'definition').split('\nAS ')
  return /^ WINDOW\b/m.test(head)
}
