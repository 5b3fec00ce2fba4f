import type { Catalog } from '../../core/model/catalog.js'
import { ident, literal } from '../identifiers.js'
import { columnDefinition } from '../kinds/column-definition.js'
import { columnsOf } from '../kinds/table.js'
import { type DdlObject, findObject, text } from '../object.js'
import type { Statement } from '../statement.js'
import type { Call } from './chain.js'
import { columnCalls } from './columns.js'
import { quoted } from './javascript.js'
import { constraintDropped, constraintMade, indexDropped, indexMade, type Line } from './keys.js'
import { areSimple, type Manner, type TableName, tableNameOf } from './manner.js'
import { type Serial, serialOf } from './serial.js'

/** A column of CREATE TABLE. */
export interface ColumnPart {
  readonly name: string
  readonly serial: Serial | null
  readonly calls: readonly Call[]
}

/** One statement in the words of Knex's builder. */
export type Part =
  | { readonly form: 'schema'; readonly schema: string; readonly call: Call }
  | { readonly form: 'create'; readonly table: TableName; readonly columns: readonly ColumnPart[] }
  | { readonly form: 'add'; readonly table: TableName; readonly line: Line }
  | { readonly form: 'change'; readonly table: TableName; readonly line: Line }
  /** Said of a column where its table is made, and nowhere else. */
  | {
      readonly form: 'remark'
      readonly table: TableName
      readonly column: string
      readonly call: Call
    }

export interface Passage {
  readonly from: Catalog
  readonly to: Catalog
  readonly manner: Manner
  /** The keys of the sequences that can be made with their columns. */
  readonly sequences: ReadonlySet<string>
}

interface Objects {
  readonly sql: string
  /** The object as it was, and as it shall be. */
  readonly was: DdlObject | undefined
  readonly shall: DdlObject | undefined
  readonly manner: Manner
  readonly sequences: ReadonlySet<string>
}

/**
 * A statement in the words of Knex's builder; null where it has none that say exactly the same. It is found by writing what
 * the builder's words stand for and comparing.
 */
export function partOf({ key, sql, transactional }: Statement, { from, to, ...rest }: Passage): Part | null {
  if (!transactional || sql.includes('?')) return null
  const [was, shall] = [findObject(from, key), findObject(to, key)]
  const names = (was ?? shall)?.names ?? []
  const find = finders[(was ?? shall)?.kind ?? '']
  return find !== undefined && areSimple(names, rest.manner) ? find({ sql, was, shall, ...rest }) : null
}

const finders: Readonly<Record<string, (objects: Objects) => Part | null>> = {
  schema: ({ sql, was, shall }) => {
    if (sql === `CREATE SCHEMA ${shall?.name}`) return ofSchema('', ['createSchema', nameOf(shall)])
    return sql === `DROP SCHEMA ${was?.name}` ? ofSchema('', ['dropSchema', nameOf(was)]) : null
  },
  table: (objects) => dropped(objects, 'TABLE', 'dropTable') ?? created(objects) ?? tableRemark(objects),
  view: (objects) => dropped(objects, 'VIEW', 'dropView'),
  materialized_view: (objects) => dropped(objects, 'MATERIALIZED VIEW', 'dropMaterializedView'),
  column: (objects) => columnAdded(objects) ?? columnChanged(objects) ?? columnRemark(objects),
  constraint: constraintPart,
  index: indexPart,
}

function ofSchema(schema: string, call: Call): Part {
  return { form: 'schema', schema, call }
}

function nameOf(object: DdlObject | undefined): string {
  return quoted(object?.names.at(-1) ?? '')
}

function dropped({ sql, was }: Objects, word: string, method: string): Part | null {
  if (was === undefined || sql !== `DROP ${word} ${was.name}`) return null
  return ofSchema(was.names[0] ?? '', [method, nameOf(was)])
}

function created({ sql, shall, manner, sequences }: Objects): Part | null {
  if (shall === undefined) return null
  const columns = columnsOf(shall)
  const definitions = columns.map((column) => `\n  ${columnDefinition(column)}`).join(',')
  if (columns.length === 0 || sql !== `CREATE TABLE ${shall.name} (${definitions}\n)`) return null
  if (!columns.every(({ names }) => areSimple(names, manner))) return null
  return {
    form: 'create',
    table: tableNameOf(shall),
    columns: columns.map((column) => ({
      name: column.names.at(-1) ?? '',
      serial: serialOf(column, sequences),
      calls: columnCalls(column),
    })),
  }
}

function changed(object: DdlObject, line: Line | null): Part | null {
  return line === null ? null : { form: 'change', table: tableNameOf(object), line }
}

function columnAdded({ sql, shall }: Objects): Part | null {
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

function columnChanged({ sql, was, shall }: Objects): Part | null {
  const object = was ?? shall
  if (object === undefined) return null
  const found = columnChanges.find(
    ([write]) => sql === `ALTER TABLE ${object.relation} ${write(object.name)}`,
  )
  return changed(object, found === undefined ? null : { calls: [[found[1], nameOf(object)]] })
}

/** Knex writes a comment between quotes as it is. */
function remarkCall({ facts }: DdlObject): Call | null {
  const comment = text({ facts }, 'comment')
  return comment === '' || /['\\]/.test(comment) ? null : ['comment', quoted(comment)]
}

function tableRemark({ sql, shall }: Objects): Part | null {
  const call = shall === undefined ? null : remarkCall(shall)
  if (shall === undefined || call === null) return null
  const isIt = sql === `COMMENT ON TABLE ${shall.name} IS ${literal(text(shall, 'comment'))}`
  return changed(shall, isIt ? { calls: [call] } : null)
}

function columnRemark({ sql, shall }: Objects): Part | null {
  const call = shall === undefined ? null : remarkCall(shall)
  if (shall === undefined || call === null) return null
  const column = `${shall.relation}.${shall.name}`
  if (sql !== `COMMENT ON COLUMN ${column} IS ${literal(text(shall, 'comment'))}`) return null
  return { form: 'remark', table: tableNameOf(shall), column: shall.names.at(-1) ?? '', call }
}

function constraintPart({ sql, was, shall, manner }: Objects): Part | null {
  if (was !== undefined && sql === `ALTER TABLE ${was.relation} DROP CONSTRAINT ${was.name}`)
    return changed(was, constraintDropped(was, manner))
  if (shall === undefined) return null
  const definition = text(shall, 'definition')
  const isIt = sql === `ALTER TABLE ${shall.relation} ADD CONSTRAINT ${shall.name} ${definition}`
  return isIt ? changed(shall, constraintMade(shall, manner)) : null
}

function indexPart({ sql, was, shall, manner }: Objects): Part | null {
  if (was !== undefined && sql === `DROP INDEX ${ident(was.names[0] ?? '')}.${was.name}`)
    return changed(was, indexDropped(was, manner))
  return shall !== undefined && sql === text(shall, 'definition')
    ? changed(shall, indexMade(shall, manner))
    : null
}
