import {
  belongsToPartitionedTable,
  type DdlObject,
  booleanFact,
  type KindDdl,
  partsByRelation,
  type DdlStep,
  step,
  textFact,
  withoutFacts,
  tableKeyword,
} from '../object.js'
import type { Hazard, LockMode } from '../statement.js'
import { isExclusion, parentKeysOf } from '../tree.js'
import { tablesOfConstraint } from './constraint-tables.js'
import { constraintTriggerSteps, enforcedAsUsual } from './constraint-triggers.js'
import { indexName } from './index-name.js'
import { splitParameters } from './index-parameters.js'
import { buildKeyIndexStep, keyIndexOf, useIndexStep } from './key-index.js'
import { parameterChanges } from './parameters.js'
import { keyInPlaceSteps } from './predecessor.js'
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
          ...constraintIndexSteps(indexBefore(object), object),
          ...attachConstraintSteps(object),
          ...constraintTriggerSteps(object, enforcedAsUsual, tablesOfConstraint(object)),
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
    const isOfOtherTree = facts.has('parent') && isExclusion(to)
    if (rest.length > 0 || isOfOtherTree || (facts.has('valid') && to.facts['valid'] === false))
      return 'replace'
    return [
      ...(deferral ?? []),
      ...(facts.has('valid') ? [{ ...validateConstraintStep(to), ...(to.mayBlock ? {} : alone) }] : []),
      ...constraintIndexSteps(from, to),
      ...(facts.has('parent') ? attachConstraintSteps(to) : []),
      ...constraintTriggerSteps(to, from, tablesOfConstraint(to)),
    ]
  },
}

/** In a transaction of its own, no stronger lock of an earlier statement is held while rows are read. */
const alone = { alone: true } as const

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
  const { predecessor, inNewRelation, mayBlock } = object
  const isPartitioned = belongsToPartitionedTable(object)
  if (predecessor !== undefined && !inNewRelation) return keyInPlaceSteps(object, predecessor)
  const index = isPartitioned || inNewRelation || mayBlock ? null : keyIndexOf(object)
  if (index !== null)
    return [buildKeyIndexStep(object, index, object.name), useIndexStep(object, index, object.name)]
  const isAttached = parentKeysOf(object).some((key) => object.catalog[key] !== undefined)
  const isValidatedLater = canValidateLater(object) && !inNewRelation && !isAttached
  const isNotValid =
    object.facts['valid'] === false && !textFact(object, 'definition').endsWith('NOT ENFORCED')
  const isAlone = ['primary key', 'unique'].includes(textFact(object, 'type')) && !isExclusion(object)
  const only = isPartitioned && isAlone ? 'ONLY ' : ''
  const definition = `${textFact(object, 'definition')}${isValidatedLater || isNotValid ? ' NOT VALID' : ''}`
  return [
    step(
      `ALTER ${tableKeyword(object)} ${only}${object.relation} ADD CONSTRAINT ${object.name} ${definition}`,
      // A partitioned table has no rows of its own.
      ...(isValidatedLater || isNotValid || only !== '' ? [] : validationHazards(object)),
    ),
    ...(isValidatedLater && !isNotValid
      ? [{ ...validateConstraintStep(object), phase: 'attach' as const, alone: true as const }]
      : []),
  ]
}

/**
 * Foreign keys and checks can be added NOT VALID and validated later under a lock that permits writes. Of those of a
 * partitioned table, a foreign key can from PostgreSQL 18 on.
 */
function canValidateLater(object: DdlObject): boolean {
  const type = textFact(object, 'type')
  if (textFact(object, 'definition').endsWith('NOT ENFORCED')) return false
  if (!belongsToPartitionedTable(object)) return ['foreign key', 'check'].includes(type)
  return type === 'foreign key' && !object.mayBlock && (object.serverMajor ?? 0) >= 18
}

/** A foreign key is checked by a query that reads both sides, unless its own is empty. */
function validationHazards(object: DdlObject): readonly Hazard[] {
  const table = object.relation
  const tables = object.inNewRelation ? [table] : tablesOfConstraint(object)
  const isForeignKey = textFact(object, 'type') === 'foreign key'
  const lock: LockMode = isForeignKey ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  return [
    ...tables.map((read): Hazard => ({ hazard: 'full scan', table: read, lock })),
    { hazard: 'may fail', when: `rows violate ${object.name}`, table },
  ]
}

function validateConstraintStep(object: DdlObject): DdlStep {
  const table = object.relation
  return step(
    `ALTER ${tableKeyword(object)} ${table} VALIDATE CONSTRAINT ${object.name}`,
    { hazard: 'full scan', table, lock: 'SHARE UPDATE EXCLUSIVE' },
    { hazard: 'may fail', when: `rows violate ${object.name}`, table },
  )
}

/** What its index has before it is that of a constraint: something only where it is another one's already. */
function indexBefore(constraint: DdlObject): DdlObject {
  const { predecessor, inNewRelation } = constraint
  if (predecessor?.names !== null || inNewRelation) return withoutFacts(constraint)
  const { object } = predecessor
  return { ...object, facts: { ...object.facts, options: splitParameters(object).parameters } }
}

/** The storage parameters of its index, and CLUSTER ON. */
function constraintIndexSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  return [
    ...parameterChanges(from, to, 'options').map((clause) => step(`ALTER INDEX ${indexName(to)} ${clause}`)),
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
