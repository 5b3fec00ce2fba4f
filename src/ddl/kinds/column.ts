import { ident } from '../identifiers.js'
import {
  type Change,
  type DdlObject,
  is,
  type KindDdl,
  list,
  relationOf,
  type Step,
  step,
  text,
} from '../object.js'
import { callsOurs, defersDefault } from './column-default.js'
import { columnDefinition, hasLocalDefinition, parentColumnOf, typeOfTable } from './column-definition.js'
import { identityOptionSteps, identitySteps, narrows } from './column-identity.js'
import { typeSteps } from './column-type.js'
import { optionChanges, parameterChanges } from './parameters.js'
import { tableWord } from './table.js'

export const column: KindDdl = {
  reference: ({ relation, name }) => `COLUMN ${relation}.${name}`,
  create: (object) => [
    ...(object.fresh ? [] : added(object)),
    ...details(object),
    ...deferredDefault(object),
  ],
  drop: (object) =>
    is(object, '$inherited') || typeOfTable(object) !== null
      ? []
      : [
          step(
            `ALTER ${tableWord(object)} ${object.relation} DROP COLUMN ${object.name}`,
            { hazard: 'lock', table: object.relation, lock: 'ACCESS EXCLUSIVE' },
            ...(text(object, 'generated') === ''
              ? [{ hazard: 'data loss' as const, what: `the values of ${object.relation}.${object.name}` }]
              : []),
          ),
        ],
  alter: (change) => {
    if (mustBeMadeAnew(change)) return 'replace'
    if (change.facts.has('type') && isPartitionKey(change.from)) return ofPartitionKey
    const types = typeSteps(change)
    if ('reason' in types) return types
    const options = identityOptionSteps(change, (what) => set(change.to, what))
    const early = narrows(change) ? options : []
    return afterParent(change.to, [
      ...early,
      ...types,
      ...(narrows(change) ? [] : options),
      ...alterations(change),
    ])
  },
  disturbs: ({ facts }) => facts.has('type') || facts.has('collation'),
  rebinds: ['default'],
  rebind: ({ from, to }, needed) =>
    list(from, '$needs').includes(needed)
      ? null
      : [
          { ...set(from, 'DROP DEFAULT'), phase: 'release' },
          ...(text(to, 'default') === '' ? [] : [defaultStep(to)]),
        ],
}

const ofPartitionKey = {
  reason: 'rows are partitioned by it, and PostgreSQL does not change the type of such a column',
  decide: 'make a new partitioned table, move the rows to it, and rename both',
}

