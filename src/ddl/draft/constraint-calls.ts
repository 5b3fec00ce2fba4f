import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, textFact } from '../object.js'
import { stringLiteral, arrayLiteral } from './javascript.js'
import type { MethodCall } from './method-chain.js'
import { areSimpleNames, type KnexNaming, parseNameList } from './naming.js'

/** A chain of builder calls on a table: `table.foreign(…).references(…)`. */
export interface BuilderLine {
  readonly calls: readonly MethodCall[]
  /** The column of a primary key that has one column and the default name of PostgreSQL. */
  readonly primaryColumn?: string
}

type LineRenderer = (object: DdlObject, naming: KnexNaming) => BuilderLine | null

/** The builder calls that add a constraint, by the type of the constraint. */
const addLineByType: Readonly<Record<string, LineRenderer>> = {
  'primary key': addKeyLine,
  unique: addKeyLine,
  'foreign key': addForeignKeyLine,
  check: addCheckLine,
}

/** The builder calls that drop a constraint. Knex finds it by name; the columns are for the reader. */
const dropLineByType: Readonly<Record<string, LineRenderer>> = {
  'primary key': (object) =>
    singleCallLine(
      'dropPrimary',
      ...(hasDefaultPrimaryName(object) ? [] : [stringLiteral(lastName(object))]),
    ),
  unique: (object, naming) => dropKeyLine(object, naming, 'dropUnique', 'unique'),
  'foreign key': (object, naming) => dropKeyLine(object, naming, 'dropForeign', 'foreign'),
  check: (object) =>
    isUnquotedName(object) ? singleCallLine('dropChecks', stringLiteral(object.name)) : null,
}

/** The builder calls that add a constraint; null where they cannot express all of it. */
export function addConstraintLine(object: DdlObject, naming: KnexNaming): BuilderLine | null {
  return areSimpleNames(object.names, naming)
    ? (addLineByType[textFact(object, 'type')]?.(object, naming) ?? null)
    : null
}

/** The builder calls that drop a constraint; null where the builder cannot drop it. */
export function dropConstraintLine(object: DdlObject, naming: KnexNaming): BuilderLine | null {
  return areSimpleNames(object.names, naming)
    ? (dropLineByType[textFact(object, 'type')]?.(object, naming) ?? null)
    : null
}

const keyPattern = /^(PRIMARY KEY|UNIQUE) \((.*)\)( DEFERRABLE)?( INITIALLY DEFERRED)?$/

function addKeyLine(object: DdlObject, naming: KnexNaming): BuilderLine | null {
  const [, type, list = '', deferrable, deferred] = keyPattern.exec(textFact(object, 'definition')) ?? []
  const columns = parseNameList(list)
  if (columns === null || !areSimpleNames(columns, naming)) return null
  const isPrimary = type === 'PRIMARY KEY'
  const hasDefaultName = isPrimary
    ? hasDefaultPrimaryName(object)
    : nameArgument(object, columns, 'unique').length === 0
  const nameOption = `${isPrimary ? 'constraintName' : 'indexName'}: ${stringLiteral(lastName(object))}`
  const options = [
    ...(hasDefaultName ? [] : [nameOption]),
    ...(deferrable === undefined ? [] : [`deferrable: '${deferrableMode(deferred)}'`]),
  ]
  const [only] = columns.length === 1 && options.length === 0 && isPrimary ? columns : []
  return {
    ...singleCallLine(isPrimary ? 'primary' : 'unique', arrayLiteral(columns), ...optionsArgument(options)),
    ...(only === undefined ? {} : { primaryColumn: only }),
  }
}

const actionPattern = '(CASCADE|RESTRICT|SET NULL|SET DEFAULT)'
const foreignKeyPattern = new RegExp(
  `^FOREIGN KEY \\((.*)\\) REFERENCES (.*)\\.(.*)\\((.*)\\)(?: ON UPDATE ${actionPattern})?(?: ON DELETE ${actionPattern})?` +
    `( DEFERRABLE)?( INITIALLY DEFERRED)?$`,
)

