import { quoteIdentifier } from '../identifiers.js'
import {
  type DdlObject,
  findObject,
  findRelation,
  booleanFact,
  type KindDdl,
  listFact,
  partsByRelation,
  relationKeyOf,
  nonTransactionalStep,
  type DdlStep,
  step,
  textFact,
  withoutFacts,
  tableKeyword,
} from '../object.js'
import type { Hazard, LockMode } from '../statement.js'
import { parentKeysOf } from '../tree.js'
import { constraintTriggerSteps, enforcedAsUsual } from './constraint-triggers.js'
import { parameterChanges } from './parameters.js'
import { replicaIdentityHazards } from './replica-identity.js'
import { isInDefinition } from './table-constraints.js'
import { attachToParentSteps, onlyForParent, withoutCarried } from './tree-clauses.js'

export const constraintDdl: KindDdl = {
  reference: ({ name, relation }) => `CONSTRAINT ${name} ON ${relation}`,
  create: (object) =>
    object.isMadeWithParent
      ? validateAfterParentSteps(object)
      : [
          ...(isInDefinition(object) ? [] : addConstraintSteps(object)),
          ...constraintIndexSteps(withoutFacts(object), object),
          ...attachConstraintSteps(object),
          ...constraintTriggerSteps(object, enforcedAsUsual, tablesOf(object)),
        ],
  drop: (object) => [
    step(
      `ALTER ${tableKeyword(object)} ${onlyForParent(object)}${object.relation} DROP CONSTRAINT ${object.name}`,
      ...replicaIdentityHazards(object),
    ),
  ],
  alter: ({ from, to, facts: changed, carried }) => {
    const facts = withoutCarried(changed, carried)
    const deferral = facts.has('definition') ? deferralSteps(from, to) : []
    const rest = [...facts].filter(
      (fact) => !alterableFacts.has(fact) && !(fact === 'definition' && deferral !== null),
    )
    const isOfOtherTree = facts.has('parent') && textFact(to, 'type') === 'exclude'
    if (rest.length > 0 || isOfOtherTree || (facts.has('valid') && to.facts['valid'] === false))
      return 'replace'
    return [
      ...(deferral ?? []),
      ...(facts.has('valid') ? [validateConstraintStep(to)] : []),
      ...constraintIndexSteps(from, to),
      ...(facts.has('parent') ? attachConstraintSteps(to) : []),
      ...constraintTriggerSteps(to, from, tablesOf(to)),
    ]
  },
}

const deferralPattern = /( DEFERRABLE)?( INITIALLY DEFERRED)?$/

/** When a foreign key is checked can be altered, if nothing else differs; null if something does, or for other constraints. */
function deferralSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] | null {
  const [before, after] = [textFact(from, 'definition'), textFact(to, 'definition')]
  const isSame = before.replace(deferralPattern, '') === after.replace(deferralPattern, '')
  if (textFact(to, 'type') !== 'foreign key' || !isSame) return null
  const when = deferralPattern.exec(after)?.[0] === '' ? ' NOT DEFERRABLE' : deferralPattern.exec(after)?.[0]
  return [step(`ALTER TABLE ${to.relation} ALTER CONSTRAINT ${to.name}${when}`)]
}

const alterableFacts: ReadonlySet<string> = new Set([
  'valid',
  'options',
  'clustered',
  'parent',
  'checkTriggers',
  'actionTriggers',
])

/** PostgreSQL adds a check NOT VALID to the children as well, where their rows have to be read. */
function validateAfterParentSteps(object: DdlObject): readonly DdlStep[] {
  if (object.inNewRelation || object.facts['valid'] === false) return []
  const isValidAbove = parentKeysOf(object).every((key) => object.catalog[key]?.['valid'] !== false)
  return isValidAbove ? [] : [{ ...validateConstraintStep(object), phase: 'attach', alone: true }]
}

