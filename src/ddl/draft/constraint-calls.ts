import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, textFact } from '../object.js'
import { stringLiteral, arrayLiteral } from './javascript.js'
import type { MethodCall } from './method-chain.js'
import { areSimpleNames, type KnexNaming, parseNameList } from './naming.js'

/** What is said about a table in the builder's words: calls, the first of the table, each other of what the last gave. */
export interface BuilderLine {
  readonly calls: readonly MethodCall[]
  /** The column of a primary key that has one column and the name PostgreSQL gives it by itself. */
  readonly primaryColumn?: string
}

type LineRenderer = (object: DdlObject, manner: KnexNaming) => BuilderLine | null

/** How the builder makes a constraint of each type. */
const addLineByType: Readonly<Record<string, LineRenderer>> = {
  'primary key': (object, manner) => addKeyLine(object, manner),
  unique: (object, manner) => addKeyLine(object, manner),
  'foreign key': (object, manner) => addForeignKeyLine(object, manner),
  check: (object) => addCheckLine(object),
}

/** How the builder drops one. The name says which, the columns are for who reads it. */
const dropLineByType: Readonly<Record<string, LineRenderer>> = {
  'primary key': (object) =>
    singleCallLine(
      'dropPrimary',
      ...(hasDefaultPrimaryName(object) ? [] : [stringLiteral(lastName(object))]),
    ),
  unique: (object, manner) => dropKeyLine(object, { manner, word: 'unique', method: 'dropUnique' }),
  'foreign key': (object, manner) => dropKeyLine(object, { manner, word: 'foreign', method: 'dropForeign' }),
  check: (object) =>
    isUnquotedName(object) ? singleCallLine('dropChecks', stringLiteral(object.name)) : null,
}

/** A constraint as the builder makes it; null where it cannot say all of it. */
export function addConstraintLine(object: DdlObject, manner: KnexNaming): BuilderLine | null {
  return areSimpleNames(object.names, manner)
    ? (addLineByType[textFact(object, 'type')]?.(object, manner) ?? null)
    : null
}

/** A constraint as the builder drops it; null where it cannot. */
export function dropConstraintLine(object: DdlObject, manner: KnexNaming): BuilderLine | null {
  return areSimpleNames(object.names, manner)
    ? (dropLineByType[textFact(object, 'type')]?.(object, manner) ?? null)
    : null
}

const keyPattern = /^(PRIMARY KEY|UNIQUE) \((.*)\)( DEFERRABLE)?( INITIALLY DEFERRED)?$/

function addKeyLine(object: DdlObject, manner: KnexNaming): BuilderLine | null {
  const [, type, list = '', canWait, waits] = keyPattern.exec(textFact(object, 'definition')) ?? []
  const columns = parseNameList(list)
  if (columns === null || !areSimpleNames(columns, manner)) return null
  const isPrimary = type === 'PRIMARY KEY'
  const isUsual = isPrimary
    ? hasDefaultPrimaryName(object)
    : nameArgument(object, { columns, word: 'unique' }).length === 0
  const options = [
    ...(isUsual ? [] : [`${isPrimary ? 'constraintName' : 'indexName'}: ${stringLiteral(lastName(object))}`]),
    ...(canWait === undefined ? [] : [`deferrable: '${waits === undefined ? 'immediate' : 'deferred'}'`]),
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

function addForeignKeyLine(object: DdlObject, manner: KnexNaming): BuilderLine | null {
  const [, from = '', schema = '', table = '', to = '', onUpdate, onDelete, canWait, waits] =
    foreignKeyPattern.exec(textFact(object, 'definition')) ?? []
  const [columns, target, theirs] = [
    parseNameList(from),
    parseNameList(`${schema}, ${table}`),
    parseNameList(to),
  ]
  if (columns === null || theirs === null || target?.length !== 2) return null
  if (!areSimpleNames([...columns, ...target, ...theirs], manner)) return null
  const place = target[0] === manner.defaultSchema ? (target[1] ?? '') : target.join('.')
  const optional = (method: string, value: string | undefined): readonly MethodCall[] =>
    value === undefined ? [] : [[method, stringLiteral(value)]]
  return {
    calls: [
      ['foreign', columnsArgument(columns), ...nameArgument(object, { columns, word: 'foreign' })],
      ['references', columnsArgument(theirs)],
      ['inTable', stringLiteral(place)],
      ...optional('onUpdate', onUpdate),
      ...optional('onDelete', onDelete),
      ...optional('deferrable', canWait && (waits === undefined ? 'immediate' : 'deferred')),
    ],
  }
}

/** Knex does not quote the name of a check. */
function addCheckLine(object: DdlObject): BuilderLine | null {
  const [, predicate] = /^CHECK \((.*)\)$/s.exec(textFact(object, 'definition')) ?? []
  if (predicate === undefined || !isUnquotedName(object)) return null
  return singleCallLine('check', stringLiteral(predicate), 'undefined', stringLiteral(object.name))
}

/** An index as the builder makes it; null where it cannot say all of it. */
export function addIndexLine(object: DdlObject, manner: KnexNaming): BuilderLine | null {
  const unique = object.facts['unique'] === true ? 'UNIQUE ' : ''
  const start = `CREATE ${unique}INDEX ${object.name} ON ${object.relation} USING `
  const definition = textFact(object, 'definition')
  const [, method = '', list = ''] = definition.startsWith(start)
    ? (/^(\w+) \((.*)\)$/.exec(definition.slice(start.length)) ?? [])
    : []
  const columns = parseNameList(list)
  if (columns === null || !areSimpleNames([...object.names, ...columns], manner)) return null
  if (unique !== '') {
    const options = [`indexName: ${stringLiteral(lastName(object))}`, 'useConstraint: false']
    return method === 'btree'
      ? singleCallLine('unique', arrayLiteral(columns), ...optionsArgument(options))
      : null
  }
  const name =
    method === 'btree' ? nameArgument(object, { columns, word: 'index' }) : [stringLiteral(lastName(object))]
  const using = method === 'btree' ? [] : [stringLiteral(method)]
  return singleCallLine('index', arrayLiteral(columns), ...name, ...using)
}

/** An index as the builder drops it; null where it cannot. */
export function dropIndexLine(object: DdlObject, manner: KnexNaming): BuilderLine | null {
  return areSimpleNames(object.names, manner)
    ? singleCallLine('dropIndex', '[]', stringLiteral(lastName(object)))
    : null
}

interface KeyDrop {
  readonly manner: KnexNaming
  /** The word at the end of the name Knex would give. */
  readonly word: string
  readonly method: string
}

function dropKeyLine(object: DdlObject, { manner, word, method }: KeyDrop): BuilderLine {
  const [, list = ''] = /^[A-Z ]+ \(([^)]*)\)/.exec(textFact(object, 'definition')) ?? []
  const found = parseNameList(list)
  const columns = found !== null && areSimpleNames(found, manner) ? found : []
  return singleCallLine(method, arrayLiteral(columns), ...nameArgument(object, { columns, word }))
}

interface DefaultNameParts {
  readonly columns: readonly string[]
  readonly word: string
}

/** The name as an argument, where it is not the one that Knex would give. */
function nameArgument(object: DdlObject, usual: DefaultNameParts): readonly string[] {
  return lastName(object) === defaultName(object, usual) ? [] : [stringLiteral(lastName(object))]
}

function defaultName({ names: [, table = ''] }: DdlObject, { columns, word }: DefaultNameParts): string {
  return `${table.replaceAll(/[.-]/g, '_')}_${columns.join('_')}_${word}`.toLowerCase()
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
