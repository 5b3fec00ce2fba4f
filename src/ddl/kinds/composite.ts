import { dependentsOf } from '../dependencies.js'
import {
  type ObjectChange,
  type DdlObject,
  findObject,
  keyFromName,
  type KindDdl,
  listFact,
  type RenderResult,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { lossOfConversion, storedTypeOf } from './stored-type.js'
import { columnsKeepingType, tablesStoringType } from './type-users.js'

export const compositeDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [step(`CREATE TYPE ${object.name} AS (${listFact(object, 'attributes').join(', ')})`)],
  alter: alterAttributes,
  beforeSwap: makeAlikeSteps,
  recreatesDependents: (change) => {
    const { dropped, retyped } = compareAttributes(change.from, change.to)
    return dropped.length + retyped.length > 0
  },
}

interface Attribute {
  readonly name: string
  readonly type: string
}

interface AttributeChanges {
  readonly dropped: readonly Attribute[]
  readonly added: readonly Attribute[]
  readonly retyped: readonly Attribute[]
  /** Whether the attributes that stay keep their order, before the new ones. */
  readonly keepsOrder: boolean
}

/**
 * PostgreSQL adds attributes only at the end and does not convert stored values. When a type is swapped, stored values
 * are cast through text, which assigns attributes by position: where these change, each is named.
 */
function alterAttributes(change: ObjectChange): RenderResult | 'replace' {
  const { from, to } = change
  const { dropped, added, retyped, keepsOrder } = compareAttributes(from, to)
  const tables = tablesStoringType(from)
  if (!keepsOrder || (retyped.length > 0 && tables.length > 0)) {
    // A type of the project may not be there yet when the old one gets an attribute of it.
    const canBeMadeAlike = keepsOrder
      ? dropped.length + added.length === 0 || typedTablesOf(from).length === 0
      : isOnlyStoredAsItself(from, to)
    const isPossible = canBeMadeAlike && added.every(({ type }) => !type.includes('.'))
    return isPossible || tables.length === 0 ? 'replace' : refuseAttributeOrder(tables)
  }
  const typedTables = typedTablesOf(from)
  const locks = typedTables.map((table): Hazard => ({ hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' }))
  const alter = (clause: string, ...hazards: readonly Hazard[]): DdlStep =>
    step(`ALTER TYPE ${to.name} ${clause}${typedTables.length > 0 ? ' CASCADE' : ''}`, ...locks, ...hazards)
  return [
    ...dropped.map(({ name }) =>
      alter(`DROP ATTRIBUTE ${name}`, ...attributeLossHazards(name, [...tables, ...typedTables])),
    ),
    ...retyped.map(({ name, type }) =>
      alter(
        `ALTER ATTRIBUTE ${name} TYPE ${type}`,
        ...rewriteHazards(typedTables),
        ...conversionHazards(change, name, typedTables),
      ),
    ),
    ...added.map(({ name, type }) => alter(`ADD ATTRIBUTE ${name} ${type}`)),
  ]
}

/** Whether attributes can be told apart in every value that stays: not in arrays, and not inside of values of other types. */
function isOnlyStoredAsItself(from: DdlObject, to: DdlObject): boolean {
  const columns = columnsKeepingType(from, to)
  return typedTablesOf(from).length === 0 && columns.every(({ contained }) => !contained)
}

/**
 * A value of a column as one of its composite type with the attributes in another order; null where a text of the value
 * has them in their places.
 */
export function reorderedValue(from: DdlObject, to: DdlObject): string | null {
  const [before, after] = [from, to].map((column) =>
    findObject(
      column.catalog,
      keyFromName('composite', storedTypeOf(textFact(column, 'type'), column.catalog)),
    ),
  )
  if (before === undefined || after === undefined || compareAttributes(before, after).keepsOrder) return null
  const old = parseAttributes(before)
  const values = parseAttributes(after).map(({ name, type }) => {
    const isOther = type.includes('.') || ![undefined, type].includes(attributeType(old, name))
    return `(${to.name}).${name}${isOther ? '::text' : ''}`
  })
  // A value whose attributes are all null is another one than no value, and both are NULL.
  return `CASE WHEN ${to.name} IS DISTINCT FROM NULL THEN ROW(${values.join(', ')})::${textFact(to, 'type')} END`
}

/** Gives the old type the attributes of the new one, so that a stored value is cast to it through text. */
function makeAlikeSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const { dropped, added } = compareAttributes(from, to)
  const tables = tablesStoringType(from)
  return [
    ...dropped.map(({ name }) =>
      step(`ALTER TYPE ${from.name} DROP ATTRIBUTE ${name}`, ...attributeLossHazards(name, tables)),
    ),
    ...added.map(({ name, type }) => step(`ALTER TYPE ${from.name} ADD ATTRIBUTE ${name} ${type}`)),
  ]
}

function refuseAttributeOrder(tables: readonly string[]): RenderResult {
  return {
    reason: `${tables.join(', ')} stores values of this type, and their attributes would change their positions`,
    decide: 'how a stored value becomes a value of the new type, or put new attributes after all others',
  }
}

function compareAttributes(from: DdlObject, to: DdlObject): AttributeChanges {
  const before = parseAttributes(from)
  const after = parseAttributes(to)
  const kept = before.filter(({ name }) => attributeType(after, name) !== undefined)
  return {
    dropped: before.filter(({ name }) => attributeType(after, name) === undefined),
    added: after.filter(({ name }) => attributeType(before, name) === undefined),
    retyped: after.filter(({ name, type }) => ![undefined, type].includes(attributeType(before, name))),
    keepsOrder: kept.every(({ name }, index) => after[index]?.name === name),
  }
}

function attributeType(attributes: readonly Attribute[], attribute: string): string | undefined {
  return attributes.find(({ name }) => name === attribute)?.type
}

function parseAttributes(object: DdlObject): readonly Attribute[] {
  return listFact(object, 'attributes').map((attribute) => {
    const name = /^(?:"(?:[^"]|"")*"|\S+)/.exec(attribute)?.[0] ?? ''
    return { name, type: attribute.slice(name.length + 1) }
  })
}

/** The typed tables of the type (CREATE TABLE … OF), which ALTER TYPE changes only with CASCADE. */
function typedTablesOf({ catalog, key }: DdlObject): readonly string[] {
  return [...(dependentsOf(catalog).get(key) ?? [])]
    .filter((user) => user.startsWith('table:') && catalog[user]?.['ofType'] !== undefined)
    .flatMap((user) => findObject(catalog, user)?.name ?? [])
}

function attributeLossHazards(attribute: string, tables: readonly string[]): readonly Hazard[] {
  return tables.map((table) => ({
    hazard: 'data loss',
    what: `the values of ${attribute} stored in ${table}`,
  }))
}

/** What the values of an attribute with a new type lose. */
function conversionHazards(
  { from, to }: ObjectChange,
  attribute: string,
  tables: readonly string[],
): readonly Hazard[] {
  const [before, after] = [from, to].map((type) => ({
    type: (attributeType(parseAttributes(type), attribute) ?? '').replace(/ collate .*$/s, ''),
    catalog: type.catalog,
  }))
  const loss = before === undefined || after === undefined ? null : lossOfConversion(before, after)
  if (loss === null) return []
  return tables.map((table) => ({ hazard: 'data loss', what: `${loss} of ${attribute} stored in ${table}` }))
}

function rewriteHazards(tables: readonly string[]): readonly Hazard[] {
  return tables.map((table) => ({ hazard: 'table rewrite', table }))
}
