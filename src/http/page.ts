import type { Fact, Facts } from '../core/model/catalog.js'
import { describeChangedFact } from '../core/model/describe.js'
import type { ActivityView, HealthDocument } from '../core/progress/health-document.js'
import { toPrintable } from '../core/text/printable.js'

/** The only style that a page may have, by its hash in `securityHeaders`. */
export const pageStyle = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h1 b, .warn b { padding: .1em .5em; border-radius: .3em; color: #fff; }
  .pass b { background: #18794e; } .warn b { background: #ad5700; } .fail b { background: #ca244d; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; } dt { opacity: .7; } dd { margin: 0; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .4rem .8rem .4rem 0; vertical-align: top; border-bottom: 1px solid #8884; }
  code { font-size: .9em; overflow-wrap: anywhere; }`

/** The health document as an HTML page. All of its texts are escaped; it needs no script. */
export function renderHealthPage(document: HealthDocument): string {
  const { status, serviceId, phase, notes, revision } = document
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(serviceId)}: ${status}</title><style>${pageStyle}</style></head>
<body><h1 class="${status}">${escapeHtml(serviceId)} <b>${status}</b></h1>
${document.verification?.status === 'unverified' ? '<p class="warn"><b>Nothing was verified</b></p>' : ''}
${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('\n')}
${renderRefusalDetails(document)}
<dl>
${renderRows([
  ['phase', phase],
  ['environment', document.database.environment],
  ['database', 'address' in document.database ? document.database.address : null],
  ['release', 'releaseId' in document ? document.releaseId : null],
  ['position', revision.position],
  ['current', revision.current],
  ['head', revision.head],
  ['pending', revision.pending.join(', ') || null],
  ['unknown', revision.unknown.join(', ') || null],
])}
${renderMigrating(document)}
${renderVerification(document)}
</dl>
${renderDifferences(document)}
${renderIgnored(document)}
</body></html>
`
}

/** The facts and choices of a refusal, which only callers with all details get. */
function renderRefusalDetails({ refused }: HealthDocument): string {
  const { facts = {}, choices = [] } = refused ?? {}
  const terms = Object.entries(facts).map(([name, value]) => renderTerm(name, [value].flat()))
  const acts = choices.map(({ act, effect }) => renderTerm(act, [effect]))
  return [
    terms.length === 0 ? '' : `<dl>${terms.join('\n')}</dl>`,
    acts.length === 0 ? '' : `<p>Do one of:</p>\n<dl>${acts.join('\n')}</dl>`,
  ].join('\n')
}

function renderTerm(name: string, lines: readonly string[]): string {
  return `<dt>${escapeHtml(name)}</dt><dd>${lines.map(escapeHtml).join('<br>')}</dd>`
}

function renderMigrating({ migrating }: HealthDocument): string {
  if (migrating === undefined) return ''
  const { revision, number, total, since, activity } = migrating
  return renderRows([
    ['migrating', `${revision} (${number} of ${total}), since ${since}`],
    ['doing', activity === undefined ? null : (activity.doing ?? summarizeActivity(activity))],
  ])
}

/** The activity of a migration as callers without the token see it. */
function summarizeActivity({ command, phase, percent, blocked }: ActivityView): string | null {
  const progress = percent === null ? null : `${percent} %`
  return (
    [command, phase, progress, blocked ? 'blocked' : null].filter((part) => part !== null).join(', ') || null
  )
}

function renderVerification({ verification }: HealthDocument): string {
  if (verification === undefined) return ''
  const objects = Object.entries(verification.objects).map(([kind, number]) => `${kind} ${number}`)
  return renderRows([
    ['verification', verification.status],
    ['checked', verification.checkedAt],
    ['objects', objects.join(', ') || null],
    ['differences', String(verification.differenceCount)],
    ['ignored', verification.ignoredCount === 0 ? null : String(verification.ignoredCount)],
  ])
}

function renderDifferences({ verification }: HealthDocument): string {
  const differences =
    verification !== undefined && 'differences' in verification ? (verification.differences ?? []) : []
  if (differences.length === 0) return ''
  const lines = differences.map(
    ({ impact, change, object, reason, expected, actual }) =>
      `<tr><td>${impact}</td><td>${change} <code>${escapeHtml(object)}</code><br>${escapeHtml(reason)}</td>
<td><code>${renderFacts(expected, (name, fact) => describeChangedFact(fact, actual?.[name])[0])}</code></td>
<td><code>${renderFacts(actual, (name, fact) => describeChangedFact(expected?.[name], fact)[1])}</code></td></tr>`,
  )
  return `<table><thead><tr><th>impact</th><th>difference</th><th>expected</th><th>actual</th></tr></thead>
<tbody>${lines.join('\n')}</tbody></table>`
}

function renderIgnored({ verification }: HealthDocument): string {
  const ignored = verification !== undefined && 'ignored' in verification ? (verification.ignored ?? []) : []
  if (ignored.length === 0) return ''
  const lines = ignored.map(
    ({ pattern, differenceCount, reason }) =>
      `<tr><td><code>${escapeHtml(pattern)}</code></td><td>${differenceCount}</td><td>${escapeHtml(reason ?? '')}</td></tr>`,
  )
  return `<table><thead><tr><th>ignored</th><th>differences</th><th>reason</th></tr></thead>
<tbody>${lines.join('\n')}</tbody></table>`
}

function renderFacts(facts: Facts | undefined, describe: (name: string, fact: Fact) => string): string {
  const entries = Object.entries(facts ?? {}).map(
    ([name, fact]) => `${escapeHtml(name)}: ${escapeHtml(describe(name, fact))}`,
  )
  return entries.join('<br>')
}

function renderRows(entries: readonly (readonly [string, string | null])[]): string {
  return entries
    .filter(([, value]) => value !== null)
    .map(([name, value]) => renderTerm(name, [value ?? '']))
    .join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return toPrintable(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
}
