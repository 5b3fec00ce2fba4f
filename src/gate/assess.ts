import type pg from 'pg'
import {
  assess,
  assessInSteps,
  type Assessment,
  type AssessmentInput,
  decide,
  findingsOf,
  promisedRevisions,
} from '../core/history/decision.js'
import type { Decision } from '../core/history/policy.js'
import { promiseInScope } from '../core/history/verification.js'
import { type Catalog, keysOf } from '../core/model/catalog.js'
import type { Scope } from '../core/model/scope.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { type Deadline, withTimeout } from '../postgres/connection/lifecycle.js'
import { runInTurns } from '../postgres/connection/run-in-turns.js'
import { inspect, inspectUnlessVerified } from '../postgres/inspect/inspect.js'
import type {
  InspectionWithoutCatalog,
  Inspection,
  UnchangedInspection,
} from '../postgres/inspect/inspection.js'
import { snapshotForDatabase } from '../postgres/introspect/extension-members.js'
import { type ReadRetryOptions, readWithRetry } from '../postgres/inspect/read-with-retry.js'
import { sourceTextsOf } from '../postgres/inspect/recorded-sources.js'
import { createAbandonedLockCheck } from '../postgres/locks/abandoned-lock.js'
import type { BuildPromise } from '../snapshot/build-promise.js'
import type { Workspace } from '../workspace.js'
import { configuredOwner } from './preconditions.js'
import { leaveOutTransientIndexes } from './transient-indexes.js'

/** What was true of a database at one moment, how it stands to this build, and what the policy says to it. */
export interface AssessedDatabase {
  readonly promise: BuildPromise
  /** What it was compared with; null where nothing is promised, and where it was not compared. */
  readonly snapshot: Snapshot | null
  readonly inspection: InspectionWithoutCatalog
  /** Null where it was not read. */
  readonly live: Catalog | null
  /** Since when (ISO 8601) nothing has changed since the database was verified: it was not read and compared again then. */
  readonly unchangedSince: string | null
  readonly hasTables: boolean
  readonly assessment: Assessment
  readonly decision: Decision
  /** The keys of indexes that only a running REINDEX CONCURRENTLY explains. They are not compared. */
  readonly transient: readonly string[]
}

/** What a serving process keeps of it: not the catalog and the ledgers, which have been compared. */
export interface CheckedDatabase extends Omit<AssessedDatabase, 'snapshot' | 'inspection' | 'live'> {
  readonly inspection: Omit<InspectionWithoutCatalog, 'ledger' | 'recorded' | 'otherLedgers'>
}

export function withoutCatalog(assessed: AssessedDatabase): CheckedDatabase {
  const { snapshot: _, live: __, inspection, ...rest } = assessed
  const { ledger: ___, recorded: ____, otherLedgers: _____, ...kept } = inspection
  return { ...rest, inspection: kept }
}

/** Where progress is reported, and what asks to stop. */
export interface TaskControl {
  readonly report: ProgressReporter
  readonly signal?: AbortSignal
  /** Called once the server was asked for the first time: until it answers, this process has nothing to do. */
  readonly onAsked?: (() => void) | undefined
}

/**
 * Connects and assesses, and waits for the database as configured. `findPromise` runs once the database answers, because it
 * may take long. Where tables are locked, ends the session of a migrating process that is gone.
 * Throws SCHEMA_DATABASE_UNREACHABLE, SCHEMA_CATALOG_LOCKED, SCHEMA_INTERRUPTED.
 */
export function connectAndAssess(
  workspace: Workspace,
  control: TaskControl,
  findPromise: () => Promise<BuildPromise>,
): Promise<AssessedDatabase> {
  const endAbandoned = createAbandonedLockCheck(workspace.project.tableName)
  const whileLocked = async (client: pg.ClientBase): Promise<void> => {
    const holder = await endAbandoned(client)
    if (holder !== null) control.report({ event: 'abandoned lock ended', holder })
  }
  const options = { ...readRetryOptions(workspace, control), whileLocked }
  return readWithRetry(workspace.connection, options, async (client, deadline) => {
    const promise = await findPromise()
    const { onAsked } = control
    return withTimeout(client, deadline, () =>
      assessDatabase(client, workspace, promise, { ...atStart(workspace), onAsked }),
    )
  })
}

/** Connects and reads, and waits for the database as configured; `read` puts the deadline around what asks the server. */
export function connectAndRead<T>(
  workspace: Workspace,
  control: TaskControl,
  read: (client: pg.Client, deadline: Deadline) => Promise<T>,
): Promise<T> {
  return readWithRetry(workspace.connection, readRetryOptions(workspace, control), read)
}

export interface AssessOptions {
  /** For each statement, in milliseconds. Default: none. */
  readonly timeout?: number
  /** Whether a database counts as verified where nothing has changed since it was. Default: its catalog is read. */
  readonly acceptsUnchanged?: boolean
  readonly onAsked?: TaskControl['onAsked']
}

