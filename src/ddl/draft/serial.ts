import { type Catalog, type Facts, objectKey } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, findObject, keyFromName, textFact } from '../object.js'
import type { Statement } from '../statement.js'

/** A column that Knex's builder creates together with its sequence. */
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

/** The key of the sequence that `serial` would create for a column; null where its name is not certain. */
function serialSequenceKey(column: DdlObject): string | null {
  const [schema = '', table = '', name = ''] = column.names
  const sequence = `${table}_${name}_seq`
  // PostgreSQL truncates longer names.
  return Buffer.byteLength(sequence) > 63 ? null : objectKey('sequence', [schema, sequence])
}

/**
 * How Knex's builder creates a column with one of the given sequences; null unless column and sequence are exactly as
 * `serial` creates them.
 */
export function matchSerial(column: DdlObject, sequences: ReadonlySet<string>): SerialColumn | null {
  const type = textFact(column, 'type')
  const serialType = serialTypes[type]
  const key = serialSequenceKey(column)
  const sequence = key === null ? undefined : findObject(column.catalog, key)
  if (serialType === undefined || key === null || sequence === undefined || !sequences.has(key)) return null
  const isSerial =
    textFact(column, 'default') === `nextval(${quoteLiteral(sequence.name)}::regclass)` &&
    column.facts['nullable'] === false &&
    textFact(sequence, 'ownedBy') === `${column.relation}.${column.name}` &&
    hasSerialOptions(sequence.facts, type, serialType.max)
  return isSerial ? { method: serialType.method, sequenceKey: key } : null
}

function hasSerialOptions(facts: Facts, type: string, max: string): boolean {
  const defaults = {
    type,
    max,
    increment: '1',
    min: '1',
    start: '1',
    cache: '1',
    cycle: 'false',
    unlogged: '',
  }
  return Object.entries(defaults).every(([name, value]) => textFact({ facts }, name) === value)
}

/**
 * The keys of the sequences that Knex could create together with their columns: the plan only creates them and sets
 * OWNED BY, and no object needs them but their column.
 */
export function findSerialSequences(statements: readonly Statement[], to: Catalog): ReadonlySet<string> {
  const bySequence = new Map<string, readonly string[]>()
  for (const { key, sql } of statements)
    if (key.startsWith('sequence:')) bySequence.set(key, [...(bySequence.get(key) ?? []), sql])
  const dependents = dependentsOf(to)
  const found = [...bySequence].filter(([key, [first = '', second = '', ...others]]) => {
    const owner = keyFromName('column', textFact({ facts: to[key] ?? {} }, 'ownedBy'))
    const users = [...(dependents.get(key) ?? [])].filter((dependent) => dependent !== owner)
    const isOnlyCreated = first.startsWith('CREATE') && second.includes(' OWNED BY ') && others.length === 0
    return isOnlyCreated && users.length === 0
  })
  return new Set(found.map(([key]) => key))
}
