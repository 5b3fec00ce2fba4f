import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  findObject,
  findRelation,
  booleanFact,
  keyFromName,
  type KindDdl,
  listFact,
  partsByRelation,
  relationKeyOf,
  nonTransactionalStep,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard, LockMode } from '../statement.js'
import { parameterChanges } from './parameters.js'
import { tableKeyword } from './table.js'

export const constraintDdl: KindDdl = {
  reference: ({ name, relation }) => `CONSTRAINT ${name} ON ${relation}`,
  create: (object) =>
    comesFromParent(object)
      ? []
      : [
          ...addConstraintSteps(object),
          ...constraintIndexSteps({ from: { ...object, facts: {} }, to: object }),
          ...attachConstraintSteps(object),
        ],
  drop: (object) =>
    booleanFact(object, '$inherited')
      ? []
      : [
          step(`ALTER ${tableKeyword(object)} ${object.relation} DROP CONSTRAINT ${object.name}`, {
            hazard: 'lock',
            table: object.relation,
            lock: 'ACCESS EXCLUSIVE',
          }),
        ],
  alter: (change) => {
    const { from, to, facts } = change
    const rest = [...facts].filter((fact) => !['valid', 'options', 'clustered', 'parent'].includes(fact))
    if (rest.length > 0 || (facts.has('valid') && to.facts['valid'] === false)) return 'replace'
    if (booleanFact(to, '$inherited') && facts.has('valid')) return []
    return [
      ...(facts.has('valid') ? [validateConstraintStep(to)] : []),
      ...constraintIndexSteps({ from, to }),
      ...(facts.has('parent') ? attachConstraintSteps(to) : []),
    ]
  },
}

/** A check constraint of a table reaches the children it has by itself. */
function comesFromParent(object: DdlObject): boolean {
  if (!booleanFact(object, '$inherited') || textFact(object, 'type') !== 'check') return false
  const table = findRelation(object)
  return table === undefined || !object.inNewRelation || textFact(table, 'partition') === ''
}

function addConstraintSteps(object: DdlObject): readonly DdlStep[] {
  const table = findRelation(object)
  const isPartitioned = table !== undefined && textFact(table, 'partitionedBy') !== ''
  const isOffline = isPartitioned || object.inNewRelation || object.mayBlock === true
  const columns = isOffline ? null : plainKeyColumns(object)
  if (columns !== null) return addByIndexSteps(object, columns)
  const isLater = canValidateLater(object) && !object.inNewRelation && !isPartitioned
  const isUnchecked =
    object.facts['valid'] === false && !textFact(object, 'definition').endsWith('NOT ENFORCED')
  const ownOnly = isPartitioned && ['primary key', 'unique'].includes(textFact(object, 'type')) ? 'ONLY ' : ''
  const definition = `${textFact(object, 'definition')}${isLater || isUnchecked ? ' NOT VALID' : ''}`
  return [
    step(
      `ALTER ${tableKeyword(object)} ${ownOnly}${object.relation} ADD CONSTRAINT ${object.name} ${definition}`,
      ...addConstraintHazards(object, isLater || isUnchecked),
    ),
    ...(isLater && !isUnchecked
      ? [{ ...validateConstraintStep(object), phase: 'attach' as const, alone: true as const }]
      : []),
  ]
}

/** The columns of a primary key or unique constraint that says nothing else, as they stand in its definition. */
function plainKeyColumns(object: DdlObject): string | null {
  const column = String.raw`(?:[\w$]+|"[^"]*")`
  const plain = new RegExp(`^(?:PRIMARY KEY|UNIQUE) (\\(${column}(?:, ${column})*\\))$`)
  return plain.exec(textFact(object, 'definition'))?.[1] ?? null
}

/** The index is made while others write; the constraint then takes it over in a moment. */
function addByIndexSteps(object: DdlObject, columns: string): readonly DdlStep[] {
  const { relation: table, name } = object
  const type = textFact(object, 'type').toUpperCase()
  return [
    nonTransactionalStep(
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
function canValidateLater(object: DdlObject): boolean {
  return (
    ['foreign key', 'check'].includes(textFact(object, 'type')) &&
    !textFact(object, 'definition').endsWith('NOT ENFORCED')
  )
}

function addConstraintHazards(object: DdlObject, isLater: boolean): readonly Hazard[] {
  const table = object.relation
  const isForeignKey = textFact(object, 'type') === 'foreign key'
  const lock: LockMode = isForeignKey ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  const others = isForeignKey
    ? referencedTables(object).map((other) => ({ hazard: 'lock' as const, table: other, lock }))
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
function referencedTables(object: DdlObject): readonly string[] {
  const relations = listFact(object, '$needs').flatMap(
    (needed) => relationKeyOf(object.catalog, needed) ?? [],
  )
  const tables = [...new Set(relations)].flatMap((key) => findObject(object.catalog, key)?.name ?? [])
  return tables.filter((name) => name !== object.relation)
}

function validateConstraintStep(object: DdlObject): DdlStep {
  const table = object.relation
  return step(
    `ALTER ${tableKeyword(object)} ${table} VALIDATE CONSTRAINT ${object.name}`,
    { hazard: 'full scan', table, lock: 'SHARE UPDATE EXCLUSIVE' },
    { hazard: 'may fail', when: `rows violate ${object.name}`, table },
  )
}

/** The parameters of the index behind it, and whether rows are stored in its order. */
function constraintIndexSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  const index = `${quoteIdentifier(to.names[0] ?? '')}.${to.name}`
  return [
    ...parameterChanges({ from, to }, 'options').map((what) => step(`ALTER INDEX ${index} ${what}`)),
    ...clusterSteps({ from, to }),
  ]
}

/** Which index a table was last clustered by. */
export function clusterSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  if (booleanFact(from, 'clustered') === booleanFact(to, 'clustered')) return []
  if (booleanFact(to, 'clustered')) return [step(`ALTER TABLE ${to.relation} CLUSTER ON ${to.name}`)]
  const siblings = partsByRelation(to.catalog).get(relationKeyOf(to.catalog, to.key) ?? '') ?? []
  const isElsewhere = siblings.some((key) => to.catalog[key]?.['clustered'] === true)
  return isElsewhere ? [] : [step(`ALTER TABLE ${to.relation} SET WITHOUT CLUSTER`)]
}

/** The constraint of a partition belongs to that of its parent: by its index, or found equal when the parent's is made. */
function attachConstraintSteps(object: DdlObject): readonly DdlStep[] {
  const parent = textFact(object, 'parent')
  if (parent === '' || !['primary key', 'unique'].includes(textFact(object, 'type'))) return []
  const key = keyFromName('constraint', parent)
  const other = findObject(object.catalog, key)
  if (other === undefined) return []
  const schema = quoteIdentifier(other.names[0] ?? '')
  return [
    {
      ...step(
        `ALTER INDEX ${schema}.${other.name} ATTACH PARTITION ${quoteIdentifier(object.names[0] ?? '')}.${object.name}`,
      ),
      phase: 'attach',
      after: [key, ...partitionToAttach(object)],
    },
  ]
}

/** The key of the table that has to be attached before its indexes. */
export function partitionToAttach({ catalog, key }: DdlObject): readonly string[] {
  const relation = relationKeyOf(catalog, key)
  return relation === undefined || listFact({ facts: catalog[relation] ?? {} }, 'parents').length === 0
    ? []
    : [relation]
}