function addConstraintSteps(object: DdlObject): readonly DdlStep[] {
  const table = findRelation(object)
  const isPartitioned = table !== undefined && textFact(table, 'partitionedBy') !== ''
  const isOffline = isPartitioned || object.inNewRelation || object.mayBlock
  const columns = isOffline ? null : plainKeyColumns(object)
  if (columns !== null) return addByIndexSteps(object, columns)
  const isAttached = parentKeysOf(object).some((key) => object.catalog[key] !== undefined)
  const isValidatedLater = canValidateLater(object) && !object.inNewRelation && !isPartitioned && !isAttached
  const isNotValid =
    object.facts['valid'] === false && !textFact(object, 'definition').endsWith('NOT ENFORCED')
  const only = isPartitioned && ['primary key', 'unique'].includes(textFact(object, 'type')) ? 'ONLY ' : ''
  const definition = `${textFact(object, 'definition')}${isValidatedLater || isNotValid ? ' NOT VALID' : ''}`
  return [
    step(
      `ALTER ${tableKeyword(object)} ${only}${object.relation} ADD CONSTRAINT ${object.name} ${definition}`,
      ...addConstraintHazards(object, isValidatedLater || isNotValid ? 'not valid' : 'validated'),
    ),
    ...(isValidatedLater && !isNotValid
      ? [{ ...validateConstraintStep(object), phase: 'attach' as const, alone: true as const }]
      : []),
  ]
}

/** The columns of a primary key or unique constraint without further clauses, as in its definition; null for others. */
function plainKeyColumns(object: DdlObject): string | null {
  const column = String.raw`(?:[\w$]+|"[^"]*")`
  const plain = new RegExp(`^(?:PRIMARY KEY|UNIQUE) (\\(${column}(?:, ${column})*\\))$`)
  return plain.exec(textFact(object, 'definition'))?.[1] ?? null
}

/** The index is built while other sessions write; the constraint then uses it with only a short lock. */
function addByIndexSteps(object: DdlObject, columns: string): readonly DdlStep[] {
  const { relation: table, name } = object
  const type = textFact(object, 'type').toUpperCase()
  return [
    nonTransactionalStep(`CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} ${columns}`, {
      hazard: 'may fail',
      when: `rows violate ${name}`,
      table,
    }),
    step(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${type} USING INDEX ${name}`),
  ]
}

/** Foreign keys and checks can be added NOT VALID and validated later under a lock that permits writes. */
function canValidateLater(object: DdlObject): boolean {
  return (
    ['foreign key', 'check'].includes(textFact(object, 'type')) &&
    !textFact(object, 'definition').endsWith('NOT ENFORCED')
  )
}

function addConstraintHazards(object: DdlObject, validation: 'validated' | 'not valid'): readonly Hazard[] {
  const table = object.relation
  const isForeignKey = textFact(object, 'type') === 'foreign key'
  const lock: LockMode = isForeignKey ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  if (validation === 'not valid') return []
  return [
    { hazard: 'full scan', table, lock },
    { hazard: 'may fail', when: `rows violate ${object.name}`, table },
  ]
}

/** The table of a constraint, and those that a foreign key references. */
function tablesOf(object: DdlObject): readonly string[] {
  const isForeignKey = textFact(object, 'type') === 'foreign key'
  return [object.relation, ...(isForeignKey ? referencedTables(object) : [])]
}

/** The tables that a foreign key references, without its own. */
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

/** The storage parameters of its index, and CLUSTER ON. */
function constraintIndexSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const index = `${quoteIdentifier(to.names[0] ?? '')}.${to.name}`
  return [
    ...parameterChanges(from, to, 'options').map((clause) => step(`ALTER INDEX ${index} ${clause}`)),
    ...clusterSteps(from, to),
  ]
}

/**
 * CLUSTER ON or SET WITHOUT CLUSTER, where an index or constraint becomes or stops being the one its table is clustered
 * on.
 */
export function clusterSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  if (booleanFact(from, 'clustered') === booleanFact(to, 'clustered')) return []
  if (booleanFact(to, 'clustered')) return [step(`ALTER TABLE ${to.relation} CLUSTER ON ${to.name}`)]
  const siblings = partsByRelation(to.catalog).get(to.relationKey ?? '') ?? []
  const hasOtherIndex = siblings.some((key) => to.catalog[key]?.['clustered'] === true)
  return hasOtherIndex ? [] : [step(`ALTER TABLE ${to.relation} SET WITHOUT CLUSTER`)]
}

/**
 * The key of a partition is attached to the key of the parent through its index. Other constraints are matched by
 * PostgreSQL when the constraint of the parent is added.
 */
function attachConstraintSteps(object: DdlObject): readonly DdlStep[] {
  return ['primary key', 'unique'].includes(textFact(object, 'type')) ? attachToParentSteps(object) : []
}
