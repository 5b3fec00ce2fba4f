import type { Catalog } from '../../core/model/catalog.js'
import { dependenciesOf } from '../dependencies.js'
import { findObject, relationKeyOf } from '../object.js'
import { describeHazard, type Statement } from '../statement.js'
import {
  type BuilderColumn,
  type BuilderOperation,
  toBuilderOperation,
  type BuilderContext,
} from './builder.js'
import type { BuilderLine } from './constraint-calls.js'
import type { MethodCall } from './method-chain.js'
import type { TableName } from './naming.js'
import { findSerialSequences } from './serial.js'

/** A line about a table. */
export interface BlockLine extends BuilderLine {
  /** The hazards of its statement in words. */
  readonly hazards: readonly string[]
  /** Whether it adds a column. */
  readonly addsColumn: boolean
}

/** What one `await` of a draft does. */
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
      /** Calls that are added to those of a column, by its name. */
      readonly columnComments: Map<string, MethodCall>
    }

type TableBlock = Extract<DraftBlock, { form: 'alter' | 'create' }>

interface BlocksState {
  readonly blocks: DraftBlock[]
  /** By the key of an object, the place of the last block that is about it. */
  readonly blockIndexes: Map<string, number>
  /** By table, the place of the block that makes it. */
  readonly createdTables: Map<string, number>
  /** The place of the last block about an object that was there before. */
  lastExistingIndex: number
  readonly context: BuilderContext
}

/**
 * Statements as Knex code, in their order; only what makes a new table complete moves up to where the table is made, and
 * only past what makes other new objects.
 */
export function buildBlocks(
  statements: readonly Statement[],
  passage: Omit<BuilderContext, 'sequences'>,
): readonly DraftBlock[] {
  const sequences = findSerialSequences(statements, passage.to)
  const site: BlocksState = {
    blocks: [],
    blockIndexes: new Map(),
    createdTables: new Map(),
    lastExistingIndex: -1,
    context: { ...passage, sequences },
  }
  const parts = statements.map(
    (statement) => [statement, toBuilderOperation(statement, site.context)] as const,
  )
  const made = new Set(parts.flatMap(([, part]) => serialSequencesIn(part)))
  for (const [statement, part] of parts) if (!made.has(statement.key)) addStatement(site, statement, part)
  return site.blocks
}

function serialSequencesIn(part: BuilderOperation | null): readonly string[] {
  return part?.form === 'create' ? part.columns.flatMap(({ serial }) => serial?.sequenceKey ?? []) : []
}

function addStatement(site: BlocksState, statement: Statement, part: BuilderOperation | null): void {
  const { blocks, blockIndexes, createdTables, context } = site
  const hazards = statement.hazards.map(describeHazard)
  const place = part === null ? null : findBlockIndex(site, statement, part)
  if (place === null) blocks.push(createBlock(statement, { part, hazards }))
  else appendToBlock(blocks[place], part, hazards)
  const at = place ?? blocks.length - 1
  blockIndexes.set(statement.key, at)
  if (context.from[statement.key] !== undefined) site.lastExistingIndex = Math.max(site.lastExistingIndex, at)
  if (part?.form === 'create') createdTables.set(part.table.relation, at)
}

/** The place of the block that can take the part; null where it needs one of its own. */
function findBlockIndex(
  { blocks, blockIndexes, createdTables, lastExistingIndex, context }: BlocksState,
  { key }: Statement,
  part: BuilderOperation,
): number | null {
  if (part.form === 'schema' || part.form === 'create') return null
  const { relation } = part.table
  const maker = createdTables.get(relation)
  const isThere = (needed: string): boolean => (blockIndexes.get(needed) ?? -1) <= (maker ?? -1)
  if (
    maker !== undefined &&
    lastExistingIndex <= maker &&
    dependenciesWithRelations(context.to, key).every(isThere)
  )
    return maker
  const last = blocks.at(-1)
  const isSame = last?.form === 'alter' && last.table.relation === relation
  return isSame && part.form !== 'remark' && canAppend(last, part) ? blocks.length - 1 : null
}

/** What an object needs, and the relations that these are part of. */
function dependenciesWithRelations(catalog: Catalog, key: string): readonly string[] {
  const object = findObject(catalog, key)
  const needs = object === undefined ? [] : [...dependenciesOf(object)]
  return needs.flatMap((needed) => [needed, relationKeyOf(catalog, needed) ?? needed])
}

/** Knex adds all columns of a block before anything else. */
function canAppend({ lines }: TableBlock, { form }: BuilderOperation): boolean {
  return form !== 'add' || lines.every(({ addsColumn }) => addsColumn)
}

interface BlockContent {
  readonly part: BuilderOperation | null
  readonly hazards: readonly string[]
}

function createBlock({ sql }: Statement, { part, hazards }: BlockContent): DraftBlock {
  switch (part?.form) {
    case 'schema':
      return { form: 'schema', schema: part.schema, call: part.call, hazards }
    case 'create':
      return {
        form: 'create',
        table: part.table,
        columns: part.columns,
        lines: [],
        columnComments: new Map(),
      }
    case 'add':
    case 'change':
      return {
        form: 'alter',
        table: part.table,
        lines: [{ ...part.line, hazards, addsColumn: part.form === 'add' }],
      }
    case 'remark':
    case undefined:
      return { form: 'raw', sql, hazards }
  }
}

function appendToBlock(
  block: DraftBlock | undefined,
  part: BuilderOperation | null,
  hazards: readonly string[],
): void {
  if (block?.form === 'create' && part?.form === 'remark') block.columnComments.set(part.column, part.call)
  else if (
    (block?.form === 'create' || block?.form === 'alter') &&
    (part?.form === 'add' || part?.form === 'change')
  )
    block.lines.push({ ...part.line, hazards, addsColumn: part.form === 'add' })
}
