import { ident, literal } from '../identifiers.js'
import { type Change, type DdlObject, list } from '../object.js'

/** `name=value` texts of a fact, by name. */
function valuesOf(object: Pick<DdlObject, 'facts'>, fact: string): ReadonlyMap<string, string> {
  return new Map(
    list(object, fact).map((option) => {
      const equals = option.indexOf('=')
      return [option.slice(0, equals), option.slice(equals + 1)]
    }),
  )
}

/** Storage parameters as they stand in WITH, empty for none: `fillfactor='70', toast.autovacuum_enabled='false'`. */
export function parameterList(object: Pick<DdlObject, 'facts'>, fact: string): string {
  return [...valuesOf(object, fact)]
    .map(([name, value]) => `${parameterName(name)}=${literal(value)}`)
    .join(', ')
}

/** `SET (…)` and `RESET (…)` that bring the parameters of a fact from one side to the other. */
export function parameterChanges({ from, to }: Omit<Change, 'facts'>, fact: string): readonly string[] {
  const [before, after] = [valuesOf(from, fact), valuesOf(to, fact)]
  const changed = [...after].filter(([name, value]) => before.get(name) !== value)
  const gone = [...before.keys()].filter((name) => !after.has(name))
  return [
    ...(changed.length === 0
      ? []
      : [`SET (${changed.map(([name, value]) => `${parameterName(name)}=${literal(value)}`).join(', ')})`]),
    ...(gone.length === 0 ? [] : [`RESET (${gone.map(parameterName).join(', ')})`]),
  ]
}

/** The options of foreign data, as `OPTIONS (ADD a 'x', SET b 'y', DROP c)` has them; empty where nothing changes. */
export function optionChanges({ from, to }: Omit<Change, 'facts'>, fact: string): string {
  const [before, after] = [valuesOf(from, fact), valuesOf(to, fact)]
  return [
    ...[...after]
      .filter(([name, value]) => before.get(name) !== value)
      .map(([name, value]) => `${before.has(name) ? 'SET' : 'ADD'} ${ident(name)} ${literal(value)}`),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `DROP ${ident(name)}`),
  ].join(', ')
}

/** The options of foreign data as CREATE has them: `a 'x', b 'y'`. */
export function optionList(object: Pick<DdlObject, 'facts'>, fact: string): string {
  return [...valuesOf(object, fact)].map(([name, value]) => `${ident(name)} ${literal(value)}`).join(', ')
}

function parameterName(name: string): string {
  return name.split('.').map(ident).join('.')
}
