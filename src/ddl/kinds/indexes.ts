import { ident } from '../identifiers.js'
import {
  type Change,
  type DdlObject,
  belongsToPartitioned,
  is,
  keyOfName,
  type KindDdl,
  list,
  holderOf,
  separateStep,
  type Step,
  step,
  text,
} from '../object.js'
import { clusterSteps, partitionOf } from './constraint.js'

export const index: KindDdl = {
  reference: (object) => `INDEX ${inSchema(object)}`,
  create: (object) => [
    made(object),
    ...details({ from: { ...object, facts: {} }, to: object }),
    ...attached(object),
  ],
  drop: (object) => (text(object, 'parent') === '' ? [dropped(object)] : []),
  alter: (change) => {
    const { from, to, facts } = change
    if (facts.has('definition') || facts.has('unique')) return 'replace'
    if (facts.has('valid') && to.facts['valid'] === false) return invalid
    return [
      ...(facts.has('valid') ? [rebuilt(to)] : []),
      ...details({ from, to }),
      ...(facts.has('parent') ? attached(to) : []),
    ]
  },
}

const invalid = {
  reason: 'the index shall be invalid, which no statement makes it',
  decide: 'whether it shall be there at all',
}

function inSchema(object: DdlObject): string {
  return `${ident(object.names[0] ?? '')}.${object.name}`
}

function made(object: DdlObject): Step {
  const table = object.relation
  const definition = text(object, 'definition')
  const violated = is(object, 'unique')
    ? [{ hazard: 'may fail' as const, when: `rows are duplicates by ${object.name}`, table }]
    : []
  if (!canBeConcurrent(object))
    return step(definition, { hazard: 'full scan', table, lock: 'SHARE' }, ...violated)
  return separateStep(
    definition.replace(/^CREATE (UNIQUE )?INDEX /, (words) => `${words}CONCURRENTLY `),
    { hazard: 'lock', table, lock: 'SHARE UPDATE EXCLUSIVE' },
    ...violated,
  )
}

/** Writers of a table that is there go on meanwhile. A partitioned one cannot have it, and a new one needs not. */
function canBeConcurrent(object: DdlObject): boolean {
  return !object.fresh && object.mayBlock !== true && !belongsToPartitioned(object)
}

function dropped(object: DdlObject): Step {
  return step(`DROP INDEX ${inSchema(object)}`, {
    hazard: 'lock',
    table: object.relation,
    lock: 'ACCESS EXCLUSIVE',
  })
}

function rebuilt(object: DdlObject): Step {
  return separateStep(`REINDEX INDEX CONCURRENTLY ${inSchema(object)}`, {
    hazard: 'lock',
    table: object.relation,
    lock: 'SHARE UPDATE EXCLUSIVE',
  })
}

function details({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  return [...clusterSteps({ from, to }), ...statistics({ from, to })]
}

/** `2: 500`: the statistics target of an expression, by its place in the index. */
function statistics({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  const [before, after] = [list(from, 'statistics'), list(to, 'statistics')]
  const places = new Set(after.map(placeOf))
  const changed = [
    ...after.filter((target) => !before.includes(target)),
    ...before.filter((target) => !places.has(placeOf(target))).map((target) => `${placeOf(target)}: -1`),
  ]
  return changed.map((target) => {
    const [place, value] = target.split(': ')
    return step(`ALTER INDEX ${inSchema(to)} ALTER COLUMN ${place} SET STATISTICS ${value}`)
  })
}

function placeOf(target: string): string {
  return target.split(':')[0] ?? ''
}

function attached(object: DdlObject): readonly Step[] {
  const parent = text(object, 'parent')
  const table = holderOf(object)
  const [parentTable] = table === undefined ? [] : list(table, 'parents')
  if (parent === '' || parentTable === undefined) return []
  const name = parent.slice(parent.lastIndexOf('.') + 1)
  return [
    {
      ...step(`ALTER INDEX ${parent} ATTACH PARTITION ${inSchema(object)}`),
      phase: 'attach',
      after: [keyOfName('index', `${parentTable}.${name}`), ...partitionOf(object)],
    },
  ]
}
