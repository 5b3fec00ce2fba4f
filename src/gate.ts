import { assess, type Assessment, decide, type Decision, findingsOf, ignoredBy } from './core/decision.js'
import type { Report } from './core/progress.js'
import { countIgnored } from './core/scope.js'
import type { Snapshot } from './core/snapshot.js'
import { describeAddress, addressOf } from './postgres/address.js'
import { waitForConnection } from './postgres/connect.js'
import { inspect, type Inspection } from './postgres/inspect.js'
import type { MigrateOptions } from './postgres/locked-session.js'
import { checkAgainst } from './postgres/revision-check.js'
import { describeDecision, refusal } from './situations.js'
import { currentSnapshot } from './snapshot.js'
import type { Workspace } from './workspace.js'

/** What was true of the database when the gate decided, and the decision: `serve` or `warn`. */
export interface Passed {
  readonly snapshot: Snapshot | null
  readonly inspection: Inspection
  readonly assessment: Assessment
  readonly decision: Decision
}

export interface GateContext {
  readonly workspace: Workspace
  readonly report: Report
  readonly signal?: AbortSignal
  /** Migrates whatever the policy says. */
  readonly migrate?: boolean
  /** The last revision to apply; default head. */
  readonly to?: string
  /** What a refusal means to whoever asked. */
  readonly consequence?: string
}

/**
 * The story: connect, inspect, migrate if something is pending and the policy says so, verify, decide.
 * Returns if this build may serve on this database, and throws the SchemaError that says why not if it may not.
 */
export async function passGate(context: GateContext): Promise<Passed> {
  const { workspace, report } = context
  const { connection, config } = workspace
  const where = { database: describeAddress(addressOf(connection)), environment: config.target }
  report({ event: 'connecting', ...where })
  const client = await waitForConnection(connection, patience(context))
  try {
    const snapshot = await currentSnapshot(workspace, report)
    const found = await look({ client, snapshot, context })
    const wanted = wantsMigration(found.assessment, context)
    if (wanted) await bringToHead(context, { snapshot, assessment: found.assessment })
    const { inspection, assessment } = wanted ? await look({ client, snapshot, context }) : found
    const decision = decide(assessment, config.policy)
    const passed = settle({ snapshot, inspection, assessment, decision }, context)
    if (assessment.history.position === 'current') await runSeeds(context, snapshot)
    return passed
  } finally {
    await client.end()
  }
}

interface Look {
  readonly client: Parameters<typeof inspect>[0]
  readonly snapshot: Snapshot | null
  readonly context: GateContext
}

async function look({ client, snapshot, context }: Look): Promise<Pick<Passed, 'inspection' | 'assessment'>> {
  const { workspace, report } = context
  const inspection = await inspect(client, { ...workspace, scope: workspace.config.verify.scope })
  const assessment = await examine(client, workspace, { inspection, snapshot })
  report({
    event: 'inspected',
    database: describeAddress(inspection.database),
    history: assessment.history,
    server: inspection.serverVersion,
  })
  return { inspection, assessment }
}

/** An inspection judged against this build's migrations and snapshot; a difference may need the server's word. */
export async function examine(
  client: Look['client'],
  { migrations, config }: Pick<Workspace, 'migrations' | 'config'>,
  { inspection, snapshot }: Pick<Passed, 'inspection' | 'snapshot'>,
): Promise<Assessment> {
  const { recorded, live, major } = inspection
  const build = migrations.map(({ revision }) => revision)
  const evidence = { build, recorded, live, snapshot, scope: config.verify.scope }
  const assessment = assess(evidence)
  if (snapshot === null || findingsOf(assessment).length === 0) return assessment
  const differences = findingsOf(assessment)
  const { inPromisedWords } = await import('./postgres/rerender.js')
  const sight = { snapshot, revisions: recorded.revisions, live, major, differences }
  return assess({ ...evidence, ...(await inPromisedWords(client, sight, 'own')) })
}

function wantsMigration(
  { history }: Assessment,
  { workspace: { config }, migrate: asked = false }: GateContext,
): boolean {
  const isBehind = history.position === 'behind' || history.position === 'empty'
  return isBehind && (asked || config.policy.onBehind === 'migrate')
}

interface Before {
  readonly snapshot: Snapshot | null
  readonly assessment: Assessment
}

/** Applies what is pending, under the lock, each revision verified before its commit. A start at head loads none of it. */
async function bringToHead(
  { workspace, report, signal, to }: GateContext,
  { snapshot, assessment }: Before,
): Promise<void> {
  const before = findingsOf(assessment).length
  if (before > 0) report({ event: 'drift before', differences: before })
  const options = { ...migrateOptions(workspace, snapshot), report, ...(signal ? { signal } : {}) }
  const { migrate } = await import('./postgres/migrate.js')
  const { revisions, duration } = await migrate(options, to ?? null)
  report({ event: 'migrated', revisions: revisions.length, duration })
}

/** Seeds are rows, not catalog: they run last, on a database that is at head. */
async function runSeeds({ workspace, report }: GateContext, snapshot: Snapshot | null): Promise<void> {
  const { seedOnStart, seedsDirectory } = workspace.config.migrations
  if (!seedOnStart) return
  const { seed } = await import('./postgres/seed.js')
  await seed({ ...migrateOptions(workspace, snapshot), report }, seedsDirectory)
}

/** What migrating needs of a workspace. */
export function migrateOptions(
  { config, project, migrations, migrationConnection: connection }: Workspace,
  snapshot: Snapshot | null,
): Omit<MigrateOptions, 'report' | 'signal'> {
  return {
    connection,
    project,
    migrations,
    snapshot,
    check: checkAgainst(snapshot, config.verify.scope),
    scope: config.verify.scope,
    transaction: config.migrations.transaction,
    lockWaitTimeout: config.migrations.lockWaitTimeout,
    writer: { host: config.service.instance, release: config.service.release },
  }
}

function settle(
  passed: Passed,
  { workspace, report, consequence = 'The service did not start.' }: GateContext,
): Passed {
  const { assessment, decision, inspection } = passed
  tellOutcome(passed, report)
  if (decision.action !== 'refuse') return passed
  throw refusal(decision, assessment, {
    where: { database: describeAddress(inspection.database), environment: workspace.config.target },
    consequence,
  })
}

/** What was verified and what was decided. */
export function tellOutcome(
  { assessment, decision }: Pick<Passed, 'assessment' | 'decision'>,
  report: Report,
): void {
  const { verification } = assessment
  if (verification.status === 'verified')
    report({
      event: 'verified',
      compared: verification.compared,
      differences: findingsOf(assessment).length,
      ignored: countIgnored(ignoredBy(assessment)),
    })
  report({ event: 'decided', decision, lines: describeDecision(decision, assessment) })
}

function patience({ workspace, report, signal }: GateContext): Parameters<typeof waitForConnection>[1] {
  return {
    timeout: workspace.config.connectTimeout,
    onWait: (reason, waited) => report({ event: 'waiting for database', reason, waited }),
    ...(signal ? { signal } : {}),
  }
}
