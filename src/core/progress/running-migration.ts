import type { Progress } from './events.js'
import { type Activity, type Blocker, describeActivity } from './session-activity.js'

/** The revision that runs. */
export interface RunningRevision {
  readonly revision: string
  readonly number: number
  readonly total: number
  /** ISO 8601. */
  readonly since: string
  /** Null until it has been looked at. */
  readonly activity: Activity | null
}

/** What is said of it. */
export interface RunningRevisionView extends Omit<RunningRevision, 'activity'> {
  readonly activity?: ActivityView
}

/** Null is what is not known, or not so. */
export interface ActivityView {
  readonly known: boolean
  readonly command: string | null
  readonly phase: string | null
  readonly percent: number | null
  readonly blocked: boolean
  /** All of it in words; like the rest not for everybody. */
  readonly doing?: string
  readonly relation?: string | null
  readonly statement?: string | null
  readonly waits?: string | null
  readonly blockers?: readonly Blocker[]
}

/** What runs after a piece of progress: the same object where nothing changed. */
export function runningRevisionAfter(
  running: RunningRevision | null,
  progress: Progress,
  now: string,
): RunningRevision | null {
  if (progress.event === 'revision started') {
    const { revision, number, total } = progress
    return { revision, number, total, since: now, activity: null }
  }
  if (progress.event === 'revision running') return withActivity(running, progress.activity)
  if (progress.event !== 'revision blocked') return running
  const { blockers } = progress
  return withActivity(running, { known: true, statement: null, work: null, waits: 'a lock', blockers })
}

function withActivity(running: RunningRevision | null, activity: Activity): RunningRevision | null {
  if (running === null || JSON.stringify(running.activity) === JSON.stringify(activity)) return running
  return { ...running, activity }
}

/** What others run, and what objects are called, is left out for the public. */
export function viewRunningRevision(
  { activity, ...revision }: RunningRevision,
  detail: 'public' | 'full',
): RunningRevisionView {
  return activity === null ? revision : { ...revision, activity: viewActivity(activity, detail) }
}

function viewActivity(activity: Activity, detail: 'public' | 'full'): ActivityView {
  const { known } = activity
  const work = activity.known ? activity.work : null
  const shown = {
    known,
    command: work?.command ?? null,
    phase: work?.phase ?? null,
    percent: work?.percent ?? null,
    blocked: activity.known && activity.blockers.length > 0,
  }
  if (detail === 'public') return shown
  const doing = describeActivity(activity)
  if (!activity.known) return { ...shown, doing }
  const { statement, waits, blockers } = activity
  return { ...shown, doing, relation: work?.relation ?? null, statement, waits, blockers }
}
