import { parseKey, sortKeys, unquoteName } from '../model/catalog.js'
import type { PromisedCatalog } from '../model/snapshot.js'
import { toPrintable } from '../text/printable.js'
import { columnCheck } from './column-check.js'
import {
  type TypeContext,
  createTypeNames,
  type TypeNameAllocator,
  type UnionMembers,
  usedValueTypes,
  valueTypes,
} from './column-types.js'
import { type TypedColumn, type TypedRelation, collectRelations } from './relations.js'

/** Names of TypeScript and of the generated file that a generated type must not have. */
const reservedNames = [
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
const typeSuffixes = ['Row', 'Insert', 'Update']

/** A relation with the names of its types: `SongsRow`, `SongsInsert`, `SongsUpdate`. */
interface NamedRelation extends TypedRelation {
  readonly types: readonly [row: string, insert: string, update: string]
}

/**
 * A TypeScript file that declares every table and view of a promise for Knex: row, insert and update types in
 * `knex/types/tables`, and signatures that reject a query on any other column. Tables of the `searchPath` are named without
 * their schema; `head` is the newest revision of the promise and `command` what generated the file.
 */
export function renderTableTypes(
  promised: PromisedCatalog,
  {
    head,
    command,
    searchPath,
  }: { readonly head: string; readonly command: string; readonly searchPath: readonly string[] },
): string {
  const names = createTypeNames(reservedNames)
  const enumNames = nameEnums(promised, names)
  const relations = collectRelations(promised, { catalog: promised.catalog, enumNames }).map(
    (relation): NamedRelation => ({ ...relation, types: nameRowTypes(relation, names) }),
  )
  const blocks = [
    ...[...enumNames].map(([key, name]) => enumLines(name, promised.catalog[key]?.['labels'])),
    ...relations.flatMap(relationBlocks),
    tablesInterfaceLines(relations, searchPath),
  ].map((lines) => lines.join('\n'))
  const header = [
    `// Made by \`${toPrintable(command)}\` from the snapshot at head ${toPrintable(head)}; do not edit.`,
    "import type { Knex } from 'knex'",
  ].join('\n')
  return `${[header, ...usedValueTypes(blocks.join('\n')), ...blocks, columnCheck].join('\n\n')}\n`
}

function nameEnums({ catalog }: PromisedCatalog, names: TypeNameAllocator): TypeContext['enumNames'] {
  const keys = sortKeys(Object.keys(catalog)).filter((key) => parseKey(key).kind === 'enum')
  return new Map(
    keys.map((key) => [key, names.take(omitPublicSchema(parseKey(key).names.map(unquoteName)), [''])]),
  )
}

function nameRowTypes({ schema, name }: TypedRelation, names: TypeNameAllocator): NamedRelation['types'] {
  const base = names.take(omitPublicSchema([schema, name]), typeSuffixes)
  return [`${base}Row`, `${base}Insert`, `${base}Update`]
}

/** Names of types and tables have a schema unless it is `public`. */
function omitPublicSchema(names: readonly string[]): readonly string[] {
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
  const union: UnionMembers = write === null ? ['never'] : [...write, 'Sql']
  return propertyLines(`${propertyName(name)}${optional ? '?' : ''}`, union)
}

/** Knex splits a name at a point into schema and table, and at ` as ` into name and alias. */
const unsupportedName = /\.| as /i

function tablesInterfaceLines(relations: readonly NamedRelation[], searchPath: readonly string[]): Lines {
  const found = new Map<string, string>()
  for (const schema of searchPath.toReversed())
    for (const relation of relations) if (relation.schema === schema) found.set(relation.name, schema)
  const entries = relations
    .filter(({ schema, name }) => !unsupportedName.test(schema) && !unsupportedName.test(name))
    .flatMap(({ schema, name, types: [row, insert, update], writable }) =>
      genericLines(
        `    ${propertyName(found.get(name) === schema ? name : `${schema}.${name}`)}:`,
        'Knex.CompositeTableType',
        writable ? [row, insert, update] : [row, 'never', 'never'],
      ),
    )
  return ["declare module 'knex/types/tables.js' {", '  interface Tables {', ...entries, '  }', '}']
}

// Lines of TypeScript as prettier formats them with this project's settings, so that it does not change the file.

function fitsOnLine(line: string): boolean {
  return line.length <= 110
}

/** A property with its type, a union: `title?: string | null`. */
function propertyLines(name: string, union: readonly string[]): readonly string[] {
  return unionLines(`  ${name}:`, union, '  ')
}

/** A named union: `export type Mood = 'sad' | 'ok'`. */
function unionLines(start: string, union: readonly string[], indent = ''): readonly string[] {
  const whole = union.join(' | ')
  if (union.length < 2 || fitsOnLine(`${start} ${whole}`)) return [`${start} ${whole}`]
  if (fitsOnLine(`${indent}  ${whole}`)) return [start, `${indent}  ${whole}`]
  return [start, ...union.map((member) => `${indent}  | ${member}`)]
}

/** A start and a reference to a generic type, with its arguments on lines of their own if they do not fit on one. */
function genericLines(start: string, name: string, given: readonly string[]): readonly string[] {
  const line = `${start} ${name}<${given.join(', ')}>`
  if (fitsOnLine(line)) return [line]
  if (given.length < 2) return [start, `  ${name}<${given.join()}>`]
  const indent = /^ */.exec(start)?.[0] ?? ''
  const inner = given.map((each, index) => `${indent}  ${each}${index === given.length - 1 ? '' : ','}`)
  return [`${start} ${name}<`, ...inner, `${indent}>`]
}

/** A name as a property name: quoted unless it is an identifier. */
function propertyName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : textLiteral(name)
}

/** A text in single quotes, or in double quotes if it contains more single ones. */
function textLiteral(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (escape, character) => (character === '"' ? '"' : escape))
  const quote = inner.split("'").length > inner.split('"').length ? '"' : "'"
  return `${quote}${toPrintable(inner).replaceAll(quote, `\\${quote}`)}${quote}`
}
