import { toPrintable, toPrintableJson, toPrintableLines } from '../../../core/text/printable.js'
import { alignColumns, SchemaError } from '../../../errors/schema-error.js'
import type { Rehearsal, RehearsedRevision } from '../../../operations/rehearse/rehearsal.js'
import { renderTable } from '../table.js'
import { rehearsalDocument } from './rehearsal-document.js'
import { cellsOf, columnTitles, faultsOf, repeatDetail, type StepFault, summaryOf } from './rehearsal-text.js'

const rehearsalFormats = {
  text: renderText,
  json: (rehearsal: Rehearsal) => toPrintableJson(JSON.stringify(rehearsalDocument(rehearsal), null, 2)),
  markdown: renderMarkdown,
  junit: renderJunit,
} as const

type RehearsalFormat = keyof typeof rehearsalFormats

/** Throws SCHEMA_USAGE for a format that is none. */
export function formatOf(name: string | null): RehearsalFormat {
  const names = ['text', 'json', 'markdown', 'junit'] as const
  const found = names.find((each) => each === (name ?? 'text'))
  if (found !== undefined) return found
  throw new SchemaError('SCHEMA_USAGE', {
    what: `"${name}" is no format. Nothing was rehearsed.`,
    choices: [[`--format ${names.join('|')}`, 'names one']],
  })
}

export function renderRehearsal(rehearsal: Rehearsal, format: RehearsalFormat): string {
  return rehearsalFormats[format](rehearsal)
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
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  const faults = revisions.flatMap((each) =>
    faultsOf(each).map((fault) => `\`\`\`\n${describeFault(each, fault).replaceAll('```', "'''")}\n\`\`\``),
  )
  return [
    escapeMarkdown(summaryOf(rehearsal)),
    [
      row(columnTitles),
      row(columnTitles.map(() => '---')),
      ...revisions.map((each) => row(cellsOf(each))),
    ].join('\n'),
    ...faults,
    ...notes.map((note) => `note: ${escapeMarkdown(note)}`),
  ].join('\n\n')
}

function escapeMarkdown(text: string): string {
  return toPrintable(text).replaceAll(/[\\`*_[\]<>|]/g, String.raw`\$&`)
}

/** A test case for each revision. */
function renderJunit(rehearsal: Rehearsal): string {
  const { revisions, notRun } = rehearsal
  const cases = revisions.map((each) => {
    const failures = faultsOf(each).map(
      (fault) =>
        `    <failure message="${escapeXml(`${fault.step} ${fault.what}`)}">${escapeXml(alignColumns(fault.facts))}</failure>`,
    )
    const open = `  <testcase classname="rehearse" name="${escapeXml(each.revision)}"`
    return failures.length === 0 ? `${open}/>` : [`${open}>`, ...failures, '  </testcase>'].join('\n')
  })
  const skipped = notRun.map(
    (name) =>
      `  <testcase classname="rehearse" name="${escapeXml(name)}">\n    <skipped message="one before it failed"/>\n  </testcase>`,
  )
  const failed = revisions.filter((each) => faultsOf(each).length > 0).length
  const counts = `tests="${revisions.length + notRun.length}" failures="${failed}" skipped="${notRun.length}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="schemagate rehearse" ${counts}>`,
    ...cases,
    ...skipped,
    '</testsuite>',
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Control characters are not allowed in XML at all. */
function escapeXml(text: string): string {
  return toPrintableLines(text).replaceAll(/[&<>"]/g, (character) => entities[character] ?? '')
}