/** How a process that starts assesses. */
export function atStart({ config }: Workspace): AssessOptions {
  return { acceptsUnchanged: config.verify.atStart === 'auto' }
}

/** Inspects a database, compares it with what is promised, and decides. The promise is loaded while the server works. */
export async function assessDatabase(
  client: pg.ClientBase,
  workspace: Workspace,
  promise: BuildPromise,
  { timeout = 0, acceptsUnchanged = false, onAsked }: AssessOptions = {},
): Promise<AssessedDatabase> {
  const options = { ...workspace, scope: workspace.config.verify.scope, timeout, whileRead: promise.load }
  const inspecting =
    acceptsUnchanged && promise.digest !== null
      ? inspectUnlessVerified(client, options, promise.digest)
      : inspect(client, options)
  onAsked?.()
  const found = await inspecting
  return 'verified' in found
    ? assessUnchanged(workspace, promise, found)
    : assessRead(client, workspace, promise, found)
}

async function assessRead(
  client: pg.ClientBase,
  workspace: Workspace,
  promise: BuildPromise,
  inspected: Inspection,
): Promise<AssessedDatabase> {
  const { live, transient } = await leaveOutTransientIndexes(client, inspected)
  const loaded = await promise.load()
  const snapshot = loaded === null ? null : await snapshotForDatabase(client, loaded, live)
  const assessment = await assessInspection(client, workspace, { ...inspected, live }, snapshot)
  const { live: read, ...inspection } = inspected
  return {
    promise,
    snapshot,
    inspection,
    live: read,
    unchangedSince: null,
    hasTables: keysOf(read).some((key) => key.startsWith('table:')),
    assessment,
    decision: decide(assessment, workspace.config.policy),
    transient,
  }
}

/** What is recorded as verified had no finding and nothing else to report. */
function assessUnchanged(
  workspace: Workspace,
  promise: BuildPromise,
  { verified, ...inspection }: UnchangedInspection,
): AssessedDatabase {
  const { compared, since } = verified
  const assessed = assess({ ...inputOf(workspace, inspection, null), live: {} })
  const verification = { status: 'verified', findings: [], ignored: [], compared, notes: [] } as const
  const assessment = { ...assessed, verification }
  return {
    promise,
    snapshot: null,
    inspection,
    live: null,
    unchangedSince: since,
    hasTables: (compared['table'] ?? 0) > 0,
    assessment,
    decision: decide(assessment, workspace.config.policy),
    transient: [],
  }
}

/**
 * Compares an inspection with this build; the snapshot names extensions where this database has them. The server is asked
 * again only about differences in text.
 */
export async function assessInspection(
  client: pg.ClientBase,
  workspace: Workspace,
  inspection: Inspection,
  snapshot: Snapshot | null,
): Promise<Assessment> {
  const { live, major } = inspection
  const input = { ...inputOf(workspace, inspection, snapshot), live }
  const assessment = await runInTurns(assessInSteps(input))
  const differences = findingsOf(assessment)
  if (snapshot === null || differences.length === 0) return assessment
  const { canonicalizeDifferences } = await import('../postgres/canonicalize/canonicalize.js')
  const promised = await runInTurns(promiseInScope(snapshot, promisedRevisions(assessment), input.scope))
  const majors = { expected: snapshot.postgres, actual: major }
  const canonicalized = await canonicalizeDifferences(client, { promised, live, majors, differences }, 'own')
  const { live: printed, notes, canonicalizeFailures } = canonicalized
  const isSame = printed === live && notes.length + Object.keys(canonicalizeFailures).length === 0
  return isSame ? assessment : runInTurns(assessInSteps({ ...input, ...canonicalized }))
}

/** What a database is compared with, and what was read of it but for its catalog. */
function inputOf(
  { migrations, project, config, snapshotFolders }: Workspace,
  { recorded, identity, otherLedgers, ledger }: InspectionWithoutCatalog,
  snapshot: Snapshot | null,
): Omit<AssessmentInput, 'live'> & { readonly scope: Scope } {
  return {
    build: migrations.map(({ revision }) => revision),
    recorded,
    ...(config.buildFrom.kind === 'models' ? { models: config.buildFrom.source } : {}),
    ownership: { identity, expected: configuredOwner(config) },
    otherLedgers,
    snapshot,
    snapshotFolders,
    texts: sourceTextsOf(ledger, migrations, project.tableName, snapshot),
    scope: config.verify.scope,
  }
}

/** How long to wait for the database, as configured, and how the wait is reported. */
export function readRetryOptions({ config }: Workspace, { report, signal }: TaskControl): ReadRetryOptions {
  return {
    timeout: config.connectTimeout,
    answerTimeout: config.verify.timeout,
    lockWaitTimeout: config.migrations.lockWaitTimeout,
    onWait: (reason, waited) => report({ event: 'waiting for database', reason, waited }),
    onLocked: (holder, waited) => report({ event: 'waiting for lock', lock: 'tables', holder, waited }),
    ...(signal ? { signal } : {}),
  }
}
