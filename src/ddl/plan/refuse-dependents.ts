import { dependenciesOf } from '../dependencies.js'
import type { DdlObject } from '../object.js'
import type { PlanRefusal } from '../statement.js'
import { dropsObject, type Intent, createsObject } from './intents.js'
import type { PlannedChange } from './tasks.js'

/**
 * Moves from `planned` to `refused` what depends on a refused object: nothing is created that needs an object which is
 * not created, and nothing is dropped that is still needed.
 */
export function refuseDependents(
  refused: Map<string, PlanRefusal>,
  planned: Map<string, PlannedChange>,
  intents: ReadonlyMap<string, Intent>,
): void {
  const queue = [...refused.keys()]
  for (const key of queue)
    for (const other of dependentKeys(key, planned, intents)) {
      planned.delete(other)
      refused.set(other, {
        key: other,
        reason: `it depends on ${key}, which is not written`,
        decide: `what happens to ${key}`,
      })
      queue.push(other)
    }
}

function dependentKeys(
  key: string,
  planned: ReadonlyMap<string, PlannedChange>,
  intents: ReadonlyMap<string, Intent>,
): readonly string[] {
  const refused = intents.get(key)
  if (refused === undefined) return []
  const needed = refused.action === 'create' ? new Set<string>() : dependenciesOf(objectBefore(refused))
  return [...planned]
    .filter(([other, { intent }]) => {
      if (dropsObject(intent) && needed.has(other)) return true
      return createsObject(refused) && intent.action !== 'drop' && dependenciesOf(intent.to).has(key)
    })
    .map(([other]) => other)
}

function objectBefore(intent: Exclude<Intent, { action: 'create' }>): DdlObject {
  return intent.action === 'refuse' ? intent.to : intent.from
}
