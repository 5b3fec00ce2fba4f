import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  booleanFact,
  type KindDdl,
  listFact,
  relationKeyOf,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import { defaultCallsOwnRoutine, isDefaultDeferred } from './column-default.js'
import { columnDefinition, hasLocalDefinition, parentColumnOf, tableTypeKeyOf } from './column-definition.js'
import { identityOptionSteps, identitySteps, isNarrowing } from './column-identity.js'
import { columnTypeSteps } from './column-type.js'
import { foreignOptionChanges, parameterChanges } from './parameters.js'
import { tableKeyword } from './table.js'

export const columnDdl: KindDdl = {
  reference: ({ relation, name }) => `COLUMN ${relation}.${name}`,
  create: (object) => [
    ...(object.inNewRelation ? [] : addColumnSteps(object)),
    ...columnDetailSteps(object),
    ...deferredDefaultSteps(object),
  ],
  drop: (object) =>
    booleanFact(object, '$inherited') || tableTypeKeyOf(object) !== null
      ? []
      : [
          step(
            `ALTER ${tableKeyword(object)} ${object.relation} DROP COLUMN ${object.name}`,
            { hazard: 'lock', table: object.relation, lock: 'ACCESS EXCLUSIVE' },
            ...(textFact(object, 'generated') === ''
              ? [{ hazard: 'data loss' as const, what: `the values of ${object.relation}.${object.name}` }]
              : []),
          ),
        ],
  alter: (change) => {
    if (mustRecreateColumn(change)) return 'replace'
    if (change.facts.has('type') && isPartitionKey(change.from)) return partitionKeyRefusal
    const types = columnTypeSteps(change)
    if ('reason' in types) return types
    const options = identityOptionSteps(change, (what) => alterColumnStep(change.to, what))
    const early = isNarrowing(change) ? options : []
    return runAfterParent(change.to, [
      ...early,
      ...types,
      ...(isNarrowing(change) ? [] : options),
      ...alterColumnSteps(change),
    ])
  },
  recreatesDependents: ({ facts }) => facts.has('type') || facts.has('collation'),
  reboundFacts: ['default'],
  rebind: ({ from, to }, needed) =>
    listFact(from, '$needs').includes(needed)
      ? null
      : [
          { ...alterColumnStep(from, 'DROP DEFAULT'), phase: 'release' },
          ...(textFact(to, 'default') === '' ? [] : [setDefaultStep(to)]),
        ],
}

const partitionKeyRefusal = {
  reason: 'rows are partitioned by it, and PostgreSQL does not change the type of such a column',
  decide: 'make a new partitioned table, move the rows to it, and rename both',
}

