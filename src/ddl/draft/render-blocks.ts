import type { DraftBlock, BlockLine } from './blocks.js'
import { toOneLine, stringLiteral, rawSqlArgument } from './javascript.js'
import { type MethodCall, renderChain, isTooLong } from './method-chain.js'
import type { TableName } from './naming.js'

const indent = '  '

/**
 * The lines of a function body with the blocks.
 *
 * @param defaultSchema the schema of tables without `withSchema`
 */
export function renderBlocks(blocks: readonly DraftBlock[], defaultSchema: string): readonly string[] {
  const rendered = blocks.map((block) => renderBlock(block, defaultSchema))
  return rendered.flatMap((lines, index) => [
    ...(index > 0 && (lines.length > 1 || (rendered[index - 1]?.length ?? 0) > 1) ? [''] : []),
    ...lines,
  ])
}

function renderBlock(block: DraftBlock, defaultSchema: string): readonly string[] {
  switch (block.form) {
    case 'raw':
      return [
        ...hazardComment(block.hazards, indent),
        ...renderChain('await knex', [['raw', rawSqlArgument(block.sql)]], indent),
      ]
    case 'schema':
      return [
        ...hazardComment(block.hazards, indent),
        ...renderChain(
          'await knex.schema',
          [...withSchemaCalls(block.schema, defaultSchema), block.call],
          indent,
        ),
      ]
    case 'alter':
      return renderTableCall(block.table, 'alterTable', defaultSchema, (start) =>
        renderLines(block.lines, start),
      )
    case 'create':
      return renderTableCall(block.table, 'createTable', defaultSchema, (start) =>
        renderColumns(block, start),
      )
  }
}

function withSchemaCalls(schema: string, defaultSchema: string): readonly MethodCall[] {
  return schema === '' || schema === defaultSchema ? [] : [['withSchema', stringLiteral(schema)]]
}

/** `createTable` or `alterTable` with its callback. */
function renderTableCall(
  { schema, name }: TableName,
  method: string,
  defaultSchema: string,
  renderCallback: (start: string) => readonly string[],
): readonly string[] {
  const schemaCalls = withSchemaCalls(schema, defaultSchema).map((call) => `${call[0]}(${call[1]})`)
  const call = `${indent}${['await knex.schema', ...schemaCalls].join('.')}.${method}(`
  const line = `${call}${stringLiteral(name)}, (table) => {`
  if (!isTooLong(line)) return [line, ...renderCallback(increaseIndent(indent)), `${indent}})`]
  const inner = increaseIndent(indent)
  return [
    call,
    `${inner}${stringLiteral(name)},`,
    `${inner}(table) => {`,
    ...renderCallback(increaseIndent(inner)),
    `${inner}},`,
    `${indent})`,
  ]
}

function increaseIndent(start: string): string {
  return `${start}${indent}`
}

function renderLine(
  calls: readonly MethodCall[],
  hazards: readonly string[],
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
  const columnLines = columns.flatMap(({ name, serial, calls }) => {
    const comment = columnComments.get(name)
    const options = key?.primaryColumn === name ? [] : ['{ primaryKey: false }']
    const typeCalls = serial === null ? calls : [[serial.method, stringLiteral(name), ...options] as const]
    return renderLine([...typeCalls, ...(comment === undefined ? [] : [comment])], [], start)
  })
  const others = lines
    .filter((line) => line !== key)
    .sort((one, other) => methodRank(one) - methodRank(other))
  return [...columnLines, ...renderLines(others, start)]
}

/** Keys come first, because other constraints may reference them. */
const methodOrder = ['primary', 'unique']

function methodRank({ calls: [[method] = ['']] }: BlockLine): number {
  const index = methodOrder.indexOf(method)
  return index < 0 ? methodOrder.length : index
}

/**
 * Lines with their hazards as comments above them. Hazards that are the same as those of the line before are left out.
 */
function renderLines(lines: readonly BlockLine[], start: string): readonly string[] {
  return lines.flatMap((line, index) => {
    const before = lines[index - 1]?.hazards ?? []
    const isSame = line.hazards.join() === before.join()
    return renderLine(line.calls, isSame ? [] : line.hazards, start)
  })
}

/** Hazards as a comment, on one line. */
function hazardComment(hazards: readonly string[], start: string): readonly string[] {
  return hazards.length === 0 ? [] : [`${start}// ${toOneLine(hazards.join('; '))}`]
}
