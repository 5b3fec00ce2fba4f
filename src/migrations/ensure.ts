import type { Knex } from 'knex'
import { compareDefinitions, requireSame } from './compare.js'
import { type Definition, readDefinitions } from './definitions.js'
import { verbatim } from './read-rows.js'
import {
  findNamedRelation,
  type FoundTable,
  nameTable,
  quote,
  requireTable,
  requireTableKind,
  schemaBuilder,
} from './table.js'

/** What Knex builds, or the SQL that follows the name: `integer not null default 0`, `check (rating > 0)`. */
export type PartDefinition = string | ((table: Knex.AlterTableBuilder) => void)

/** The SQL that follows `create index NAME on TABLE`: `(lower(title)) where not hidden`. */
export interface IndexSql {
  readonly on: string
  readonly unique?: boolean
}

/** Whether something was made, or was there as it is wanted. */
export type EnsureResult = 'made' | 'there'

/** Makes a table, or finds exactly this one. Throws where another one has its name, with both definitions. */
export async function ensureTable(
  knex: Knex,
  table: string,
  build: (table: Knex.CreateTableBuilder) => void,
): Promise<EnsureResult> {
  const found = await findNamedRelation(knex, table)
  const { schema, name } = nameTable(knex, table)
  if (found === null) {
    await schemaBuilder(knex, schema).createTable(name, build)
    return 'made'
  }
  requireTableKind(table, found)
  const compared = await compareDefinitions(knex, found, async (transaction, own) => {
    await transaction.schema.withSchema(own).createTable(name, build)
  })
  requireSame(`table ${table}`, compared)
  return 'there'
}

/** Adds a column, or finds exactly this one, with the constraints and indexes that are built with it. */
export async function ensureColumn(
  knex: Knex,
  table: string,
  column: string,
  definition: PartDefinition,
): Promise<EnsureResult> {
  const found = await requireTable(knex, table)
  const part: TablePart = {
    what: `column ${column} of ${table}`,
    isIt: ({ kind, name }) => kind === 'column' && name === plainName(knex, column),
    make: async (own, schema, name) => {
      if (typeof definition === 'string')
        await own.raw(`alter table ?? add column ?? ${verbatim(definition)}`, [`${schema}.${name}`, column])
      else await schemaBuilder(own, schema).alterTable(name, definition)
    },
    prepare: async (own, schema, name) => {
      await own.raw('alter table ?? drop column ??', [`${schema}.${name}`, column])
    },
  }
  return ensurePart(knex, found, part)
}

/** Builds an index, or finds exactly this one. It blocks writes meanwhile: createIndexSafely does not. */
export async function ensureIndex(
  knex: Knex,
  table: string,
  index: string,
  definition: IndexSql | ((table: Knex.AlterTableBuilder) => void),
): Promise<EnsureResult> {
  return ensurePart(knex, await requireTable(knex, table), indexPart(knex, table, index, definition))
}

/** An index of a table, or the constraint whose index it is. */
export function indexPart(
  knex: Knex,
  table: string,
  index: string,
  definition: IndexSql | ((table: Knex.AlterTableBuilder) => void),
): TablePart {
  return {
    what: `index ${index} of ${table}`,
    isIt: ({ kind, name }) => kind !== 'column' && name === plainName(knex, index),
    make: async (own, schema, name) => {
      if (typeof definition === 'function') await schemaBuilder(own, schema).alterTable(name, definition)
      else await own.raw(indexSql(definition), [index, `${schema}.${name}`])
    },
  }
}

export function indexSql({ unique = false, on }: IndexSql, how = ''): string {
  return `create ${unique ? 'unique ' : ''}index ${how} ?? on ?? ${verbatim(on)}`
}

/** Adds a constraint, or finds exactly this one. */
export async function ensureConstraint(
  knex: Knex,
  table: string,
  constraint: string,
  definition: PartDefinition,
): Promise<EnsureResult> {
  return ensurePart(knex, await requireTable(knex, table), {
    what: `constraint ${constraint} of ${table}`,
    isIt: ({ kind, name }) => kind === 'constraint' && name === plainName(knex, constraint),
    make: async (own, schema, name) => {
      if (typeof definition === 'string')
        await own.raw(`alter table ?? add constraint ?? ${verbatim(definition)}`, [
          `${schema}.${name}`,
          constraint,
        ])
      else await schemaBuilder(own, schema).alterTable(name, definition)
    },
  })
}

/** A part of a table that is to be there. */
export interface TablePart {
  /** `index songs_title of songs` */
  readonly what: string
  readonly isIt: (definition: Definition) => boolean
  readonly make: (knex: Knex, schema: string, table: string) => Promise<void>
  /** Takes it out of a copy of the table. Default: the copy does not have it. */
  readonly prepare?: TablePart['make']
}

async function ensurePart(knex: Knex, table: FoundTable, part: TablePart): Promise<EnsureResult> {
  if ((await readDefinitions(knex, table.oid)).some(part.isIt)) {
    await requireSamePart(knex, table, part)
    return 'there'
  }
  await part.make(knex, table.schema, table.name)
  if ((await readDefinitions(knex, table.oid)).some(part.isIt)) return 'made'
  throw new Error(`${part.what} is not there after it was to be made: the definition is of something else`)
}

/** Makes it in an empty copy of the table; what is not of the copy itself belongs to it. */
export async function requireSamePart(knex: Knex, table: FoundTable, part: TablePart): Promise<void> {
  const { what, isIt, prepare, make } = part
  const { wanted, existing } = await compareDefinitions(knex, table, async (transaction, schema) => {
    await transaction.raw('create table ?? (like ??)', [
      `${schema}.${table.name}`,
      `${table.schema}.${table.name}`,
    ])
    await prepare?.(transaction, schema, table.name)
    await make(transaction, schema, table.name)
  })
  const own = wanted.filter((each) => isIt(each) || each.kind === 'constraint' || each.kind === 'index')
  const names = new Set(own.map(({ kind, name }) => `${kind} ${name}`))
  const there = existing.filter((each) => isIt(each) || names.has(`${each.kind} ${each.name}`))
  requireSame(what, { wanted: own, existing: there })
}

/** The name itself, as the project's Knex spells it. */
export function plainName(knex: Knex, name: string): string {
  return quote(knex, name).slice(1, -1).replaceAll('""', '"')
}