/** Whether its table, or a parent of that, is partitioned by the column. */
function isPartitionKey(object: DdlObject): boolean {
  const table = object.catalog[relationKeyOf(object.catalog, object.key) ?? '']
  const parent = parentColumnOf(object)
  const key = table === undefined ? '' : textFact({ facts: table }, 'partitionedBy')
  const names = key.split(/[^\w$".]+/)
  return names.includes(object.name) || (parent !== undefined && isPartitionKey(parent))
}

/** A parent passes its changes on to its children, which then say what they have of their own. */
function runAfterParent(to: DdlObject, steps: readonly DdlStep[]): readonly DdlStep[] {
  const parent = booleanFact(to, '$inherited') ? parentColumnOf(to) : undefined
  if (parent === undefined) return steps
  return steps.map((step) => (step.phase === 'release' ? step : { ...step, after: [parent.key] }))
}

/** An expression cannot be given to a column that is there, and a virtual one not taken away. */
function mustRecreateColumn({ from, to, facts }: ObjectChange): boolean {
  return (
    facts.has('generated') &&
    !(textFact(to, 'generated') === '' && textFact(from, 'generated').startsWith('stored'))
  )
}

function addColumnSteps(object: DdlObject): readonly DdlStep[] {
  if (booleanFact(object, '$inherited') && parentColumnOf(object) !== undefined) return []
  const type = tableTypeKeyOf(object)
  if (type !== null) return typedTableColumnSteps(object, type)
  const isRequired = object.facts['nullable'] === false
  const hasValue = ['default', 'generated', 'identity'].some((fact) => textFact(object, fact) !== '')
  const table = object.relation
  return [
    step(
      `ALTER ${tableKeyword(object)} ${table} ADD COLUMN ${columnDefinition(object)}`,
      { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' },
      ...(isRequired && !hasValue ? [{ hazard: 'may fail' as const, when: `${table} has rows`, table }] : []),
      ...(textFact(object, 'generated').startsWith('stored') || textFact(object, 'identity') !== ''
        ? [{ hazard: 'table rewrite' as const, table }]
        : []),
    ),
  ]
}

/** A typed table gets its columns from its type; what is its own is set after. */
function typedTableColumnSteps(object: DdlObject, type: string): readonly DdlStep[] {
  const own = [
    ...(textFact(object, 'default') === '' ? [] : [setDefaultStep(object)]),
    ...(object.facts['nullable'] === false ? [alterColumnStep(object, 'SET NOT NULL')] : []),
  ]
  return own.map((step) => ({ ...step, after: [type] }))
}

function deferredDefaultSteps(object: DdlObject): readonly DdlStep[] {
  if (!isDefaultDeferred(object) || !hasLocalDefinition(object)) return []
  return [{ ...alterColumnStep(object, `SET DEFAULT ${textFact(object, 'default')}`), phase: 'attach' }]
}

/** What CREATE TABLE and ADD COLUMN cannot say on every major version, and what differs from an inherited column. */
function columnDetailSteps(object: DdlObject): readonly DdlStep[] {
  const parent = parentColumnOf(object)
  const differs = (fact: string): boolean =>
    parent !== undefined && !hasLocalDefinition(object) && textFact(parent, fact) !== textFact(object, fact)
  return [
    ...(differs('default') ? [setDefaultStep(object)] : []),
    ...(differs('nullable') && object.facts['nullable'] === false
      ? [alterColumnStep(object, 'SET NOT NULL')]
      : []),
    ...(object.facts['valid'] === false ? [addNotNullStep(object)] : []),
    ...['storage', 'statistics', 'options', 'compression']
      .filter((fact) => object.facts[fact] !== undefined)
      .flatMap(
        (fact) =>
          stepsByFact[fact]?.({ from: { ...object, facts: {} }, to: object, facts: new Set([fact]) }) ?? [],
      ),
  ]
}

function setDefaultStep(to: DdlObject): DdlStep {
  const value = textFact(to, 'default')
  return alterColumnStep(to, value === '' ? 'DROP DEFAULT' : `SET DEFAULT ${value}`)
}

function alterColumnStep(object: DdlObject, what: string): DdlStep {
  return step(`ALTER ${tableKeyword(object)} ${object.relation} ALTER COLUMN ${object.name} ${what}`)
}

/** Facts that one statement sets, whatever they were. */
const stepsByFact: Readonly<Record<string, (change: ObjectChange) => readonly DdlStep[]>> = {
  storage: ({ to }) => [
    alterColumnStep(to, `SET STORAGE ${(textFact(to, 'storage') || 'default').toUpperCase()}`),
  ],
  compression: ({ to }) => [
    alterColumnStep(to, `SET COMPRESSION ${textFact(to, 'compression') || 'default'}`),
  ],
  statistics: ({ to }) => [alterColumnStep(to, `SET STATISTICS ${textFact(to, 'statistics') || '-1'}`)],
  options: (change) => parameterChanges(change, 'options').map((what) => alterColumnStep(change.to, what)),
  fdwOptions: (change) => [
    alterColumnStep(change.to, `OPTIONS (${foreignOptionChanges(change, 'fdwOptions')})`),
  ],
}

function alterColumnSteps(change: ObjectChange): readonly DdlStep[] {
  const { from, to, facts } = change
  const typeChanges = facts.has('type') || facts.has('collation')
  return [
    ...(facts.has('generated') && textFact(to, 'generated') === ''
      ? [alterColumnStep(from, 'DROP EXPRESSION')]
      : []),
    ...(facts.has('default') &&
    !typeChanges &&
    textFact(from, 'default') !== '' &&
    (defaultCallsOwnRoutine(to) || textFact(to, 'default') === '')
      ? [
          {
            ...alterColumnStep(from, 'DROP DEFAULT'),
            ...(defaultCallsOwnRoutine(to) ? { phase: 'release' as const } : {}),
          },
        ]
      : []),
    ...nullabilitySteps(change),
    ...identitySteps(change, (what) => alterColumnStep(to, what)),
    ...(textFact(to, 'default') !== '' && (facts.has('default') || typeChanges) ? [setDefaultStep(to)] : []),
    ...Object.entries(stepsByFact).flatMap(([fact, render]) => (facts.has(fact) ? render(change) : [])),
  ]
}

function nullabilitySteps({ to, facts }: ObjectChange): readonly DdlStep[] {
  if (!['nullable', 'valid', 'notNullNoInherit'].some((fact) => facts.has(fact))) return []
  const table = to.relation
  if (to.facts['nullable'] === true) return [alterColumnStep(to, 'DROP NOT NULL')]
  if (to.facts['valid'] === false || booleanFact(to, 'notNullNoInherit'))
    return [alterColumnStep(to, 'DROP NOT NULL'), addNotNullStep(to)]
  return [
    ...(facts.has('notNullNoInherit') ? [alterColumnStep(to, 'DROP NOT NULL')] : []),
    {
      ...alterColumnStep(to, 'SET NOT NULL'),
      hazards: [
        { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'full scan', table, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'may fail', when: `${to.name} is null in a row`, table },
      ],
    },
  ]
}

/** NOT NULL for rows to come only, or not for children. Its name is not part of what is compared. */
function addNotNullStep(object: DdlObject): DdlStep {
  const [, table = '', name = ''] = object.names
  const constraint = quoteIdentifier(`${table.slice(0, 26)}_${name.slice(0, 26)}_not_null`)
  const limits = `${booleanFact(object, 'notNullNoInherit') ? ' NO INHERIT' : ''}${object.facts['valid'] === false ? ' NOT VALID' : ''}`
  return step(
    `ALTER ${tableKeyword(object)} ${object.relation} ADD CONSTRAINT ${constraint} NOT NULL ${object.name}${limits}`,
    { hazard: 'lock', table: object.relation, lock: 'ACCESS EXCLUSIVE' },
  )
}
