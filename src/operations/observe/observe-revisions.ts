import type { Connection } from '../../postgres/connection/connect.js'
import { transactionStatusOf } from '../../postgres/connection/transaction-status.js'
import { readSessionFacts } from '../../postgres/observe/session-facts.js'
import { recordStatements } from '../../postgres/observe/record-statements.js'
import type { StatementRecord } from '../../postgres/observe/statement-runner.js'
import type { PlannedCheck, RevisionCheck } from '../../postgres/verify/check-revision.js'
import type { Migration } from '../../project/migration-files.js'
import type { ReplayAttempt } from '../../snapshot/replay-attempts.js'
import { applyMigrations } from '../../snapshot/replay.js'
import type { ReplayedFolder } from '../../snapshot/replay-options.js'
import { createReplayReader } from '../../snapshot/replay-reads.js'
import { reportLongRuns } from '../../snapshot/replay-reports.js'
import { type DesignRuleName, readDesignMatches } from './design-rules.js'
import { type EnumLabel, findRenamedLabels, readEnumLabels } from '../../postgres/observe/enum-labels.js'
import { type NewConstraint, readConstraints } from './new-constraints.js'
import type { ObservedDown, ObservedRevision } from './observation.js'
import type { RuleMatch } from './rule.js'
import { tryDown } from './try-down.js'

export interface ObserveOptions extends ReplayedFolder {
  readonly pending: ReadonlySet<string>
  /** How long a statement of a revision in a transaction waits for a lock, in milliseconds; 0 is without end. */
  readonly lockTimeout: number
}

interface RunningRevision {
  readonly revision: string
  readonly statements: StatementRecord[]
  down: ObservedDown
}

/** What is collected while the revisions run, and is left of them where one fails. */
export interface ObservationLog {
  relations: readonly string[]
  /** The oids of the constraints so far; null before the first of the pending revisions. */
  constraints: ReadonlySet<string> | null
  /** Those of enums, as they are called so far. */
  labels: readonly EnumLabel[]
  /** The keys of what did not follow a rule so far. */
  design: ReadonlySet<string>
  readonly revisions: ObservedRevision[]
  running: RunningRevision | null
  major: number
}

export function createObservationLog(): ObservationLog {
  return {
    relations: [],
    constraints: null,
    labels: [],
    design: new Set(),
    revisions: [],
    running: null,
    major: 0,
  }
}

/**
 * Runs the pending migrations in a scratch database, each in its transaction or in none, and collects in `log` what each
 * statement did. Throws what a replay throws.
 *
 * @param prepare makes the database what it is before them
 */
export async function observeRevisions(
  attempt: ReplayAttempt,
  options: ObserveOptions,
  log: ObservationLog,
  prepare: (connection: Connection) => Promise<void>,
): Promise<void> {
  const { project, migrations, pending } = options
  await prepare(attempt.connection)
  const reader = await createReplayReader(attempt, project, 'whole')
  let client: Client | null = null
  const check: PlannedCheck['check'] = async (uncommitted) => {
    await attempt.watch(uncommitted, null)
    const before = { ...reader.catalog() }
    await reader.note(uncommitted, null)
    await reader.read(uncommitted)
    const { revision, transactional, major } = uncommitted
    const { statements, down } = log.running ?? { statements: [], down: 'unknown' }
    log.running = null
    if (!pending.has(revision)) return
    const constraints = await findNewConstraints(uncommitted.client, log)
    const design = await findNewMatches(uncommitted.client, log)
    const labels = await readEnumLabels(uncommitted.client)
    const renamedLabels = findRenamedLabels(log.labels, labels)
    log.labels = labels
    const after = { ...reader.catalog() }
    const found = { constraints, renamedLabels, design, down }
    log.revisions.push({ revision, transactional, statements, before, after, ...found })
    log.major = major
  }
  const planCheck: RevisionCheck = (revision, session) => {
    client = session
    log.running = { revision, statements: [], down: 'unknown' }
    return { compose: () => null, check }
  }
  const observed = migrations.map((migration) =>
    pending.has(migration.revision)
      ? observedBy(migration, { clientOf: () => client, lockTimeout: options.lockTimeout }, log)
      : migration,
  )
  const report = reportLongRuns(attempt.report)
  await applyMigrations(attempt, { ...options, migrations: observed, report }, planCheck)
}

type Client = Parameters<RevisionCheck>[1]

/** A migration whose statements are recorded. */
function observedBy(
  migration: Migration,
  { clientOf, lockTimeout }: { readonly clientOf: () => Client | null; readonly lockTimeout: number },
  log: ObservationLog,
): Migration {
  return {
    ...migration,
    load: async () => {
      const loaded = await migration.load()
      return {
        ...loaded,
        up: async (knex) => {
          const run = async (): Promise<void> => void (await loaded.up(knex))
          const client = clientOf()
          if (client === null) return run()
          await readStart(client, log)
          // As a revision in a transaction begins where it is applied.
          if (transactionStatusOf(client) === 'T')
            await client.query(`set local lock_timeout = '${lockTimeout}ms'`)
          return recordStatements(client, knex, run, (statement) => log.running?.statements.push(statement))
        },
        after: async (knex) => {
          await loaded.after(knex)
          const client = clientOf()
          if (client !== null && log.running !== null)
            log.running.down = await tryDown(loaded, knex, {
              client,
              wrote: log.running.statements.length > 0,
            })
        },
      }
    },
  }
}

/** What is there before the first of the pending revisions. */
async function readStart(client: Client, log: ObservationLog): Promise<void> {
  if (log.constraints !== null) return
  const { relations } = await readSessionFacts(client)
  log.relations = [...relations.values()].map(({ name }) => name)
  log.constraints = new Set((await readConstraints(client)).map(({ oid }) => oid))
  log.labels = await readEnumLabels(client)
  log.design = new Set((await readDesignMatches(client)).map(({ key }) => key))
}

async function findNewConstraints(client: Client, log: ObservationLog): Promise<readonly NewConstraint[]> {
  const found = await readConstraints(client)
  const known = log.constraints ?? new Set()
  log.constraints = new Set(found.map(({ oid }) => oid))
  return found.filter(({ oid }) => !known.has(oid))
}

async function findNewMatches(
  client: Client,
  log: ObservationLog,
): Promise<readonly RuleMatch<DesignRuleName>[]> {
  const found = await readDesignMatches(client)
  const earlier = log.design
  log.design = new Set(found.map(({ key }) => key))
  return found.filter(({ key }) => !earlier.has(key)).map(({ rule, what }) => ({ rule, what }))
}
