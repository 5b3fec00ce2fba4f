import {
  assess,
  type Assessment,
  decide,
  type Decision,
  findingsOf,
  ignoredBy,
  mayMigrate,
  promisedRevisions,
  wrongDatabase,
} from '../core/history/decision.js'
import { countIgnored } from '../core/model/scope.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { Report } from '../core/progress/events.js'
import { describeAddress, addressOf } from '../postgres/connection/address.js'
import { pause } from '../postgres/connection/backoff.js'
import { answered } from '../postgres/connection/lifecycle.js'
import { inspect, type Inspection } from '../postgres/inspect/inspect.js'
import { bearLosses, type Patience, readPatiently } from '../postgres/inspect/read-with-retry.js'
import { textsOf } from '../postgres/inspect/recorded-sources.js'
import type { MigrateOptions } from '../postgres/session/locked-session.js'
import { checkAgainst } from '../postgres/verify/check-revision.js'
import { currentSnapshot } from '../snapshot/snapshot.js'
import type { Workspace } from '../workspace.js'
import { ownerIn, refuseUnfit, refuseWrongDatabase } from './preconditions.js'
import { describeDecision, refusal } from './situations/refusal.js'

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
  readonly consequence?: () => string
}

/**
 * The story: connect, inspect, migrate if something is pending and the policy says so, verify, decide. A database that goes
 * away meanwhile is waited for, and looked at again. Returns if this build may serve on this database, and throws the
 * SchemaError that says why not if it may not.
 */
export async function passGate(context: GateContext): Promise<Passed> {
  const { workspace, report } = context
  const { connection, config } = workspace
  const where = { database: describeAddress(addressOf(connection)), environment: config.target }
  report({ event: 'connecting', ...where })
  const found = await look(context)
  const seen = wantsMigration(found, context) ? await bringToHead(context, found) : found
  const passed = settle({ ...seen, decision: decide(seen.assessment, config.policy) }, context)
  if (passed.assessment.history.position === 'current') await runSeeds(context, passed.snapshot)
  return passed
}

type Seen = Omit<Passed, 'decision'>

