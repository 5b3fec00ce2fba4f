import { ident } from '../identifiers.js'
import { type DdlObject, text } from '../object.js'
import type { Call } from './chain.js'
import { quoted, quotedList } from './javascript.js'
import { areSimple, type Manner, namesIn } from './manner.js'

/** What is said about a table in the builder's words: calls, the first of the table, each other of what the last gave. */
export interface Line {
  readonly calls: readonly Call[]
  /** The column of a primary key that has one column and the name PostgreSQL gives it by itself. */
  readonly primary?: string
}

type Write = (object: DdlObject, manner: Manner) => Line | null

/** How the builder makes a constraint of each type. */
const made: Readonly<Record<string, Write>> = {
  'primary key': (object, manner) => keyMade(object, manner),
  unique: (object, manner) => keyMade(object, manner),
  'foreign key': (object, manner) => referenceMade(object, manner),
  check: (object) => checkMade(object),
}

/** How the builder drops one. The name says which, the columns are for who reads it. */
const dropped: Readonly<Record<string, Write>> = {
  'primary key': (object) => one('dropPrimary', ...(isUsualPrimary(object) ? [] : [quoted(nameOf(object))])),
  unique: (object, manner) => keyDropped(object, { manner, word: 'unique', method: 'dropUnique' }),
  'foreign key': (object, manner) => keyDropped(object, { manner, word: 'foreign', method: 'dropForeign' }),
  check: (object) => (isPlain(object) ? one('dropChecks', quoted(object.name)) : null),
}

/** A constraint as the builder makes it; null where it cannot say all of it. */
export function constraintMade(object: DdlObject, manner: Manner): Line | null {
  return areSimple(object.names, manner) ? (made[text(object, 'type')]?.(object, manner) ?? null) : null
}

/** A constraint as the builder drops it; null where it cannot. */
export function constraintDropped(object: DdlObject, manner: Manner): Line | null {
  return areSimple(object.names, manner) ? (dropped[text(object, 'type')]?.(object, manner) ?? null) : null
}

const key = /^(PRIMARY KEY|UNIQUE) \((.*)\)( DEFERRABLE)?( INITIALLY DEFERRED)?$/

function keyMade(object: DdlObject, manner: Manner): Line | null {
  const [, type, list = '', canWait, waits] = key.exec(text(object, 'definition')) ?? []
  const columns = namesIn(list)
  if (columns === null || !areSimple(columns, manner)) return null
  const isPrimary = type === 'PRIMARY KEY'
  const isUsual = isPrimary ? isUsualPrimary(object) : named(object, { columns, word: 'unique' }).length === 0
  const options = [
    ...(isUsual ? [] : [`${isPrimary ? 'constraintName' : 'indexName'}: ${quoted(nameOf(object))}`]),
    ...(canWait === undefined ? [] : [`deferrable: '${waits === undefined ? 'immediate' : 'deferred'}'`]),
  ]
  const [only] = columns.length === 1 && options.length === 0 && isPrimary ? columns : []
  return {
    ...one(isPrimary ? 'primary' : 'unique', quotedList(columns), ...optionsCode(options)),
    ...(only === undefined ? {} : { primary: only }),
  }
}

const action = '(CASCADE|RESTRICT|SET NULL|SET DEFAULT)'
const reference = new RegExp(
  `^FOREIGN KEY \\((.*)\\) REFERENCES (.*)\\.(.*)\\((.*)\\)(?: ON UPDATE ${action})?(?: ON DELETE ${action})?` +
    `( DEFERRABLE)?( INITIALLY DEFERRED)?$`,
)

