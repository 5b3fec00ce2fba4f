import { type Assessment, findingsOf } from '../core/history/decision.js'
import { isBehind } from '../core/history/history.js'
import { countUnpromisedSchemas } from '../core/impact/unpromised-schemas.js'
import { addressOf, describeAddress } from '../postgres/connection/address.js'
import { pause } from '../postgres/connection/backoff.js'
import { retryOnConnectionLoss } from '../postgres/inspect/read-with-retry.js'
import { listSeeds, type SeedFile } from '../project/seed-files.js'
import type { BuildPromise } from '../snapshot/build-promise.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { findPromise } from '../snapshot/current.js'
import type { Workspace } from '../workspace.js'
import { type AssessedDatabase, connectAndAssess, readRetryOptions, type TaskControl } from './assess.js'
import { migrateOptionsFor } from './migrate-options.js'
import { refuseUnmigratable, wouldMigrate } from './preconditions.js'
import { reportOutcome } from './report-outcome.js'
import { refusalError } from './situations/refusal.js'

export interface GateContext extends TaskControl {
  readonly workspace: Workspace
  /** Migrates whatever the policy says. */
  readonly migrate?: boolean
  /** The last revision to apply; default head. */
  readonly to?: string
  /** What a refusal means for the caller. Default: the service did not start. */
  readonly consequence?: () => string
}

/**
 * The story: connect, inspect, migrate if something is pending and the policy says so, verify, decide. A database that goes
 * away in the meantime is waited for and read again. Returns if this build may serve on this database (the decision is
 * `serve` or `warn`), and throws the SchemaError of the refusal if it may not.
 */
export async function runGate(context: GateContext): Promise<AssessedDatabase> {
  const { workspace, report } = context
  const seeds = await findSeeds(workspace)
  const database = describeAddress(addressOf(workspace.connection))
  report({ event: 'connecting', database, environment: workspace.config.target })
  const found = await readAndAssess(context)
  const assessed = await migrateToHead(context, found)
  reportOutcome(assessed, report)
  refuseIfDecided(context, assessed)
  if (isUpToDate(assessed)) await runSeeds(context, assessed, seeds)
  return assessed
}

/** Reads the database, as often as that takes. The promise is found once: making it may take a replay. */
async function readAndAssess(context: GateContext, known?: BuildPromise): Promise<AssessedDatabase> {
  const { workspace, report } = context
  let promise = known
  const assessed = await connectAndAssess(workspace, context, async () => {
    promise ??= await findBuildPromise(workspace, report)
    return promise
  })
  const { inspection, assessment } = assessed
  report({
    event: 'inspected',
    database: describeAddress(inspection.database),
    history: assessment.history,
    server: inspection.serverVersion,
  })
  return assessed
}

/** What the files of this build promise, which are its models where the database is built from them. */
export async function findBuildPromise(
  workspace: Workspace,
  report: ProgressReporter,
): Promise<BuildPromise> {
  const { buildFrom } = workspace.config
  if (buildFrom.kind !== 'models') return findPromise(workspace, report)
  const { promiseOfModels } = await import('../operations/models/read-models.js')
  return promiseOfModels(workspace, buildFrom.source)
}

/** Applies what is pending, if it is to be applied. After a lost connection the ledger says what is left to do. */
async function migrateToHead(context: GateContext, found: AssessedDatabase): Promise<AssessedDatabase> {
  const { workspace } = context
  const { deadline } = workspace.config.migrations
  const waitBeforeRetry = retryOnConnectionLoss({
    ...readRetryOptions(workspace, context),
    timeout: deadline,
  })
  let assessed = found
  while (wouldMigrate(assessed, workspace, context.migrate))
    try {
      await migrate(context, assessed)
      return await assessAfterReplay(context, found.promise)
    } catch (error) {
      await waitBeforeRetry(error)
      assessed = await readAndAssess(context, found.promise)
    }
  return assessed
}

/** Under the lock, each revision verified before its commit. A start at head loads none of this code. */
async function migrate(context: GateContext, { snapshot, assessment }: AssessedDatabase): Promise<void> {
  const { workspace, report, to = null } = context
  if (await buildInstead(context, snapshot, assessment)) return
  const differences = countUnpromisedSchemas(findingsOf(assessment)).findings.length
  if (differences > 0) report({ event: 'drift before', differences })
  const checkPreconditions = refuseUnmigratable(workspace, snapshot)
  const { applyPending } = await import('../postgres/migrate/migrate.js')
  const { beforeRun } = await import('./before-run.js')
  const options = {
    ...migrateOptionsFor(workspace, snapshot, context, checkPreconditions),
    ...beforeRun(workspace, snapshot, context),
  }
  const { revisions, duration } = await applyPending(options, to)
  report({ event: 'migrated', revisions: revisions.length, duration })
}

/** Builds the database if BUILD_FROM says that it is not built from the migrations, or not at first. */
async function buildInstead(
  context: GateContext,
  snapshot: Snapshot | null,
  { history }: Assessment,
): Promise<boolean> {
  const { workspace, to = null } = context
  const { buildFrom } = workspace.config
  if (buildFrom.kind === 'migrations') return false
  const options = migrateOptionsFor(workspace, snapshot, context)
  if (buildFrom.kind === 'models') {
    const { addMissing } = await import('../operations/models/add-missing.js')
    await addMissing(workspace, buildFrom.source, options)
    return true
  }
  if (history.position !== 'empty' || to !== null) return false
  const { buildBeforeServing } = await import('./build-from-snapshot.js')
  await buildBeforeServing(workspace, snapshot, options)
  return true
}

/** A standby that serves gets as much time to replay what the primary committed as a server gets to start. */
async function assessAfterReplay(context: GateContext, promise: BuildPromise): Promise<AssessedDatabase> {
  const { timeout, onWait, signal } = readRetryOptions(context.workspace, context)
  const started = performance.now()
  for (;;) {
    const assessed = await readAndAssess(context, promise)
    const waited = performance.now() - started
    if (!assessed.inspection.readOnly || !isBehind(assessed.assessment.history) || waited > timeout)
      return assessed
    onWait('The standby has not replayed yet what was migrated.', waited)
    await pause(1_000, signal)
  }
}

function refuseIfDecided(
  { workspace, consequence = () => 'The service did not start.' }: GateContext,
  { assessment, decision, inspection }: AssessedDatabase,
): void {
  if (decision.action !== 'refuse') return
  throw refusalError(decision, assessment, {
    location: { database: describeAddress(inspection.database), environment: workspace.config.target },
    consequence: consequence(),
    standby: inspection.readOnly,
  })
}

/** At head, or with all that its models have. */
function isUpToDate({ assessment: { history }, decision }: AssessedDatabase): boolean {
  if (history.models === undefined) return history.position === 'current'
  return decision.situations.every(({ situation }) => situation !== 'lacksModels')
}

/** Null without SEED_ON_START. Before anything is applied, because a folder that is missing is a fault of this build. */
async function findSeeds({ config, project }: Workspace): Promise<readonly SeedFile[] | null> {
  const { seedOnStart, seedsDirectory } = config.migrations
  return seedOnStart ? listSeeds(project, seedsDirectory) : null
}

/** Seeds are rows, not catalog: they run last, on a database that is at head. */
async function runSeeds(
  context: GateContext,
  { promise }: AssessedDatabase,
  seeds: readonly SeedFile[] | null,
): Promise<void> {
  if (seeds === null) return
  const { seed } = await import('../postgres/migrate/seed.js')
  await seed(migrateOptionsFor(context.workspace, await promise.load(), context), seeds)
}
