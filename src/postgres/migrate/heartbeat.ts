import { type Heartbeat, createRepetitionCheck, heartbeatTiming } from '../../core/progress/heartbeat.js'
import { describeActivity } from '../../core/progress/session-activity.js'
import type { ActivitySampler } from '../locks/session-activity.js'

/** Tells what a watched session does for as long as `run` takes. */
export async function withHeartbeat<T>(
  watch: ActivitySampler,
  onHeartbeat: (heartbeat: Heartbeat) => void,
  run: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now()
  const isRepeated = createRepetitionCheck()
  const timer = setInterval(() => {
    const elapsed = performance.now() - startedAt
    const activity = watch.latest()
    const repeated = isRepeated(elapsed, activity)
    onHeartbeat({ elapsed, doing: describeActivity(activity), activity, repeated })
  }, heartbeatTiming.earlyInterval)
  try {
    return await run()
  } finally {
    clearInterval(timer)
  }
}
