import { renderJunit } from '../../../core/text/junit.js'
import { escapeMarkdown, markdownBlock, markdownTable } from '../../../core/text/markup.js'
import { toPrintable, toPrintableJson } from '../../../core/text/printable.js'
import { alignColumns } from '../../../errors/schema-error.js'
import type { Rehearsal, RehearsedRevision } from '../../../operations/rehearse/rehearsal.js'
import { renderTable } from '../table.js'
import { rehearsalDocument } from '../../../operations/rehearse/rehearsal-document.js'
import { cellsOf, columnTitles, faultsOf, repeatDetail, type StepFault, summaryOf } from './rehearsal-text.js'

const renderers = {
  text: renderText,
  json: (rehearsal: Rehearsal) => toPrintableJson(JSON.stringify(rehearsalDocument(rehearsal), null, 2)),
  markdown: renderMarkdown,
  junit: renderCases,
} as const

export const rehearsalFormats = ['text', 'json', 'markdown', 'junit'] as const

export function renderRehearsal(rehearsal: Rehearsal, format: (typeof rehearsalFormats)[number]): string {
  return renderers[format](rehearsal)
}

function renderText(rehearsal: Rehearsal): string {
  const { revisions, notes } = rehearsal
  const summary = toPrintable(summaryOf(rehearsal))
  if (revisions.length === 0) return summary
  const repeats = revisions.flatMap((each): readonly (readonly [string, string])[] => {
    const detail = repeatDetail(each)
    return detail === null ? [] : [[each.revision, detail]]
  })
  return [
    summary,
    renderTable([columnTitles, ...revisions.map(cellsOf)]),
    ...revisions.flatMap((each) => faultsOf(each).map((fault) => describeFault(each, fault))),
    ...(repeats.length === 0 ? [] : [`Run once more without its record:\n${alignColumns(repeats)}`]),
    ...notes.map((note) => toPrintable(`note: ${note}`)),
  ].join('\n\n')
}

function describeFault({ revision }: RehearsedRevision, { step, what, facts }: StepFault): string {
  return `${toPrintable(`${revision}: ${step} ${what}`)}\n${alignColumns(facts)}`
}

/** For a comment on a pull request. */
function renderMarkdown(rehearsal: Rehearsal): string {
  const { revisions, notes } = rehearsal
  if (revisions.length === 0) return escapeMarkdown(summaryOf(rehearsal))
  const faults = revisions.flatMap((each) =>
    faultsOf(each).map((fault) => markdownBlock(describeFault(each, fault))),
  )
  return [
    escapeMarkdown(summaryOf(rehearsal)),
    markdownTable(columnTitles, revisions.map(cellsOf)),
    ...faults,
    ...notes.map((note) => `note: ${escapeMarkdown(note)}`),
  ].join('\n\n')
}

/** A test case for each revision. */
function renderCases({ revisions, notRun }: Rehearsal): string {
  const run = revisions.map((each) => ({
    name: each.revision,
    failures: faultsOf(each).map(({ step, what, facts }) => ({
      message: `${step} ${what}`,
      text: alignColumns(facts),
    })),
    skipped: null,
  }))
  const others = notRun.map((name) => ({ name, failures: [], skipped: 'one before it failed' }))
  return renderJunit('rehearse', [...run, ...others])
}
