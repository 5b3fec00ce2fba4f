import type { Catalog } from '../../core/model/catalog.js'
import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { columnDefinition } from '../kinds/column-definition.js'
import { localColumnsOf } from '../kinds/local-columns.js'
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

/** One statement as methods of Knex's schema builder. */
export type BuilderOperation =
  | { readonly form: 'schema'; readonly schema: string; readonly call: MethodCall }
  | { readonly form: 'create'; readonly table: TableName; readonly columns: readonly BuilderColumn[] }
  | { readonly form: 'add'; readonly table: TableName; readonly line: BuilderLine }
  | { readonly form: 'change'; readonly table: TableName; readonly line: BuilderLine }
  /** The comment of a column. The builder can write it only with a new column. */
  | {
      readonly form: 'columnComment'
      readonly table: TableName
      readonly column: string
      readonly call: MethodCall
    }

export interface BuilderContext {
  readonly from: Catalog
  readonly to: Catalog
  readonly naming: KnexNaming
  /** The keys of the sequences that Knex can create together with their columns. */
  readonly sequences: ReadonlySet<string>
}

interface StatementContext {
  readonly sql: string
  /** The object before and after the migration. */
  readonly before: DdlObject | undefined
  readonly after: DdlObject | undefined
  readonly naming: KnexNaming
  readonly sequences: ReadonlySet<string>
}

/**
 * A statement as methods of Knex's schema builder; null where no method does exactly the same. SQL is not parsed: the
 * statement that a method stands for is written and compared with the statement.
 */
export function toBuilderOperation(
  { key, sql, transactional }: Statement,
  { from, to, ...rest }: BuilderContext,
): BuilderOperation | null {
  if (!transactional || sql.includes('?')) return null
  const [before, after] = [findObject(from, key), findObject(to, key)]
  const object = before ?? after
  const find = operationByKind[object?.kind ?? '']
  if (find === undefined || !areSimpleNames(object?.names ?? [], rest.naming)) return null
  return find({ sql, before, after, ...rest })
}

const operationByKind: Readonly<Record<string, (context: StatementContext) => BuilderOperation | null>> = {
  schema: ({ sql, before, after }) => {
    if (sql === `CREATE SCHEMA ${after?.name}`)
      return schemaOperation('', ['createSchema', quotedLastName(after)])
    return sql === `DROP SCHEMA ${before?.name}`
      ? schemaOperation('', ['dropSchema', quotedLastName(before)])
      : null
  },
  table: (context) =>
    dropOperation(context, 'TABLE', 'dropTable') ??
    createTableOperation(context) ??
    tableCommentOperation(context),
  view: (context) => dropOperation(context, 'VIEW', 'dropView'),
  materialized_view: (context) => dropOperation(context, 'MATERIALIZED VIEW', 'dropMaterializedView'),
  column: (context) =>
    addColumnOperation(context) ?? changeColumnOperation(context) ?? columnCommentOperation(context),
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
  { sql, before }: StatementContext,
  keyword: string,
  method: string,
): BuilderOperation | null {
  if (before === undefined || sql !== `DROP ${keyword} ${before.name}`) return null
  return schemaOperation(before.names[0] ?? '', [method, quotedLastName(before)])
}

function createTableOperation({ sql, after, naming, sequences }: StatementContext): BuilderOperation | null {
  if (after === undefined) return null
  const columns = localColumnsOf(after)
  const definitions = columns.map((column) => `\n  ${columnDefinition(column)}`).join(',')
  if (columns.length === 0 || sql !== `CREATE TABLE ${after.name} (${definitions}\n)`) return null
  if (!columns.every(({ names }) => areSimpleNames(names, naming))) return null
  return {
    form: 'create',
    table: tableNameOf(after),
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

function addColumnOperation({ sql, after }: StatementContext): BuilderOperation | null {
  if (after === undefined || sql !== `ALTER TABLE ${after.relation} ADD COLUMN ${columnDefinition(after)}`)
    return null
  return { form: 'add', table: tableNameOf(after), line: { calls: columnCalls(after) } }
}

/** The changes of a column that need only its name: the clause of ALTER TABLE and the method. */
const columnChanges: readonly (readonly [clause: (name: string) => string, method: string])[] = [
  [(name) => `DROP COLUMN ${name}`, 'dropColumn'],
  [(name) => `ALTER COLUMN ${name} SET NOT NULL`, 'dropNullable'],
  [(name) => `ALTER COLUMN ${name} DROP NOT NULL`, 'setNullable'],
]

function changeColumnOperation({ sql, before, after }: StatementContext): BuilderOperation | null {
  const object = before ?? after
  if (object === undefined) return null
  const found = columnChanges.find(
    ([clause]) => sql === `ALTER TABLE ${object.relation} ${clause(object.name)}`,
  )
  return changeOperation(object, found === undefined ? null : { calls: [[found[1], quotedLastName(object)]] })
}

/** Knex does not escape quotes and backslashes in a comment. */
function commentCall({ facts }: DdlObject): MethodCall | null {
  const comment = textFact({ facts }, 'comment')
  return comment === '' || /['\\]/.test(comment) ? null : ['comment', stringLiteral(comment)]
}

function tableCommentOperation({ sql, after }: StatementContext): BuilderOperation | null {
  const call = after === undefined ? null : commentCall(after)
  if (after === undefined || call === null) return null
  const matches = sql === `COMMENT ON TABLE ${after.name} IS ${quoteLiteral(textFact(after, 'comment'))}`
  return changeOperation(after, matches ? { calls: [call] } : null)
}

function columnCommentOperation({ sql, after }: StatementContext): BuilderOperation | null {
  const call = after === undefined ? null : commentCall(after)
  if (after === undefined || call === null) return null
  const column = `${after.relation}.${after.name}`
  if (sql !== `COMMENT ON COLUMN ${column} IS ${quoteLiteral(textFact(after, 'comment'))}`) return null
  return { form: 'columnComment', table: tableNameOf(after), column: after.names.at(-1) ?? '', call }
}

function constraintOperation({ sql, before, after, naming }: StatementContext): BuilderOperation | null {
  if (before !== undefined && sql === `ALTER TABLE ${before.relation} DROP CONSTRAINT ${before.name}`)
    return changeOperation(before, dropConstraintLine(before, naming))
  if (after === undefined) return null
  const definition = textFact(after, 'definition')
  const matches = sql === `ALTER TABLE ${after.relation} ADD CONSTRAINT ${after.name} ${definition}`
  return matches ? changeOperation(after, addConstraintLine(after, naming)) : null
}

function indexOperation({ sql, before, after, naming }: StatementContext): BuilderOperation | null {
  if (before !== undefined && sql === `DROP INDEX ${quoteIdentifier(before.names[0] ?? '')}.${before.name}`)
    return changeOperation(before, dropIndexLine(before, naming))
  return after !== undefined && sql === textFact(after, 'definition')
    ? changeOperation(after, addIndexLine(after, naming))
    : null
}
