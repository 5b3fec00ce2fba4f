import { findingsOf, ignoredBy, promisedRevisions } from '../../core/history/decision.js'
import { isAnothers } from '../../core/history/ownership.js'
import { type Finding, worstImpact } from '../../core/impact/assess-impact.js'
import { describeCounts } from '../../core/model/describe.js'
import { countIgnored, type Scope, unmatchedPatterns } from '../../core/model/scope.js'
import { promisedAt, wholeCatalog } from '../../core/model/snapshot.js'
import { describeIgnored, describeOutcome } from '../../core/progress/messages.js'
import { visible } from '../../core/text/printable.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { scriptOf } from '../../ddl/plan/script.js'
import type { Plan } from '../../ddl/statement.js'
import { errorCodes } from '../../errors/codes.js'
import type { ExitCode } from '../../errors/schema-error.js'
import { look, type Looked } from '../../gate/read-state.js'
import { anothersDatabase } from '../../gate/situations/ownership.js'
import { refusal } from '../../gate/situations/refusal.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { everything, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { staleError } from '../../snapshot/snapshot.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import type { CommandResult, Run } from './command.js'
import { assessmentDocument, describeFindings } from './report.js'

/** `schemagate verify`: every difference from the promise at the current revision. Reads only. */
export const run: Run = async (context): Promise<CommandResult> => {
  const { config, report } = context
  return withWorkspace({ config, report }, async (workspace) => {
    const looked = await look(workspace, context)
    if (looked.stale.length > 0) throw staleError(workspace, looked.stale)
    refuseUnverifiable(looked, config.target)
    const findings = findingsOf(looked.assessment)
    const notes = notesOn(looked, config.verify.scope)
    const repair = await planRepair(workspace, looked)
    const text = [describe(looked, findings), ...describeRepair(repair), ...notes].join('\n\n')
    return {
      exit: exitFor(looked, findings),
      text: context.options['sql'] === true ? scriptOf(repair) : text,
      document: { ...assessmentDocument(looked, config), notes, repair },
    }
  })
}

/** The statements that make the database what is promised. What a newer build changed needs no repair. */
async function planRepair(
  { connection, project }: Workspace,
  { assessment, snapshot }: Looked,
): Promise<Plan> {
  const differences = findingsOf(assessment)
  if (differences.length === 0 || snapshot === null || holdsOthersWork(assessment))
    return { statements: [], refused: [] }
  const from = await withClient(connection, (client) =>
    readCatalog(client, { ...ledgerTablesOf(project), ...everything }),
  )
  const to = wholeCatalog(snapshot, promisedRevisions(assessment))
  return planChanges({ from, to, differences })
}

function describeRepair(repair: Plan): readonly string[] {
  return repair.statements.length + repair.refused.length === 0 ? [] : [`to repair\n\n${scriptOf(repair)}`]
}

/** What a newer build changed is not drift. */
function exitFor({ assessment }: Looked, findings: readonly Finding[]): ExitCode {
  if (isAnothers(assessment.ownership)) return errorCodes.SCHEMA_WRONG_DATABASE.exit
  const worst = worstImpact(findings)
  if (worst !== 'breaks' && worst !== 'weakens') return 0
  return holdsOthersWork(assessment) ? 5 : 4
}

/** Whether revisions are recorded that this build does not have, by whatever name. */
function holdsOthersWork({ history, changed }: Looked['assessment']): boolean {
  return history.unknown.length > changed.filter(({ what }) => what === 'renamed').length
}

/** "Could not check" is never "ok". */
function refuseUnverifiable({ assessment, inspection }: Looked, environment: string): void {
  const { position } = assessment.history
  const situation =
    position === 'foreign' || position === 'unmanaged'
      ? position
      : assessment.verification.status === 'unverified'
        ? 'unverified'
        : null
  if (situation === null) return
  const decision = { action: 'refuse', situations: [{ situation, action: 'refuse' }] } as const
  const where = { database: describeAddress(inspection.database), environment }
  throw refusal(decision, assessment, { where, consequence: 'Nothing was verified.' })
}

function describe({ assessment, inspection }: Looked, findings: readonly Finding[]): string {
  const { history, verification } = assessment
  const compared = verification.status === 'verified' ? describeCounts(verification.compared) : 'nothing'
  const head = `${describeAddress(inspection.database)} at ${visible(history.current ?? 'no revision')} (${history.position})`
  const ignored = ignoredBy(assessment)
  const leftOut = describeIgnored(ignored).map((line) => `\n  ${line}`)
  const outcome = describeOutcome(findings.length, countIgnored(ignored))
  return [
    head,
    ...describeFindings(findings),
    ...(leftOut.length === 0 ? [] : [`ignored${leftOut.join('')}`]),
    `verified ${compared}: ${outcome}`,
  ].join('\n\n')
}

/** A pattern that names nothing is no error: what it is for may come and go. */
function notesOn({ snapshot, inspection, assessment }: Looked, scope: Scope): readonly string[] {
  const promised = snapshot === null ? {} : promisedAt(snapshot, promisedRevisions(assessment)).catalog
  const patterns = unmatchedPatterns(scope, [promised, inspection.live]).map(
    (pattern) =>
      `note: nothing is named like ${visible(pattern)} of VERIFY_IGNORE, neither promised nor there`,
  )
  const whose = isAnothers(assessment.ownership) ? [`note: ${anothersDatabase.what(assessment)}`] : []
  return [...patterns, ...whose]
}
