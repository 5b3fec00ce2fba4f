import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  belongsToPartitionedTable,
  booleanFact,
  keyFromName,
  type KindDdl,
  listFact,
  findRelation,
  nonTransactionalStep,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import { clusterSteps, partitionToAttach } from './constraint.js'

export const indexDdl: KindDdl = {
  reference: (object) => `INDEX ${qualifiedIndexName(object)}`,
  create: (object) => [
    createIndexStep(object),
    ...indexDetailSteps({ from: { ...object, facts: {} }, to: object }),
    ...attachIndexSteps(object),
  ],
  drop: (object) => (textFact(object, 'parent') === '' ? [dropIndexStep(object)] : []),
  alter: (change) => {
    const { from, to, facts } = change
    if (facts.has('definition') || facts.has('unique')) return 'replace'
    if (facts.has('valid') && to.facts['valid'] === false) return invalidIndexRefusal
    return [
      ...(facts.has('valid') ? [reindexStep(to)] : []),
      ...indexDetailSteps({ from, to }),
      ...(facts.has('parent') ? attachIndexSteps(to) : []),
    ]
  },
}

const invalidIndexRefusal = {
  reason: 'the index shall be invalid, which no statement makes it',
  decide: 'whether it shall be there at all',
}

function qualifiedIndexName(object: DdlObject): string {
  return `${quoteIdentifier(object.names[0] ?? '')}.${object.name}`
}

function createIndexStep(object: DdlObject): DdlStep {
  const table = object.relation
  const definition = textFact(object, 'definition')
  const violated = booleanFact(object, 'unique')
    ? [{ hazard: 'may fail' as const, when: `rows are duplicates by ${object.name}`, table }]
    : []
  if (!canCreateConcurrently(object))
    return step(definition, { hazard: 'full scan', table, lock: 'SHARE' }, ...violated)
  return nonTransactionalStep(
    definition.replace(/^CREATE (UNIQUE )?INDEX /, (words) => `${words}CONCURRENTLY `),
    { hazard: 'lock', table, lock: 'SHARE UPDATE EXCLUSIVE' },
    ...violated,
  )
}

/** Writers of a table that is there go on meanwhile. A partitioned one cannot have it, and a new one needs not. */
function canCreateConcurrently(object: DdlObject): boolean {
  return !object.inNewRelation && object.mayBlock !== true && !belongsToPartitionedTable(object)
}

function dropIndexStep(object: DdlObject): DdlStep {
  return step(`DROP INDEX ${qualifiedIndexName(object)}`, {
    hazard: 'lock',
    table: object.relation,
    lock: 'ACCESS EXCLUSIVE',
  })
}

function reindexStep(object: DdlObject): DdlStep {
  return nonTransactionalStep(`REINDEX INDEX CONCURRENTLY ${qualifiedIndexName(object)}`, {
    hazard: 'lock',
    table: object.relation,
    lock: 'SHARE UPDATE EXCLUSIVE',
  })
}

function indexDetailSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  return [...clusterSteps({ from, to }), ...statisticsTargetSteps({ from, to })]
}

/** `2: 500`: the statistics target of an expression, by its place in the index. */
function statisticsTargetSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'statistics'), listFact(to, 'statistics')]
  const places = new Set(after.map(indexColumnNumber))
  const changed = [
    ...after.filter((target) => !before.includes(target)),
    ...before
      .filter((target) => !places.has(indexColumnNumber(target)))
      .map((target) => `${indexColumnNumber(target)}: -1`),
  ]
  return changed.map((target) => {
    const [place, value] = target.split(': ')
    return step(`ALTER INDEX ${qualifiedIndexName(to)} ALTER COLUMN ${place} SET STATISTICS ${value}`)
  })
}

function indexColumnNumber(target: string): string {
  return target.split(':')[0] ?? ''
}

function attachIndexSteps(object: DdlObject): readonly DdlStep[] {
  const parent = textFact(object, 'parent')
  const table = findRelation(object)
  const [parentTable] = table === undefined ? [] : listFact(table, 'parents')
  if (parent === '' || parentTable === undefined) return []
  const name = parent.slice(parent.lastIndexOf('.') + 1)
  return [
    {
      ...step(`ALTER INDEX ${parent} ATTACH PARTITION ${qualifiedIndexName(object)}`),
      phase: 'attach',
      after: [keyFromName('index', `${parentTable}.${name}`), ...partitionToAttach(object)],
    },
  ]
}
