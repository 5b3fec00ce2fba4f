import type { Catalog } from '../../core/model/catalog.js'
import { dependenciesOf } from '../dependencies.js'
import { findObject, relationOrOwnKey } from '../object.js'
import { describeHazard, type Hazard, type Statement } from '../statement.js'
import {
  type BuilderColumn,
  type BuilderOperation,
  toBuilderOperation,
  type BuilderContext,
} from './builder.js'
import type { BuilderLine } from './constraint-calls.js'
import type { MethodCall } from './method-chain.js'
import type { KnexNaming, TableName } from './naming.js'
import { findSerialSequences } from './serial.js'

/** A line inside a table callback. */
export interface BlockLine extends BuilderLine {
  /** The hazards of its statement, as text. */
  readonly hazards: readonly string[]
  /** Whether it adds a column. */
  readonly addsColumn: boolean
}

/** One `await` of a draft. */
export type DraftBlock =
  | { readonly form: 'raw'; readonly sql: string; readonly hazards: readonly string[] }
  | {
      readonly form: 'schema'
      readonly schema: string
      readonly call: MethodCall
      readonly hazards: readonly string[]
    }
  | { readonly form: 'alter'; readonly table: TableName; readonly lines: BlockLine[] }
  | {
      readonly form: 'create'
      readonly table: TableName
      readonly columns: readonly BuilderColumn[]
      readonly lines: BlockLine[]
      /** The `comment` call of each column that has one, by the name of the column. */
      readonly columnComments: Map<string, MethodCall>
    }

type TableBlock = Extract<DraftBlock, { form: 'alter' | 'create' }>

interface BlocksState {
  readonly blocks: DraftBlock[]
  /** The index of the last block about each object, by its key. */
  readonly blockIndexes: Map<string, number>
  /** The index of the block that creates each new table. */
  readonly createdTables: Map<string, number>
  /** The index of the last block about an object that exists before the migration. */
  lastExistingIndex: number
  readonly context: BuilderContext
}

/** `dropIndex` says that an index is dropped, `GRANT` that rights change. */
function isNotSaidByCall({ hazard }: Hazard): boolean {
  return !['index dropped', 'authorization', 'untraced'].includes(hazard)
}

/**
 * Statements as blocks of Knex code, in the same order. Only the parts of a new table move up into the block that
 * creates the table, and only past blocks that create other objects.
 */
export function buildBlocks(
  statements: readonly Statement[],
  from: Catalog,
  to: Catalog,
  naming: KnexNaming,
): readonly DraftBlock[] {
  const state: BlocksState = {
    blocks: [],
    blockIndexes: new Map(),
    createdTables: new Map(),
    lastExistingIndex: -1,
    context: { from, to, naming, sequences: findSerialSequences(statements, to) },
  }
  const pairs = statements.map(
    (statement) => [statement, toBuilderOperation(statement, state.context)] as const,
  )
  const serialSequences = new Set(pairs.flatMap(([, operation]) => serialSequencesIn(operation)))
  for (const [statement, operation] of pairs)
    if (!serialSequences.has(statement.key)) addStatement(state, statement, operation)
  return state.blocks
}

/** The same with SQL only. */
export function rawBlocks(statements: readonly Statement[]): readonly DraftBlock[] {
  return statements.map(({ sql, hazards }) => ({ form: 'raw', sql, hazards: hazards.map(describeHazard) }))
}

function serialSequencesIn(operation: BuilderOperation | null): readonly string[] {
  if (operation?.form !== 'create') return []
  return operation.columns.flatMap(({ serial }) => serial?.sequenceKey ?? [])
}

function addStatement(state: BlocksState, statement: Statement, operation: BuilderOperation | null): void {
  const { blocks, blockIndexes, createdTables, context } = state
  const hazards = statement.hazards.filter(isNotSaidByCall).map(describeHazard)
  const found = operation === null ? null : findBlockIndex(state, statement, operation)
  if (found === null) blocks.push(createBlock(statement.sql, operation, hazards))
  else appendToBlock(blocks[found], operation, hazards)
  const index = found ?? blocks.length - 1
  blockIndexes.set(statement.key, index)
  if (context.from[statement.key] !== undefined)
    state.lastExistingIndex = Math.max(state.lastExistingIndex, index)
  if (operation?.form === 'create') createdTables.set(operation.table.relation, index)
}

/** The index of the block that can take the operation; null where it needs a block of its own. */
function findBlockIndex(
  { blocks, blockIndexes, createdTables, lastExistingIndex, context }: BlocksState,
  { key }: Statement,
  operation: BuilderOperation,
): number | null {
  if (operation.form === 'schema' || operation.form === 'create') return null
  const { relation } = operation.table
  const created = createdTables.get(relation)
  const isEarlier = (needed: string): boolean => (blockIndexes.get(needed) ?? -1) <= (created ?? -1)
  if (
    created !== undefined &&
    lastExistingIndex <= created &&
    dependenciesWithRelations(context.to, key).every(isEarlier)
  )
    return created
  const last = blocks.at(-1)
  const isSameTable = last?.form === 'alter' && last.table.relation === relation
  return isSameTable && operation.form !== 'columnComment' && canAppend(last, operation)
    ? blocks.length - 1
    : null
}

/** What an object needs, and the relations that these objects belong to. */
function dependenciesWithRelations(catalog: Catalog, key: string): readonly string[] {
  const object = findObject(catalog, key)
  const needs = object === undefined ? [] : [...dependenciesOf(object)]
  return needs.flatMap((needed) => [needed, relationOrOwnKey(catalog, needed)])
}

/** Knex adds all columns of a block before it does anything else. */
function canAppend({ lines }: TableBlock, { form }: BuilderOperation): boolean {
  return form !== 'add' || lines.every(({ addsColumn }) => addsColumn)
}

function createBlock(
  sql: string,
  operation: BuilderOperation | null,
  hazards: readonly string[],
): DraftBlock {
  switch (operation?.form) {
    case 'schema':
      return { form: 'schema', schema: operation.schema, call: operation.call, hazards }
    case 'create':
      return {
        form: 'create',
        table: operation.table,
        columns: operation.columns,
        lines: [],
        columnComments: new Map(),
      }
    case 'add':
    case 'change':
      return {
        form: 'alter',
        table: operation.table,
        lines: [{ ...operation.line, hazards, addsColumn: operation.form === 'add' }],
      }
    case 'columnComment':
    case undefined:
      return { form: 'raw', sql, hazards }
  }
}

function appendToBlock(
  block: DraftBlock | undefined,
  operation: BuilderOperation | null,
  hazards: readonly string[],
): void {
  if (block?.form === 'create' && operation?.form === 'columnComment')
    block.columnComments.set(operation.column, operation.call)
  else if (
    (block?.form === 'create' || block?.form === 'alter') &&
    (operation?.form === 'add' || operation?.form === 'change')
  )
    block.lines.push({ ...operation.line, hazards, addsColumn: operation.form === 'add' })
}
