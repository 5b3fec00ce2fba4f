import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { type Activity, describeActivity } from '../../core/progress/session-activity.js'
import { withHeartbeat } from '../../postgres/migrate/heartbeat.js'
import type { ApplyRun } from './apply-run.js'
import { stepLabel } from './step.js'

const blockerInterval = 300

/** Tells what a step does for as long as it runs, and at once whom it waits for: a lock_timeout may leave it no more time. */
export async function watchStep<T>(
  { steps, options, sampler }: ApplyRun,
  index: number,
  run: () => Promise<T>,
): Promise<T> {
  const what = stepLabel(steps, index)
  const reportNow = (heartbeat: Heartbeat): void =>
    options.report({ event: 'repair running', what, ...heartbeat })
  const startedAt = performance.now()
  let seen = ''
  const timer = setInterval(() => {
    const activity = sampler.latest()
    const blockers = blockersIn(activity)
    if (blockers !== '' && blockers !== seen)
      reportNow({
        elapsed: performance.now() - startedAt,
        doing: describeActivity(activity),
        activity,
        repeated: false,
      })
    seen = blockers
  }, blockerInterval)
  try {
    return await withHeartbeat(sampler, reportNow, run)
  } finally {
    clearInterval(timer)
  }
}

function blockersIn(activity: Activity): string {
  return activity.known ? activity.blockers.map(({ pid }) => pid).join() : ''
}
