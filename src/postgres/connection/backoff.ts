import { setTimeout as sleep } from 'node:timers/promises'
import { SchemaError } from '../../errors/schema-error.js'

/** Waits some milliseconds before a retry. Throws SCHEMA_INTERRUPTED when the signal aborts. */
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

/** Waits some milliseconds; false once the signal aborts. Does not keep the process running. */
export function sleepUnlessAborted(duration: number, signal: AbortSignal): Promise<boolean> {
  return sleep(duration, true, { signal, ref: false }).catch(() => false)
}

/** A delay with jitter, 75 to 125 % of it, so that processes that failed together do not retry together. */
export function withJitter(delay: number): number {
  return delay * (0.75 + Math.random() / 2)
}
