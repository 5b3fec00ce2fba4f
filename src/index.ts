import type { Config } from './config/config.js'
import { loadConfig } from './config/load.js'
import { findingsOf } from './core/history/decision.js'
import type { Finding } from './core/impact/assess-impact.js'
import type { Snapshot } from './core/model/snapshot.js'
import type { ProgressReporter } from './core/progress/events.js'
import type { TaskControl } from './gate/assess.js'
import { type DatabaseStatus, readDatabaseStatus } from './gate/read-status.js'
import { type Gate, startGate } from './gate/start-gate.js'
import { createLog, createLogReporter, type Log } from './logging/log.js'
import type { ExportDocument } from './operations/export/export-document.js'
import type { LogDocument } from './operations/history/database-log.js'
import type { InitResult } from './operations/init/init.js'
import { type MigratedDatabase, migrateTo } from './operations/migrate/migrate.js'
import type { PlanDocument } from './operations/plan/plan-database.js'
import type { RehearsalDocument } from './operations/rehearse/rehearsal-document.js'
import type { StampResult } from './operations/stamp/record.js'
import { staleSnapshotError } from './snapshot/usable.js'
import { type ProjectWorkspace, withProjectWorkspace, withWorkspace, type Workspace } from './workspace.js'

export type { Decision, Policy } from './core/history/policy.js'
export type { Finding } from './core/impact/assess-impact.js'
export type { Catalog, Fact, Facts } from './core/model/catalog.js'
export { type Difference, diff } from './core/model/diff.js'
export type { Snapshot } from './core/model/snapshot.js'
export type { ProgressReporter } from './core/progress/events.js'
export { exitCodes } from './errors/exit-codes.js'
export { describeError, type ErrorCode, SchemaError } from './errors/schema-error.js'
export type { DatabaseStatus } from './gate/read-status.js'
export type { Gate } from './gate/start-gate.js'
export { schemaHealth, type SchemaHealthOptions } from './http/plugin.js'
export type { ExportDocument } from './operations/export/export-document.js'
export type { LogDocument } from './operations/history/database-log.js'
export type { InitResult } from './operations/init/init.js'
export type { MigratedDatabase } from './operations/migrate/migrate.js'
export type { PlanDocument } from './operations/plan/plan-database.js'
export type { RehearsalDocument } from './operations/rehearse/rehearsal-document.js'
export type { StampResult } from './operations/stamp/record.js'
export { readCatalog, type ReadOptions } from './postgres/introspect/read-catalog.js'
export { knexMigrationSource } from './project/migration-source.js'
export { loadSnapshot } from './snapshot/file.js'
export { type Config, loadConfig, type Log }

/** Which project, with which configuration. */
export interface ProjectOptions {
  /** The process environment, one of the layers of the configuration. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The project's folder. Default: the current one. */
  readonly root?: string
  /** Settings by key that win over every layer: `{ ON_BEHIND: 'warn', VERIFY_IGNORE: 'schema:audit' }`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface OpenGateOptions extends ProjectOptions {
  /** A logger of pino or Fastify. Default: pino's JSON lines on stdout. */
  readonly log?: Log
}

/**
 * Runs the gate in a service of your own; await it before `listen`. Migrates and verifies as configured, and keeps verifying
 * in the background until it is closed. Throws the SchemaError that says why this build may not serve; with
 * REFUSE_BY=unready it returns instead, `schemaHealth` answers 503 to every route, and `opened` says when that is over.
 */
export async function openGate({ log, signal, ...project }: OpenGateOptions): Promise<Gate> {
  const config = configOf(project)
  const used = log ?? createLog(config.logLevel, 'json', process.stdout)
  const report = createLogReporter(used)
  const { gate } = await startGate(config, { log: used, report, ...(signal ? { signal } : {}) })
  return gate
}

export interface VerbOptions extends ProjectOptions {
  /** Called with each event. Default: nothing is reported. */
  readonly report?: ProgressReporter
}

/** Applies what is pending up to `to` (default: head), each revision verified before its commit. Throws a SchemaError. */
export function migrate({
  to,
  ...options
}: VerbOptions & { readonly to?: string }): Promise<MigratedDatabase> {
  return withProject(options, (workspace, control) => migrateTo(workspace, to ?? null, control))
}

/** How the database stands to this build, and what the gate would decide. Reads only. Throws a SchemaError. */
export function status(options: VerbOptions): Promise<DatabaseStatus> {
  return withProject(options, readDatabaseStatus)
}

/** Every difference from the promise at the current revision, with its impact. Reads only. Throws a SchemaError. */
export function verify(options: VerbOptions): Promise<readonly Finding[]> {
  return withProject(options, async (workspace, control) => {
    const { snapshot, stale, assessment } = await readDatabaseStatus(workspace, control)
    if (snapshot === null) throw staleSnapshotError(workspace, stale)
    return findingsOf(assessment)
  })
}

/**
 * Replays the migrations in a scratch database and writes the snapshot beside them. With `acceptEmpty` revisions that change
 * nothing are taken as they are. Throws a SchemaError.
 */
export function snapshot({
  acceptEmpty = false,
  ...options
}: VerbOptions & { readonly acceptEmpty?: boolean }): Promise<{
  readonly snapshot: Snapshot
  readonly file: string
}> {
  return withFolder(options, async (workspace, { report }) => {
    const { makeSnapshot } = await import('./snapshot/current.js')
    return makeSnapshot(workspace, report, { acceptEmpty })
  })
}