/** Whether its table, or a parent of that, is partitioned by the column. */
function isPartitionKey(object: DdlObject): boolean {
  const table = object.catalog[relationOf(object.catalog, object.key) ?? '']
  const parent = parentColumnOf(object)
  const key = table === undefined ? '' : text({ facts: table }, 'partitionedBy')
  const names = key.split(/[^\w$".]+/)
  return names.includes(object.name) || (parent !== undefined && isPartitionKey(parent))
}

/** A parent passes its changes on to its children, which then say what they have of their own. */
function afterParent(to: DdlObject, steps: readonly Step[]): readonly Step[] {
  const parent = is(to, '$inherited') ? parentColumnOf(to) : undefined
  if (parent === undefined) return steps
  return steps.map((step) => (step.phase === 'release' ? step : { ...step, after: [parent.key] }))
}

/** An expression cannot be given to a column that is there, and a virtual one not taken away. */
function mustBeMadeAnew({ from, to, facts }: Change): boolean {
  return (
    facts.has('generated') && !(text(to, 'generated') === '' && text(from, 'generated').startsWith('stored'))
  )
}

function added(object: DdlObject): readonly Step[] {
  if (is(object, '$inherited') && parentColumnOf(object) !== undefined) return []
  const type = typeOfTable(object)
  if (type !== null) return typedSteps(object, type)
  const isRequired = object.facts['nullable'] === false
  const hasValue = ['default', 'generated', 'identity'].some((fact) => text(object, fact) !== '')
  const table = object.relation
  return [
    step(
      `ALTER ${tableWord(object)} ${table} ADD COLUMN ${columnDefinition(object)}`,
      { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' },
      ...(isRequired && !hasValue ? [{ hazard: 'may fail' as const, when: `${table} has rows`, table }] : []),
      ...(text(object, 'generated').startsWith('stored') || text(object, 'identity') !== ''
        ? [{ hazard: 'table rewrite' as const, table }]
        : []),
    ),
  ]
}

/** A typed table gets its columns from its type; what is its own is set after. */
function typedSteps(object: DdlObject, type: string): readonly Step[] {
  const own = [
    ...(text(object, 'default') === '' ? [] : [defaultStep(object)]),
    ...(object.facts['nullable'] === false ? [set(object, 'SET NOT NULL')] : []),
  ]
  return own.map((step) => ({ ...step, after: [type] }))
}

function deferredDefault(object: DdlObject): readonly Step[] {
  if (!defersDefault(object) || !hasLocalDefinition(object)) return []
  return [{ ...set(object, `SET DEFAULT ${text(object, 'default')}`), phase: 'attach' }]
}

/** What CREATE TABLE and ADD COLUMN cannot say on every major version, and what differs from an inherited column. */
function details(object: DdlObject): readonly Step[] {
  const parent = parentColumnOf(object)
  const differs = (fact: string): boolean =>
    parent !== undefined && !hasLocalDefinition(object) && text(parent, fact) !== text(object, fact)
  return [
    ...(differs('default') ? [defaultStep(object)] : []),
    ...(differs('nullable') && object.facts['nullable'] === false ? [set(object, 'SET NOT NULL')] : []),
    ...(object.facts['valid'] === false ? [namedNotNull(object)] : []),
    ...['storage', 'statistics', 'options', 'compression']
      .filter((fact) => object.facts[fact] !== undefined)
      .flatMap(
        (fact) =>
          simple[fact]?.({ from: { ...object, facts: {} }, to: object, facts: new Set([fact]) }) ?? [],
      ),
  ]
}

function defaultStep(to: DdlObject): Step {
  const value = text(to, 'default')
  return set(to, value === '' ? 'DROP DEFAULT' : `SET DEFAULT ${value}`)
}

function set(object: DdlObject, what: string): Step {
  return step(`ALTER ${tableWord(object)} ${object.relation} ALTER COLUMN ${object.name} ${what}`)
}

/** Facts that one statement sets, whatever they were. */
const simple: Readonly<Record<string, (change: Change) => readonly Step[]>> = {
  storage: ({ to }) => [set(to, `SET STORAGE ${(text(to, 'storage') || 'default').toUpperCase()}`)],
  compression: ({ to }) => [set(to, `SET COMPRESSION ${text(to, 'compression') || 'default'}`)],
  statistics: ({ to }) => [set(to, `SET STATISTICS ${text(to, 'statistics') || '-1'}`)],
  options: (change) => parameterChanges(change, 'options').map((what) => set(change.to, what)),
  fdwOptions: (change) => [set(change.to, `OPTIONS (${optionChanges(change, 'fdwOptions')})`)],
}

function alterations(change: Change): readonly Step[] {
  const { from, to, facts } = change
  const typeChanges = facts.has('type') || facts.has('collation')
  return [
    ...(facts.has('generated') && text(to, 'generated') === '' ? [set(from, 'DROP EXPRESSION')] : []),
    ...(facts.has('default') &&
    !typeChanges &&
    text(from, 'default') !== '' &&
    (callsOurs(to) || text(to, 'default') === '')
      ? [{ ...set(from, 'DROP DEFAULT'), ...(callsOurs(to) ? { phase: 'release' as const } : {}) }]
      : []),
    ...nullability(change),
    ...identitySteps(change, (what) => set(to, what)),
    ...(text(to, 'default') !== '' && (facts.has('default') || typeChanges) ? [defaultStep(to)] : []),
    ...Object.entries(simple).flatMap(([fact, render]) => (facts.has(fact) ? render(change) : [])),
  ]
}

function nullability({ to, facts }: Change): readonly Step[] {
  if (!['nullable', 'valid', 'notNullNoInherit'].some((fact) => facts.has(fact))) return []
  const table = to.relation
  if (to.facts['nullable'] === true) return [set(to, 'DROP NOT NULL')]
  if (to.facts['valid'] === false || is(to, 'notNullNoInherit'))
    return [set(to, 'DROP NOT NULL'), namedNotNull(to)]
  return [
    ...(facts.has('notNullNoInherit') ? [set(to, 'DROP NOT NULL')] : []),
    {
      ...set(to, 'SET NOT NULL'),
      hazards: [
        { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'full scan', table, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'may fail', when: `${to.name} is null in a row`, table },
      ],
    },
  ]
}

/** NOT NULL for rows to come only, or not for children. Its name is not part of what is compared. */
function namedNotNull(object: DdlObject): Step {
  const [, table = '', name = ''] = object.names
  const constraint = ident(`${table.slice(0, 26)}_${name.slice(0, 26)}_not_null`)
  const limits = `${is(object, 'notNullNoInherit') ? ' NO INHERIT' : ''}${object.facts['valid'] === false ? ' NOT VALID' : ''}`
  return step(
    `ALTER ${tableWord(object)} ${object.relation} ADD CONSTRAINT ${constraint} NOT NULL ${object.name}${limits}`,
    { hazard: 'lock', table: object.relation, lock: 'ACCESS EXCLUSIVE' },
  )
}
