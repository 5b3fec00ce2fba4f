import type { Activity } from './session-activity.js'

/** A report about work that takes long, while it runs. */
export interface Heartbeat {
  /** Milliseconds. */
  readonly elapsed: number
  /** The activity as a sentence. */
  readonly doing: string
  readonly activity: Activity
  /** Whether nothing but numbers changed since the last report that was not repeated. */
  readonly repeated: boolean
}

/** How often long work is reported, in milliseconds: every 5 s for a minute, every half minute after that. */
export const heartbeatTiming = { earlyInterval: 5_000, earlyPeriod: 60_000, lateInterval: 30_000 } as const

/**
 * Returns a function that says for each heartbeat whether it repeats the last one, so that hours of work do not fill a log.
 * A change of blockers is always news.
 */
export function createRepetitionCheck(): (elapsed: number, activity: Activity) => boolean {
  let last = { elapsed: 0, blockers: '' }
  return (elapsed, activity) => {
    const blockers = activity.known ? activity.blockers.map(({ pid }) => pid).join() : 'not known'
    const isNews =
      elapsed < heartbeatTiming.earlyPeriod ||
      elapsed - last.elapsed >= heartbeatTiming.lateInterval ||
      blockers !== last.blockers
    if (isNews) last = { elapsed, blockers }
    return !isNews
  }
}
