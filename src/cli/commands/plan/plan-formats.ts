import { renderJunit } from '../../../core/text/junit.js'
import { escapeMarkdown, markdownTable } from '../../../core/text/markup.js'
import { toPrintable, toPrintableJson } from '../../../core/text/printable.js'
import type { PendingPlan } from '../../../operations/plan/pending-plan.js'
import { type FileOfRevision, planFindings, type PlanFinding } from './findings.js'
import { renderPlanSql } from './plan-sql.js'
import { describePlan, verdictOf } from './plan-text.js'
import { sarifDocument } from './sarif.js'

export const planFormats = ['text', 'json', 'markdown', 'github', 'sarif', 'junit'] as const

/** What a plan is shown with. */
export interface PlanReport {
  /** Null where nothing is pending. */
  readonly plan: PendingPlan | null
  /** One line on where it begins and how many revisions it has. */
  readonly head: string
  readonly document: unknown
  readonly fileOf: FileOfRevision
}

export function renderPlan(report: PlanReport, format: (typeof planFormats)[number] | 'sql'): string {
  const { plan, fileOf } = report
  return renderers[format](report, plan === null ? [] : planFindings(plan, fileOf))
}

type Renderer = (report: PlanReport, findings: readonly PlanFinding[]) => string

const renderers: Readonly<Record<(typeof planFormats)[number] | 'sql', Renderer>> = {
  text: ({ plan, head }) => (plan === null ? `${head}\n\nNothing is pending.` : describePlan(plan, head)),
  sql: ({ plan }) => (plan === null ? '' : renderPlanSql(plan)),
  json: ({ document }) => toPrintableJson(JSON.stringify(document, null, 2)),
  markdown: renderMarkdown,
  github: (_report, findings) => findings.map(renderAnnotation).join('\n'),
  sarif: (_report, findings) => toPrintableJson(JSON.stringify(sarifDocument(findings), null, 2)),
  junit: renderCases,
}

/** For a comment on a pull request. */
function renderMarkdown({ plan, head }: PlanReport, findings: readonly PlanFinding[]): string {
  const verdict = plan === null ? ['nothing is pending'] : verdictOf(plan)
  const rows = findings.map((each) => [each.level, each.revision, placeOf(each), `${each.text} (${each.id})`])
  return [
    `**${escapeMarkdown(head)}**`,
    verdict.map((line) => `- ${escapeMarkdown(line)}`).join('\n'),
    ...(rows.length === 0 ? [] : [markdownTable(['level', 'revision', 'where', 'what'], rows)]),
  ].join('\n\n')
}

function placeOf({ file, line }: PlanFinding): string {
  return line === null ? '' : `${file}:${line}`
}

/**
 * A workflow command of GitHub Actions, which shows it beside the line:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
function renderAnnotation({ id, level, text, revision, file, line }: PlanFinding): string {
  const properties = [
    ...(file === null ? [] : [`file=${escapeProperty(file)}`]),
    ...(line === null ? [] : [`line=${line}`]),
    `title=${escapeProperty(`${revision}: ${id}`)}`,
  ]
  return `::${level === 'note' ? 'notice' : level} ${properties.join(',')}::${escapeData(toPrintable(text))}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(toPrintable(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** A test case for each revision; what counts for the exit code is its failure. */
function renderCases({ plan }: PlanReport, findings: readonly PlanFinding[]): string {
  const failed = plan?.failed?.revision
  const names = [
    ...(plan?.revisions ?? []).map(({ revision }) => revision),
    ...(failed === undefined ? [] : [failed]),
  ]
  const cases = names.map((name) => ({
    name,
    failures: findings
      .filter(({ revision, level }) => revision === name && level === 'error')
      .map((each) => ({
        message: each.id,
        text: [each.text, placeOf(each)].filter((part) => part !== '').join('\n'),
      })),
    skipped: null,
  }))
  return renderJunit('plan', cases)
}