function addForeignKeyLine(object: DdlObject, naming: KnexNaming): BuilderLine | null {
  const [, ownList = '', schema = '', table = '', otherList = '', onUpdate, onDelete, deferrable, deferred] =
    foreignKeyPattern.exec(textFact(object, 'definition')) ?? []
  const [columns, target, referenced] = [
    parseNameList(ownList),
    parseNameList(`${schema}, ${table}`),
    parseNameList(otherList),
  ]
  if (columns === null || referenced === null || target?.length !== 2) return null
  if (!areSimpleNames([...columns, ...target, ...referenced], naming)) return null
  const targetTable = target[0] === naming.defaultSchema ? (target[1] ?? '') : target.join('.')
  const optionalCall = (method: string, value: string | undefined): readonly MethodCall[] =>
    value === undefined ? [] : [[method, stringLiteral(value)]]
  return {
    calls: [
      ['foreign', columnsArgument(columns), ...nameArgument(object, columns, 'foreign')],
      ['references', columnsArgument(referenced)],
      ['inTable', stringLiteral(targetTable)],
      ...optionalCall('onUpdate', onUpdate),
      ...optionalCall('onDelete', onDelete),
      ...optionalCall('deferrable', deferrable && deferrableMode(deferred)),
    ],
  }
}

function deferrableMode(deferred: string | undefined): string {
  return deferred === undefined ? 'immediate' : 'deferred'
}

/** Knex does not quote the name of a check. */
function addCheckLine(object: DdlObject): BuilderLine | null {
  const [, predicate] = /^CHECK \((.*)\)$/s.exec(textFact(object, 'definition')) ?? []
  if (predicate === undefined || !isUnquotedName(object)) return null
  return singleCallLine('check', stringLiteral(predicate), 'undefined', stringLiteral(object.name))
}

/** The builder calls that create an index; null where they cannot express all of it. */
export function addIndexLine(object: DdlObject, naming: KnexNaming): BuilderLine | null {
  const unique = object.facts['unique'] === true ? 'UNIQUE ' : ''
  const start = `CREATE ${unique}INDEX ${object.name} ON ${object.relation} USING `
  const definition = textFact(object, 'definition')
  const [, method = '', list = ''] = definition.startsWith(start)
    ? (/^(\w+) \((.*)\)$/.exec(definition.slice(start.length)) ?? [])
    : []
  const columns = parseNameList(list)
  if (columns === null || !areSimpleNames([...object.names, ...columns], naming)) return null
  if (unique !== '') {
    const options = [`indexName: ${stringLiteral(lastName(object))}`, 'useConstraint: false']
    return method === 'btree'
      ? singleCallLine('unique', arrayLiteral(columns), ...optionsArgument(options))
      : null
  }
  const name = method === 'btree' ? nameArgument(object, columns, 'index') : [stringLiteral(lastName(object))]
  const using = method === 'btree' ? [] : [stringLiteral(method)]
  return singleCallLine('index', arrayLiteral(columns), ...name, ...using)
}

/** The builder calls that drop an index; null where the builder cannot drop it. */
export function dropIndexLine(object: DdlObject, naming: KnexNaming): BuilderLine | null {
  return areSimpleNames(object.names, naming)
    ? singleCallLine('dropIndex', '[]', stringLiteral(lastName(object)))
    : null
}

function dropKeyLine(object: DdlObject, naming: KnexNaming, method: string, suffix: string): BuilderLine {
  const [, list = ''] = /^[A-Z ]+ \(([^)]*)\)/.exec(textFact(object, 'definition')) ?? []
  const names = parseNameList(list)
  const columns = names !== null && areSimpleNames(names, naming) ? names : []
  return singleCallLine(method, arrayLiteral(columns), ...nameArgument(object, columns, suffix))
}

/** The name as an argument, unless it is the name that Knex gives by default: `songs_title_unique`. */
function nameArgument(object: DdlObject, columns: readonly string[], suffix: string): readonly string[] {
  const table = (object.names[1] ?? '').replaceAll(/[.-]/g, '_')
  const defaultName = `${table}_${columns.join('_')}_${suffix}`.toLowerCase()
  return lastName(object) === defaultName ? [] : [stringLiteral(lastName(object))]
}

function hasDefaultPrimaryName({ names: [, table = '', name] }: DdlObject): boolean {
  return name === `${table}_pkey`
}

function lastName({ names }: DdlObject): string {
  return names.at(-1) ?? ''
}

function isUnquotedName(object: DdlObject): boolean {
  return quoteIdentifier(lastName(object)) === lastName(object)
}

function columnsArgument(columns: readonly string[]): string {
  const [only] = columns.length === 1 ? columns : []
  return only === undefined ? arrayLiteral(columns) : stringLiteral(only)
}

function optionsArgument(options: readonly string[]): readonly string[] {
  return options.length === 0 ? [] : [`{ ${options.join(', ')} }`]
}

function singleCallLine(...call: MethodCall): BuilderLine {
  return { calls: [call] }
}
