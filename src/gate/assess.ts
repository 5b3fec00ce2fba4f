import type pg from 'pg'
import {
  assessInSteps,
  type Assessment,
  decide,
  findingsOf,
  notesOf,
  ignoredDifferencesOf,
  promisedRevisions,
  wrongDatabaseReason,
} from '../core/history/decision.js'
import type { Decision } from '../core/history/policy.js'
import { promiseInScope } from '../core/history/verification.js'
import { countUnpromisedSchemas } from '../core/impact/unpromised-schemas.js'
import { keysOf } from '../core/model/catalog.js'
import { countIgnored } from '../core/model/scope.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { type Deadline, withTimeout } from '../postgres/connection/lifecycle.js'
import { runInTurns } from '../postgres/connection/run-in-turns.js'
import { inspect } from '../postgres/inspect/inspect.js'
import { type Inspection } from '../postgres/inspect/inspection.js'
import { snapshotForDatabase } from '../postgres/introspect/extension-members.js'
import { type ReadRetryOptions, readWithRetry } from '../postgres/inspect/read-with-retry.js'
import { sourceTextsOf } from '../postgres/inspect/recorded-sources.js'
import { createAbandonedLockCheck } from '../postgres/locks/abandoned-lock.js'
import type { KnownPromise } from '../postgres/inspect/verified-state.js'
import type { Workspace } from '../workspace.js'
import { knownPromiseOf } from './known-promise.js'
import { configuredOwner } from './preconditions.js'
import { describeDecision } from './situations/refusal.js'
import { leaveOutTransientIndexes } from './transient-indexes.js'

/** What was true of a database at one moment, how it stands to this build, and what the policy says to it. */
export interface AssessedDatabase {
  /** What is promised; null where nothing is. */
  readonly snapshot: Snapshot | null
  readonly inspection: Inspection
  readonly assessment: Assessment
  readonly decision: Decision
  /** The keys of indexes that only a running REINDEX CONCURRENTLY explains. They are not compared. */
  readonly transient: readonly string[]
}

/** What a serving process keeps of it: not the catalog, which has been compared. */
export interface CheckedDatabase extends Omit<AssessedDatabase, 'inspection'> {
  readonly inspection: Omit<Inspection, 'live' | 'ledger' | 'recorded' | 'otherLedgers'>
  readonly hasTables: boolean
}

type ReportedDatabase = Pick<CheckedDatabase, 'inspection' | 'assessment' | 'decision'>

/** What a serving process keeps; it remembers whether there was any table. */
export function withoutCatalog({ inspection, ...assessed }: AssessedDatabase): CheckedDatabase {
  const { live, ledger: _, recorded: __, otherLedgers: ___, ...kept } = inspection
  return {
    ...assessed,
    inspection: kept,
    hasTables: keysOf(live).some((key) => key.startsWith('table:')),
  }
}

/** Where progress is reported, and what asks to stop. */
export interface TaskControl {
  readonly report: ProgressReporter
  readonly signal?: AbortSignal
  /** Called once the server was asked for the catalog: until it answers, this process has nothing to do. */
  readonly onAsked?: (() => void) | undefined
}

/**
 * Connects and assesses, and waits for the database as configured. `loadSnapshot` runs once the database answers, because it
 * may take long. Where tables are locked, ends the session of a migrating process that is gone.
 * Throws SCHEMA_DATABASE_UNREACHABLE, SCHEMA_CATALOG_LOCKED, SCHEMA_INTERRUPTED.
 */
export function connectAndAssess(
  workspace: Workspace,
  control: TaskControl,
  loadSnapshot: () => Promise<Snapshot | null>,
): Promise<AssessedDatabase> {
  const endAbandoned = createAbandonedLockCheck(workspace.project.tableName)
  const whileLocked = async (client: pg.ClientBase): Promise<void> => {
    const holder = await endAbandoned(client)
    if (holder !== null) control.report({ event: 'abandoned lock ended', holder })
  }
  const options = { ...readRetryOptions(workspace, control), whileLocked }
  return readWithRetry(workspace.connection, options, async (client, deadline) => {
    const snapshot = await loadSnapshot()
    const loadLoaded = async (): Promise<Snapshot | null> => {
      control.onAsked?.()
      return snapshot
    }
    return withTimeout(client, deadline, () =>
      assessDatabase(client, workspace, loadLoaded, atStart(workspace)),
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
}

/** How a process that starts assesses. */
export function atStart({ config }: Workspace): AssessOptions {
  return { acceptsUnchanged: config.verify.atStart === 'auto' }
}

/** Inspects a database, compares it with what is promised, and decides. `loadSnapshot` runs while the server works. */
export async function assessDatabase(
  client: pg.ClientBase,
  workspace: Workspace,
  loadSnapshot: () => Promise<Snapshot | null>,
  { timeout = 0, acceptsUnchanged = false }: AssessOptions = {},
): Promise<AssessedDatabase> {
  const { scope } = workspace.config.verify
  let loading: Promise<Snapshot | null> | undefined
  const load = (): Promise<Snapshot | null> => (loading ??= loadSnapshot())
  const findPromise = async (): Promise<KnownPromise | null> => knownPromiseOf(await load(), scope)
  const [inspection, snapshot] = await Promise.all([
    inspect(client, { ...workspace, scope, timeout, ...(acceptsUnchanged ? { findPromise } : {}) }),
    load(),
  ])
  const { live, transient } = await leaveOutTransientIndexes(client, inspection)
  const promised = snapshot === null ? null : await snapshotForDatabase(client, snapshot, live)
  const assessment = await assessInspection(client, workspace, { ...inspection, live }, promised)
  return {
    snapshot: promised,
    inspection,
    assessment,
    decision: decide(assessment, workspace.config.policy),
    transient,
  }
}

/**
 * Compares an inspection with this build; the snapshot names extensions where this database has them. The server is asked
 * again only about differences in text.
 */
export async function assessInspection(
  client: pg.ClientBase,
  { migrations, project, config, snapshotFolders }: Workspace,
  inspection: Inspection,
  snapshot: Snapshot | null,
): Promise<Assessment> {
  const { recorded, live, major, identity, otherLedgers } = inspection
  const input = {
    build: migrations.map(({ revision }) => revision),
    recorded,
    ownership: { identity, expected: configuredOwner(config) },
    otherLedgers,
    live,
    snapshot,
    snapshotFolders,
    texts: sourceTextsOf(inspection.ledger, migrations, project.tableName, snapshot),
    scope: config.verify.scope,
  }
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

/** Reports what was verified and what was decided, and whether the process acts on it. */
export function reportOutcome(
  { inspection, assessment, decision }: ReportedDatabase,
  report: ProgressReporter,
  consequence: 'as decided' | 'goes on serving' = 'as decided',
): void {
  const { verification } = assessment
  if (verification.status === 'verified' && isOwnDatabase(assessment)) {
    const { findings, unpromised } = countUnpromisedSchemas(findingsOf(assessment))
    report({
      event: 'verified',
      compared: verification.compared,
      differences: findings.length,
      ignored: countIgnored(ignoredDifferencesOf(assessment)),
      unchangedSince: inspection.unchangedSince,
      ...(Object.keys(unpromised).length === 0 ? {} : { unpromised }),
    })
  }
  for (const text of notesOf(assessment)) report({ event: 'note', text })
  report({ event: 'decided', decision, consequence, lines: describeDecision(decision, assessment) })
}

/** Of a database that is not this build's, a comparison says nothing. */
function isOwnDatabase(assessment: Assessment): boolean {
  return wrongDatabaseReason(assessment) === null && assessment.history.position !== 'unmanaged'
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
