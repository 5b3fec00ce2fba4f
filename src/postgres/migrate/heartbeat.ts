import { type Heartbeat, repetition, rhythm } from '../../core/progress/heartbeat.js'
import { describeActivity } from '../../core/progress/session-activity.js'
import type { ActivityWatch } from '../locks/session-activity.js'

/** Tells what a watched session does for as long as `run` takes. */
export async function withHeartbeat<T>(
  watch: ActivityWatch,
  tell: (heartbeat: Heartbeat) => void,
  run: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now()
  const isRepeated = repetition()
  const timer = setInterval(() => {
    const elapsed = performance.now() - startedAt
    const activity = watch.latest()
    const repeated = isRepeated(elapsed, activity)
    tell({ elapsed, doing: describeActivity(activity), activity, repeated })
  }, rhythm.early)
  try {
    return await run()
  } finally {
    clearInterval(timer)
  }
}
