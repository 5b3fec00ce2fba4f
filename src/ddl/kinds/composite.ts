import { dependentsOf } from '../dependencies.js'
import {
  type ObjectChange,
  type DdlObject,
  findObject,
  type KindDdl,
  listFact,
  type RenderResult,
  type DdlStep,
  step,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { tablesStoringType } from './type-users.js'

export const compositeDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [step(`CREATE TYPE ${object.name} AS (${listFact(object, 'attributes').join(', ')})`)],
  alter: alterAttributes,
  recreatesDependents: (change) => {
    const { gone, retyped } = compareAttributes(change)
    return gone.length + retyped.length > 0
  },
}

interface Attribute {
  readonly name: string
  readonly type: string
}

interface AttributeChanges {
  readonly gone: readonly Attribute[]
  readonly added: readonly Attribute[]
  readonly retyped: readonly Attribute[]
  /** Whether those that stay keep their order, ahead of the new ones. */
  readonly keepsOrder: boolean
}

/**
 * PostgreSQL adds attributes at the end alone, and does not convert stored values. A type made anew gets them as text,
 * attribute by attribute in their order: those that are moved would take each other's values.
 */
function alterAttributes(change: ObjectChange): RenderResult | 'replace' {
  const { from, to } = change
  const { gone, added, retyped, keepsOrder } = compareAttributes(change)
  const tables = tablesStoringType(from)
  if (!keepsOrder || (retyped.length > 0 && tables.length > 0)) {
    const isSameRow = keepsOrder && gone.length + added.length === 0
    return isSameRow || tables.length === 0 ? 'replace' : refuseAttributeOrder(tables)
  }
  const typed = typedTablesOf(from)
  const locks = typed.map((table): Hazard => ({ hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' }))
  const alter = (what: string, ...hazards: readonly Hazard[]): DdlStep =>
    step(`ALTER TYPE ${to.name} ${what}${typed.length > 0 ? ' CASCADE' : ''}`, ...locks, ...hazards)
  return [
    ...gone.map(({ name }) =>
      alter(`DROP ATTRIBUTE ${name}`, ...attributeLossHazards(name, [...tables, ...typed])),
    ),
    ...retyped.map(({ name, type }) =>
      alter(`ALTER ATTRIBUTE ${name} TYPE ${type}`, ...rewriteHazards(typed)),
    ),
    ...added.map(({ name, type }) => alter(`ADD ATTRIBUTE ${name} ${type}`)),
  ]
}

function refuseAttributeOrder(tables: readonly string[]): RenderResult {
  return {
    reason: `values of it are stored in ${tables.join(', ')}, and their attributes would not be at the same places`,
    decide: 'how a stored value becomes one of the new type; or let new attributes come after all others',
  }
}

function compareAttributes({ from, to }: ObjectChange): AttributeChanges {
  const before = parseAttributes(from)
  const after = parseAttributes(to)
  const kept = before.filter(({ name }) => attributeType(after, name) !== undefined)
  return {
    gone: before.filter(({ name }) => attributeType(after, name) === undefined),
    added: after.filter(({ name }) => attributeType(before, name) === undefined),
    retyped: after.filter(({ name, type }) => ![undefined, type].includes(attributeType(before, name))),
    keepsOrder: kept.every(({ name }, index) => after[index]?.name === name),
  }
}

function attributeType(attributes: readonly Attribute[], wanted: string): string | undefined {
  return attributes.find(({ name }) => name === wanted)?.type
}

function parseAttributes(object: DdlObject): readonly Attribute[] {
  return listFact(object, 'attributes').map((attribute) => {
    const name = /^(?:"(?:[^"]|"")*"|\S+)/.exec(attribute)?.[0] ?? ''
    return { name, type: attribute.slice(name.length + 1) }
  })
}

/** The tables made of the type: they follow it only when told to. */
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

function rewriteHazards(tables: readonly string[]): readonly Hazard[] {
  return tables.map((table) => ({ hazard: 'table rewrite', table }))
}
