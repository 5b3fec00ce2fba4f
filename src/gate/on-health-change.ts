import type { HealthDocument } from '../core/progress/health-document.js'
import type { HealthTracker } from './health-state.js'

/** How long a place counts as alive without news: reports are repeated well within the fleet's day. In milliseconds. */
const repeatInterval = 6 * 3_600_000

/** Hands on the health document when what it says has changed, not at every check; and again after some hours. */
export function onHealthChange(health: HealthTracker, send: (document: HealthDocument) => void): void {
  let last = { text: '', at: 0 }
  const take = ({ documents }: ReturnType<HealthTracker['view']>): void => {
    const text = comparableText(documents.full)
    const at = performance.now()
    if (text === last.text && at - last.at < repeatInterval) return
    last = { text, at }
    send(documents.full)
  }
  health.subscribe(take)
  take(health.view())
}

/** What a document says, without the times of the checks. */
function comparableText({ status, phase, revision, verification, notes }: HealthDocument): string {
  return JSON.stringify({
    status,
    phase,
    revision,
    notes,
    verification: { ...verification, checkedAt: null },
  })
}
