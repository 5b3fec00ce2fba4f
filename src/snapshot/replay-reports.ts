import type { ProgressReporter } from '../core/progress/events.js'

/** Of what happens in a scratch database only a revision that takes long, or does not return, is reported, */
export function reportLongRuns(report: ProgressReporter): ProgressReporter {
  return (progress) => {
    if (progress.event === 'revision running' || progress.event === 'process ended') report(progress)
  }
}

/** and once what was noticed: it may be the only trace of a statement that did nothing, or of a COMMIT. */
export function reportRun(report: ProgressReporter): ProgressReporter {
  return (progress) => {
    if (progress.event === 'notice' || progress.event === 'transaction ended') report(progress)
    else reportLongRuns(report)(progress)
  }
}
