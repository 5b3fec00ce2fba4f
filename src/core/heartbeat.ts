import type { Activity } from './activity.js'

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

/** So long every heartbeat is news, in milliseconds; later one of each half minute, and whoever else is in the way. */
const young = 60_000
const rest = 30_000

/** Tells for one heartbeat after the other whether it repeats what was told: hours of work shall not fill a log. */
export function repetition(): (elapsed: number, activity: Activity) => boolean {
  let told = { elapsed: 0, inTheWay: '' }
  return (elapsed, activity) => {
    const inTheWay = activity.known ? activity.blockers.map(({ pid }) => pid).join() : 'not known'
    const isNews = elapsed < young || elapsed - told.elapsed >= rest || inTheWay !== told.inTheWay
    if (isNews) told = { elapsed, inTheWay }
    return !isNews
  }
}
