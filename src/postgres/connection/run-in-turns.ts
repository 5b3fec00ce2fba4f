import { setImmediate } from 'node:timers/promises'
import type { Steps } from '../../core/text/steps.js'

/** Takes one step in each turn of the event loop: between two of them the process answers whatever has arrived. */
export async function runInTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await setImmediate()
  }
}
