import { describeDifference } from '../../../core/model/describe.js'
import { formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { hazardName } from '../../../ddl/hazards/allowed-hazards.js'
import { explainHazard } from '../../../ddl/plan/runbook.js'
import type { Hazard } from '../../../ddl/statement.js'
import { alignColumns, SchemaError } from '../../../errors/schema-error.js'
import type { DataAnswer } from '../../../operations/plan/ask-target.js'
import {
  type AnsweredRevision,
  fatalAnswers,
  type PendingPlan,
} from '../../../operations/plan/pending-plan.js'
import type { PlannedStatement } from '../../../operations/plan/planned-revision.js'
import { describeSpace, isTooSmall } from '../../../operations/plan/rewrite-space.js'
import type { AppliedRule } from '../../../operations/plan/rules.js'

/** A plan as text: what it comes to, then revision by revision, in each the worst first. */
export function describePlan(plan: PendingPlan, head: string): string {
  const { revisions, failed, load, observation } = plan
  return [
    [head, ...verdictOf(plan).map((line) => `  ${line}`)].join('\n'),
    ...(load.longTransactions.length === 0
      ? []
      : [['transactions that hold locks on these tables now', ...load.longTransactions].join('\n  ')]),
    ...(observation.hasConnected ? ['a migration connected by itself: what it did there was not seen'] : []),
    ...(failed === null ? [] : [describeFailure(failed)]),
    ...revisions.map((revision) => describeRevision(revision, plan)),
  ].join('\n\n')
}

/** What a plan comes to, line by line. */
export function verdictOf({ revisions, failed }: PendingPlan): readonly string[] {
  const namesOf = (found: readonly AnsweredRevision[]) => found.map(({ revision }) => revision)
  const failing = namesOf(revisions.filter((revision) => fatalAnswers(revision).length > 0))
  const names = [...(failed === null ? [] : [failed.revision]), ...failing]
  const hazards = new Set(revisions.flatMap(({ notAllowed }) => notAllowed.map(hazardName)))
  for (const { rule, refused } of revisions.flatMap(({ rules }) => rules)) if (refused) hazards.add(rule)
  const breaking = namesOf(revisions.filter(({ impact }) => impact.some((each) => each.impact === 'breaks')))
  return [
    ...(names.length === 0 ? [] : [`WOULD FAIL: ${names.join(', ')}`]),
    ...(hazards.size === 0 ? [] : [`not allowed: ${[...hazards].join(', ')}`]),
    ...(names.length + hazards.size === 0 ? ['no hazard that is not allowed'] : []),
    breaking.length === 0
      ? 'the build before keeps working'
      : `breaks the build before: ${breaking.join(', ')}`,
  ].map(toPrintable)
}

function describeFailure(failed: NonNullable<PendingPlan['failed']>): string {
  return [describeFailedRevision(failed), ...failed.rules.map(ruleLine).map(renderLine)].join('\n')
}

function describeFailedRevision({ revision, error }: NonNullable<PendingPlan['failed']>): string {
  const head = `${toPrintable(revision)}  FAILS in a scratch database`
  const facts =
    error instanceof SchemaError ? error.facts.filter(([name]) => !['file', 'database'].includes(name)) : []
  return facts.length === 0 ? `${head}: ${toPrintable(error.message)}` : `${head}\n${alignColumns(facts)}`
}

type Line = readonly [label: string, texts: readonly string[]]

function describeRevision(revision: AnsweredRevision, plan: PendingPlan): string {
  const { answers, spaces, saferWay, impact, allowed, rules, changes, statements } = revision
  const fatal = fatalAnswers(revision)
  const lines: readonly Line[] = [
    ['changes', [changes]],
    ...fatal.map((answer): Line => ['FAILS', [describeAnswer(answer)]]),
    ...statementLines(revision, plan),
    ...answers
      .filter((answer) => !fatal.includes(answer) && answer.found !== 0)
      .map((answer): Line => [answer.effect, [describeAnswer(answer)]]),
    ...spaces.map((space): Line => [isTooSmall(space) ? 'DISK' : 'disk', [describeSpace(space)]]),
    ...(saferWay.length === 0 ? [] : [['safer', saferWay.map(oneLine)] as const]),
    ...rules.map(ruleLine),
    ...impact
      .slice(0, mostListed)
      .map((finding): Line => [
        finding.impact,
        [`the build before: ${describeDifference(finding)[0] ?? ''}: ${finding.reason}`],
      ]),
    ...allowed.map(({ hazard, reason }): Line => ['allowed', [`${hazard}: ${reason}`]]),
    ...[...new Set(statements.flatMap(({ notices }) => notices))]
      .slice(0, mostListed)
      .map((notice): Line => ['notice', [notice]]),
    ...otherStatements(statements),
  ]
  const place = revision.transactional ? '' : '  (outside a transaction)'
  return [`${toPrintable(revision.revision)}${place}`, ...lines.map(renderLine)].join('\n')
}

function ruleLine({ rule, kind, refused, text, safer }: AppliedRule): Line {
  const label = kind === 'advice' ? 'advice' : 'rule'
  return [refused ? label.toUpperCase() : label, [`${text} (${rule})`, `safer: ${safer}`]]
}

/** Of statements, findings and notices no more are shown; `--json` has all. */
const mostListed = 8

/** The statements with hazards, those first that nobody has allowed: each hazard, then the statement. */
function statementLines(
  { statements, notAllowed }: AnsweredRevision,
  { load }: PendingPlan,
): readonly Line[] {
  const refused = new Set(notAllowed.map((hazard) => JSON.stringify(hazard)))
  const isRefused = (hazard: Hazard): boolean => refused.has(JSON.stringify(hazard))
  const found = statements.filter(({ hazards }) => hazards.length > 0)
  const [worse, others] = [true, false].map((wanted) =>
    found.filter(({ hazards }) => hazards.some(isRefused) === wanted),
  )
  return [...(worse ?? []), ...(others ?? [])].flatMap((statement) => {
    const lines = statement.hazards.map((hazard): Line => {
      const label = hazard.hazard === 'outside a transaction' ? 'outside' : hazardName(hazard)
      const text = explainHazard(hazard, statement, load.sizes)
      return [isRefused(hazard) ? label.toUpperCase() : label, [text]]
    })
    return [...lines, ['', [describeStatement(statement)]] as const]
  })
}

/** What else was sent, without what only reads. */
function otherStatements(statements: readonly PlannedStatement[]): readonly Line[] {
  const others = statements.filter(({ hazards, commands, created, written }) => {
    const isRead = commands.every((command) => ['SELECT', 'SHOW', 'SAVEPOINT', 'RELEASE'].includes(command))
    return hazards.length === 0 && !(isRead && created.length + written.length === 0)
  })
  const left = others.length - mostListed
  return [
    ...others.slice(0, mostListed).map((statement): Line => ['also', [describeStatement(statement)]]),
    ...(left <= 0 ? [] : [['', [`… ${formatCount(left, 'more statement')}`]] as const]),
  ]
}

function describeStatement({ at, sql, values }: PlannedStatement): string {
  const text = oneLine(sql)
  const shown = text.length <= 140 ? text : `${text.slice(0, 139)}…`
  const bound = values.length === 0 ? '' : `  (${formatCount(values.length, 'value')})`
  return `${at === null ? '' : `at ${at}  `}${shown}${bound}`
}

/** What the rows of the database answered, in words. */
export function describeAnswer({ about, rows, found, isAll, example, unknown }: DataAnswer): string {
  if (found === null) return `${about}: not known: ${unknown ?? ''}`
  const count = isAll ? String(found) : `at least ${found}`
  return `${about}; ${rows}: ${count}${example === null ? '' : `, such as ${example}`}`
}

const labelWidth = 16

function renderLine([label, texts]: Line): string {
  const [first = '', ...rest] = texts.map(toPrintable)
  const margin = ' '.repeat(labelWidth)
  return [`  ${label}`.padEnd(labelWidth) + first, ...rest.map((text) => margin + text)].join('\n')
}

function oneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ').trim()
}