function referenceMade(object: DdlObject, manner: Manner): Line | null {
  const [, from = '', schema = '', table = '', to = '', onUpdate, onDelete, canWait, waits] =
    reference.exec(text(object, 'definition')) ?? []
  const [columns, target, theirs] = [namesIn(from), namesIn(`${schema}, ${table}`), namesIn(to)]
  if (columns === null || theirs === null || target?.length !== 2) return null
  if (!areSimple([...columns, ...target, ...theirs], manner)) return null
  const place = target[0] === manner.schema ? (target[1] ?? '') : target.join('.')
  const optional = (method: string, value: string | undefined): readonly Call[] =>
    value === undefined ? [] : [[method, quoted(value)]]
  return {
    calls: [
      ['foreign', few(columns), ...named(object, { columns, word: 'foreign' })],
      ['references', few(theirs)],
      ['inTable', quoted(place)],
      ...optional('onUpdate', onUpdate),
      ...optional('onDelete', onDelete),
      ...optional('deferrable', canWait && (waits === undefined ? 'immediate' : 'deferred')),
    ],
  }
}

/** Knex does not quote the name of a check. */
function checkMade(object: DdlObject): Line | null {
  const [, predicate] = /^CHECK \((.*)\)$/s.exec(text(object, 'definition')) ?? []
  if (predicate === undefined || !isPlain(object)) return null
  return one('check', quoted(predicate), 'undefined', quoted(object.name))
}

/** An index as the builder makes it; null where it cannot say all of it. */
export function indexMade(object: DdlObject, manner: Manner): Line | null {
  const unique = object.facts['unique'] === true ? 'UNIQUE ' : ''
  const start = `CREATE ${unique}INDEX ${object.name} ON ${object.relation} USING `
  const definition = text(object, 'definition')
  const [, method = '', list = ''] = definition.startsWith(start)
    ? (/^(\w+) \((.*)\)$/.exec(definition.slice(start.length)) ?? [])
    : []
  const columns = namesIn(list)
  if (columns === null || !areSimple([...object.names, ...columns], manner)) return null
  if (unique !== '') {
    const options = [`indexName: ${quoted(nameOf(object))}`, 'useConstraint: false']
    return method === 'btree' ? one('unique', quotedList(columns), ...optionsCode(options)) : null
  }
  const name = method === 'btree' ? named(object, { columns, word: 'index' }) : [quoted(nameOf(object))]
  const using = method === 'btree' ? [] : [quoted(method)]
  return one('index', quotedList(columns), ...name, ...using)
}

/** An index as the builder drops it; null where it cannot. */
export function indexDropped(object: DdlObject, manner: Manner): Line | null {
  return areSimple(object.names, manner) ? one('dropIndex', '[]', quoted(nameOf(object))) : null
}

interface Dropping {
  readonly manner: Manner
  /** The word at the end of the name Knex would give. */
  readonly word: string
  readonly method: string
}

function keyDropped(object: DdlObject, { manner, word, method }: Dropping): Line {
  const [, list = ''] = /^[A-Z ]+ \(([^)]*)\)/.exec(text(object, 'definition')) ?? []
  const found = namesIn(list)
  const columns = found !== null && areSimple(found, manner) ? found : []
  return one(method, quotedList(columns), ...named(object, { columns, word }))
}

interface Usual {
  readonly columns: readonly string[]
  readonly word: string
}

/** The name as an argument, where it is not the one that Knex would give. */
function named(object: DdlObject, usual: Usual): readonly string[] {
  return nameOf(object) === usualName(object, usual) ? [] : [quoted(nameOf(object))]
}

function usualName({ names: [, table = ''] }: DdlObject, { columns, word }: Usual): string {
  return `${table.replaceAll(/[.-]/g, '_')}_${columns.join('_')}_${word}`.toLowerCase()
}

function isUsualPrimary({ names: [, table = '', name] }: DdlObject): boolean {
  return name === `${table}_pkey`
}

function nameOf({ names }: DdlObject): string {
  return names.at(-1) ?? ''
}

function isPlain(object: DdlObject): boolean {
  return ident(nameOf(object)) === nameOf(object)
}

function few(columns: readonly string[]): string {
  const [only] = columns.length === 1 ? columns : []
  return only === undefined ? quotedList(columns) : quoted(only)
}

function optionsCode(options: readonly string[]): readonly string[] {
  return options.length === 0 ? [] : [`{ ${options.join(', ')} }`]
}

function one(...call: Call): Line {
  return { calls: [call] }
}
