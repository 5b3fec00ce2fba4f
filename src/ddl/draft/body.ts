import type { Block, BlockLine } from './blocks.js'
import { type Call, chain, isTooLong } from './chain.js'
import { oneLine, quoted, rawText } from './javascript.js'
import type { TableName } from './manner.js'

const indent = '  '

/**
 * The lines of a function that does what the blocks say.
 *
 * @param schema the schema that Knex finds tables in without being told
 */
export function bodyOf(blocks: readonly Block[], schema: string): readonly string[] {
  const written = blocks.map((block) => linesOf(block, schema))
  return written.flatMap((lines, index) => [
    ...(index > 0 && (lines.length > 1 || (written[index - 1]?.length ?? 0) > 1) ? [''] : []),
    ...lines,
  ])
}

function linesOf(block: Block, schema: string): readonly string[] {
  switch (block.form) {
    case 'raw':
      return [
        ...comments(block.hazards, indent),
        ...chain('await knex', [['raw', rawText(block.sql)]], indent),
      ]
    case 'schema':
      return [
        ...comments(block.hazards, indent),
        ...chain('await knex.schema', [...within(block.schema, schema), block.call], indent),
      ]
    case 'alter':
      return tableLines(block.table, {
        method: 'alterTable',
        schema,
        lines: (start) => linesWithin(block.lines, start),
      })
    case 'create':
      return tableLines(block.table, {
        method: 'createTable',
        schema,
        lines: (start) => createdLines(block, start),
      })
  }
}

function within(schema: string, usual: string): readonly Call[] {
  return schema === '' || schema === usual ? [] : [['withSchema', quoted(schema)]]
}

interface TableLines {
  readonly method: string
  readonly schema: string
  readonly lines: (start: string) => readonly string[]
}

/** A call with a function that describes a table. */
function tableLines(
  { schema: own, name }: TableName,
  { method, schema, lines }: TableLines,
): readonly string[] {
  const start = ['await knex.schema', ...within(own, schema).map((call) => `${call[0]}(${call[1]})`)]
  const call = `${indent}${start.join('.')}.${method}(`
  const line = `${call}${quoted(name)}, (table) => {`
  if (!isTooLong(line)) return [line, ...lines(deeper(indent)), `${indent}})`]
  const inner = deeper(indent)
  return [
    call,
    `${inner}${quoted(name)},`,
    `${inner}(table) => {`,
    ...lines(deeper(inner)),
    `${inner}},`,
    `${indent})`,
  ]
}

function deeper(start: string): string {
  return `${start}${indent}`
}

function lineOf({ calls, hazards }: Pick<BlockLine, 'calls' | 'hazards'>, start: string): readonly string[] {
  return [...comments(hazards, start), ...chain('table', calls, start)]
}

function createdLines(
  { columns, lines, remarks }: Extract<Block, { form: 'create' }>,
  start: string,
): readonly string[] {
  const key = lines.find(({ primary }) =>
    columns.some(({ name, serial }) => serial !== null && name === primary),
  )
  const made = columns.flatMap(({ name, serial, calls }) => {
    const remark = remarks.get(name)
    const options = key?.primary === name ? [] : ['{ primaryKey: false }']
    const own = serial === null ? calls : [[serial.method, quoted(name), ...options] as const]
    return lineOf({ calls: [...own, ...(remark === undefined ? [] : [remark])], hazards: [] }, start)
  })
  const others = lines.filter((line) => line !== key).sort((one, other) => placeOf(one) - placeOf(other))
  return [...made, ...linesWithin(others, start)]
}

/** Keys first, as people write them, and because others may refer to them. */
const order = ['primary', 'unique']

function placeOf({ calls: [[method] = ['']] }: BlockLine): number {
  const place = order.indexOf(method)
  return place < 0 ? order.length : place
}

/** Lines with their hazards above them, which are not said again where they stay the same. */
function linesWithin(lines: readonly BlockLine[], start: string): readonly string[] {
  return lines.flatMap((line, index) => {
    const before = lines[index - 1]?.hazards ?? []
    const isSame = line.hazards.join() === before.join()
    return lineOf(isSame ? { ...line, hazards: [] } : line, start)
  })
}

/** Hazards as a comment, on one line. */
function comments(hazards: readonly string[], start: string): readonly string[] {
  return hazards.length === 0 ? [] : [`${start}// ${oneLine(hazards.join('; '))}`]
}
