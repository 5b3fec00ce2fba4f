import type { ProcessPhase } from '../core/progress/events.js'
import type { HealthDocument } from '../core/progress/health-document.js'
import type { Health, HealthView } from './health-state.js'

/** In milliseconds. The fleet takes an instance for gone after a day without a report. */
const repeatInterval = 6 * 3_600_000

/** In milliseconds. A start that takes longer is worth a report before it has an outcome. */
const startGrace = 30_000

/** Until one of these a start has no outcome yet: its document says `fail` because nothing serves, not because of a fault. */
const outcomePhases: ReadonlySet<ProcessPhase> = new Set(['serving', 'refused', 'draining'])

/** Sends the health document when it says something new, not at every check; and again after some hours. */
export function onHealthChange(health: Health, send: (document: HealthDocument) => void): void {
  let last = { text: '', at: 0 }
  const begun = performance.now()
  const take = ({ documents: { full } }: HealthView): void => {
    const at = performance.now()
    if (!outcomePhases.has(full.phase) && at - begun < startGrace) return
    const text = comparableText(full)
    if (text === last.text && at - last.at < repeatInterval) return
    last = { text, at }
    send(full)
  }
  health.subscribe(take)
  take(health.view())
  setTimeout(() => take(health.view()), startGrace).unref()
}

/** The text of a document without the times of the checks. */
function comparableText({ status, phase, revision, verification, notes }: HealthDocument): string {
  return JSON.stringify({
    status,
    phase,
    revision,
    notes,
    verification: { ...verification, checkedAt: null },
  })
}
