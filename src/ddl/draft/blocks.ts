import type { Catalog } from '../../core/model/catalog.js'
import { needsOf } from '../dependencies.js'
import { findObject, relationOf } from '../object.js'
import { describeHazard, type Statement } from '../statement.js'
import { type ColumnPart, type Part, partOf, type Passage } from './builder.js'
import type { Call } from './chain.js'
import type { Line } from './keys.js'
import type { TableName } from './manner.js'
import { sequencesOfColumns } from './serial.js'

/** A line about a table. */
export interface BlockLine extends Line {
  /** The hazards of its statement in words. */
  readonly hazards: readonly string[]
  /** Whether it adds a column. */
  readonly adds: boolean
}

/** What one `await` of a draft does. */
export type Block =
  | { readonly form: 'raw'; readonly sql: string; readonly hazards: readonly string[] }
  | {
      readonly form: 'schema'
      readonly schema: string
      readonly call: Call
      readonly hazards: readonly string[]
    }
  | { readonly form: 'alter'; readonly table: TableName; readonly lines: BlockLine[] }
  | {
      readonly form: 'create'
      readonly table: TableName
      readonly columns: readonly ColumnPart[]
      readonly lines: BlockLine[]
      /** Calls that are added to those of a column, by its name. */
      readonly remarks: Map<string, Call>
    }

type TableBlock = Extract<Block, { form: 'alter' | 'create' }>

interface Site {
  readonly blocks: Block[]
  /** By the key of an object, the place of the last block that is about it. */
  readonly places: Map<string, number>
  /** By table, the place of the block that makes it. */
  readonly created: Map<string, number>
  /** The place of the last block about an object that was there before. */
  settled: number
  readonly passage: Passage
}

/**
 * Statements as Knex code, in their order; only what makes a new table complete moves up to where the table is made, and
 * only past what makes other new objects.
 */
export function blocksOf(
  statements: readonly Statement[],
  passage: Omit<Passage, 'sequences'>,
): readonly Block[] {
  const sequences = sequencesOfColumns(statements, passage.to)
  const site: Site = {
    blocks: [],
    places: new Map(),
    created: new Map(),
    settled: -1,
    passage: { ...passage, sequences },
  }
  const parts = statements.map((statement) => [statement, partOf(statement, site.passage)] as const)
  const made = new Set(parts.flatMap(([, part]) => sequencesIn(part)))
  for (const [statement, part] of parts) if (!made.has(statement.key)) add(site, statement, part)
  return site.blocks
}

function sequencesIn(part: Part | null): readonly string[] {
  return part?.form === 'create' ? part.columns.flatMap(({ serial }) => serial?.sequence ?? []) : []
}

function add(site: Site, statement: Statement, part: Part | null): void {
  const { blocks, places, created, passage } = site
  const hazards = statement.hazards.map(describeHazard)
  const place = part === null ? null : placeWithin(site, statement, part)
  if (place === null) blocks.push(blockFor(statement, { part, hazards }))
  else addTo(blocks[place], part, hazards)
  const at = place ?? blocks.length - 1
  places.set(statement.key, at)
  if (passage.from[statement.key] !== undefined) site.settled = Math.max(site.settled, at)
  if (part?.form === 'create') created.set(part.table.relation, at)
}

/** The place of the block that can take the part; null where it needs one of its own. */
function placeWithin(
  { blocks, places, created, settled, passage }: Site,
  { key }: Statement,
  part: Part,
): number | null {
  if (part.form === 'schema' || part.form === 'create') return null
  const { relation } = part.table
  const maker = created.get(relation)
  const isThere = (needed: string): boolean => (places.get(needed) ?? -1) <= (maker ?? -1)
  if (maker !== undefined && settled <= maker && needsIn(passage.to, key).every(isThere)) return maker
  const last = blocks.at(-1)
  const isSame = last?.form === 'alter' && last.table.relation === relation
  return isSame && part.form !== 'remark' && canFollow(last, part) ? blocks.length - 1 : null
}

/** What an object needs, and the relations that these are part of. */
function needsIn(catalog: Catalog, key: string): readonly string[] {
  const object = findObject(catalog, key)
  const needs = object === undefined ? [] : [...needsOf(object)]
  return needs.flatMap((needed) => [needed, relationOf(catalog, needed) ?? needed])
}

/** Knex adds all columns of a block before anything else. */
function canFollow({ lines }: TableBlock, { form }: Part): boolean {
  return form !== 'add' || lines.every(({ adds }) => adds)
}

interface Worded {
  readonly part: Part | null
  readonly hazards: readonly string[]
}

function blockFor({ sql }: Statement, { part, hazards }: Worded): Block {
  switch (part?.form) {
    case 'schema':
      return { form: 'schema', schema: part.schema, call: part.call, hazards }
    case 'create':
      return { form: 'create', table: part.table, columns: part.columns, lines: [], remarks: new Map() }
    case 'add':
    case 'change':
      return {
        form: 'alter',
        table: part.table,
        lines: [{ ...part.line, hazards, adds: part.form === 'add' }],
      }
    case 'remark':
    case undefined:
      return { form: 'raw', sql, hazards }
  }
}

function addTo(block: Block | undefined, part: Part | null, hazards: readonly string[]): void {
  if (block?.form === 'create' && part?.form === 'remark') block.remarks.set(part.column, part.call)
  else if (
    (block?.form === 'create' || block?.form === 'alter') &&
    (part?.form === 'add' || part?.form === 'change')
  )
    block.lines.push({ ...part.line, hazards, adds: part.form === 'add' })
}
