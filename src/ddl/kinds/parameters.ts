import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { type DdlObject, listFact } from '../object.js'

/** The values of a fact that lists `name=value`, by name. */
function parseOptions(object: DdlObject, fact: string): ReadonlyMap<string, string> {
  return new Map(
    listFact(object, fact).map((option) => {
      const equals = option.indexOf('=')
      return [option.slice(0, equals), option.slice(equals + 1)]
    }),
  )
}

/** Storage parameters as in WITH, empty for none: `fillfactor='70', toast.autovacuum_enabled='false'`. */
export function parameterList(object: DdlObject, fact: string): string {
  return [...parseOptions(object, fact)]
    .map(([name, value]) => `${quoteParameterName(name)}=${quoteLiteral(value)}`)
    .join(', ')
}

/** The clauses `SET (…)` and `RESET (…)` that change the parameters of a fact; empty where they are the same. */
export function parameterChanges(from: DdlObject, to: DdlObject, fact: string): readonly string[] {
  if (from.facts[fact] === to.facts[fact]) return []
  const [before, after] = [parseOptions(from, fact), parseOptions(to, fact)]
  const changed = [...after].filter(([name, value]) => before.get(name) !== value)
  const removed = [...before.keys()].filter((name) => !after.has(name))
  return [
    ...(changed.length === 0
      ? []
      : [
          `SET (${changed.map(([name, value]) => `${quoteParameterName(name)}=${quoteLiteral(value)}`).join(', ')})`,
        ]),
    ...(removed.length === 0 ? [] : [`RESET (${removed.map(quoteParameterName).join(', ')})`]),
  ]
}

/**
 * The options of a foreign object as in ALTER … OPTIONS: `ADD a 'x', SET b 'y', DROP c`; empty where nothing changes.
 */
export function foreignOptionChanges(from: DdlObject, to: DdlObject, fact: string): string {
  const [before, after] = [parseOptions(from, fact), parseOptions(to, fact)]
  return [
    ...[...after]
      .filter(([name, value]) => before.get(name) !== value)
      .map(
        ([name, value]) =>
          `${before.has(name) ? 'SET' : 'ADD'} ${quoteIdentifier(name)} ${quoteLiteral(value)}`,
      ),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `DROP ${quoteIdentifier(name)}`),
  ].join(', ')
}

/** The options of a foreign object as in CREATE: `a 'x', b 'y'`. */
export function foreignOptionList(object: DdlObject, fact: string): string {
  return [...parseOptions(object, fact)]
    .map(([name, value]) => `${quoteIdentifier(name)} ${quoteLiteral(value)}`)
    .join(', ')
}

function quoteParameterName(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.')
}
