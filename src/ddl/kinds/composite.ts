import { dependentsOf } from '../dependencies.js'
import {
  type Change,
  type DdlObject,
  findObject,
  type KindDdl,
  list,
  type Rendered,
  type Step,
  step,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { tablesOfType } from './type-users.js'

export const composite: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [step(`CREATE TYPE ${object.name} AS (${list(object, 'attributes').join(', ')})`)],
  alter: alteredAttributes,
  disturbs: (change) => {
    const { gone, retyped } = compare(change)
    return gone.length + retyped.length > 0
  },
}

interface Attribute {
  readonly name: string
  readonly type: string
}

interface Attributes {
  readonly gone: readonly Attribute[]
  readonly added: readonly Attribute[]
  readonly retyped: readonly Attribute[]
  /** Whether those that stay keep their order, ahead of the new ones. */
  readonly inOrder: boolean
}

/**
 * PostgreSQL adds attributes at the end alone, and does not convert stored values. A type made anew gets them as text,
 * attribute by attribute in their order: those that are moved would take each other's values.
 */
function alteredAttributes(change: Change): Rendered | 'replace' {
  const { from, to } = change
  const { gone, added, retyped, inOrder } = compare(change)
  const tables = tablesOfType(from)
  if (!inOrder || (retyped.length > 0 && tables.length > 0)) {
    const isSameRow = inOrder && gone.length + added.length === 0
    return isSameRow || tables.length === 0 ? 'replace' : moved(tables)
  }
  const typed = typedTables(from)
  const locks = typed.map((table): Hazard => ({ hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' }))
  const alter = (what: string, ...hazards: readonly Hazard[]): Step =>
    step(`ALTER TYPE ${to.name} ${what}${typed.length > 0 ? ' CASCADE' : ''}`, ...locks, ...hazards)
  return [
    ...gone.map(({ name }) => alter(`DROP ATTRIBUTE ${name}`, ...lost(name, [...tables, ...typed]))),
    ...retyped.map(({ name, type }) => alter(`ALTER ATTRIBUTE ${name} TYPE ${type}`, ...rewritten(typed))),
    ...added.map(({ name, type }) => alter(`ADD ATTRIBUTE ${name} ${type}`)),
  ]
}

function moved(tables: readonly string[]): Rendered {
  return {
    reason: `values of it are stored in ${tables.join(', ')}, and their attributes would not be at the same places`,
    decide: 'how a stored value becomes one of the new type; or let new attributes come after all others',
  }
}

function compare({ from, to }: Change): Attributes {
  const before = attributesOf(from)
  const after = attributesOf(to)
  const kept = before.filter(({ name }) => typeIn(after, name) !== undefined)
  return {
    gone: before.filter(({ name }) => typeIn(after, name) === undefined),
    added: after.filter(({ name }) => typeIn(before, name) === undefined),
    retyped: after.filter(({ name, type }) => ![undefined, type].includes(typeIn(before, name))),
    inOrder: kept.every(({ name }, index) => after[index]?.name === name),
  }
}

function typeIn(attributes: readonly Attribute[], wanted: string): string | undefined {
  return attributes.find(({ name }) => name === wanted)?.type
}

function attributesOf(object: DdlObject): readonly Attribute[] {
  return list(object, 'attributes').map((attribute) => {
    const name = /^(?:"(?:[^"]|"")*"|\S+)/.exec(attribute)?.[0] ?? ''
    return { name, type: attribute.slice(name.length + 1) }
  })
}

/** The tables made of the type: they follow it only when told to. */
function typedTables({ catalog, key }: DdlObject): readonly string[] {
  return [...(dependentsOf(catalog).get(key) ?? [])]
    .filter((user) => user.startsWith('table:') && catalog[user]?.['ofType'] !== undefined)
    .flatMap((user) => findObject(catalog, user)?.name ?? [])
}

function lost(attribute: string, tables: readonly string[]): readonly Hazard[] {
  return tables.map((table) => ({
    hazard: 'data loss',
    what: `the values of ${attribute} stored in ${table}`,
  }))
}

function rewritten(tables: readonly string[]): readonly Hazard[] {
  return tables.map((table) => ({ hazard: 'table rewrite', table }))
}
