import { findingsOf } from '../../core/history/decision.js'
import type { Finding } from '../../core/impact/assess-impact.js'
import { describeRowWriter, type RowWriter } from '../../core/history/written-rows.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { findClosestRevision } from '../../operations/stamp/closest-revision.js'
import { proposeForget, proposeStamp } from '../../operations/stamp/plan.js'
import type { StampProposal } from '../../operations/stamp/proposal.js'
import { recordStamp } from '../../operations/stamp/record.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { RowAnswer } from '../../postgres/rows/ask-rows.js'
import { openAnswers, type OpenAnswer, saidBy } from '../../postgres/rows/rows-error.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { findingFacts } from './assessment-report.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'
import { forceReasonOf, requireConfirmation } from './confirm.js'
import { closestRevisionResult } from './stamp-closest.js'

/** `schemagate stamp`: records revisions without running them if they are true, or shows the closest revision. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const [revision] = context.positionals
  const reason = forceReasonOf(context, {
    needs: 'Recording a revision that is not true needs REVISION, --force and --reason TEXT',
    missing: revision === undefined ? 'a REVISION' : null,
    consequence: 'Nothing was recorded.',
    choice: [
      "schemagate stamp REVISION --force --reason 'TEXT'",
      'records it, and keeps the reason in the ledger',
    ],
  })
  return withWorkspace(context, async (workspace) => {
    const forget = context.options['forget'] === true
    if (revision === undefined && !forget)
      return closestRevisionResult(await findClosestRevision({ ...context, workspace }))
    const proposal =
      revision === undefined
        ? await proposeForget({ ...context, workspace })
        : await proposeStamp({ revision, forget }, { ...context, workspace })
    if (proposal.unrecorded.length + proposal.edited.length + proposal.forget.length === 0)
      return stampResult(proposal, { revisions: [], rows: [] }, null)
    return confirmAndRecord(proposal, reason, context, workspace)
  })
}

async function confirmAndRecord(
  proposal: StampProposal,
  reason: string | null,
  context: CommandContext,
  workspace: Workspace,
): Promise<CommandResult> {
  const findings = findingsOf(proposal.assessment)
  if (findings.length > 0 && reason === null) throw untrueStampError(proposal, findings)
  if (findings.length + proposal.forget.length > 0)
    await requireConfirmation(context, {
      what: describeStamp(proposal, findings),
      facts: stampFacts(proposal, findings),
    })
  const stamped = await recordStamp(proposal, reason, { ...context, workspace })
  if (stamped.status === 'untrue') throw untrueStampError(proposal, findingsOf(stamped.assessment))
  if (stamped.status === 'rows untrue') throw untrueRowsError(proposal, openAnswers(stamped.rows))
  return stampResult(proposal, stamped, reason)
}

/** A sentence such as `3 revisions up to 003_likes will be recorded.` */
function describeStamp(
  { revision, unrecorded, edited, forget }: StampProposal,
  findings: readonly Finding[],
): string {
  const effects = [
    unrecorded.length > 0 &&
      `${formatCount(unrecorded.length, 'revision')} up to ${revision} will be recorded`,
    edited.length > 0 &&
      `${formatCount(edited.length, 'edited file')} will be recorded with its present text`,
    forget.length > 0 &&
      `${formatCount(forget.length, 'revision')}${revision === null ? '' : ' that this build does not have'} will no longer be recorded`,
  ]
  const untrue =
    findings.length === 0
      ? ''
      : `, although the database is not what the migrations promise at ${revision}: ${formatCount(findings.length, 'difference')}`
  return `${effects.filter((effect) => effect !== false).join(', and ')}${untrue}.`
}

function stampFacts(
  { inspection, unrecorded, edited, forget }: StampProposal,
  findings: readonly Finding[],
): readonly ErrorFact[] {
  const lists: readonly ErrorFact[] = [
    ['to record', shortenList(unrecorded)],
    ['edited', shortenList(edited)],
    ['to forget', shortenList(forget)],
  ]
  return [
    ['database', describeAddress(inspection.database)],
    ...lists.filter(([, list]) => list.length > 0),
    ...findingFacts(findings),
  ]
}

