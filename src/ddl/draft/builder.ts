import type { Catalog } from '../../core/model/catalog.js'
import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { columnDefinition } from '../kinds/column-definition.js'
import { localColumnsOf } from '../kinds/table.js'
import { type DdlObject, findObject, textFact } from '../object.js'
import type { Statement } from '../statement.js'
import { columnCalls } from './column-calls.js'
import {
  dropConstraintLine,
  addConstraintLine,
  dropIndexLine,
  addIndexLine,
  type BuilderLine,
} from './constraint-calls.js'
import { stringLiteral } from './javascript.js'
import type { MethodCall } from './method-chain.js'
import { areSimpleNames, type KnexNaming, type TableName, tableNameOf } from './naming.js'
import { type SerialColumn, matchSerial } from './serial.js'

/** A column of CREATE TABLE. */
export interface BuilderColumn {
  readonly name: string
  readonly serial: SerialColumn | null
  readonly calls: readonly MethodCall[]
}

/** One statement in the words of Knex's builder. */
export type BuilderOperation =
  | { readonly form: 'schema'; readonly schema: string; readonly call: MethodCall }
  | { readonly form: 'create'; readonly table: TableName; readonly columns: readonly BuilderColumn[] }
  | { readonly form: 'add'; readonly table: TableName; readonly line: BuilderLine }
  | { readonly form: 'change'; readonly table: TableName; readonly line: BuilderLine }
  /** Said of a column where its table is made, and nowhere else. */
  | {
      readonly form: 'remark'
      readonly table: TableName
      readonly column: string
      readonly call: MethodCall
    }

export interface BuilderContext {
  readonly from: Catalog
  readonly to: Catalog
  readonly naming: KnexNaming
  /** The keys of the sequences that can be made with their columns. */
  readonly sequences: ReadonlySet<string>
}

interface StatementContext {
  readonly sql: string
  /** The object as it was, and as it shall be. */
  readonly was: DdlObject | undefined
  readonly shall: DdlObject | undefined
  readonly naming: KnexNaming
  readonly sequences: ReadonlySet<string>
}

/**
 * A statement in the words of Knex's builder; null where it has none that say exactly the same. It is found by writing what
 * the builder's words stand for and comparing.
 */
export function toBuilderOperation(
  { key, sql, transactional }: Statement,
  { from, to, ...rest }: BuilderContext,
): BuilderOperation | null {
  if (!transactional || sql.includes('?')) return null
  const [was, shall] = [findObject(from, key), findObject(to, key)]
  const names = (was ?? shall)?.names ?? []
  const find = operationByKind[(was ?? shall)?.kind ?? '']
  return find !== undefined && areSimpleNames(names, rest.naming) ? find({ sql, was, shall, ...rest }) : null
}

const operationByKind: Readonly<Record<string, (objects: StatementContext) => BuilderOperation | null>> = {
  schema: ({ sql, was, shall }) => {
    if (sql === `CREATE SCHEMA ${shall?.name}`)
      return schemaOperation('', ['createSchema', quotedLastName(shall)])
    return sql === `DROP SCHEMA ${was?.name}`
      ? schemaOperation('', ['dropSchema', quotedLastName(was)])
      : null
  },
  table: (objects) =>
    dropOperation(objects, 'TABLE', 'dropTable') ??
    createTableOperation(objects) ??
    tableCommentOperation(objects),
  view: (objects) => dropOperation(objects, 'VIEW', 'dropView'),
  materialized_view: (objects) => dropOperation(objects, 'MATERIALIZED VIEW', 'dropMaterializedView'),
  column: (objects) =>
    addColumnOperation(objects) ?? changeColumnOperation(objects) ?? columnCommentOperation(objects),
  constraint: constraintOperation,
  index: indexOperation,
}

function schemaOperation(schema: string, call: MethodCall): BuilderOperation {
  return { form: 'schema', schema, call }
}

function quotedLastName(object: DdlObject | undefined): string {
  return stringLiteral(object?.names.at(-1) ?? '')
}

function dropOperation(
  { sql, was }: StatementContext,
  word: string,
  method: string,
): BuilderOperation | null {
  if (was === undefined || sql !== `DROP ${word} ${was.name}`) return null
  return schemaOperation(was.names[0] ?? '', [method, quotedLastName(was)])
}