/** Reads the database, however often that takes. A snapshot that has to be made is made once the database answers. */
async function look(context: GateContext, known?: Snapshot | null): Promise<Seen> {
  const { workspace, report } = context
  let snapshot = known
  const { inspection, assessment } = await readPatiently(
    workspace.connection,
    patience(context),
    async (client, deadline) => {
      const promised = (snapshot ??= await currentSnapshot(workspace, report))
      return answered(client, deadline, async () => {
        const inspection = await inspect(client, { ...workspace, scope: workspace.config.verify.scope })
        return {
          inspection,
          assessment: await examine(client, workspace, { inspection, snapshot: promised }),
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
export async function examine(
  client: Parameters<typeof inspect>[0],
  { migrations, project, config }: Pick<Workspace, 'migrations' | 'project' | 'config'>,
  { inspection, snapshot }: Pick<Passed, 'inspection' | 'snapshot'>,
): Promise<Assessment> {
  const { recorded, live, major, identity } = inspection
  const build = migrations.map(({ revision }) => revision)
  const ownership = { identity, expected: ownerIn(config) }
  const texts = textsOf(inspection, { migrations, project, snapshot })
  const evidence = { build, recorded, ownership, live, snapshot, texts, scope: config.verify.scope }
  const assessment = assess(evidence)
  if (snapshot === null || findingsOf(assessment).length === 0) return assessment
  const differences = findingsOf(assessment)
  const { inPromisedWords } = await import('../postgres/canonicalize/canonicalize.js')
  const sight = { snapshot, revisions: promisedRevisions(assessment), live, major, differences }
  return assess({ ...evidence, ...(await inPromisedWords(client, sight, 'own')) })
}

function wantsMigration(
  { assessment, inspection }: Seen,
  { workspace, migrate: asked = false }: GateContext,
): boolean {
  const { connection, migrationConnection, config } = workspace
  if (wrongDatabase(assessment) !== null || !mayMigrate(decide(assessment, config.policy))) return false
  if (inspection.readOnly && migrationConnection.url === connection.url) return false
  return isBehind({ assessment }) && (asked || config.policy.onBehind === 'migrate')
}

function isBehind({ assessment }: Pick<Seen, 'assessment'>): boolean {
  const { position } = assessment.history
  return position === 'behind' || position === 'empty'
}

/** Applies what is pending. Where the connection is lost meanwhile, the database says what was done, and the rest is tried again. */
async function bringToHead(context: GateContext, found: Seen): Promise<Seen> {
  const { deadline } = context.workspace.config.migrations
  const bear = bearLosses({ ...patience(context), timeout: deadline })
  let seen = found
  while (wantsMigration(seen, context))
    try {
      await applyPending(context, seen)
      return await lookWhenReplayed(context, found.snapshot)
    } catch (error) {
      await bear(error)
      seen = await look(context, found.snapshot)
    }
  return seen
}

/** A standby is given as long as a server that starts to replay what the primary has committed. */
async function lookWhenReplayed(context: GateContext, snapshot: Snapshot | null): Promise<Seen> {
  const { timeout, onWait, signal } = patience(context)
  const started = performance.now()
  for (;;) {
    const seen = await look(context, snapshot)
    const waited = performance.now() - started
    if (!seen.inspection.readOnly || !isBehind(seen) || waited > timeout) return seen
    onWait('The standby has not replayed yet what was migrated.', waited)
    await pause(1_000, signal)
  }
}

/** Under the lock, each revision verified before its commit. A start at head loads none of it. */
async function applyPending(
  { workspace, report, signal, to }: GateContext,
  { snapshot, assessment }: Seen,
): Promise<void> {
  const before = findingsOf(assessment).length
  if (before > 0) report({ event: 'drift before', differences: before })
  const admit = refuseUnfit(workspace, snapshot)
  const options = { ...migrateOptions(workspace, snapshot), admit, report, ...(signal ? { signal } : {}) }
  const { migrate } = await import('../postgres/migrate/migrate.js')
  const { revisions, duration } = await migrate(options, to ?? null)
  report({ event: 'migrated', revisions: revisions.length, duration })
}

/** Seeds are rows, not catalog: they run last, on a database that is at head. */
async function runSeeds({ workspace, report }: GateContext, snapshot: Snapshot | null): Promise<void> {
  const { seedOnStart, seedsDirectory } = workspace.config.migrations
  if (!seedOnStart) return
  const { seed } = await import('../postgres/migrate/seed.js')
  await seed({ ...migrateOptions(workspace, snapshot), report }, seedsDirectory)
}

/** What migrating needs of a workspace. */
export function migrateOptions(
  workspace: Workspace,
  snapshot: Snapshot | null,
): Omit<MigrateOptions, 'report' | 'signal'> {
  const { config, project, migrations, migrationConnection: connection } = workspace
  return {
    connection,
    witness: workspace.connection.url === connection.url ? null : workspace.connection,
    owner: ownerIn(config),
    admit: refuseWrongDatabase(workspace),
    project,
    migrations,
    snapshot,
    check: checkAgainst(snapshot, config.verify.scope),
    scope: config.verify.scope,
    transaction: config.migrations.transaction,
    lockWaitTimeout: config.migrations.lockWaitTimeout,
    lockTimeout: config.migrations.lockTimeout,
    deadline: config.migrations.deadline,
    writer: { host: config.service.instance, release: config.service.release },
  }
}

function settle(
  passed: Passed,
  { workspace, report, consequence = () => 'The service did not start.' }: GateContext,
): Passed {
  const { assessment, decision, inspection } = passed
  tellOutcome(passed, report)
  if (decision.action !== 'refuse') return passed
  throw refusal(decision, assessment, {
    where: { database: describeAddress(inspection.database), environment: workspace.config.target },
    consequence: consequence(),
    standby: inspection.readOnly,
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

/** How long to wait for the database, as configured, and what to tell meanwhile. */
export function patience({
  workspace,
  report,
  signal,
}: Pick<GateContext, 'workspace' | 'report' | 'signal'>): Patience {
  return {
    timeout: workspace.config.connectTimeout,
    answerTimeout: workspace.config.verify.timeout,
    lockWaitTimeout: workspace.config.migrations.lockWaitTimeout,
    onWait: (reason, waited) => report({ event: 'waiting for database', reason, waited }),
    onLocked: (holder, waited) => report({ event: 'waiting for lock', lock: 'tables', holder, waited }),
    ...(signal ? { signal } : {}),
  }
}
