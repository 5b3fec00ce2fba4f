import type { Config } from '../config/config.js'
import { type Assessment, decisionOf } from '../core/history/decision.js'
import type { Action, Decision } from '../core/history/policy.js'
import { formatCount } from '../core/text/format.js'
import { SchemaError } from '../errors/schema-error.js'
import { describeAddress } from '../postgres/connection/address.js'
import { findLedgerSchemaFault } from '../postgres/session/service-schemas.js'
import { halfAppliedError } from '../postgres/verify/half-applied-error.js'
import { isHalfApplied, type UnfinishedRevision } from '../postgres/verify/unfinished-revisions.js'
import { staleSnapshotError } from '../snapshot/usable.js'
import type { Workspace } from '../workspace.js'
import { wouldMigrate } from './preconditions.js'
import type { DatabaseStatus } from './read-status.js'
import { describeDecision, refusalError } from './situations/refusal.js'

/** What the gate would do with a database as it is now. */
export interface Forecast {
  /** `migrate`: it would apply what is pending, and then serve. */
  readonly action: Action | 'migrate'
  /** Why it would refuse. */
  readonly error: SchemaError | null
  readonly reasons: readonly string[]
}

/** The gate's answer to what was read: that of `serve` and `migrate`, without running anything. */
export function forecastGate(status: DatabaseStatus, workspace: Workspace): Forecast {
  const { config } = workspace
  const { assessment } = status
  if (config.production && status.stale.length > 0) {
    const error = staleSnapshotError(workspace, status.stale)
    return { ...refusal(error), reasons: [error.message, ...describeDecision(status.decision, assessment)] }
  }
  const decision = decisionWithSnapshot(status, workspace)
  const migrates = wouldMigrate({ ...status, decision }, workspace)
  const obstacle = migrates ? findObstacle(status, workspace) : null
  if (obstacle !== null) return refusal(obstacle)
  const remaining = migrates ? afterMigrating(decision) : decision
  const lines = describeDecision(remaining, assessment)
  if (remaining.action === 'refuse')
    return { ...refusal(errorOf(remaining, status, config.target)), reasons: lines }
  return migrates
    ? { action: 'migrate', error: null, reasons: [describeWork(assessment, config), ...lines] }
    : { action: remaining.action, error: null, reasons: lines }
}

/** What the gate would do before it serves. */
function describeWork({ history }: Assessment, { buildFrom }: Config): string {
  if (history.models !== undefined) return `What it lacks of ${history.models} would be added.`
  const pending = formatCount(history.pending.length, 'revision')
  return buildFrom.kind === 'snapshot' && history.position === 'empty'
    ? `It would be built from the snapshot, and ${pending} recorded.`
    : `${pending} would be applied.`
}

function refusal(error: SchemaError): Forecast {
  return { action: 'refuse', error, reasons: [error.message] }
}

function errorOf(
  decision: Decision,
  { assessment, inspection }: DatabaseStatus,
  environment: string,
): SchemaError {
  return refusalError(decision, assessment, {
    location: { database: describeAddress(inspection.database), environment },
    consequence: 'This build may not serve on it.',
    standby: inspection.readOnly,
  })
}

function findObstacle(status: DatabaseStatus, workspace: Workspace): SchemaError | null {
  const { snapshot, inspection, live } = status
  const target = { snapshot, project: workspace.project, connection: workspace.migrationConnection }
  return (
    missingPrivilege(status, workspace) ??
    (live === null ? null : findLedgerSchemaFault(target, { ...inspection, live })) ??
    halfApplied(status, workspace)
  )
}

/** Known only of the role that was asked; another one may migrate. */
function missingPrivilege(
  { inspection }: DatabaseStatus,
  { connection, migrationConnection }: Workspace,
): SchemaError | null {
  if (inspection.mayWriteLedger || connection.url !== migrationConnection.url) return null
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: 'The role may not migrate: it may not write the ledger. Nothing would be done.',
    facts: [['database', describeAddress(inspection.database)]],
    choices: [
      ['MIGRATION_DATABASE_URL', 'names the same database with the role that migrates'],
      ['ON_BEHIND=refuse', 'leaves migrating to another process'],
    ],
  })
}

function halfApplied(
  { unfinished, inspection }: DatabaseStatus,
  { migrations }: Workspace,
): SchemaError | null {
  if (inspection.locked || !unfinished.some(isHalfApplied)) return null
  const pending: readonly UnfinishedRevision[] = unfinished
  return halfAppliedError({
    pending,
    build: migrations.map(({ revision }) => revision),
    database: describeAddress(inspection.database),
    consequence: 'Nothing would be run.',
  })
}

/** The same for a process that does not migrate: why this build may not serve on the database as it is; null if it may. */
export function refusalToServe(status: DatabaseStatus, workspace: Workspace): SchemaError | null {
  const { action, error } = forecastGate(status, workspace)
  const isOnlyBehind = action === 'migrate' || error?.code === 'SCHEMA_PRIVILEGE_MISSING'
  if (!isOnlyBehind) return error
  return errorOf(refuseLacking(decisionWithSnapshot(status, workspace)), status, workspace.config.target)
}

/** Outside production the gate makes the snapshot that is missing or stale, and then verifies. */
function decisionWithSnapshot({ decision }: DatabaseStatus, { config }: Workspace): Decision {
  if (config.production) return decision
  return decisionOf(
    decision.situations.map(({ situation, action }) =>
      situation === 'unverified' ? { situation, action: 'warn' } : { situation, action },
    ),
  )
}

/** A process that adds nothing does not serve without what models have. */
function refuseLacking({ situations }: Decision): Decision {
  return decisionOf(
    situations.map(({ situation, action }) =>
      situation === 'lacksModels' ? { situation, action: 'refuse' } : { situation, action },
    ),
  )
}

function afterMigrating({ situations }: Decision): Decision {
  return decisionOf(
    situations.filter(({ situation }) => situation !== 'behind' && situation !== 'lacksModels'),
  )
}