function createTableOperation({ sql, shall, naming, sequences }: StatementContext): BuilderOperation | null {
  if (shall === undefined) return null
  const columns = localColumnsOf(shall)
  const definitions = columns.map((column) => `\n  ${columnDefinition(column)}`).join(',')
  if (columns.length === 0 || sql !== `CREATE TABLE ${shall.name} (${definitions}\n)`) return null
  if (!columns.every(({ names }) => areSimpleNames(names, naming))) return null
  return {
    form: 'create',
    table: tableNameOf(shall),
    columns: columns.map((column) => ({
      name: column.names.at(-1) ?? '',
      serial: matchSerial(column, sequences),
      calls: columnCalls(column),
    })),
  }
}

function changeOperation(object: DdlObject, line: BuilderLine | null): BuilderOperation | null {
  return line === null ? null : { form: 'change', table: tableNameOf(object), line }
}

function addColumnOperation({ sql, shall }: StatementContext): BuilderOperation | null {
  if (shall === undefined || sql !== `ALTER TABLE ${shall.relation} ADD COLUMN ${columnDefinition(shall)}`)
    return null
  return { form: 'add', table: tableNameOf(shall), line: { calls: columnCalls(shall) } }
}

/** What is done to a column without a word about what it is. */
const columnChanges: readonly (readonly [sql: (name: string) => string, method: string])[] = [
  [(name) => `DROP COLUMN ${name}`, 'dropColumn'],
  [(name) => `ALTER COLUMN ${name} SET NOT NULL`, 'dropNullable'],
  [(name) => `ALTER COLUMN ${name} DROP NOT NULL`, 'setNullable'],
]

function changeColumnOperation({ sql, was, shall }: StatementContext): BuilderOperation | null {
  const object = was ?? shall
  if (object === undefined) return null
  const found = columnChanges.find(
    ([write]) => sql === `ALTER TABLE ${object.relation} ${write(object.name)}`,
  )
  return changeOperation(object, found === undefined ? null : { calls: [[found[1], quotedLastName(object)]] })
}

/** Knex writes a comment between quotes as it is. */
function commentCall({ facts }: DdlObject): MethodCall | null {
  const comment = textFact({ facts }, 'comment')
  return comment === '' || /['\\]/.test(comment) ? null : ['comment', stringLiteral(comment)]
}

function tableCommentOperation({ sql, shall }: StatementContext): BuilderOperation | null {
  const call = shall === undefined ? null : commentCall(shall)
  if (shall === undefined || call === null) return null
  const isIt = sql === `COMMENT ON TABLE ${shall.name} IS ${quoteLiteral(textFact(shall, 'comment'))}`
  return changeOperation(shall, isIt ? { calls: [call] } : null)
}

function columnCommentOperation({ sql, shall }: StatementContext): BuilderOperation | null {
  const call = shall === undefined ? null : commentCall(shall)
  if (shall === undefined || call === null) return null
  const column = `${shall.relation}.${shall.name}`
  if (sql !== `COMMENT ON COLUMN ${column} IS ${quoteLiteral(textFact(shall, 'comment'))}`) return null
  return { form: 'remark', table: tableNameOf(shall), column: shall.names.at(-1) ?? '', call }
}

function constraintOperation({ sql, was, shall, naming }: StatementContext): BuilderOperation | null {
  if (was !== undefined && sql === `ALTER TABLE ${was.relation} DROP CONSTRAINT ${was.name}`)
    return changeOperation(was, dropConstraintLine(was, naming))
  if (shall === undefined) return null
  const definition = textFact(shall, 'definition')
  const isIt = sql === `ALTER TABLE ${shall.relation} ADD CONSTRAINT ${shall.name} ${definition}`
  return isIt ? changeOperation(shall, addConstraintLine(shall, naming)) : null
}

function indexOperation({ sql, was, shall, naming }: StatementContext): BuilderOperation | null {
  if (was !== undefined && sql === `DROP INDEX ${quoteIdentifier(was.names[0] ?? '')}.${was.name}`)
    return changeOperation(was, dropIndexLine(was, naming))
  return shall !== undefined && sql === textFact(shall, 'definition')
    ? changeOperation(shall, addIndexLine(shall, naming))
    : null
}
