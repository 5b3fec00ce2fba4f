import { needsOf } from '../dependencies.js'
import type { Refusal } from '../statement.js'
import { ends, type Intent, makes } from './intents.js'
import type { Work } from './tasks.js'

export interface Planned {
  readonly works: Map<string, Work>
  readonly intents: ReadonlyMap<string, Intent>
}

/**
 * What is left to a person takes with it what cannot be done without: nothing is made that needs what is not made, and
 * nothing is dropped that is still needed.
 */
export function refuseWith(refused: Map<string, Refusal>, { works, intents }: Planned): void {
  const queue = [...refused.keys()]
  for (const key of queue)
    for (const other of boundTo(key, { works, intents })) {
      works.delete(other)
      refused.set(other, {
        key: other,
        reason: `it cannot be done without ${key}`,
        decide: `what becomes of ${key}`,
      })
      queue.push(other)
    }
}

function boundTo(key: string, { works, intents }: Planned): readonly string[] {
  const intent = intents.get(key)
  if (intent === undefined) return []
  const needed = intent.action === 'create' ? new Set<string>() : needsOf(fromOf(intent))
  return [...works]
    .filter(([other, work]) => {
      if (ends(work.intent) && needed.has(other)) return true
      return makes(intent) && work.intent.action !== 'drop' && needsOf(work.intent.to).has(key)
    })
    .map(([other]) => other)
}

function fromOf(intent: Exclude<Intent, { action: 'create' }>): Parameters<typeof needsOf>[0] {
  return intent.action === 'refuse' ? intent.to : intent.from
}
