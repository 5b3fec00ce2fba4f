import { columnDefinition } from '../kinds/column-definition.js'
import { type DdlObject, keyOfName, text } from '../object.js'
import type { Call } from './chain.js'
import { quoted, template } from './javascript.js'

/** The builder's methods for types that have one. */
const methods: Readonly<Record<string, string>> = {
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

type Args = readonly string[]
type Groups = (string | undefined)[]

/** The same for types that have numbers in them. */
const patterns: readonly (readonly [pattern: RegExp, method: string, args: (...found: Groups) => Args])[] = [
  [/^character varying\((\d+)\)$/, 'string', (length = '') => [length]],
  [/^numeric\((\d+),(\d+)\)$/, 'decimal', (precision = '', scale = '') => [precision, scale]],
  [/^timestamp(?:\((\d)\))? with(out)? time zone$/, 'timestamp', timestampOptions],
]

function timestampOptions(precision?: string, without?: string): Args {
  const options = [
    ...(without === undefined ? [] : ['useTz: false']),
    ...(precision === undefined ? [] : [`precision: ${precision}`]),
  ]
  return options.length === 0 ? [] : [`{ ${options.join(', ')} }`]
}

/** A default the builder takes as a value: the type of the column, the expression, and what is written for it. */
const values: readonly (readonly [type: RegExp, expression: RegExp, value: (found: string) => string])[] = [
  [/^boolean$/, /^(true|false)$/, (word) => word],
  [/^integer$/, /^(0|[1-9]\d{0,8})$/, (number) => number],
  [/^text$/, /^'([^'\\]*)'::text$/, quoted],
  [/^character varying/, /^'([^'\\]*)'::character varying$/, quoted],
  [/^jsonb$/, /^'([^'\\]*)'::jsonb$/, quoted],
  [/^timestamp with time zone$/, /^(CURRENT_TIMESTAMP)$/, () => 'knex.fn.now()'],
]

/** A column in the builder's words. Whatever the methods do not say is part of a specific type. */
export function columnCalls(column: DdlObject): readonly Call[] {
  const { default: _, nullable: __, ...rest } = column.facts
  const type = definitionWith(column, { ...rest, nullable: true })
  const whole = definitionWith(column, column.facts)
  const named = quoted(column.names.at(-1) ?? '')
  if (whole.includes('\n')) return [['specificType', named, template(whole)]]
  const isGiven = whole !== definitionWith(column, { ...column.facts, default: '' })
  const isRequired = whole !== definitionWith(column, { ...column.facts, nullable: true })
  return [
    typeCall(named, type),
    ...(isRequired ? [['notNullable'] as const] : []),
    ...(isGiven ? [['defaultTo', defaultCode(column, type)] as const] : []),
  ]
}

/** What follows the name of a column with these facts. */
function definitionWith(column: DdlObject, facts: DdlObject['facts']): string {
  return columnDefinition({ ...column, facts }).slice(column.name.length + 1)
}

function typeCall(name: string, type: string): Call {
  const usual = methods[type]
  if (usual !== undefined) return [usual, name]
  for (const [pattern, method, args] of patterns) {
    const found = pattern.exec(type)
    if (found !== null) return [method, name, ...args(...found.slice(1))]
  }
  return ['specificType', name, quoted(type)]
}

function defaultCode(column: DdlObject, type: string): string {
  const expression = text(column, 'default')
  const [, label, named] = /^'([^'\\]*)'::(.*)$/.exec(expression) ?? []
  const isEnum = named === type && column.catalog[keyOfName('enum', type)] !== undefined
  if (label !== undefined && isEnum) return quoted(label)
  for (const [isOfType, form, write] of values) {
    const [, value] = (isOfType.test(type) ? form.exec(expression) : null) ?? []
    if (value !== undefined) return write(value)
  }
  return `knex.raw(${template(expression)})`
}
