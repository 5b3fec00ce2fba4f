import { type DdlObject, textFact } from '../object.js'

const parameterPattern = /^(.*) WITH \(((?:\w+='?[\w.]+'?(?:, )?)+)\)( WHERE .*)?$/s

/** An index definition without its storage parameters, and these as `fillfactor=80`. */
export function splitParameters(index: DdlObject): {
  readonly rest: string
  readonly parameters: readonly string[]
} {
  const definition = textFact(index, 'definition')
  const [, head, parameters, where = ''] = parameterPattern.exec(definition) ?? []
  if (head === undefined || parameters === undefined) return { rest: definition, parameters: [] }
  return { rest: head + where, parameters: parameters.replaceAll("'", '').split(', ') }
}
