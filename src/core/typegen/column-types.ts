import { type Catalog, type Facts, objectKey, parseKey, unquoteName } from '../model/catalog.js'

/** A TypeScript type, as the members of a union. */
export type UnionMembers = readonly string[]

/** What node-postgres returns for a type of PostgreSQL, and what it accepts for it. */
interface ValueType {
  readonly read: UnionMembers
  readonly write: UnionMembers
}

export interface ColumnType extends ValueType {
  /** False for a domain that is NOT NULL. */
  readonly nullable: boolean
  /** Whether a domain has a default. */
  readonly hasDefault: boolean
}

/** The catalog that declares the types of columns, and the TypeScript names of its enums, by key. */
export interface TypeContext {
  readonly catalog: Catalog
  readonly enumNames: ReadonlyMap<string, string>
}

const textType = { read: ['string'], write: ['string'] }
const numberType = { read: ['number'], write: ['number'] }
/** Wider than a JavaScript number: node-postgres returns the digits as a string. */
const digitsType = { read: ['string'], write: ['bigint', 'number', 'string'] }
const dateType = { read: ['Date'], write: ['Date', 'string'] }
const jsonType = { read: ['Json'], write: ['JsonInput'] }

/** The types that node-postgres parses. For all others it returns PostgreSQL's text. */
const parsedTypes: Readonly<Record<string, ValueType>> = {
  boolean: { read: ['boolean'], write: ['boolean'] },
  smallint: numberType,
  integer: numberType,
  oid: numberType,
  real: numberType,
  'double precision': numberType,
  bigint: digitsType,
  numeric: digitsType,
  date: dateType,
  'timestamp without time zone': dateType,
  'timestamp with time zone': dateType,
  interval: { read: ['Interval'], write: ['Interval', 'string'] },
  json: jsonType,
  jsonb: jsonType,
  bytea: { read: ['Buffer'], write: ['Uint8Array', 'string'] },
  point: { read: ['Point'], write: ['string'] },
  circle: { read: ['Circle'], write: ['string'] },
  money: { read: ['string'], write: ['number', 'string'] },
}

/** Types whose arrays node-postgres parses too. Every other array is returned as text: `{sad,ok}`. */
const parsedArrayTypes: ReadonlySet<string> = new Set([
  ...Object.keys(parsedTypes).filter((type) => type !== 'circle'),
  'text',
  'character varying',
  'character',
  'bpchar',
  'uuid',
  'inet',
  'cidr',
  'macaddr',
  'numrange',
  'regproc',
  'time without time zone',
  'time with time zone',
])

/** How a type is read and written. `type` is printed by `format_type`, with every name qualified except PostgreSQL's own. */
export function columnType(type: string, known: TypeContext): ColumnType {
  if (type.endsWith('[]')) return arrayType(type.slice(0, -2), known)
  const { names } = parseKey(`type:${type}`)
  const own = { nullable: true, hasDefault: false }
  const label = known.enumNames.get(objectKey('enum', names.map(unquoteName)))
  if (label !== undefined) return { ...own, read: [label], write: [label] }
  const domain = known.catalog[objectKey('domain', names.map(unquoteName))]
  if (domain !== undefined) return domainType(domain, known)
  return { ...own, ...(parsedTypes[stripModifiers(type)] ?? textType) }
}

function arrayType(element: string, known: TypeContext): ColumnType {
  const { read, write } = columnType(element, known)
  const plain = stripModifiers(element)
  // node-postgres returns a numeric as text, but an array of numerics as floating point numbers.
  const members = plain === 'numeric' ? numberType.read : read
  return {
    read: parsedArrayTypes.has(plain) ? [`${members.join(' | ')}[]`] : ['string'],
    write: [`readonly (${[...write, 'null'].join(' | ')})[]`, 'string'],
    nullable: true,
    hasDefault: false,
  }
}

/** A domain is sent like its base type. */
function domainType(domain: Facts, known: TypeContext): ColumnType {
  const base = columnType(String(domain['type']), known)
  return {
    ...base,
    nullable: base.nullable && domain['nullable'] !== false,
    hasDefault: base.hasDefault || domain['default'] !== undefined,
  }
}

/** A type without its modifiers: `timestamp(3) with time zone`, `interval day to hour`, `numeric(12,2)`. */
function stripModifiers(type: string): string {
  return type.replace(/\([^)]*\)/, '').replace(/^interval .*/, 'interval')
}

/** Allocates names of TypeScript types, each only once. */
export interface TypeNameAllocator {
  /** These names joined in PascalCase, with a number if the name with one of the suffixes is taken already. */
  readonly take: (names: readonly string[], suffixes: readonly string[]) => string
}

/** An allocator that never returns the reserved names. */
export function createTypeNames(reserved: Iterable<string>): TypeNameAllocator {
  const taken = new Set(reserved)
  return {
    take: (names, suffixes) => {
      const base = pascalCase(names)
      for (let number = 1; ; number += 1) {
        const name = number === 1 ? base : `${base}${number}`
        const withSuffixes = suffixes.map((suffix) => `${name}${suffix}`)
        if (withSuffixes.some((each) => taken.has(each))) continue
        for (const each of withSuffixes) taken.add(each)
        return name
      }
    },
  }
}

function pascalCase(names: readonly string[]): string {
  const words = names.flatMap((name) => name.split(/[^\p{ID_Continue}]|_/u))
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  if (name === '') return 'Unnamed'
  return /^\p{ID_Start}/u.test(name) ? name : `_${name}`
}

/** The source of the types that rows, inserts and updates need besides TypeScript's own, by name. */
export const valueTypes: Readonly<Record<string, string>> = {
  Sql: `/** A value that PostgreSQL computes. */
export type Sql = Knex.Raw | Knex.QueryBuilder`,
  Json: `export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }`,
  JsonInput: `/** An object, or JSON text. Pass an array as JSON text: node-postgres sends it as a PostgreSQL array otherwise. */
export type JsonInput =
  | string
  | number
  | boolean
  | { readonly [key: string]: unknown }
  | (object & { readonly [Symbol.iterator]?: never; readonly [Symbol.toPrimitive]?: never })`,
  Interval: `export interface Interval {
  years?: number
  months?: number
  days?: number
  hours?: number
  minutes?: number
  seconds?: number
  milliseconds?: number
  toPostgres(): string
  toISO(): string
  toISOString(): string
}`,
  Point: `export interface Point {
  x: number
  y: number
}`,
  Circle: `export interface Circle {
  x: number
  y: number
  radius: number
}`,
}

/** The sources of those types that a source uses. */
export function usedValueTypes(source: string): readonly string[] {
  return Object.entries(valueTypes).flatMap(([name, text]) =>
    new RegExp(`\\b${name}\\b`).test(source) ? [text] : [],
  )
}
