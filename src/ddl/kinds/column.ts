import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  booleanFact,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
  withoutFacts,
  tableKeyword,
} from '../object.js'
import { defaultCallsOwnRoutine, isDefaultDeferred } from './column-default.js'
import {
  columnDefinition,
  followsParent,
  hasLocalDefinition,
  parentColumnOf,
  tableTypeKeyOf,
} from './column-definition.js'
import { identityOptionSteps, identitySequenceSteps, identitySteps, isNarrowing } from './column-identity.js'
import { addingRewritesTable } from './column-rewrite.js'
import { generationSteps, mustRecreateColumn } from './column-generation.js'
import { columnTypeSteps } from './column-type.js'
import { dropColumnSteps } from './drop-column.js'
import { refuseFilledColumn, refuseRewrittenColumn } from './row-type.js'
import { continueDefaultSteps } from './sequence-position.js'
import { foreignOptionChanges, parameterChanges } from './parameters.js'
import { withoutCarried } from './tree-clauses.js'

export const columnDdl: KindDdl = {
  reference: ({ relation, name }) => `COLUMN ${relation}.${name}`,
  create: (object) =>
    refuseFilledColumn(object) ?? [
      ...(object.inNewRelation ? [] : addColumnSteps(object)),
      ...columnDetailSteps(object),
      ...deferredDefaultSteps(object),
    ],
  drop: dropColumnSteps,
  alter: (change) => {
    if (mustRecreateColumn(change)) return 'replace'
    const { from, to, carried } = change
    const changesType = change.facts.has('type') || change.facts.has('collation')
    if (changesType && isPartitionKey(from)) return partitionKeyRefusal
    const refusal = refuseRewrittenColumn(change)
    if (refusal !== null) return refusal
    const facts = withoutCarried(change.facts, carried)
    if (facts.size === 0 && (carried?.has('default') === true || textFact(from, 'default') === '')) return []
    const types = columnTypeSteps(change)
    if ('reason' in types) return types
    const options = facts.has('identityOptions')
      ? identityOptionSteps(from, to, (clause) => alterColumnStep(to, clause))
      : []
    const typesAndOptions = isNarrowing(from, to) ? [...options, ...types] : [...types, ...options]
    return [...typesAndOptions, ...alterColumnSteps({ ...change, facts })]
  },
  recreatesDependents: ({ facts }) => facts.has('type') || facts.has('collation'),
  reboundFacts: ['default'],
  rebind: (from, to, needed) =>
    listFact(from, '$needs').includes(needed)
      ? null
      : [
          { ...alterColumnStep(from, 'DROP DEFAULT'), phase: 'release' },
          ...(textFact(to, 'default') === '' ? [] : [setDefaultStep(to)]),
        ],
}

const partitionKeyRefusal = {
  reason: 'the table is partitioned by this column, and PostgreSQL cannot change the type of such a column',
  decide: 'create a new partitioned table, move the rows to it, and rename both',
}