/** Records the revisions up to one without running them, if the database is what they promise. Throws a SchemaError. */
export function stamp({
  revision,
  ...options
}: VerbOptions & { readonly revision: string }): Promise<StampResult> {
  return withProject(options, async (workspace, control) => {
    const [{ proposeStamp }, { recordStamp }] = await Promise.all([
      import('./operations/stamp/plan.js'),
      import('./operations/stamp/record.js'),
    ])
    const context = { ...control, workspace }
    return recordStamp(await proposeStamp({ revision, forget: false }, context), null, context)
  })
}

/** Builds an empty database at head straight from the snapshot, and records every revision. Throws a SchemaError. */
export function init(options: VerbOptions): Promise<InitResult> {
  return withProject(options, async (workspace, control) => {
    const { initFromSnapshot } = await import('./operations/init/init.js')
    return initFromSnapshot(workspace, control)
  })
}

interface OfflineOptions {
  /** Without a database: the revisions after `from`; with null those that the snapshot does not have. */
  readonly offline?: { readonly from: string | null }
}

export interface PlanOptions extends VerbOptions, OfflineOptions {
  /** The hazards and rules that are allowed: `lock,table-rewrite`. Default: PLAN_ALLOW. */
  readonly allow?: string
  /** The rules that are refused. */
  readonly refuse?: string
}

/**
 * What the pending revisions would do, seen in a scratch database, and what the rows of the configured database say to it:
 * what `plan --json` prints. Reads only. Throws a SchemaError.
 */
export async function plan({ allow, refuse, offline, ...options }: PlanOptions): Promise<PlanDocument> {
  const { planDatabase, planOffline } = await import('./operations/plan/plan-database.js')
  const choice = { allow: allow ?? null, refuse: refuse ?? null }
  const planned = await (offline === undefined
    ? withProject(options, (workspace, control) => planDatabase(workspace, choice, control))
    : withFolder(options, (workspace, control) => planOffline(workspace, offline.from, choice, control)))
  return planned.document
}

export interface RehearseOptions extends VerbOptions, OfflineOptions {
  /** Whether rows are generated, and seeds are run. Default: true. */
  readonly withRows?: boolean
}

/**
 * Runs the pending revisions up, down and up again in scratch databases; with `offline` those after `from`, or all: what
 * `rehearse --json` prints. Throws a SchemaError.
 */
export async function rehearse({
  withRows = true,
  offline,
  ...options
}: RehearseOptions): Promise<RehearsalDocument> {
  const [{ rehearseDatabase, rehearseOffline }, { rehearsalDocument }] = await Promise.all([
    import('./operations/rehearse/rehearse.js'),
    import('./operations/rehearse/rehearsal-document.js'),
  ])
  return rehearsalDocument(
    await (offline === undefined
      ? withProject(options, (workspace, control) => rehearseDatabase(workspace, withRows, control))
      : withFolder(options, (workspace, control) =>
          rehearseOffline(workspace, offline.from, withRows, control),
        )),
  )
}

/** What happened to the newest revisions: what `history --json` prints. Reads only. Throws a SchemaError. */
export function history(options: VerbOptions & { readonly limit?: number }): Promise<LogDocument> {
  return withProject(options, async (workspace, control) => {
    const { defaultLimit, logDocument, readDatabaseLog } =
      await import('./operations/history/database-log.js')
    return logDocument(await readDatabaseLog(workspace, control), options.limit ?? defaultLimit)
  })
}

/**
 * The schema as SQL for an empty database: what `export --json` prints. `from` is `snapshot` (the default),
 * `snapshot@REVISION`, `database`, `sql:FILE`, `models:FILE` or a URL. Reads only. Throws a SchemaError.
 */
export async function exportSchema({
  from = 'snapshot',
  ...options
}: VerbOptions & { readonly from?: string }): Promise<ExportDocument> {
  const [{ buildScript }, { exportDocument }] = await Promise.all([
    import('./operations/export/export-schema.js'),
    import('./operations/export/export-document.js'),
  ])
  return exportDocument(
    await (from === 'database'
      ? withProject(options, (workspace) => buildScript(from, workspace))
      : withFolder(options, (workspace) => buildScript(from, { ...workspace, connection: null }))),
  )
}

/** Gives `use` the URL of an empty database that is dropped afterwards. Throws a SchemaError. */
export function withScratch<T>(options: VerbOptions, use: (url: string) => Promise<T>): Promise<T> {
  return withFolder(options, async (workspace) => {
    const { findScratch } = await import('./postgres/scratch/scratch.js')
    const scratch = await findScratch(workspace.scratch)
    return scratch.withDatabase(({ url }) => use(url))
  })
}

function configOf({ env, root = '.', settings = {} }: ProjectOptions): Config {
  return loadConfig({ root, env, flags: settings })
}

function withProject<T>(
  { report = () => {}, signal, ...project }: VerbOptions,
  use: (workspace: Workspace, control: TaskControl) => Promise<T>,
): Promise<T> {
  const control = { report, ...(signal ? { signal } : {}) }
  return withWorkspace({ config: configOf(project), report, signal }, (workspace) => use(workspace, control))
}

/** For what needs no database but a scratch one. */
function withFolder<T>(
  { report = () => {}, signal, ...project }: VerbOptions,
  use: (workspace: ProjectWorkspace, control: TaskControl) => Promise<T>,
): Promise<T> {
  const control = { report, ...(signal ? { signal } : {}) }
  return withProjectWorkspace({ config: configOf(project), report }, (workspace) => use(workspace, control))
}
