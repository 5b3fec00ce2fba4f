import { findingsOf } from '../../core/history/decision.js'
import { impacts } from '../../core/impact/assess-impact.js'
import type { RevisionDistance } from '../../core/impact/closest-revision.js'
import { formatCount } from '../../core/text/format.js'
import type { ClosestRevisionProposal } from '../../operations/stamp/closest-revision.js'
import { isSeparateHistory } from '../../operations/stamp/refuse.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { describeFindings } from './assessment-report.js'
import type { CommandResult } from './command.js'
import { renderTable } from './table.js'

/** How many of the closest revisions are shown. */
const maxShown = 3

/** A command and its effect. */
type SuggestedCommand = readonly [command: string, effect: string]

/**
 * The revision that a database is closest to, the remaining differences, and the commands to record it. The exit code is 4 if
 * there are differences, or if the ledger records more than the database has.
 */
export function closestRevisionResult(proposal: ClosestRevisionProposal): CommandResult {
  const { revision, inspection, assessment, history, unrecorded, distances } = proposal
  const findings = findingsOf(assessment)
  const recorded = history.applied.at(-1) ?? null
  const steps = suggestCommands(proposal, recorded)
  const best = distances.slice(0, maxShown)
  const compared = [
    renderTable([['revision', 'differences', ''], ...best.map(distanceRow)]),
    ...describeFindings(findings),
  ]
  return {
    exit: findings.length === 0 && !isBelowRecorded(proposal, recorded) ? 0 : 4,
    text: [
      `${describeAddress(inspection.database)} ${describeClosest(proposal, recorded)}`,
      ...(proposal.isEmpty ? [] : compared),
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
  if (isEmpty)
    return isNothingRecorded(history)
      ? 'is empty: there is nothing to record.'
      : `is empty, and yet ${formatCount(history.applied.length + history.unknown.length, 'revision')} are recorded.`
  const differences = findingsOf(assessment).length
  const closest =
    differences === 0
      ? `is what the migrations promise at ${revision}`
      : `is closest to what the migrations promise at ${revision}, with ${formatCount(differences, 'difference')}`
  const lost =
    history.unknown.length === 0
      ? ''
      : `, and ${formatCount(history.unknown.length, 'revision')} that this build does not have`
  return `${closest}. Recorded: ${recorded ?? 'nothing of this build'}${lost}.`
}

function distanceRow({ revision, differences, counts }: RevisionDistance): readonly string[] {
  const parts = impacts.filter((impact) => counts[impact] > 0).map((impact) => `${counts[impact]} ${impact}`)
  return [revision, String(differences), parts.join(', ')]
}

function suggestCommands(
  proposal: ClosestRevisionProposal,
  recorded: string | null,
): readonly SuggestedCommand[] {
  const { revision, assessment, unrecorded, isEmpty, history } = proposal
  if (isEmpty)
    return [
      ...(isNothingRecorded(history)
        ? []
        : [['schemagate stamp --forget', 'takes them out of the record'] as const]),
      [
        'schemagate migrate',
        `${isNothingRecorded(history) ? '' : 'then '}applies the revisions one after the other`,
      ],
    ]
  if (unrecorded.length === 0 || isBelowRecorded(proposal, recorded))
    return [['schemagate verify', `compares it with ${recorded ?? revision}, the newest recorded revision`]]
  const forget = isSeparateHistory(history) ? ' --forget' : ''
  const lost =
    forget === '' ? '' : `, and forgets the ${history.unknown.length} that this build does not have`
  const stamp: SuggestedCommand = [
    `schemagate stamp ${revision}${forget}`,
    `records ${formatCount(unrecorded.length, 'revision')}${lost}`,
  ]
  if (findingsOf(assessment).length === 0) return [stamp]
  return [
    [`schemagate diff database snapshot@${revision} --sql`, 'prints the SQL that leads there'],
    [stamp[0], `then ${stamp[1]}`],
    [`${stamp[0]} --force --reason 'TEXT'`, 'records them although the database differs'],
  ]
}

function isNothingRecorded({ applied, unknown }: ClosestRevisionProposal['history']): boolean {
  return applied.length + unknown.length === 0
}

/** Whether the ledger records revisions whose changes the database does not have. */
function isBelowRecorded({ revision, history }: ClosestRevisionProposal, recorded: string | null): boolean {
  return recorded !== null && recorded !== revision && history.applied.includes(revision)
}
