import { quoteIdentifier } from '../identifiers.js'
import {
  type DdlObject,
  belongsToPartitionedTable,
  booleanFact,
  type KindDdl,
  listFact,
  nonTransactionalStep,
  type DdlStep,
  step,
  textFact,
  withoutFacts,
} from '../object.js'
import { descendantsOf, membersByKey } from '../tree.js'
import { clusterSteps } from './constraint.js'
import { parameterChanges } from './parameters.js'
import { replicaIdentityHazards } from './replica-identity.js'
import { attachToParentSteps } from './tree-clauses.js'

export const indexDdl: KindDdl = {
  reference: (object) => `INDEX ${qualifiedIndexName(object)}`,
  create: (object) => [
    createIndexStep(object),
    ...indexDetailSteps(withoutFacts(object), object),
    ...attachToParentSteps(object),
  ],
  drop: (object) => [dropIndexStep(object)],
  alter: ({ from, to, facts }) => {
    const parameters = facts.has('definition') ? indexParameterChanges(from, to) : []
    if (parameters === null || facts.has('unique')) return 'replace'
    const isOfTree = belongsToPartitionedTable(to)
    if (facts.has('valid') && isOfTree && !becomesWhole(from, to)) return 'replace'
    if (facts.has('valid') && to.facts['valid'] === false) return invalidIndexRefusal
    return [
      ...parameters.map((clause) => step(`ALTER INDEX ${qualifiedIndexName(to)} ${clause}`)),
      ...(facts.has('valid') && !isOfTree ? [reindexStep(to)] : []),
      ...indexDetailSteps(from, to),
      ...(facts.has('parent') ? attachToParentSteps(to) : []),
    ]
  },
}

/** PostgreSQL finds the index of a partitioned table valid when the last partition's is attached, and at no other time. */
function becomesWhole(from: DdlObject, to: DdlObject): boolean {
  const [before, after] = [from, to].map(({ catalog, key }) => membersByKey(catalog).get(key) ?? [])
  return to.facts['valid'] === true && after?.some((member) => before?.includes(member) !== true) === true
}

const invalidIndexRefusal = {
  reason: 'the index is expected to be invalid, and no statement makes an index invalid',
  decide: 'whether the index is needed at all',
}

function qualifiedIndexName(object: DdlObject): string {
  return `${quoteIdentifier(object.names[0] ?? '')}.${object.name}`
}

function createIndexStep(object: DdlObject): DdlStep {
  const table = object.relation
  const definition = textFact(object, 'definition')
  // ON ONLY a partitioned table, which has no rows of its own.
  if (belongsToPartitionedTable(object)) return step(definition)
  const uniqueHazards = booleanFact(object, 'unique')
    ? [{ hazard: 'may fail' as const, when: `rows are duplicates for ${object.name}`, table }]
    : []
  if (!canCreateConcurrently(object))
    return step(definition, { hazard: 'full scan', table, lock: 'SHARE' }, ...uniqueHazards)
  return nonTransactionalStep(
    definition.replace(/^CREATE (UNIQUE )?INDEX /, (start) => `${start}CONCURRENTLY `),
    ...uniqueHazards,
  )
}

/** CONCURRENTLY lets other sessions write. It is not necessary on a new table. */
function canCreateConcurrently(object: DdlObject): boolean {
  return !object.inNewRelation && !object.mayBlock
}

function dropIndexStep(object: DdlObject): DdlStep {
  // Only CASCADE drops the key of a partition whose index is attached.
  const members = descendantsOf(membersByKey(object.catalog), object.key)
  const cascade = members.some((key) => key.startsWith('constraint:')) ? ' CASCADE' : ''
  return step(`DROP INDEX ${qualifiedIndexName(object)}${cascade}`, ...replicaIdentityHazards(object))
}

const parameterPattern = /^(.*) WITH \(((?:\w+='?[\w.]+'?(?:, )?)+)\)( WHERE .*)?$/s

/**
 * The clauses SET and RESET, if two definitions differ in nothing but storage parameters; null if they differ otherwise.
 * PostgreSQL does not change those of a partitioned index.
 */
function indexParameterChanges(from: DdlObject, to: DdlObject): readonly string[] | null {
  const [before, after] = [splitParameters(from), splitParameters(to)]
  if (before.rest !== after.rest || belongsToPartitionedTable(to)) return null
  return parameterChanges(
    { ...from, facts: { parameters: before.parameters } },
    { ...to, facts: { parameters: after.parameters } },
    'parameters',
  )
}

/** An index definition without its storage parameters, and these as `fillfactor=80`. */
function splitParameters(index: DdlObject): {
  readonly rest: string
  readonly parameters: readonly string[]
} {
  const definition = textFact(index, 'definition')
  const [, head, parameters, where = ''] = parameterPattern.exec(definition) ?? []
  if (head === undefined || parameters === undefined) return { rest: definition, parameters: [] }
  return { rest: head + where, parameters: parameters.replaceAll("'", '').split(', ') }
}

function reindexStep(object: DdlObject): DdlStep {
  return nonTransactionalStep(`REINDEX INDEX CONCURRENTLY ${qualifiedIndexName(object)}`)
}

function indexDetailSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  return [...clusterSteps(from, to), ...statisticsTargetSteps(from, to)]
}

/** The statistics targets of expressions, as `2: 500`: the number of the index column and the target. */
function statisticsTargetSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'statistics'), listFact(to, 'statistics')]
  const columns = new Set(after.map(indexColumnNumber))
  const changed = [
    ...after.filter((target) => !before.includes(target)),
    ...before
      .filter((target) => !columns.has(indexColumnNumber(target)))
      .map((target) => `${indexColumnNumber(target)}: -1`),
  ]
  return changed.map((target) => {
    const [column, value] = target.split(': ')
    return step(`ALTER INDEX ${qualifiedIndexName(to)} ALTER COLUMN ${column} SET STATISTICS ${value}`)
  })
}

function indexColumnNumber(target: string): string {
  return target.split(':')[0] ?? ''
}
