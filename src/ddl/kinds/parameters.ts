import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { type ObjectChange, type DdlObject, listFact } from '../object.js'

/** `name=value` texts of a fact, by name. */
function parseOptions(object: Pick<DdlObject, 'facts'>, fact: string): ReadonlyMap<string, string> {
  return new Map(
    listFact(object, fact).map((option) => {
      const equals = option.indexOf('=')
      return [option.slice(0, equals), option.slice(equals + 1)]
    }),
  )
}

/** Storage parameters as they stand in WITH, empty for none: `fillfactor='70', toast.autovacuum_enabled='false'`. */
export function parameterList(object: Pick<DdlObject, 'facts'>, fact: string): string {
  return [...parseOptions(object, fact)]
    .map(([name, value]) => `${quoteParameterName(name)}=${quoteLiteral(value)}`)
    .join(', ')
}

/** `SET (…)` and `RESET (…)` that bring the parameters of a fact from one side to the other. */
export function parameterChanges({ from, to }: Omit<ObjectChange, 'facts'>, fact: string): readonly string[] {
  const [before, after] = [parseOptions(from, fact), parseOptions(to, fact)]
  const changed = [...after].filter(([name, value]) => before.get(name) !== value)
  const gone = [...before.keys()].filter((name) => !after.has(name))
  return [
    ...(changed.length === 0
      ? []
      : [
          `SET (${changed.map(([name, value]) => `${quoteParameterName(name)}=${quoteLiteral(value)}`).join(', ')})`,
        ]),
    ...(gone.length === 0 ? [] : [`RESET (${gone.map(quoteParameterName).join(', ')})`]),
  ]
}

/** The options of foreign data, as `OPTIONS (ADD a 'x', SET b 'y', DROP c)` has them; empty where nothing changes. */
export function foreignOptionChanges({ from, to }: Omit<ObjectChange, 'facts'>, fact: string): string {
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

/** The options of foreign data as CREATE has them: `a 'x', b 'y'`. */
export function foreignOptionList(object: Pick<DdlObject, 'facts'>, fact: string): string {
  return [...parseOptions(object, fact)]
    .map(([name, value]) => `${quoteIdentifier(name)} ${quoteLiteral(value)}`)
    .join(', ')
}

function quoteParameterName(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.')
}
