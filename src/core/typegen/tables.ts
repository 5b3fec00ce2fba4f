import { parseKey, sortKeys } from '../model/catalog.js'
import type { Promised } from '../model/snapshot.js'
import { visible } from '../text/printable.js'
import { columnCheck } from './column-check.js'
import {
  type KnownTypes,
  typeNames,
  type TypeNames,
  type Union,
  unquoteName,
  usedValueTypes,
  valueTypes,
} from './columns.js'
import { type TypedColumn, type TypedRelation, typedRelations } from './relations.js'

export interface TableTypesOptions {
  /** The newest revision of the promise. */
  readonly head: string
  /** The command that makes the file. */
  readonly command: string
  /** Schemas whose tables are named without their schema. */
  readonly searchPath: readonly string[]
}

/** Names of TypeScript and of this file that a type made here must not have. */
const reserved = [
  ...Object.keys(valueTypes),
  'Knex',
  'Tables',
  'Date',
  'Buffer',
  'Uint8Array',
  'Symbol',
  'Partial',
  ...[...columnCheck.matchAll(/^(?:interface|type) (\w+)/gm)].map(([, name = '']) => name),
]
const suffixes = ['Row', 'Insert', 'Update']

/** A relation with what its types are called: `SongsRow`, `SongsInsert`, `SongsUpdate`. */
interface NamedRelation extends TypedRelation {
  readonly types: readonly [row: string, insert: string, update: string]
}

/**
 * A TypeScript file that tells Knex of every table and view of a promise: row, insert and update types in
 * `knex/types/tables`, and signatures with which a query on any other column does not compile.
 */
export function tableTypes(promised: Promised, options: TableTypesOptions): string {
  const names = typeNames(reserved)
  const enumNames = namesOfEnums(promised, names)
  const relations = typedRelations(promised, { catalog: promised.catalog, enumNames }).map(
    (relation): NamedRelation => ({ ...relation, types: namesOfTypes(relation, names) }),
  )
  const blocks = [
    ...[...enumNames].map(([key, name]) => enumLines(name, promised.catalog[key]?.['labels'])),
    ...relations.flatMap(relationBlocks),
    tablesLines(relations, options.searchPath),
  ].map((lines) => lines.join('\n'))
  const head = [
    `// Made by \`${visible(options.command)}\` from the snapshot at head ${visible(options.head)}; do not edit.`,
    "import type { Knex } from 'knex'",
  ].join('\n')
  return `${[head, ...usedValueTypes(blocks.join('\n')), ...blocks, columnCheck].join('\n\n')}\n`
}

function namesOfEnums({ catalog }: Promised, names: TypeNames): KnownTypes['enumNames'] {
  const keys = sortKeys(Object.keys(catalog)).filter((key) => parseKey(key).kind === 'enum')
  return new Map(keys.map((key) => [key, names.take(wordsOf(parseKey(key).names.map(unquoteName)), [''])]))
}

function namesOfTypes({ schema, name }: TypedRelation, names: TypeNames): NamedRelation['types'] {
  const base = names.take(wordsOf([schema, name]), suffixes)
  return [`${base}Row`, `${base}Insert`, `${base}Update`]
}

/** The schema is said where it is not the usual one. */
function wordsOf(names: readonly string[]): readonly string[] {
  return names[0] === 'public' ? names.slice(1) : names
}

function enumLines(name: string, labels: unknown): readonly string[] {
  const union = Array.isArray(labels) ? labels.map((label) => textLiteral(String(label))) : []
  return unionLines(`export type ${name} =`, union.length === 0 ? ['never'] : union)
}

function relationBlocks({
  columns,
  types: [row, insert, update],
  writable,
}: NamedRelation): readonly Lines[] {
  const rows = columns.flatMap(({ name, read }) => propertyLines(propertyName(name), read))
  if (!writable) return [interfaceLines(row, rows)]
  return [
    interfaceLines(row, rows),
    interfaceLines(insert, columns.flatMap(insertLines)),
    genericLines(`export type ${update} =`, 'Partial', [insert]),
  ]
}

type Lines = readonly string[]

function interfaceLines(name: string, properties: Lines): Lines {
  return properties.length === 0
    ? [`export interface ${name} {}`]
    : [`export interface ${name} {`, ...properties, '}']
}

function insertLines({ name, write, optional }: TypedColumn): Lines {
  const union: Union = write === null ? ['never'] : [...write, 'Sql']
  return propertyLines(`${propertyName(name)}${optional ? '?' : ''}`, union)
}

/** Knex takes a point for the end of a schema, and ` as ` for the end of the name. */
const unspeakable = /\.| as /i

function tablesLines(relations: readonly NamedRelation[], searchPath: readonly string[]): Lines {
  const found = new Map<string, string>()
  for (const schema of searchPath.toReversed())
    for (const relation of relations) if (relation.schema === schema) found.set(relation.name, schema)
  const entries = relations
    .filter(({ schema, name }) => !unspeakable.test(schema) && !unspeakable.test(name))
    .flatMap(({ schema, name, types: [row, insert, update], writable }) =>
      genericLines(
        `    ${propertyName(found.get(name) === schema ? name : `${schema}.${name}`)}:`,
        'Knex.CompositeTableType',
        writable ? [row, insert, update] : [row, 'never', 'never'],
      ),
    )
  return ["declare module 'knex/types/tables.js' {", '  interface Tables {', ...entries, '  }', '}']
}

// Lines of TypeScript in the style of this project's formatter, which leaves them as they are.

function fits(line: string): boolean {
  return line.length <= 110
}

/** A property with its type, a union: `title?: string | null`. */
function propertyLines(name: string, union: readonly string[]): readonly string[] {
  return unionLines(`  ${name}:`, union, '  ')
}

/** A named union: `export type Mood = 'sad' | 'ok'`. */
function unionLines(start: string, union: readonly string[], indent = ''): readonly string[] {
  const whole = union.join(' | ')
  if (union.length < 2 || fits(`${start} ${whole}`)) return [`${start} ${whole}`]
  if (fits(`${indent}  ${whole}`)) return [start, `${indent}  ${whole}`]
  return [start, ...union.map((member) => `${indent}  | ${member}`)]
}

/** A reference to a generic type behind a start, its arguments below each other where they do not fit. */
function genericLines(start: string, name: string, given: readonly string[]): readonly string[] {
  const line = `${start} ${name}<${given.join(', ')}>`
  if (fits(line)) return [line]
  if (given.length < 2) return [start, `  ${name}<${given.join()}>`]
  const indent = /^ */.exec(start)?.[0] ?? ''
  const inner = given.map((each, index) => `${indent}  ${each}${index === given.length - 1 ? '' : ','}`)
  return [`${start} ${name}<`, ...inner, `${indent}>`]
}

/** A name as a property stands: quoted unless it is an identifier. */
function propertyName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : textLiteral(name)
}

/** A text in single quotes, in double ones where it has more single ones inside. */
function textLiteral(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (escape, character) => (character === '"' ? '"' : escape))
  const quote = inner.split("'").length > inner.split('"').length ? '"' : "'"
  return `${quote}${visible(inner).replaceAll(quote, `\\${quote}`)}${quote}`
}
