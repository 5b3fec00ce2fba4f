import { type Catalog, type Facts, objectKey } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, findObject, keyFromName, textFact } from '../object.js'
import type { Statement } from '../statement.js'

/** A column whose values come from a sequence that the builder makes with it. */
export interface SerialColumn {
  readonly method: 'increments' | 'bigIncrements'
  /** The key of the sequence. */
  readonly sequenceKey: string
}

interface SerialType {
  readonly method: SerialColumn['method']
  readonly max: string
}

const serialTypes: Readonly<Record<string, SerialType>> = {
  integer: { method: 'increments', max: '2147483647' },
  bigint: { method: 'bigIncrements', max: '9223372036854775807' },
}

/** The key of the sequence that `serial` would make for a column; null where that is not certain. */
function serialSequenceKey(column: DdlObject): string | null {
  const [schema = '', table = '', name = ''] = column.names
  const sequence = `${table}_${name}_seq`
  // PostgreSQL shortens a name that has more bytes.
  return Buffer.byteLength(sequence) > 63 ? null : objectKey('sequence', [schema, sequence])
}

/** A column as `serial` makes it, with a sequence among some that is as `serial` makes it; null for other columns. */
export function matchSerial(column: DdlObject, sequences: ReadonlySet<string>): SerialColumn | null {
  const kind = serialTypes[textFact(column, 'type')]
  const key = serialSequenceKey(column)
  const sequence = key === null ? undefined : findObject(column.catalog, key)
  if (kind === undefined || key === null || sequence === undefined || !sequences.has(key)) return null
  const isUsual =
    textFact(column, 'default') === `nextval(${quoteLiteral(sequence.name)}::regclass)` &&
    column.facts['nullable'] === false &&
    textFact(sequence, 'ownedBy') === `${column.relation}.${column.name}` &&
    hasSerialOptions(sequence.facts, { type: textFact(column, 'type'), max: kind.max })
  return isUsual ? { method: kind.method, sequenceKey: key } : null
}

function hasSerialOptions(
  facts: Facts,
  { type, max }: { readonly type: string; readonly max: string },
): boolean {
  const usual = { type, max, increment: '1', min: '1', start: '1', cache: '1', cycle: 'false', unlogged: '' }
  return Object.entries(usual).every(([name, value]) => textFact({ facts }, name) === value)
}

/**
 * The keys of the sequences that could be made with their columns: those about which the plan says nothing but that they
 * are made and whose they are, and which nobody else needs.
 */
export function findSerialSequences(statements: readonly Statement[], to: Catalog): ReadonlySet<string> {
  const bySequence = new Map<string, readonly string[]>()
  for (const { key, sql } of statements)
    if (key.startsWith('sequence:')) bySequence.set(key, [...(bySequence.get(key) ?? []), sql])
  const dependents = dependentsOf(to)
  const found = [...bySequence].filter(([key, [first = '', second = '', ...others]]) => {
    const owner = keyFromName('column', textFact({ facts: to[key] ?? {} }, 'ownedBy'))
    const users = [...(dependents.get(key) ?? [])].filter((dependent) => dependent !== owner)
    const isOnlyMade = first.startsWith('CREATE') && second.includes(' OWNED BY ') && others.length === 0
    return isOnlyMade && users.length === 0
  })
  return new Set(found.map(([key]) => key))
}
