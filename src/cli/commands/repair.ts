import { shortened } from '../../core/model/describe.js'
import type { Fact } from '../../errors/schema-error.js'
import { repairAsSurveyed, type Survey, surveyDatabase } from '../../operations/repair/survey.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { halfApplied, linesOf } from '../../postgres/verify/half-applied-error.js'
import type { Stood } from '../../postgres/verify/unfinished-revisions.js'
import { staleError, usableSnapshot } from '../../snapshot/snapshot.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import type { CommandContext, CommandResult, Run } from './command.js'
import { confirmed } from './confirm.js'

/** `schemagate repair`: does what is safe about interrupted migrations, after showing it; exit 7 for what is left. */
export const run: Run = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const { snapshot, stale } = await usableSnapshot(workspace)
    if (stale.length > 0) throw staleError(workspace, stale)
    const repairing = { ...context, workspace, snapshot }
    const survey = await surveyDatabase(repairing)
    if (isNothing(survey)) return nothingDone(survey, workspace)
    await confirmed(context, { what: 'This will be repaired.', facts: factsOf(survey, context) })
    const { after, ...done } = await repairAsSurveyed(survey, repairing)
    const knexLock = survey.knexLockTaken && !after.knexLockTaken
    const words = describeDone({ ...done, knexLock })
    refuseUnresolved(after, { workspace, consequence: `What is safe was done: ${words}.` })
    return result(after, { ...done, knexLock })
  })

interface Done {
  readonly indexes: readonly string[]
  readonly records: readonly string[]
  readonly knexLock: boolean
}

function isNothing({ knexLockTaken, indexes, records }: Survey): boolean {
  return !knexLockTaken && indexes.length + records.length === 0
}

function nothingDone(survey: Survey, workspace: Workspace): CommandResult {
  refuseUnresolved(survey, {
    workspace,
    consequence: 'Nothing was done: none of it is safe to repair unseen.',
  })
  return result(survey, { indexes: [], records: [], knexLock: false })
}

interface Refusing {
  readonly workspace: Workspace
  readonly consequence: string
}

function refuseUnresolved(
  { unresolved, inspection }: Survey,
  { workspace: { migrations }, consequence }: Refusing,
): void {
  if (unresolved.length === 0) return
  throw halfApplied({
    stood: unresolved,
    build: migrations.map(({ revision }) => revision),
    database: describeAddress(inspection.database),
    consequence,
  })
}

/** What will be done, what it is for, and what is left. */
function factsOf(survey: Survey, { config }: CommandContext): readonly Fact[] {
  const { inspection, knexLockTaken, indexes, leftAlone, records, unresolved } = survey
  const facts: readonly Fact[] = [
    ['database', `${describeAddress(inspection.database)}  (environment ${config.target})`],
    ["Knex's lock", knexLockTaken ? ['taken, while nobody holds the migration lock: freed'] : []],
    [
      'indexes',
      indexes.flatMap(({ key, because, statements }) => [
        `${key}  (${because})`,
        ...statements.map(indented),
      ]),
    ],
    ['recorded', records.flatMap(linesOfRecord)],
    ['left alone', leftAlone.map(({ key, refused }) => `${key}  (${refused})`)],
    ['unresolved', unresolved.flatMap(linesOf)],
  ]
  return facts.filter(([, value]) => value.length > 0)
}

function linesOfRecord(stood: Stood): readonly string[] {
  return stood.standing.kind === 'applied'
    ? linesOf(stood)
    : [`${stood.revision}  once its index is valid: all else that it changes is there`]
}

function indented(line: string): string {
  return `  ${line}`
}

function describeDone({ indexes, records, knexLock }: Done): string {
  const parts = [
    ...(knexLock ? ["freed Knex's lock row"] : []),
    ...indexes.map((key) => `repaired ${key}`),
    ...(records.length === 0 ? [] : [`recorded ${records.join(', ')}`]),
  ]
  return parts.length === 0 ? 'nothing to repair' : parts.join('; ')
}

function result({ inspection, leftAlone, pending, isPromised }: Survey, done: Done): CommandResult {
  const lines = [
    ...(isPromised ? [] : ['There is no snapshot: what else an interrupted migration left cannot be told.']),
    ...leftAlone.map(({ key, refused }) => `Left alone: ${key}, because ${refused}.`),
    ...(pending.length === 0
      ? []
      : [`Still pending: ${shortened(pending).join(', ')}. schemagate migrate applies what is pending.`]),
  ]
  return {
    exit: 0,
    text: [`${describeAddress(inspection.database)}: ${describeDone(done)}.`, ...lines].join('\n'),
    document: { ...done, leftAlone: leftAlone.map(({ key, refused }) => ({ key, refused })), pending },
  }
}
