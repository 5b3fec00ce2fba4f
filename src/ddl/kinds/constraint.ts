import { ident } from '../identifiers.js'
import {
  type Change,
  type DdlObject,
  findObject,
  holderOf,
  is,
  keyOfName,
  type KindDdl,
  list,
  partsOf,
  relationOf,
  separateStep,
  type Step,
  step,
  text,
} from '../object.js'
import type { Hazard, Lock } from '../statement.js'
import { parameterChanges } from './parameters.js'
import { tableWord } from './table.js'

export const constraint: KindDdl = {
  reference: ({ name, relation }) => `CONSTRAINT ${name} ON ${relation}`,
  create: (object) =>
    comesFromParent(object)
      ? []
      : [
          ...added(object),
          ...indexOptions({ from: { ...object, facts: {} }, to: object }),
          ...attached(object),
        ],
  drop: (object) =>
    is(object, '$inherited')
      ? []
      : [
          step(`ALTER ${tableWord(object)} ${object.relation} DROP CONSTRAINT ${object.name}`, {
            hazard: 'lock',
            table: object.relation,
            lock: 'ACCESS EXCLUSIVE',
          }),
        ],
  alter: (change) => {
    const { from, to, facts } = change
    const rest = [...facts].filter((fact) => !['valid', 'options', 'clustered', 'parent'].includes(fact))
    if (rest.length > 0 || (facts.has('valid') && to.facts['valid'] === false)) return 'replace'
    if (is(to, '$inherited') && facts.has('valid')) return []
    return [
      ...(facts.has('valid') ? [validated(to)] : []),
      ...indexOptions({ from, to }),
      ...(facts.has('parent') ? attached(to) : []),
    ]
  },
}

/** A check constraint of a table reaches the children it has by itself. */
function comesFromParent(object: DdlObject): boolean {
  if (!is(object, '$inherited') || text(object, 'type') !== 'check') return false
  const table = holderOf(object)
  return table === undefined || !object.fresh || text(table, 'partition') === ''
}

function added(object: DdlObject): readonly Step[] {
  const table = holderOf(object)
  const isPartitioned = table !== undefined && text(table, 'partitionedBy') !== ''
  const isOffline = isPartitioned || object.fresh || object.mayBlock === true
  const columns = isOffline ? null : plainColumns(object)
  if (columns !== null) return byIndex(object, columns)
  const isLater = canBeChecked(object) && !object.fresh && !isPartitioned
  const isUnchecked = object.facts['valid'] === false && !text(object, 'definition').endsWith('NOT ENFORCED')
  const ownOnly = isPartitioned && ['primary key', 'unique'].includes(text(object, 'type')) ? 'ONLY ' : ''
  const definition = `${text(object, 'definition')}${isLater || isUnchecked ? ' NOT VALID' : ''}`
  return [
    step(
      `ALTER ${tableWord(object)} ${ownOnly}${object.relation} ADD CONSTRAINT ${object.name} ${definition}`,
      ...hazards(object, isLater || isUnchecked),
    ),
    ...(isLater && !isUnchecked
      ? [{ ...validated(object), phase: 'attach' as const, alone: true as const }]
      : []),
  ]
}

/** The columns of a primary key or unique constraint that says nothing else, as they stand in its definition. */
function plainColumns(object: DdlObject): string | null {
  const column = String.raw`(?:[\w$]+|"[^"]*")`
  const plain = new RegExp(`^(?:PRIMARY KEY|UNIQUE) (\\(${column}(?:, ${column})*\\))$`)
  return plain.exec(text(object, 'definition'))?.[1] ?? null
}

