import { dependenciesOf } from '../dependencies.js'
import type { PlanRefusal } from '../statement.js'
import { dropsObject, type Intent, createsObject } from './intents.js'
import type { IntentSteps } from './tasks.js'

export interface PlanState {
  readonly works: Map<string, IntentSteps>
  readonly intents: ReadonlyMap<string, Intent>
}

/**
 * What is left to a person takes with it what cannot be done without: nothing is made that needs what is not made, and
 * nothing is dropped that is still needed.
 */
export function refuseDependents(refused: Map<string, PlanRefusal>, { works, intents }: PlanState): void {
  const queue = [...refused.keys()]
  for (const key of queue)
    for (const other of dependentKeys(key, { works, intents })) {
      works.delete(other)
      refused.set(other, {
        key: other,
        reason: `it cannot be done without ${key}`,
        decide: `what becomes of ${key}`,
      })
      queue.push(other)
    }
}

function dependentKeys(key: string, { works, intents }: PlanState): readonly string[] {
  const intent = intents.get(key)
  if (intent === undefined) return []
  const needed = intent.action === 'create' ? new Set<string>() : dependenciesOf(objectBefore(intent))
  return [...works]
    .filter(([other, work]) => {
      if (dropsObject(work.intent) && needed.has(other)) return true
      return createsObject(intent) && work.intent.action !== 'drop' && dependenciesOf(work.intent.to).has(key)
    })
    .map(([other]) => other)
}

function objectBefore(intent: Exclude<Intent, { action: 'create' }>): Parameters<typeof dependenciesOf>[0] {
  return intent.action === 'refuse' ? intent.to : intent.from
}
