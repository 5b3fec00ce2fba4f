import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
  withoutFacts,
  tableKeyword,
} from '../object.js'
import { alterColumnStep } from './alter-column.js'
import { defaultCallsOwnRoutine, isDefaultDeferred, routinesOfOwnTable } from './column-default.js'
import {
  columnDefinition,
  followsParent,
  hasLocalDefinition,
  boundColumns,
  isPartitionKey,
  parentColumnOf,
  partitionKeyRefusal,
  tableTypeKeyOf,
} from './column-definition.js'
import { identityOptionSteps, identitySequenceSteps, identitySteps, isNarrowing } from './column-identity.js'
import { addingRewritesTable } from './column-rewrite.js'
import { generationSteps, mustRecreateColumn } from './column-generation.js'
import { addNotNullStep, nullabilitySteps } from './column-nullability.js'
import { columnTypeSteps } from './column-type.js'
import { dropColumnSteps } from './drop-column.js'
import { refuseFilledColumn, refuseRewrittenColumn } from './row-type.js'
import { identityPersistenceSteps } from './sequence-persistence.js'
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
    const bound = types.length === 0 ? [] : boundColumns(from)
    const restored = bound.length === 0 ? facts : new Set([...facts, 'nullable'])
    return [
      ...bound.map((column) => alterColumnStep(column, 'DROP NOT NULL')),
      ...typesAndOptions,
      ...alterColumnSteps({ ...change, facts: restored }),
    ]
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
    ...(differs('generated') ? generationSteps(object, (clause) => alterColumnStep(object, clause)) : []),
    ...(differs('nullable') && object.facts['nullable'] === false
      ? [alterColumnStep(object, 'SET NOT NULL')]
      : []),
    ...(object.facts['valid'] === false && !(isFromParent(object) && parent?.facts['valid'] === false)
      ? [addNotNullStep(object)]
      : []),
    ...['storage', 'statistics', 'options', 'compression', 'identityUnlogged']
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
  identityUnlogged: (_, to) => identityPersistenceSteps(to),
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
  if (defaultCallsOwnRoutine(to) || routinesOfOwnTable(from).length > 0)
    return [{ ...drop, phase: 'release' }]
  return textFact(to, 'default') === '' ? [drop] : []
}
