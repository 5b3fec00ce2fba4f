import { findingsOf } from '../../core/history/decision.js'
import { impacts } from '../../core/impact/assess-impact.js'
import type { Fit } from '../../core/impact/closest-revision.js'
import { count } from '../../core/model/describe.js'
import type { Placement } from '../../operations/stamp/closest-revision.js'
import { isAside } from '../../operations/stamp/plan.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { CommandResult } from './command.js'
import { describeFindings } from './report.js'
import { renderTable } from './status.js'

/** How many of the revisions that fit are shown. */
const shown = 3

/** A command and its effect. */
type Step = readonly [command: string, effect: string]

/**
 * Which revision a database is nearest to, what remains, and what to do then. Exits with 4 where something remains, or less
 * is there than is recorded.
 */
export function resultOfPlacement(placement: Placement): CommandResult {
  const { revision, inspection, assessment, history, open, fits } = placement
  const findings = findingsOf(assessment)
  const recorded = history.applied.at(-1) ?? null
  const steps = stepsFrom(placement, recorded)
  const best = fits.slice(0, shown)
  const compared = [
    renderTable([['revision', 'differences', ''], ...best.map(rowOf)]),
    ...describeFindings(findings),
  ]
  return {
    exit: findings.length === 0 && !isBelow(placement, recorded) ? 0 : 4,
    text: [
      `${describeAddress(inspection.database)} ${outcome(placement, recorded)}`,
      ...(placement.isEmpty ? [] : compared),
      renderTable(steps),
    ].join('\n\n'),
    document: {
      database: inspection.database,
      recorded,
      unknown: history.unknown,
      revision,
      open,
      differences: findings,
      fits: best,
      commands: steps.map(([command, effect]) => ({ command, effect })),
    },
  }
}

function outcome({ revision, assessment, isEmpty, history }: Placement, recorded: string | null): string {
  if (isEmpty) return 'is empty: there is nothing to record.'
  const differences = findingsOf(assessment).length
  const nearest =
    differences === 0
      ? `is what the migrations promise at ${revision}`
      : `is nearest to what the migrations promise at ${revision}, with ${count(differences, 'difference')}`
  const lost =
    history.unknown.length === 0
      ? ''
      : `, and ${count(history.unknown.length, 'revision')} that this build does not have`
  return `${nearest}. Recorded: ${recorded ?? 'nothing of this build'}${lost}.`
}

function rowOf({ revision, differences, counts }: Fit): readonly string[] {
  const parts = impacts.filter((impact) => counts[impact] > 0).map((impact) => `${counts[impact]} ${impact}`)
  return [revision, String(differences), parts.join(', ')]
}

function stepsFrom(placement: Placement, recorded: string | null): readonly Step[] {
  const { revision, assessment, open, isEmpty, history } = placement
  if (isEmpty) return [['schemagate migrate', 'builds it, one revision after the other']]
  if (open.length === 0 || isBelow(placement, recorded))
    return [['schemagate verify', `compares it with ${recorded ?? revision}, up to which all is recorded`]]
  const forget = isAside(placement) ? ' --forget' : ''
  const lost =
    forget === '' ? '' : `, and forgets the ${history.unknown.length} that this build does not have`
  const stamp: Step = [
    `schemagate stamp ${revision}${forget}`,
    `records ${count(open.length, 'revision')}${lost}`,
  ]
  if (findingsOf(assessment).length === 0) return [stamp]
  return [
    [`schemagate diff database snapshot@${revision} --sql`, 'prints what brings the database there'],
    [stamp[0], `then ${stamp[1]}`],
    [`${stamp[0]} --force --reason 'TEXT'`, 'records them although it differs'],
  ]
}

/** Whether more is recorded than is there. */
function isBelow({ revision, history }: Placement, recorded: string | null): boolean {
  return recorded !== null && recorded !== revision && history.applied.includes(revision)
}