function untrueStampError(
  { revision, inspection, forget }: StampProposal,
  findings: readonly Finding[],
): SchemaError {
  const forgetting = forget.length === 0 ? '' : ' --forget'
  return new SchemaError('SCHEMA_STAMP_UNTRUE', {
    what: `The database is not what the migrations promise at ${revision}: ${formatCount(findings.length, 'difference')}. Nothing was recorded.`,
    facts: [['database', describeAddress(inspection.database)], ...findingFacts(findings)],
    choices: [
      ['schemagate stamp', 'shows the closest revision'],
      [`schemagate diff database snapshot@${revision} --sql`, 'prints the SQL that leads there'],
      [
        `schemagate stamp ${revision}${forgetting} --force --reason 'TEXT'`,
        'records it anyway; queries that rely on it will fail',
      ],
    ],
  })
}

function untrueRowsError(
  { revision, inspection, forget }: StampProposal,
  answers: readonly OpenAnswer[],
): SchemaError {
  const forgetting = forget.length === 0 ? '' : ' --forget'
  return new SchemaError('SCHEMA_STAMP_UNTRUE', {
    what: `The rows are not what ${formatCount(answers.length, 'revision')} up to ${revision} promised. Nothing was recorded.`,
    facts: [
      ['database', describeAddress(inspection.database)],
      ...answers.map((answer) => [answer.revision, saidBy(answer)] as const),
    ],
    choices: [
      ['write the rows', 'then stamp it again'],
      [
        `schemagate stamp ${revision}${forgetting} --force --reason 'TEXT'`,
        'records it anyway; what relies on the rows will fail',
      ],
    ],
  })
}

interface StampedRevisions {
  readonly revisions: readonly string[]
  readonly rows: readonly RowAnswer[]
}

function stampResult(
  proposal: StampProposal,
  { revisions: stamped, rows: answers }: StampedRevisions,
  reason: string | null,
): CommandResult {
  const { revision, inspection, edited, forget } = proposal
  const verified = answers.flatMap((answer) => (answer.status === 'true' ? [answer.revision] : []))
  const rows = proposal.rows.filter(
    (each) => stamped.includes(each.revision) && !verified.includes(each.revision),
  )
  const isRecorded = stamped.length + edited.length + forget.length === 0
  const differences = isRecorded ? [] : findingsOf(proposal.assessment)
  const forced = differences.length + openAnswers(answers).length === 0 ? null : reason
  const text = isRecorded
    ? `${revision ?? 'Nothing is recorded'}${revision === null ? '' : ' and all revisions before it are already recorded'}. Nothing was done.`
    : `${describeStamped(proposal, stamped)}. ${describeTruth(revision, differences.length, forced)}`
  const document = {
    revision,
    stamped,
    rows,
    rowsVerified: verified,
    edited,
    forgotten: forget,
    differences,
    reason: forced,
  }
  return {
    exit: 0,
    text: [
      `${describeAddress(inspection.database)}: ${text}`,
      ...(verified.length === 0
        ? []
        : [`Their verify found the rows of: ${verified.map(toPrintable).join(', ')}`]),
      ...untrueRowLines(openAnswers(answers)),
      ...uncheckedRowLines(
        rows.filter((each) => !answers.some((answer) => answer.revision === each.revision)),
      ),
    ].join('\n'),
    document: { database: inspection.database, ...document },
  }
}

function describeStamped({ revision, edited, forget }: StampProposal, stamped: readonly string[]): string {
  const effects = [
    stamped.length > 0 &&
      `${formatCount(stamped.length, 'revision')} recorded without being run, up to ${revision}`,
    edited.length > 0 && `${formatCount(edited.length, 'edited file')} recorded with its present text`,
    forget.length > 0 && `${formatCount(forget.length, 'revision')} forgotten`,
  ]
  return effects.filter((effect) => effect !== false).join('; ')
}

function describeTruth(revision: string | null, differences: number, reason: string | null): string {
  if (revision === null) return 'The database is empty: schemagate migrate builds it.'
  return reason === null
    ? `The database is what the migrations promise at ${revision}.`
    : toPrintable(
        `It was recorded with ${formatCount(differences, 'difference')}, for this reason: ${reason}`,
      )
}

function untrueRowLines(answers: readonly OpenAnswer[]): readonly string[] {
  if (answers.length === 0) return []
  return [
    '',
    'Recorded although their verify did not find the rows:',
    ...answers.map((answer) => toPrintable(`  ${answer.revision}: ${[saidBy(answer)].flat()[0] ?? ''}`)),
  ]
}

/** A catalog shows no rows. */
function uncheckedRowLines(rows: readonly RowWriter[]): readonly string[] {
  if (rows.length === 0) return []
  return [
    '',
    'Recorded without running. Whether the rows that they write exist was not checked:',
    ...shortenList(rows.map(describeRowWriter)).map((each) => `  ${each}`),
  ]
}
