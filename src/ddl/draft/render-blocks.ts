import type { DraftBlock, BlockLine } from './blocks.js'
import { toOneLine, stringLiteral, rawSqlArgument } from './javascript.js'
import { type MethodCall, renderChain, isTooLong } from './method-chain.js'
import type { TableName } from './naming.js'

const indent = '  '

/**
 * The lines of a function that does what the blocks say.
 *
 * @param schema the schema that Knex finds tables in without being told
 */
export function renderBlocks(blocks: readonly DraftBlock[], schema: string): readonly string[] {
  const written = blocks.map((block) => renderBlock(block, schema))
  return written.flatMap((lines, index) => [
    ...(index > 0 && (lines.length > 1 || (written[index - 1]?.length ?? 0) > 1) ? [''] : []),
    ...lines,
  ])
}

function renderBlock(block: DraftBlock, schema: string): readonly string[] {
  switch (block.form) {
    case 'raw':
      return [
        ...hazardComment(block.hazards, indent),
        ...renderChain('await knex', [['raw', rawSqlArgument(block.sql)]], indent),
      ]
    case 'schema':
      return [
        ...hazardComment(block.hazards, indent),
        ...renderChain('await knex.schema', [...withSchemaCalls(block.schema, schema), block.call], indent),
      ]
    case 'alter':
      return renderTableCall(block.table, {
        method: 'alterTable',
        schema,
        lines: (start) => renderLines(block.lines, start),
      })
    case 'create':
      return renderTableCall(block.table, {
        method: 'createTable',
        schema,
        lines: (start) => renderColumns(block, start),
      })
  }
}

function withSchemaCalls(schema: string, usual: string): readonly MethodCall[] {
  return schema === '' || schema === usual ? [] : [['withSchema', stringLiteral(schema)]]
}

interface TableLines {
  readonly method: string
  readonly schema: string
  readonly lines: (start: string) => readonly string[]
}

/** A call with a function that describes a table. */
function renderTableCall(
  { schema: own, name }: TableName,
  { method, schema, lines }: TableLines,
): readonly string[] {
  const start = ['await knex.schema', ...withSchemaCalls(own, schema).map((call) => `${call[0]}(${call[1]})`)]
  const call = `${indent}${start.join('.')}.${method}(`
  const line = `${call}${stringLiteral(name)}, (table) => {`
  if (!isTooLong(line)) return [line, ...lines(increaseIndent(indent)), `${indent}})`]
  const inner = increaseIndent(indent)
  return [
    call,
    `${inner}${stringLiteral(name)},`,
    `${inner}(table) => {`,
    ...lines(increaseIndent(inner)),
    `${inner}},`,
    `${indent})`,
  ]
}

function increaseIndent(start: string): string {
  return `${start}${indent}`
}

function renderLine(
  { calls, hazards }: Pick<BlockLine, 'calls' | 'hazards'>,
  start: string,
): readonly string[] {
  return [...hazardComment(hazards, start), ...renderChain('table', calls, start)]
}

function renderColumns(
  { columns, lines, columnComments }: Extract<DraftBlock, { form: 'create' }>,
  start: string,
): readonly string[] {
  const key = lines.find(({ primaryColumn }) =>
    columns.some(({ name, serial }) => serial !== null && name === primaryColumn),
  )
  const made = columns.flatMap(({ name, serial, calls }) => {
    const remark = columnComments.get(name)
    const options = key?.primaryColumn === name ? [] : ['{ primaryKey: false }']
    const own = serial === null ? calls : [[serial.method, stringLiteral(name), ...options] as const]
    return renderLine({ calls: [...own, ...(remark === undefined ? [] : [remark])], hazards: [] }, start)
  })
  const others = lines
    .filter((line) => line !== key)
    .sort((one, other) => methodRank(one) - methodRank(other))
  return [...made, ...renderLines(others, start)]
}

/** Keys first, as people write them, and because others may refer to them. */
const methodOrder = ['primary', 'unique']

function methodRank({ calls: [[method] = ['']] }: BlockLine): number {
  const place = methodOrder.indexOf(method)
  return place < 0 ? methodOrder.length : place
}

/** Lines with their hazards above them, which are not said again where they stay the same. */
function renderLines(lines: readonly BlockLine[], start: string): readonly string[] {
  return lines.flatMap((line, index) => {
    const before = lines[index - 1]?.hazards ?? []
    const isSame = line.hazards.join() === before.join()
    return renderLine(isSame ? { ...line, hazards: [] } : line, start)
  })
}

/** Hazards as a comment, on one line. */
function hazardComment(hazards: readonly string[], start: string): readonly string[] {
  return hazards.length === 0 ? [] : [`${start}// ${toOneLine(hazards.join('; '))}`]
}
