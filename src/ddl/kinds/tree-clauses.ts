import { type DdlObject, type DdlStep, findObject, step } from '../object.js'
import { parentKeysOf } from '../tree.js'
import { indexName } from './index-name.js'

/** ONLY, where those of child tables stay. */
export function onlyForParent({ isLeftToChildren }: DdlObject): string {
  return isLeftToChildren ? 'ONLY ' : ''
}

/** The facts that no statement of a parent changes. */
export function withoutCarried(
  facts: ReadonlySet<string>,
  carried: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  return carried === undefined || carried.size === 0
    ? facts
    : new Set([...facts].filter((fact) => !carried.has(fact)))
}

/** Attaches the index of a partition, or that of its key, to the one of the parent. */
export function attachToParentSteps(object: DdlObject): readonly DdlStep[] {
  const parents = parentKeysOf(object).flatMap((key) => findObject(object.catalog, key) ?? [])
  return parents.map((parent) => ({
    ...step(`ALTER INDEX ${indexName(parent)} ATTACH PARTITION ${indexName(object)}`),
    phase: 'attach',
    after: [parent.key],
  }))
}
