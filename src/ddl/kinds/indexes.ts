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
import { indexName } from './index-name.js'
import { splitParameters } from './index-parameters.js'
import { parameterChanges } from './parameters.js'
import { dropIndexConcurrentlyStep, indexInPlaceSteps } from './predecessor.js'
import { replicaIdentityHazards } from './replica-identity.js'
import { attachToParentSteps } from './tree-clauses.js'

export const indexDdl: KindDdl = {
  reference: (object) => `INDEX ${indexName(object)}`,
  create: (object) => [
    ...createIndexSteps(object),
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
      ...parameters.map((clause) => step(`ALTER INDEX ${indexName(to)} ${clause}`)),
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

function createIndexSteps(object: DdlObject): readonly DdlStep[] {
  const { predecessor, name } = object
  const build = (built: string): DdlStep => createIndexStep(object, built)
  return predecessor === undefined ? [build(name)] : indexInPlaceSteps(object, predecessor, build)
}

function createIndexStep(object: DdlObject, name: string): DdlStep {
  const table = object.relation
  const definition = textFact(object, 'definition')
  // ON ONLY a partitioned table, which has no rows of its own.
  if (belongsToPartitionedTable(object)) return step(definition)
  const uniqueHazards = booleanFact(object, 'unique')
    ? [{ hazard: 'may fail' as const, when: `rows are duplicates for ${object.name}`, table }]
    : []
  if (!canCreateConcurrently(object))
    return step(definition, { hazard: 'full scan', table, lock: 'SHARE' }, ...uniqueHazards)
  const start = /^CREATE (?:UNIQUE )?INDEX /.exec(definition)?.[0] ?? ''
  const rest = definition.slice(start.length + object.name.length)
  return nonTransactionalStep(`${start}CONCURRENTLY ${name}${rest}`, ...uniqueHazards)
}

/** CONCURRENTLY lets other sessions write. It is not necessary on a new table. */
function canCreateConcurrently(object: DdlObject): boolean {
  return !object.inNewRelation && !object.mayBlock
}

/** The same for what reads and writes a table. An index that is attached goes with that of the parent. */
function canDropConcurrently(object: DdlObject): boolean {
  return !object.mayBlock && !belongsToPartitionedTable(object) && object.facts['parent'] === undefined
}

function dropIndexStep(object: DdlObject): DdlStep {
  if (canDropConcurrently(object)) {
    const dropped = dropIndexConcurrentlyStep(object, object.name)
    return { ...dropped, hazards: [...replicaIdentityHazards(object), ...dropped.hazards] }
  }
  // Only CASCADE drops the key of a partition whose index is attached.
  const members = descendantsOf(membersByKey(object.catalog), object.key)
  const cascade = members.some((key) => key.startsWith('constraint:')) ? ' CASCADE' : ''
  return step(`DROP INDEX ${indexName(object)}${cascade}`, ...replicaIdentityHazards(object))
}

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

function reindexStep(object: DdlObject): DdlStep {
  return nonTransactionalStep(`REINDEX INDEX CONCURRENTLY ${indexName(object)}`)
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
    return step(`ALTER INDEX ${indexName(to)} ALTER COLUMN ${column} SET STATISTICS ${value}`)
  })
}

function indexColumnNumber(target: string): string {
  return target.split(':')[0] ?? ''
}
