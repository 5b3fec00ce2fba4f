import {
  assess,
  type Assessment,
  decide,
  findingsOf,
  ignoredDifferencesOf,
  mayMigrate,
  promisedRevisions,
  wrongDatabaseReason,
} from '../core/history/decision.js'
import { type Decision } from '../core/history/policy.js'
import { countIgnored } from '../core/model/scope.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { describeAddress, addressOf } from '../postgres/connection/address.js'
import { pause } from '../postgres/connection/backoff.js'
import { withTimeout } from '../postgres/connection/lifecycle.js'
import { inspect, type Inspection } from '../postgres/inspect/inspect.js'
import {
  retryOnConnectionLoss,
  type ReadRetryOptions,
  readWithRetry,
} from '../postgres/inspect/read-with-retry.js'
import { sourceTextsOf } from '../postgres/inspect/recorded-sources.js'
import type { MigrateOptions } from '../postgres/session/locked-session.js'
import { createRevisionCheck } from '../postgres/verify/check-revision.js'
import { loadOrRefreshSnapshot } from '../snapshot/snapshot.js'
import type { Workspace } from '../workspace.js'
import { configuredOwner, refuseUnmigratable, refuseWrongDatabase } from './preconditions.js'
import { describeDecision, refusalError } from './situations/refusal.js'

/** What was true of the database when the gate decided, and the decision: `serve` or `warn`. */
export interface GateResult {
  readonly snapshot: Snapshot | null
  readonly inspection: Inspection
  readonly assessment: Assessment
  readonly decision: Decision
}

export interface GateContext {
  readonly workspace: Workspace
  readonly report: ProgressReporter
  readonly signal?: AbortSignal
  /** Migrates whatever the policy says. */
  readonly migrate?: boolean
  /** The last revision to apply; default head. */
  readonly to?: string
  /** What a refusal means to whoever asked. */
  readonly consequence?: () => string
}

/**
 * The story: connect, inspect, migrate if something is pending and the policy allows it, verify, decide. Waits for a database
 * that goes away. Returns if this build may serve on this database; throws the SchemaError that says why it may not.
 */
export async function runGate(context: GateContext): Promise<GateResult> {
  const { workspace, report } = context
  const { connection, config } = workspace
  const where = { database: describeAddress(addressOf(connection)), environment: config.target }
  report({ event: 'connecting', ...where })
  const found = await readAndAssess(context)
  const seen = shouldMigrate(found, context) ? await migrateToHead(context, found) : found
  const passed = enforceDecision({ ...seen, decision: decide(seen.assessment, config.policy) }, context)
  if (passed.assessment.history.position === 'current') await runSeeds(context, passed.snapshot)
  return passed
}

type AssessedDatabase = Omit<GateResult, 'decision'>

/** Reads the database, however often that takes. A snapshot that has to be made is made once the database answers. */
async function readAndAssess(context: GateContext, known?: Snapshot | null): Promise<AssessedDatabase> {
  const { workspace, report } = context
  let snapshot = known
  const { inspection, assessment } = await readWithRetry(
    workspace.connection,
    retryOptionsFor(context),
    async (client, deadline) => {
      const promised = (snapshot ??= await loadOrRefreshSnapshot(workspace, report))
      return withTimeout(client, deadline, async () => {
        const inspection = await inspect(client, { ...workspace, scope: workspace.config.verify.scope })
        return {
          inspection,
          assessment: await assessInspection(client, workspace, { inspection, snapshot: promised }),
        }
      })
    },
  )
  report({
    event: 'inspected',
    database: describeAddress(inspection.database),
    history: assessment.history,
    server: inspection.serverVersion,
  })
  return { snapshot: snapshot ?? null, inspection, assessment }
}

/** An inspection judged against this build's migrations and snapshot; a difference may need the server's word. */
export async function assessInspection(
  client: Parameters<typeof inspect>[0],
  { migrations, project, config }: Pick<Workspace, 'migrations' | 'project' | 'config'>,
  { inspection, snapshot }: Pick<GateResult, 'inspection' | 'snapshot'>,
): Promise<Assessment> {
  const { recorded, live, major, identity } = inspection
  const build = migrations.map(({ revision }) => revision)
  const ownership = { identity, expected: configuredOwner(config) }
  const texts = sourceTextsOf(inspection.ledger, migrations, project.tableName, snapshot)
  const evidence = { build, recorded, ownership, live, snapshot, texts, scope: config.verify.scope }
  const assessment = assess(evidence)
  if (snapshot === null || findingsOf(assessment).length === 0) return assessment
  const differences = findingsOf(assessment)
  const { canonicalizeDifferences } = await import('../postgres/canonicalize/canonicalize.js')
  const sight = { snapshot, revisions: promisedRevisions(assessment), live, major, differences }
  return assess({ ...evidence, ...(await canonicalizeDifferences(client, sight, 'own')) })
}

function shouldMigrate(
  { assessment, inspection }: AssessedDatabase,
  { workspace, migrate: asked = false }: GateContext,
): boolean {
  const { connection, migrationConnection, config } = workspace
  if (wrongDatabaseReason(assessment) !== null || !mayMigrate(decide(assessment, config.policy))) return false
  if (inspection.readOnly && migrationConnection.url === connection.url) return false
  return isBehind({ assessment }) && (asked || config.policy.onBehind === 'migrate')
}

