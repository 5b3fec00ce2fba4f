import { type DdlObject, type DdlStep, nonTransactionalStep, step, textFact } from '../object.js'
import { splitParameters } from './index-parameters.js'

/** The index behind a primary key or unique constraint, as it can also be built before the constraint. */
interface KeyIndex {
  /** What it indexes: `(id) INCLUDE (title) NULLS NOT DISTINCT`. */
  readonly contents: string
  /** When the constraint is checked: ` DEFERRABLE INITIALLY DEFERRED`. */
  readonly deferral: string
}

const column = String.raw`(?:[\w$]+|"(?:[^"]|"")*")`
const columns = String.raw`\(${column}(?:, ${column})*\)`
const keyPattern = new RegExp(
  `^(?:PRIMARY KEY|UNIQUE)( NULLS NOT DISTINCT)? (${columns})( INCLUDE ${columns})?((?: DEFERRABLE)?(?: INITIALLY DEFERRED)?)$`,
)

/** The index of a primary key or unique constraint; null for other constraints, and for keys without overlaps. */
export function keyIndexOf(constraint: DdlObject): KeyIndex | null {
  const found = keyPattern.exec(textFact(constraint, 'definition'))
  if (found === null) return null
  const [, nulls = '', listed = '', included = '', deferral = ''] = found
  return { contents: `${listed}${included}${nulls}`, deferral }
}

/** Whether an index can become that of a key. PostgreSQL takes only a plain unique one. */
export function isIndexOfKey(index: DdlObject, key: DdlObject): boolean {
  const contents = keyIndexOf(key)?.contents ?? null
  const plain = `CREATE UNIQUE INDEX ${index.name} ON ${index.relation} USING btree ${contents}`
  return contents !== null && index.facts['valid'] === true && splitParameters(index).rest === plain
}

/** Builds the index of a key while other sessions write. */
export function buildKeyIndexStep(key: DdlObject, { contents }: KeyIndex, name: string): DdlStep {
  const table = key.relation
  return nonTransactionalStep(`CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} ${contents}`, {
    hazard: 'may fail',
    when: `rows violate ${key.name}`,
    table,
  })
}

/** Makes an index that of a key, with only a short lock. `before` is a clause that comes first in the same statement. */
export function useIndexStep(
  key: DdlObject,
  { deferral }: KeyIndex,
  index: string,
  before: readonly string[] = [],
): DdlStep {
  const { relation: table, name } = key
  const type = textFact(key, 'type').toUpperCase()
  const clauses = [...before, `ADD CONSTRAINT ${name} ${type} USING INDEX ${index}${deferral}`]
  return step(`ALTER TABLE ${table} ${clauses.join(', ')}`)
}
