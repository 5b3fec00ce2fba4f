import type { Config } from '../config/config.js'
import { assess, type Assessment, decide, mayMigrate, wrongDatabaseReason } from '../core/history/decision.js'
import { isBehind } from '../core/history/history.js'
import type { Owner } from '../core/history/ownership.js'
import type { Decision } from '../core/history/policy.js'
import type { Snapshot } from '../core/model/snapshot.js'
import { describeAddress } from '../postgres/connection/address.js'
import type { InspectionWithoutCatalog, Inspection } from '../postgres/inspect/inspection.js'
import { sourceTextsOf } from '../postgres/inspect/recorded-sources.js'
import type { Workspace } from '../workspace.js'
import type { LedgerWriter } from '../postgres/ledger/ledger.js'
import { refusalError } from './situations/refusal.js'

/** Whose database a process works on: that of its service in its environment. */
export function configuredOwner({ service, target }: Config): Owner {
  return { service: service.name, environment: target }
}

/** Who this process is in the ledger. */
export function configuredWriter({ service }: Config): LedgerWriter {
  return { host: service.instance, release: service.release }
}

/**
 * What nothing may be written without: throws SCHEMA_WRONG_DATABASE where the inspected database is another service's or
 * environment's, or records revisions of which this build knows none. `expected` is whose it has to be.
 */
export function refuseWrongDatabase(
  { migrations, config }: Pick<Workspace, 'migrations' | 'config'>,
  expected: Owner = configuredOwner(config),
): (inspection: Inspection) => void {
  const build = migrations.map(({ revision }) => revision)
  return ({ database, recorded, identity, otherLedgers }) => {
    const ownership = { identity, expected }
    const assessment = assess({ build, recorded, ownership, otherLedgers, live: {}, snapshot: null })
    const situation = wrongDatabaseReason(assessment)
    if (situation === null) return
    const decision = { action: 'refuse', situations: [{ situation, action: 'refuse' }] } as const
    const where = { database: describeAddress(database), environment: config.target }
    throw refusalError(decision, assessment, { location: where, consequence: 'Nothing was done.' })
  }
}

/** Whether something is promised was decided before; under the lock only the ledger is judged again. */
const verifiedBefore = { status: 'verified', findings: [], ignored: [], compared: {}, notes: [] } as const

/**
 * The same for what is about to migrate: throws also where the ledger has by now what nothing more is to be applied on, as
 * when another build migrated while the lock was waited for.
 */
export function refuseUnmigratable(
  workspace: Pick<Workspace, 'migrations' | 'project' | 'config'>,
  snapshot: Snapshot | null,
): (inspection: Inspection) => void {
  const { migrations, project, config } = workspace
  const requireOwnDatabase = refuseWrongDatabase(workspace)
  const build = migrations.map(({ revision }) => revision)
  return (inspection) => {
    requireOwnDatabase(inspection)
    const { database, recorded, identity } = inspection
    const texts = sourceTextsOf(inspection.ledger, migrations, project.tableName, snapshot)
    const ownership = { identity, expected: configuredOwner(config) }
    const assessed = assess({ build, recorded, ownership, live: {}, snapshot: null, texts })
    const assessment = { ...assessed, verification: verifiedBefore }
    const decision = decide(assessment, config.policy)
    if (mayMigrate(decision)) return
    const where = { database: describeAddress(database), environment: config.target }
    throw refusalError(decision, assessment, { location: where, consequence: 'Nothing was done.' })
  }
}

interface DecidedDatabase {
  readonly inspection: InspectionWithoutCatalog
  readonly assessment: Assessment
  readonly decision: Decision
}

/** Whether the gate applies what is pending: `asked` to, or because ON_BEHIND says so. */
export function wouldMigrate(
  { assessment, inspection, decision }: DecidedDatabase,
  { connection, migrationConnection, config }: Workspace,
  asked = false,
): boolean {
  if (wrongDatabaseReason(assessment) !== null || !mayMigrate(decision)) return false
  if (inspection.readOnly && migrationConnection.url === connection.url) return false
  const lacksModels = decision.situations.some(({ situation }) => situation === 'lacksModels')
  const isToDo = assessment.history.models === undefined ? isBehind(assessment.history) : lacksModels
  return isToDo && (asked || config.policy.onBehind === 'migrate')
}