/** Whether its table, or a parent of its table, is partitioned by the column. */
function isPartitionKey(object: DdlObject): boolean {
  const table = object.catalog[object.relationKey ?? '']
  const parent = parentColumnOf(object)
  const key = table === undefined ? '' : textFact({ facts: table }, 'partitionedBy')
  const names = key.split(/[^\w$".]+/)
  return names.includes(object.name) || (parent !== undefined && isPartitionKey(parent))
}

function addColumnSteps(object: DdlObject): readonly DdlStep[] {
  if (object.isMadeWithParent) return []
  const type = tableTypeKeyOf(object)
  if (type !== null) return typedTableColumnSteps(object, type)
  const isRequired = object.facts['nullable'] === false
  const hasValue = ['default', 'generated', 'identity'].some((fact) => textFact(object, fact) !== '')
  const table = object.relation
  return [
    step(
      `ALTER ${tableKeyword(object)} ${table} ADD COLUMN ${columnDefinition(object)}`,
      ...(isRequired && !hasValue ? [{ hazard: 'may fail' as const, when: `${table} has rows`, table }] : []),
      ...(addingRewritesTable(object) ? [{ hazard: 'table rewrite' as const, table }] : []),
    ),
  ]
}

/** A typed table gets its columns from its type; only default and NOT NULL are set on the table. */
function typedTableColumnSteps(object: DdlObject, type: string): readonly DdlStep[] {
  const steps = [
    ...(textFact(object, 'default') === '' ? [] : [setDefaultStep(object)]),
    ...(object.facts['nullable'] === false ? [alterColumnStep(object, 'SET NOT NULL')] : []),
  ]
  return steps.map((step) => ({ ...step, after: [type] }))
}

function deferredDefaultSteps(object: DdlObject): readonly DdlStep[] {
  if (!isDefaultDeferred(object) || isFromParent(object)) return []
  return [{ ...alterColumnStep(object, `SET DEFAULT ${textFact(object, 'default')}`), phase: 'attach' }]
}

/** What CREATE TABLE and ADD COLUMN cannot set on every major version, and what differs from the inherited column. */
function columnDetailSteps(object: DdlObject): readonly DdlStep[] {
  const parent = parentColumnOf(object)
  const differs = (fact: string): boolean =>
    parent !== undefined && isFromParent(object) && textFact(parent, fact) !== textFact(object, fact)
  return [
    ...(differs('default') ? [setDefaultStep(object)] : []),
    ...(differs('nullable') && object.facts['nullable'] === false
      ? [alterColumnStep(object, 'SET NOT NULL')]
      : []),
    ...(object.facts['valid'] === false && !(isFromParent(object) && parent?.facts['valid'] === false)
      ? [addNotNullStep(object)]
      : []),
    ...['storage', 'statistics', 'options', 'compression']
      .filter((fact) => object.facts[fact] !== undefined)
      .flatMap((fact) => stepsByFact[fact]?.(withoutFacts(object), object) ?? []),
  ]
}

/** Whether it comes with the column of a parent, instead of a definition of its own. */
function isFromParent(object: DdlObject): boolean {
  return object.isMadeWithParent || (object.inNewRelation && !hasLocalDefinition(object))
}

function setDefaultStep(to: DdlObject): DdlStep {
  const expression = textFact(to, 'default')
  return alterColumnStep(to, expression === '' ? 'DROP DEFAULT' : `SET DEFAULT ${expression}`)
}

function alterColumnStep(object: DdlObject, clause: string): DdlStep {
  return step(`ALTER ${tableKeyword(object)} ${object.relation} ALTER COLUMN ${object.name} ${clause}`)
}

/** Facts that are set without regard to their old value, or as a list of changed options. */
const stepsByFact: Readonly<Record<string, (from: DdlObject, to: DdlObject) => readonly DdlStep[]>> = {
  storage: (from, to) => [
    alterColumnStep(
      to,
      `SET STORAGE ${(textFact(to, 'storage') || textFact(from, '$typeStorage') || 'default').toUpperCase()}`,
    ),
  ],
  compression: (_, to) => [
    alterColumnStep(to, `SET COMPRESSION ${textFact(to, 'compression') || 'default'}`),
  ],
  statistics: (_, to) => [alterColumnStep(to, `SET STATISTICS ${textFact(to, 'statistics') || '-1'}`)],
  options: (from, to) => parameterChanges(from, to, 'options').map((clause) => alterColumnStep(to, clause)),
  identitySequence: identitySequenceSteps,
  fdwOptions: (from, to) => [
    alterColumnStep(to, `OPTIONS (${foreignOptionChanges(from, to, 'fdwOptions')})`),
  ],
}

function alterColumnSteps(change: ObjectChange): readonly DdlStep[] {
  const { from, to, facts } = change
  const typeChanges = facts.has('type') || facts.has('collation') || change.carried?.has('type') === true
  const setsDefault = textFact(to, 'default') !== '' && (facts.has('default') || typeChanges)
  return [
    ...(facts.has('generated') && !followsParent(from, to, 'generated')
      ? generationSteps(to, (clause) => alterColumnStep(to, clause))
      : []),
    // With a new type the default is dropped; a parent may have set its own since.
    ...(facts.has('default') && (!typeChanges || change.carried?.has('type') === true)
      ? dropDefaultSteps(from, to)
      : []),
    ...nullabilitySteps(from, to, facts),
    ...identitySteps(from, to, (clause) => alterColumnStep(to, clause)),
    ...(setsDefault ? [setDefaultStep(to)] : []),
    ...(facts.has('default') && !followsParent(from, to, 'default') ? continueDefaultSteps(to) : []),
    ...Object.entries(stepsByFact).flatMap(([fact, render]) => {
      const isNeeded = typeChanges && resetByType.has(fact) ? to.facts[fact] !== undefined : facts.has(fact)
      return isNeeded ? render(from, to) : []
    }),
  ]
}

/** Settings that a column has as its new type has them, after ALTER COLUMN … TYPE. */
const resetByType: ReadonlySet<string> = new Set(['storage', 'compression'])

/** The old default is dropped if there is no new one, or early if the new one calls a routine of the project. */
function dropDefaultSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  if (textFact(from, 'default') === '') return []
  const drop = alterColumnStep(from, 'DROP DEFAULT')
  if (defaultCallsOwnRoutine(to)) return [{ ...drop, phase: 'release' }]
  return textFact(to, 'default') === '' ? [drop] : []
}

function nullabilitySteps(from: DdlObject, to: DdlObject, facts: ReadonlySet<string>): readonly DdlStep[] {
  if (!['nullable', 'valid', 'notNullNoInherit'].some((fact) => facts.has(fact)))
    return facts.has('notNullName') ? renameNotNullSteps(from, to) : []
  const table = to.relation
  if (to.facts['nullable'] === true) return [alterColumnStep(to, 'DROP NOT NULL')]
  if (
    to.facts['valid'] === false ||
    booleanFact(to, 'notNullNoInherit') ||
    textFact(to, 'notNullName') !== ''
  )
    return [alterColumnStep(to, 'DROP NOT NULL'), addNotNullStep(to)]
  return [
    ...(facts.has('notNullNoInherit') ? [alterColumnStep(to, 'DROP NOT NULL')] : []),
    {
      ...setNotNullStep(from, to),
      hazards: [
        { hazard: 'full scan', table, lock: 'ACCESS EXCLUSIVE' },
        { hazard: 'may fail', when: `${to.name} is null in a row`, table },
      ],
    },
    ...(facts.has('valid') && facts.has('notNullName') ? renameNotNullSteps(from, to) : []),
  ]
}

/** Below a NOT NULL that is not valid, a valid one of its own keeps PostgreSQL from adding one that is not. */
function setNotNullStep(from: DdlObject, to: DdlObject): DdlStep {
  const own = textFact(from, '$notValidName')
  if (own !== '' && from.facts['valid'] === false)
    return step(`ALTER ${tableKeyword(to)} ${to.relation} VALIDATE CONSTRAINT ${own}`)
  const set = alterColumnStep(to, 'SET NOT NULL')
  return parentColumnOf(to)?.facts['valid'] === false ? { ...set, phase: 'release' } : set
}

/** Only 18 and later have a constraint to rename. Where its name is not known, it is made again. */
function renameNotNullSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [, table = '', name = ''] = to.names
  const before = textFact(from, 'notNullName')
  if (before === '') return [alterColumnStep(to, 'DROP NOT NULL'), addNotNullStep(to)]
  const after = textFact(to, 'notNullName') || quoteIdentifier(`${table}_${name}_not_null`)
  return [step(`ALTER ${tableKeyword(to)} ${to.relation} RENAME CONSTRAINT ${before} TO ${after}`)]
}

/** NOT NULL that is NOT VALID or NO INHERIT, or has a name of its own, needs a named constraint. */
function addNotNullStep(object: DdlObject): DdlStep {
  const [, table = '', name = ''] = object.names
  const constraint =
    textFact(object, 'notNullName') || quoteIdentifier(`${table.slice(0, 26)}_${name.slice(0, 26)}_not_null`)
  const suffix = `${booleanFact(object, 'notNullNoInherit') ? ' NO INHERIT' : ''}${object.facts['valid'] === false ? ' NOT VALID' : ''}`
  return step(
    `ALTER ${tableKeyword(object)} ${object.relation} ADD CONSTRAINT ${constraint} NOT NULL ${object.name}${suffix}`,
  )
}
