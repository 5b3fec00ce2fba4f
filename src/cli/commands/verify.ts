import { findingsOf, ignoredDifferencesOf, promisedRevisions } from '../../core/history/decision.js'
import { hasOtherOwner } from '../../core/history/ownership.js'
import { type Finding, worstImpact } from '../../core/impact/assess-impact.js'
import { isSerious } from '../../core/impact/rule.js'
import { countUnpromisedSchemas, describeUnpromised } from '../../core/impact/unpromised-schemas.js'
import { countIgnored, type Scope, unmatchedPatterns } from '../../core/model/scope.js'
import { promisedCatalogAt, fullCatalogAt } from '../../core/model/snapshot.js'
import { describeIgnored } from '../../core/progress/ignored.js'
import { describeVerified } from '../../core/progress/messages.js'
import { toPrintable } from '../../core/text/printable.js'
import { renderKept, restoreGoalOf } from '../../ddl/plan/restore.js'
import { noContext, type PlanContext } from '../../ddl/plan/runbook.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import { errorCodes } from '../../errors/schema-error.js'
import type { ExitCode } from '../../errors/schema-error.js'
import { readDatabaseStatus, type DatabaseStatus } from '../../gate/read-status.js'
import { wrongDatabaseText } from '../../gate/situations/ownership.js'
import { refusalError } from '../../gate/situations/refusal.js'
import { readPlanContext } from '../../operations/proof/plan-context.js'
import { type ChangeGoal, proveChanges, proveUndo } from '../../operations/proof/prove-changes.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { describeChangedCollation, readChangedCollations } from '../../postgres/inspect/collation-versions.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { staleSnapshotError } from '../../snapshot/usable.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { assessmentDocument, describeFindings, describeNotes } from './assessment-report.js'
import { applyConfirmed, refuseHazards, refuseUndoToApply } from './apply.js'
import { type CommandContext, type CommandResult, type CommandHandler, durationOption } from './command.js'

/**
 * `schemagate verify`: every difference from the promise at the current revision, and the SQL that repairs it. Reads only;
 * `--apply` runs the SQL, and verifies again; `--data` asks the revisions for their rows, too.
 */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    refuseUndoToApply(context)
    const found = await verifyDatabase(context, workspace)
    const { repair, goal, known, state } = found
    const isUndo = context.options['undo'] === true && goal !== null
    const undo = isUndo ? await proveUndo(goal, repair, workspace, 'any') : null
    refuseHazards(context, undo ?? repair)
    if (context.options['apply'] !== true)
      return withRows(context, workspace, resultOf(context, found, undo === null ? {} : { undo }), state)
    const from = goal?.from ?? {}
    const applied = await applyConfirmed(context, workspace, repair, {
      from,
      snapshot: state.snapshot,
      known,
    })
    const now = await verifyDatabase(context, workspace)
    return withRows(context, workspace, resultOf(context, now, { applied }), now.state)
  })

/** With `--data` also what the revisions say of their rows. */
async function withRows(
  context: CommandContext,
  workspace: Workspace,
  result: VerifyResult,
  { assessment }: DatabaseStatus,
): Promise<CommandResult> {
  if (context.options['data'] !== true) return result
  const [{ verifyRows }, { reportRows }] = await Promise.all([
    import('../../operations/rows/verify-rows.js'),
    import('./rows/rows-report.js'),
  ])
  const timeout = durationOption(context, 'timeout', '1m')
  const rows = reportRows(await verifyRows(workspace, assessment.history.applied, timeout, context))
  return {
    exit: result.exit === 0 ? rows.exit : result.exit,
    text: context.options['sql'] === true ? result.text : `${result.text}\n\n${rows.text}`,
    document: { ...result.document, rows: rows.document },
  }
}

interface VerifyResult extends CommandResult {
  readonly document: object
}

interface VerifiedDatabase {
  readonly state: DatabaseStatus
  readonly notes: readonly string[]
  /** From the whole catalog of the database to what is promised; null where nothing is to be repaired. */
  readonly goal: ChangeGoal | null
  readonly repair: RepairPlan
  readonly known: PlanContext
}

async function verifyDatabase(context: CommandContext, workspace: Workspace): Promise<VerifiedDatabase> {
  const { config, options } = context
  const state = await readDatabaseStatus(workspace, context)
  if (state.stale.length > 0) throw staleSnapshotError(workspace, state.stale)
  refuseUnverifiable(state, config.target)
  const notes = [...collectNotes(state, config.verify.scope), ...(await collationNotes(workspace, state))]
  const extent = options['drop-unexpected'] === true ? 'everything' : 'what matters'
  return { state, notes, ...(await planRepair(workspace, state, extent)) }
}

/** @param more how many steps were applied, for `--json`; the undo that was asked for */
function resultOf(
  { config, options }: CommandContext,
  { state, notes, repair, known }: VerifiedDatabase,
  more: { readonly applied?: number; readonly undo?: ProvenPlan } = {},
): VerifyResult {
  const findings = findingsOf(state.assessment)
  const script = more.undo === undefined ? renderRepair(repair, known) : renderScript(more.undo)
  const isScript = options['sql'] === true || more.undo !== undefined
  const text = [describeVerifyResult(state, findings), ...describeRepair(repair, script), ...notes]
  return {
    exit: exitCodeFor(state, findings),
    text: isScript ? script : text.join('\n\n'),
    document: {
      ...assessmentDocument(state, config.target),
      notes,
      repair,
      sizes: Object.fromEntries(known.sizes),
      ...more,
    },
  }
}

