import {
  type DdlObject,
  type DdlStep,
  nonTransactionalStep,
  type Predecessor,
  step,
  textFact,
} from '../object.js'
import { indexName } from './index-name.js'
import { buildKeyIndexStep, keyIndexOf, useIndexStep } from './key-index.js'
import { replicaIdentityHazards } from './replica-identity.js'

/**
 * Builds an index beside the one whose place it takes, and gives it that one's name.
 *
 * @param build makes the step that builds the index under a name
 */
export function indexInPlaceSteps(
  index: DdlObject,
  { object, names }: Predecessor,
  build: (name: string) => DdlStep,
): readonly DdlStep[] {
  if (names === null) return [build(index.name)]
  const renamed = step(`ALTER INDEX ${indexName(index, names.built)} RENAME TO ${index.name}`)
  const old = object.kind === 'index' ? retireStep(object, names.retired) : dropKeyStep(object)
  return [{ ...build(names.built), phase: 'alter' }, old, renamed, ...dropRetiredSteps(object, names.retired)]
}

/** Adds a key by an index: the one whose place it takes, or one that is built beside that. */
export function keyInPlaceSteps(key: DdlObject, { object, names }: Predecessor): readonly DdlStep[] {
  const index = keyIndexOf(key)
  if (index === null) return []
  if (names === null) return [useIndexStep(key, index, key.name)]
  const isKey = object.kind === 'constraint'
  const use = useIndexStep(key, index, names.built, isKey ? [`DROP CONSTRAINT ${object.name}`] : [])
  return [
    { ...buildKeyIndexStep(key, index, names.built), phase: 'alter' },
    ...(isKey ? [] : [retireStep(object, names.retired)]),
    {
      ...use,
      hazards: isKey && textFact(key, 'type') !== 'primary key' ? replicaIdentityHazards(object) : [],
    },
    ...dropRetiredSteps(object, names.retired),
  ]
}

function retireStep(index: DdlObject, retired: string): DdlStep {
  return step(`ALTER INDEX ${indexName(index)} RENAME TO ${retired}`)
}

function dropKeyStep(key: DdlObject): DdlStep {
  return step(`ALTER TABLE ${key.relation} DROP CONSTRAINT ${key.name}`, ...replicaIdentityHazards(key))
}

function dropRetiredSteps(old: DdlObject, retired: string): readonly DdlStep[] {
  return old.kind === 'index' ? [{ ...dropIndexConcurrentlyStep(old, retired), phase: 'attach' }] : []
}

/** Drops an index while others read and write its table. */
export function dropIndexConcurrentlyStep(index: DdlObject, name: string): DdlStep {
  return nonTransactionalStep(`DROP INDEX CONCURRENTLY ${indexName(index, name)}`)
}
