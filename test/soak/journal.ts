import type { Fault } from './fault.js'

/** From when to when, in milliseconds since the epoch, as the services' logs have it. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** A fault that was inflicted. The window ends when everything was as before. */
export interface Inflicted extends Pick<Fault, 'name' | 'disturbs'> {
  readonly window: Window
  /** Milliseconds from the end of the fault until everything was as before. */
  readonly recovery: number
  /** What went wrong with it, beyond itself. */
  readonly defect: string | null
}

/** Logged just after, of a request made before. */
const grace = 1_000

/** Whether a fault explains what went wrong with a service then. */
export function explains(faults: readonly Inflicted[], service: string, { from, to }: Window): boolean {
  return faults.some(
    ({ window, disturbs }) =>
      (disturbs === 'everybody' || (disturbs === 'the mortal' && service === 'mortal')) &&
      from <= window.to + grace &&
      to >= window.from,
  )
}
