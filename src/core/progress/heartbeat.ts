import type { Activity } from './session-activity.js'

/** What takes long, as it is told while it runs. */
export interface Heartbeat {
  /** Milliseconds. */
  readonly elapsed: number
  /** The activity in words. */
  readonly doing: string
  readonly activity: Activity
  /** Whether nothing is new since it was told last, but for numbers. */
  readonly repeated: boolean
}

/** How often what takes long is told, in milliseconds: every 5 s for a minute, every half minute after that. */
export const heartbeatTiming = { earlyInterval: 5_000, earlyPeriod: 60_000, lateInterval: 30_000 } as const

/** Tells for one heartbeat after the other whether it repeats what was told: hours of work shall not fill a log. */
export function createRepetitionCheck(): (elapsed: number, activity: Activity) => boolean {
  let told = { elapsed: 0, inTheWay: '' }
  return (elapsed, activity) => {
    const inTheWay = activity.known ? activity.blockers.map(({ pid }) => pid).join() : 'not known'
    const isNews =
      elapsed < heartbeatTiming.earlyPeriod ||
      elapsed - told.elapsed >= heartbeatTiming.lateInterval ||
      inTheWay !== told.inTheWay
    if (isNews) told = { elapsed, inTheWay }
    return !isNews
  }
}
