import type { HealthDocument } from '../core/progress/health-document.js'
import type { Health, HealthView } from './health-state.js'

/** In milliseconds. The fleet takes an instance for gone after a day without a report. */
const repeatInterval = 6 * 3_600_000

/** Sends the health document when it says something new, not at every check; and again after some hours. */
export function onHealthChange(health: Health, send: (document: HealthDocument) => void): void {
  let last = { text: '', at: 0 }
  const take = ({ documents }: HealthView): void => {
    const text = comparableText(documents.full)
    const at = performance.now()
    if (text === last.text && at - last.at < repeatInterval) return
    last = { text, at }
    send(documents.full)
  }
  health.subscribe(take)
  take(health.view())
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
