import { columnDefinition } from '../kinds/column-definition.js'
import { type DdlObject, keyFromName, textFact } from '../object.js'
import { stringLiteral, templateLiteral } from './javascript.js'
import type { MethodCall } from './method-chain.js'

/** The builder methods of types without modifiers. */
const typeMethods: Readonly<Record<string, string>> = {
  text: 'text',
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigInteger',
  real: 'float',
  'double precision': 'double',
  boolean: 'boolean',
  date: 'date',
  'time without time zone': 'time',
  json: 'json',
  jsonb: 'jsonb',
  uuid: 'uuid',
  bytea: 'binary',
}

type CallArguments = readonly string[]
type MatchGroups = (string | undefined)[]

/** The builder methods of types with modifiers. */
const typePatterns: readonly (readonly [
  pattern: RegExp,
  method: string,
  args: (...groups: MatchGroups) => CallArguments,
])[] = [
  [/^character varying\((\d+)\)$/, 'string', (length = '') => [length]],
  [/^numeric\((\d+),(\d+)\)$/, 'decimal', (precision = '', scale = '') => [precision, scale]],
  [/^timestamp(?:\((\d)\))? with(out)? time zone$/, 'timestamp', timestampOptions],
]

function timestampOptions(precision?: string, without?: string): CallArguments {
  const options = [
    ...(without === undefined ? [] : ['useTz: false']),
    ...(precision === undefined ? [] : [`precision: ${precision}`]),
  ]
  return options.length === 0 ? [] : [`{ ${options.join(', ')} }`]
}

/** Defaults that are values in JavaScript: the type of the column, the expression in SQL, and the value. */
const defaultValues: readonly (readonly [
  type: RegExp,
  expression: RegExp,
  value: (text: string) => string,
])[] = [
  [/^boolean$/, /^(true|false)$/, (literal) => literal],
  [/^integer$/, /^(0|[1-9]\d{0,8})$/, (number) => number],
  [/^text$/, /^'([^'\\]*)'::text$/, stringLiteral],
  [/^character varying/, /^'([^'\\]*)'::character varying$/, stringLiteral],
  [/^jsonb$/, /^'([^'\\]*)'::jsonb$/, stringLiteral],
  [/^timestamp with time zone$/, /^(CURRENT_TIMESTAMP)$/, () => 'knex.fn.now()'],
]

/** The builder calls of a column. `specificType` takes what the builder has no method for. */
export function columnCalls(column: DdlObject): readonly MethodCall[] {
  const { default: _, nullable: __, ...rest } = column.facts
  const type = definitionWithFacts(column, { ...rest, nullable: true })
  const definition = definitionWithFacts(column, column.facts)
  const name = stringLiteral(column.names.at(-1) ?? '')
  if (definition.includes('\n')) return [['specificType', name, templateLiteral(definition)]]
  const hasDefault = definition !== definitionWithFacts(column, { ...column.facts, default: '' })
  const isRequired = definition !== definitionWithFacts(column, { ...column.facts, nullable: true })
  return [
    columnTypeCall(name, type),
    ...(isRequired ? [['notNullable'] as const] : []),
    ...(hasDefault ? [['defaultTo', defaultArgument(column, type)] as const] : []),
  ]
}

/** The definition of a column with other facts, without its name. */
function definitionWithFacts(column: DdlObject, facts: DdlObject['facts']): string {
  return columnDefinition({ ...column, facts }).slice(column.name.length + 1)
}

function columnTypeCall(name: string, type: string): MethodCall {
  const method = typeMethods[type]
  if (method !== undefined) return [method, name]
  for (const [pattern, method, args] of typePatterns) {
    const found = pattern.exec(type)
    if (found !== null) return [method, name, ...args(...found.slice(1))]
  }
  return ['specificType', name, stringLiteral(type)]
}

function defaultArgument(column: DdlObject, type: string): string {
  const expression = textFact(column, 'default')
  const [, label, labelType] = /^'([^'\\]*)'::(.*)$/.exec(expression) ?? []
  const isEnum = labelType === type && column.catalog[keyFromName('enum', type)] !== undefined
  if (label !== undefined && isEnum) return stringLiteral(label)
  for (const [typePattern, expressionPattern, value] of defaultValues) {
    const [, text] = (typePattern.test(type) ? expressionPattern.exec(expression) : null) ?? []
    if (text !== undefined) return value(text)
  }
  return `knex.raw(${templateLiteral(expression)})`
}
