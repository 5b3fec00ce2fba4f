import { setTimeout as sleep } from 'node:timers/promises'
import { SchemaError } from '../../errors/schema-error.js'

/** Waits, in milliseconds, before something is tried again. Throws SCHEMA_INTERRUPTED when asked to stop. */
export async function pause(duration: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(duration, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new SchemaError('SCHEMA_INTERRUPTED', {
      what: 'Waiting was stopped on request. Nothing was done.',
      choices: [['run it again', 'waits again']],
      cause,
    })
  }
}

/** A delay with jitter, from three to five quarters of it: what failed together is not tried again together. */
export function withJitter(delay: number): number {
  return delay * (0.75 + Math.random() / 2)
}
