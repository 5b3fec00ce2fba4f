import { findingsOf } from '../../core/history/decision.js'
import { impacts } from '../../core/impact/assess-impact.js'
import type { RevisionDistance } from '../../core/impact/closest-revision.js'
import { formatCount } from '../../core/text/format.js'
import type { ClosestRevisionProposal } from '../../operations/stamp/closest-revision.js'
import { isSeparateHistory } from '../../operations/stamp/refuse.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { describeFindings } from './assessment-report.js'
import type { CommandResult } from './command.js'
import { renderTable } from './status.js'

/** How many of the revisions that fit are shown. */
const maxShown = 3

/** A command and its effect. */
type SuggestedCommand = readonly [command: string, effect: string]

/**
 * Which revision a database is nearest to, what remains, and what to do then. Exits with 4 where something remains, or less
 * is there than is recorded.
 */
export function closestRevisionResult(placement: ClosestRevisionProposal): CommandResult {
  const { revision, inspection, assessment, history, unrecorded, distances } = placement
  const findings = findingsOf(assessment)
  const recorded = history.applied.at(-1) ?? null
  const steps = suggestCommands(placement, recorded)
  const best = distances.slice(0, maxShown)
  const compared = [
    renderTable([['revision', 'differences', ''], ...best.map(fitRow)]),
    ...describeFindings(findings),
  ]
  return {
    exit: findings.length === 0 && !isBelowRecorded(placement, recorded) ? 0 : 4,
    text: [
      `${describeAddress(inspection.database)} ${describeClosest(placement, recorded)}`,
      ...(placement.isEmpty ? [] : compared),
      renderTable(steps),
    ].join('\n\n'),
    document: {
      database: inspection.database,
      recorded,
      unknown: history.unknown,
      revision,
      open: unrecorded,
      differences: findings,
      fits: best,
      commands: steps.map(([command, effect]) => ({ command, effect })),
    },
  }
}

function describeClosest(
  { revision, assessment, isEmpty, history }: ClosestRevisionProposal,
  recorded: string | null,
): string {
  if (isEmpty) return 'is empty: there is nothing to record.'
  const differences = findingsOf(assessment).length
  const nearest =
    differences === 0
      ? `is what the migrations promise at ${revision}`
      : `is nearest to what the migrations promise at ${revision}, with ${formatCount(differences, 'difference')}`
  const lost =
    history.unknown.length === 0
      ? ''
      : `, and ${formatCount(history.unknown.length, 'revision')} that this build does not have`
  return `${nearest}. Recorded: ${recorded ?? 'nothing of this build'}${lost}.`
}

function fitRow({ revision, differences, counts }: RevisionDistance): readonly string[] {
  const parts = impacts.filter((impact) => counts[impact] > 0).map((impact) => `${counts[impact]} ${impact}`)
  return [revision, String(differences), parts.join(', ')]
}

function suggestCommands(
  placement: ClosestRevisionProposal,
  recorded: string | null,
): readonly SuggestedCommand[] {
  const { revision, assessment, unrecorded, isEmpty, history } = placement
  if (isEmpty) return [['schemagate migrate', 'builds it, one revision after the other']]
  if (unrecorded.length === 0 || isBelowRecorded(placement, recorded))
    return [['schemagate verify', `compares it with ${recorded ?? revision}, up to which all is recorded`]]
  const forget = isSeparateHistory(placement.history) ? ' --forget' : ''
  const lost =
    forget === '' ? '' : `, and forgets the ${history.unknown.length} that this build does not have`
  const stamp: SuggestedCommand = [
    `schemagate stamp ${revision}${forget}`,
    `records ${formatCount(unrecorded.length, 'revision')}${lost}`,
  ]
  if (findingsOf(assessment).length === 0) return [stamp]
  return [
    [`schemagate diff database snapshot@${revision} --sql`, 'prints what brings the database there'],
    [stamp[0], `then ${stamp[1]}`],
    [`${stamp[0]} --force --reason 'TEXT'`, 'records them although it differs'],
  ]
}

/** Whether more is recorded than is there. */
function isBelowRecorded({ revision, history }: ClosestRevisionProposal, recorded: string | null): boolean {
  return recorded !== null && recorded !== revision && history.applied.includes(revision)
}
