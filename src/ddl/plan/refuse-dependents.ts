import { dependenciesOf } from '../dependencies.js'
import type { DdlObject } from '../object.js'
import type { PlanRefusal } from '../statement.js'
import { dropsObject, type Intent, createsObject, objectOf } from '../intents/intents.js'
import type { PlannedChange } from './step-task.js'

/**
 * Moves from `planned` to `refused` what depends on a refused object: nothing is created that needs an object which is
 * not created, and nothing is dropped that is still needed.
 */
export function refuseDependents(
  refused: Map<string, PlanRefusal>,
  planned: Map<string, PlannedChange>,
  intents: ReadonlyMap<string, Intent>,
): void {
  if (refused.size === 0) return
  const users = usersByNeed(planned)
  const queue = [...refused.keys()]
  for (const key of queue)
    for (const other of dependentKeys(intents.get(key), planned, users)) {
      if (!planned.delete(other)) continue
      refused.set(other, {
        key: other,
        reason: `it depends on ${key}, which is not written`,
        decide: `what happens to ${key}`,
      })
      queue.push(other)
    }
}

/** By the key of an object, the keys of the planned ones that need it when the plan has run. */
function usersByNeed(planned: ReadonlyMap<string, PlannedChange>): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>()
  for (const [key, { intent }] of planned)
    for (const needed of intent.action === 'drop' ? [] : dependenciesOf(intent.to)) {
      const found = users.get(needed)
      if (found === undefined) users.set(needed, [key])
      else found.push(key)
    }
  return users
}

function dependentKeys(
  refused: Intent | undefined,
  planned: ReadonlyMap<string, PlannedChange>,
  users: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  if (refused === undefined) return []
  const predecessor =
    createsObject(refused) && 'to' in refused ? refused.to.predecessor?.object.key : undefined
  const successor = refused.action === 'drop' ? refused.successor : undefined
  const needed = refused.action === 'create' ? [] : [...dependenciesOf(objectBefore(refused))]
  return [
    ...[predecessor, successor].filter((key) => key !== undefined),
    ...needed.filter((other) => dropsObject(planned.get(other)?.intent)),
    ...(createsObject(refused) ? (users.get(objectOf(refused).key) ?? []) : []),
  ]
}

function objectBefore(intent: Exclude<Intent, { action: 'create' }>): DdlObject {
  return intent.action === 'refuse' ? intent.to : intent.from
}
