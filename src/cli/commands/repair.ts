import { formatCount, shortenList } from '../../core/text/format.js'
import type { ErrorFact } from '../../errors/schema-error.js'
import { repairAsSurveyed, type Survey, surveyDatabase } from '../../operations/repair/survey.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { halfAppliedError, completionLines } from '../../postgres/verify/half-applied-error.js'
import type { UnfinishedRevision } from '../../postgres/verify/unfinished-revisions.js'
import { staleSnapshotError, loadUsableSnapshot } from '../../snapshot/usable.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'
import { requireConfirmation } from './confirm.js'

/** `schemagate repair`: repairs interrupted migrations where it is safe, after showing it. Exit code 7 if some are left. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const { snapshot, stale } = await loadUsableSnapshot(workspace)
    if (stale.length > 0) throw staleSnapshotError(workspace, stale)
    const repairContext = { ...context, workspace, snapshot }
    const survey = await surveyDatabase(repairContext)
    if (hasNothingToRepair(survey)) return reportNoRepair(survey, workspace)
    await requireConfirmation(context, {
      what: 'The following will be repaired.',
      facts: repairFacts(survey, context),
    })
    const { after, ...done } = await repairAsSurveyed(survey, repairContext)
    const knexLock = survey.knexLockTaken && !after.knexLockTaken
    refuseUnresolved(after, workspace, `What is safe was done: ${describeRepairs({ ...done, knexLock })}.`)
    return repairResult(after, { ...done, knexLock })
  })

interface RepairSummary {
  readonly indexes: readonly string[]
  readonly records: readonly string[]
  readonly knexLock: boolean
}

function hasNothingToRepair({ knexLockTaken, indexes, records }: Survey): boolean {
  return !knexLockTaken && indexes.length + records.length === 0
}

function reportNoRepair(survey: Survey, workspace: Workspace): CommandResult {
  refuseUnresolved(survey, workspace, 'Nothing was done: none of it is safe to repair automatically.')
  return repairResult(survey, { indexes: [], records: [], knexLock: false })
}

function refuseUnresolved(
  { unresolved, inspection }: Survey,
  { migrations }: Workspace,
  consequence: string,
): void {
  if (unresolved.length === 0) return
  throw halfAppliedError({
    pending: unresolved,
    build: migrations.map(({ revision }) => revision),
    database: describeAddress(inspection.database),
    consequence,
  })
}

/** What will be repaired, why, and what is left alone. */
function repairFacts(survey: Survey, { config }: CommandContext): readonly ErrorFact[] {
  const { inspection, knexLockTaken, indexes, leftAlone, unproven, records, unresolved } = survey
  const facts: readonly ErrorFact[] = [
    ['database', `${describeAddress(inspection.database)}  (environment ${config.target})`],
    ["Knex's lock", knexLockTaken ? ['taken although no process holds the migration lock: freed'] : []],
    [
      'indexes',
      indexes.flatMap(({ key, because, statements }) => [
        `${key}  (${because})`,
        ...statements.map(indentLine),
      ]),
    ],
    ['not proven', unproven],
    ['recorded', records.flatMap(describeRecord)],
    ['left alone', leftAlone.map(({ key, refused }) => `${key}  (${refused})`)],
    ['unresolved', unresolved.flatMap(completionLines)],
  ]
  return facts.filter(([, value]) => value.length > 0)
}

function describeRecord(unfinished: UnfinishedRevision): readonly string[] {
  return unfinished.completion.kind === 'applied'
    ? completionLines(unfinished)
    : [`${unfinished.revision}  once its index is valid: all its other changes are there`]
}

function indentLine(line: string): string {
  return `  ${line}`
}

function describeRepairs({ indexes, records, knexLock }: RepairSummary): string {
  const parts = [
    ...(knexLock ? ["freed Knex's lock row"] : []),
    ...indexes.map((key) => `repaired ${key}`),
    ...(records.length === 0 ? [] : [`recorded ${records.join(', ')}`]),
  ]
  return parts.length === 0 ? 'nothing to repair' : parts.join('; ')
}

function repairResult(
  { inspection, leftAlone, pending, hasSnapshot, drift }: Survey,
  done: RepairSummary,
): CommandResult {
  const lines = [
    ...(hasSnapshot
      ? []
      : ['There is no snapshot, so it is unknown what else an interrupted migration left.']),
    ...leftAlone.map(({ key, refused }) => `Left alone: ${key}, because ${refused}.`),
    ...(drift === 0
      ? []
      : [
          `${formatCount(drift, 'difference')} from the promise: no migration was interrupted there. schemagate verify --sql prints the SQL that repairs that.`,
        ]),
    ...(pending.length === 0
      ? []
      : [`Still pending: ${shortenList(pending).join(', ')}. schemagate migrate applies them.`]),
  ]
  return {
    exit: 0,
    text: [`${describeAddress(inspection.database)}: ${describeRepairs(done)}.`, ...lines].join('\n'),
    document: { ...done, leftAlone: leftAlone.map(({ key, refused }) => ({ key, refused })), pending },
  }
}