/** What makes a database what is promised, and the keys of the harmless differences that it leaves as they are. */
type RepairPlan = ProvenPlan & { readonly kept: readonly string[] }

/** The statements that make the database what is promised; none if a newer build changed it. */
async function planRepair(
  workspace: Workspace,
  { assessment, inspection, snapshot }: DatabaseStatus,
  extent: 'what matters' | 'everything',
): Promise<Pick<VerifiedDatabase, 'goal' | 'repair' | 'known'>> {
  const findings = findingsOf(assessment)
  if (findings.length === 0 || snapshot === null || hasUnknownRevisions(assessment))
    return {
      goal: null,
      repair: { statements: [], refused: [], proof: null, kept: [] },
      known: noContext,
    }
  const from = await withClient(workspace.connection, (client) =>
    readProjectCatalog(client, workspace.project),
  )
  const revisions = promisedRevisions(assessment)
  const promised = fullCatalogAt(snapshot, revisions)
  const { to, differences, kept } =
    extent === 'what matters'
      ? restoreGoalOf(from, promised, findings)
      : { to: promised, differences: findings, kept: [] }
  const goal = {
    from,
    to,
    differences,
    undetermined: promisedCatalogAt(snapshot, revisions).undetermined,
    printedBy: snapshot.postgres,
    major: inspection.major,
    isLive: true,
  }
  const plan = await proveChanges(goal, workspace, 'any')
  const known = await readPlanContext(goal, plan, workspace.connection)
  return { goal, repair: { ...plan, kept }, known }
}

function describeRepair({ statements, refused }: RepairPlan, script: string): readonly string[] {
  return statements.length + refused.length === 0 ? [] : [`to repair\n\n${script}`]
}

function renderRepair(repair: RepairPlan, known: PlanContext): string {
  const script = renderScript(repair, known)
  return [...(script === '' ? [] : [script]), ...renderKept(repair.kept)].join('\n\n')
}

/** With unknown revisions recorded, the exit code is that of a database that is ahead. */
function exitCodeFor({ assessment }: DatabaseStatus, findings: readonly Finding[]): ExitCode {
  if (hasOtherOwner(assessment.ownership)) return errorCodes.SCHEMA_WRONG_DATABASE.exit
  const worst = worstImpact(findings)
  if (!isSerious(worst)) return 0
  return hasUnknownRevisions(assessment) ? 5 : 4
}

/** Whether the ledger records revisions that this build does not have, renamed ones not counted. */
function hasUnknownRevisions({ history, changed }: DatabaseStatus['assessment']): boolean {
  return history.unknown.length > changed.filter(({ what }) => what === 'renamed').length
}

/** Throws where nothing could be compared: that is not a success. */
function refuseUnverifiable({ assessment, inspection }: DatabaseStatus, environment: string): void {
  const { position, models } = assessment.history
  const isOthers = position === 'foreign' || (position === 'unmanaged' && models === undefined)
  const situation = isOthers
    ? position
    : assessment.verification.status === 'unverified'
      ? 'unverified'
      : null
  if (situation === null) return
  const decision = { action: 'refuse', situations: [{ situation, action: 'refuse' }] } as const
  const location = { database: describeAddress(inspection.database), environment }
  throw refusalError(decision, assessment, { location, consequence: 'Nothing was verified.' })
}

function describeVerifyResult(
  { assessment, inspection }: DatabaseStatus,
  findings: readonly Finding[],
): string {
  const { history, verification } = assessment
  const compared = verification.status === 'verified' ? verification.compared : {}
  const { current, position, models } = history
  const place =
    models === undefined || current !== null
      ? `at ${toPrintable(current ?? 'no revision')} (${position})`
      : `built from ${toPrintable(models)}`
  const head = `${describeAddress(inspection.database)} ${place}`
  const ignored = ignoredDifferencesOf(assessment)
  const ignoredLines = describeIgnored(ignored).map((line) => `\n  ${line}`)
  const counted = countUnpromisedSchemas(findings)
  const outcome = describeVerified(compared, counted.findings.length, countIgnored(ignored))
  return [
    head,
    ...describeFindings(counted.findings),
    ...describeUnpromised(counted.unpromised),
    ...(ignoredLines.length === 0 ? [] : [`ignored${ignoredLines.join('')}`]),
    Object.keys(compared).length === 0 ? outcome : `verified ${outcome}`,
  ].join('\n\n')
}

/** A pattern of VERIFY_IGNORE that matches nothing is a note, not an error: its objects may come and go. */
function collectNotes({ snapshot, live, assessment }: DatabaseStatus, scope: Scope): readonly string[] {
  const promised = snapshot === null ? {} : promisedCatalogAt(snapshot, promisedRevisions(assessment)).catalog
  const patterns = unmatchedPatterns(scope, [promised, live ?? {}]).map(
    (pattern) =>
      `note: ${toPrintable(pattern)} of VERIFY_IGNORE matches no object, neither promised nor in the database`,
  )
  const ownerNotes = hasOtherOwner(assessment.ownership)
    ? [`note: ${wrongDatabaseText.what(assessment)}`]
    : []
  return [...describeNotes(assessment), ...patterns, ...ownerNotes]
}

/** Not drift: the migrations promise no version, and the server's may change under them. */
async function collationNotes(
  { connection }: Workspace,
  { inspection }: DatabaseStatus,
): Promise<readonly string[]> {
  const changed = await withClient(connection, (client) => readChangedCollations(client, inspection.major))
  return changed.map((each) => `note: ${toPrintable(describeChangedCollation(each))}`)
}