function isBehind({ assessment }: Pick<AssessedDatabase, 'assessment'>): boolean {
  const { position } = assessment.history
  return position === 'behind' || position === 'empty'
}

/** Applies what is pending. Where the connection is lost meanwhile, the database says what was done, and the rest is tried again. */
async function migrateToHead(context: GateContext, found: AssessedDatabase): Promise<AssessedDatabase> {
  const { deadline } = context.workspace.config.migrations
  const bear = retryOnConnectionLoss({ ...retryOptionsFor(context), timeout: deadline })
  let seen = found
  while (shouldMigrate(seen, context))
    try {
      await applyPending(context, seen)
      return await assessAfterReplay(context, found.snapshot)
    } catch (error) {
      await bear(error)
      seen = await readAndAssess(context, found.snapshot)
    }
  return seen
}

/** A standby is given as long as a server that starts to replay what the primary has committed. */
async function assessAfterReplay(context: GateContext, snapshot: Snapshot | null): Promise<AssessedDatabase> {
  const { timeout, onWait, signal } = retryOptionsFor(context)
  const started = performance.now()
  for (;;) {
    const seen = await readAndAssess(context, snapshot)
    const waited = performance.now() - started
    if (!seen.inspection.readOnly || !isBehind(seen) || waited > timeout) return seen
    onWait('The standby has not replayed yet what was migrated.', waited)
    await pause(1_000, signal)
  }
}

/** Under the lock, each revision verified before its commit. A start at head loads none of it. */
async function applyPending(
  { workspace, report, signal, to }: GateContext,
  { snapshot, assessment }: AssessedDatabase,
): Promise<void> {
  const before = findingsOf(assessment).length
  if (before > 0) report({ event: 'drift before', differences: before })
  const admit = refuseUnmigratable(workspace, snapshot)
  const options = { ...migrateOptionsFor(workspace, snapshot), admit, report, ...(signal ? { signal } : {}) }
  const { migrate } = await import('../postgres/migrate/migrate.js')
  const { revisions, duration } = await migrate(options, to ?? null)
  report({ event: 'migrated', revisions: revisions.length, duration })
}

/** Seeds are rows, not catalog: they run last, on a database that is at head. */
async function runSeeds({ workspace, report }: GateContext, snapshot: Snapshot | null): Promise<void> {
  const { seedOnStart, seedsDirectory } = workspace.config.migrations
  if (!seedOnStart) return
  const { seed } = await import('../postgres/migrate/seed.js')
  await seed({ ...migrateOptionsFor(workspace, snapshot), report }, seedsDirectory)
}

/** What migrating needs of a workspace. */
export function migrateOptionsFor(
  workspace: Workspace,
  snapshot: Snapshot | null,
): Omit<MigrateOptions, 'report' | 'signal'> {
  const { config, project, migrations, migrationConnection: connection } = workspace
  return {
    connection,
    serviceConnection: workspace.connection.url === connection.url ? null : workspace.connection,
    owner: configuredOwner(config),
    checkPreconditions: refuseWrongDatabase(workspace),
    project,
    migrations,
    snapshot,
    check: createRevisionCheck(snapshot, config.verify.scope),
    scope: config.verify.scope,
    transaction: config.migrations.transaction,
    lockWaitTimeout: config.migrations.lockWaitTimeout,
    lockTimeout: config.migrations.lockTimeout,
    deadline: config.migrations.deadline,
    writer: { host: config.service.instance, release: config.service.release },
  }
}

function enforceDecision(
  passed: GateResult,
  { workspace, report, consequence = () => 'The service did not start.' }: GateContext,
): GateResult {
  const { assessment, decision, inspection } = passed
  reportOutcome(passed, report)
  if (decision.action !== 'refuse') return passed
  throw refusalError(decision, assessment, {
    location: { database: describeAddress(inspection.database), environment: workspace.config.target },
    consequence: consequence(),
    standby: inspection.readOnly,
  })
}

/** What was verified and what was decided. */
export function reportOutcome(
  { assessment, decision }: Pick<GateResult, 'assessment' | 'decision'>,
  report: ProgressReporter,
): void {
  const { verification } = assessment
  if (verification.status === 'verified')
    report({
      event: 'verified',
      compared: verification.compared,
      differences: findingsOf(assessment).length,
      ignored: countIgnored(ignoredDifferencesOf(assessment)),
    })
  report({ event: 'decided', decision, lines: describeDecision(decision, assessment) })
}

/** How long to wait for the database, as configured, and what to tell meanwhile. */
export function retryOptionsFor({
  workspace,
  report,
  signal,
}: Pick<GateContext, 'workspace' | 'report' | 'signal'>): ReadRetryOptions {
  return {
    timeout: workspace.config.connectTimeout,
    answerTimeout: workspace.config.verify.timeout,
    lockWaitTimeout: workspace.config.migrations.lockWaitTimeout,
    onWait: (reason, waited) => report({ event: 'waiting for database', reason, waited }),
    onLocked: (holder, waited) => report({ event: 'waiting for lock', lock: 'tables', holder, waited }),
    ...(signal ? { signal } : {}),
  }
}
