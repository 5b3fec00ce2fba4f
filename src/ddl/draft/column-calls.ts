import { columnDefinition } from '../kinds/column-definition.js'
import { type DdlObject, keyFromName, textFact } from '../object.js'
import { stringLiteral, templateLiteral } from './javascript.js'
import type { MethodCall } from './method-chain.js'

/** The builder's methods for types that have one. */
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

/** The same for types that have numbers in them. */
const typePatterns: readonly (readonly [
  pattern: RegExp,
  method: string,
  args: (...found: MatchGroups) => CallArguments,
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

/** A default the builder takes as a value: the type of the column, the expression, and what is written for it. */
const defaultValues: readonly (readonly [
  type: RegExp,
  expression: RegExp,
  value: (found: string) => string,
])[] = [
  [/^boolean$/, /^(true|false)$/, (word) => word],
  [/^integer$/, /^(0|[1-9]\d{0,8})$/, (number) => number],
  [/^text$/, /^'([^'\\]*)'::text$/, stringLiteral],
  [/^character varying/, /^'([^'\\]*)'::character varying$/, stringLiteral],
  [/^jsonb$/, /^'([^'\\]*)'::jsonb$/, stringLiteral],
  [/^timestamp with time zone$/, /^(CURRENT_TIMESTAMP)$/, () => 'knex.fn.now()'],
]

/** A column in the builder's words. Whatever the methods do not say is part of a specific type. */
export function columnCalls(column: DdlObject): readonly MethodCall[] {
  const { default: _, nullable: __, ...rest } = column.facts
  const type = definitionWithFacts(column, { ...rest, nullable: true })
  const whole = definitionWithFacts(column, column.facts)
  const named = stringLiteral(column.names.at(-1) ?? '')
  if (whole.includes('\n')) return [['specificType', named, templateLiteral(whole)]]
  const isGiven = whole !== definitionWithFacts(column, { ...column.facts, default: '' })
  const isRequired = whole !== definitionWithFacts(column, { ...column.facts, nullable: true })
  return [
    columnTypeCall(named, type),
    ...(isRequired ? [['notNullable'] as const] : []),
    ...(isGiven ? [['defaultTo', defaultArgument(column, type)] as const] : []),
  ]
}

/** What follows the name of a column with these facts. */
function definitionWithFacts(column: DdlObject, facts: DdlObject['facts']): string {
  return columnDefinition({ ...column, facts }).slice(column.name.length + 1)
}

function columnTypeCall(name: string, type: string): MethodCall {
  const usual = typeMethods[type]
  if (usual !== undefined) return [usual, name]
  for (const [pattern, method, args] of typePatterns) {
    const found = pattern.exec(type)
    if (found !== null) return [method, name, ...args(...found.slice(1))]
  }
  return ['specificType', name, stringLiteral(type)]
}

function defaultArgument(column: DdlObject, type: string): string {
  const expression = textFact(column, 'default')
  const [, label, named] = /^'([^'\\]*)'::(.*)$/.exec(expression) ?? []
  const isEnum = named === type && column.catalog[keyFromName('enum', type)] !== undefined
  if (label !== undefined && isEnum) return stringLiteral(label)
  for (const [isOfType, form, write] of defaultValues) {
    const [, value] = (isOfType.test(type) ? form.exec(expression) : null) ?? []
    if (value !== undefined) return write(value)
  }
  return `knex.raw(${templateLiteral(expression)})`
}