/** The index is made while others write; the constraint then takes it over in a moment. */
function byIndex(object: DdlObject, columns: string): readonly Step[] {
  const { relation: table, name } = object
  const type = text(object, 'type').toUpperCase()
  return [
    separateStep(
      `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} ${columns}`,
      { hazard: 'lock', table, lock: 'SHARE UPDATE EXCLUSIVE' },
      { hazard: 'may fail', when: `rows violate ${name}`, table },
    ),
    step(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${type} USING INDEX ${name}`, {
      hazard: 'lock',
      table,
      lock: 'ACCESS EXCLUSIVE',
    }),
  ]
}

/** Foreign keys and checks can be added at once and checked later, under a lock that lets others work. */
function canBeChecked(object: DdlObject): boolean {
  return (
    ['foreign key', 'check'].includes(text(object, 'type')) &&
    !text(object, 'definition').endsWith('NOT ENFORCED')
  )
}

function hazards(object: DdlObject, isLater: boolean): readonly Hazard[] {
  const table = object.relation
  const isForeignKey = text(object, 'type') === 'foreign key'
  const lock: Lock = isForeignKey ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  const others = isForeignKey
    ? referredTo(object).map((other) => ({ hazard: 'lock' as const, table: other, lock }))
    : []
  const locked: readonly Hazard[] = [{ hazard: 'lock', table, lock }, ...others]
  if (isLater) return locked
  return [
    ...locked,
    { hazard: 'full scan', table, lock },
    { hazard: 'may fail', when: `rows violate ${object.name}`, table },
  ]
}

/** The tables a foreign key refers to, but for its own. */
function referredTo(object: DdlObject): readonly string[] {
  const relations = list(object, '$needs').flatMap((needed) => relationOf(object.catalog, needed) ?? [])
  const tables = [...new Set(relations)].flatMap((key) => findObject(object.catalog, key)?.name ?? [])
  return tables.filter((name) => name !== object.relation)
}

function validated(object: DdlObject): Step {
  const table = object.relation
  return step(
    `ALTER ${tableWord(object)} ${table} VALIDATE CONSTRAINT ${object.name}`,
    { hazard: 'full scan', table, lock: 'SHARE UPDATE EXCLUSIVE' },
    { hazard: 'may fail', when: `rows violate ${object.name}`, table },
  )
}

/** The parameters of the index behind it, and whether rows are stored in its order. */
function indexOptions({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  const index = `${ident(to.names[0] ?? '')}.${to.name}`
  return [
    ...parameterChanges({ from, to }, 'options').map((what) => step(`ALTER INDEX ${index} ${what}`)),
    ...clusterSteps({ from, to }),
  ]
}

/** Which index a table was last clustered by. */
export function clusterSteps({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  if (is(from, 'clustered') === is(to, 'clustered')) return []
  if (is(to, 'clustered')) return [step(`ALTER TABLE ${to.relation} CLUSTER ON ${to.name}`)]
  const siblings = partsOf(to.catalog).get(relationOf(to.catalog, to.key) ?? '') ?? []
  const isElsewhere = siblings.some((key) => to.catalog[key]?.['clustered'] === true)
  return isElsewhere ? [] : [step(`ALTER TABLE ${to.relation} SET WITHOUT CLUSTER`)]
}

/** The constraint of a partition belongs to that of its parent: by its index, or found equal when the parent's is made. */
function attached(object: DdlObject): readonly Step[] {
  const parent = text(object, 'parent')
  if (parent === '' || !['primary key', 'unique'].includes(text(object, 'type'))) return []
  const key = keyOfName('constraint', parent)
  const other = findObject(object.catalog, key)
  if (other === undefined) return []
  const schema = ident(other.names[0] ?? '')
  return [
    {
      ...step(
        `ALTER INDEX ${schema}.${other.name} ATTACH PARTITION ${ident(object.names[0] ?? '')}.${object.name}`,
      ),
      phase: 'attach',
      after: [key, ...partitionOf(object)],
    },
  ]
}

/** The key of the table that has to be attached before its indexes. */
export function partitionOf({ catalog, key }: DdlObject): readonly string[] {
  const relation = relationOf(catalog, key)
  return relation === undefined || list({ facts: catalog[relation] ?? {} }, 'parents').length === 0
    ? []
    : [relation]
}
