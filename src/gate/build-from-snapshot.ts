import type { Config } from '../config/config.js'
import { describeRowWriter, findRowWriters, type RowWriter } from '../core/history/written-rows.js'
import { revisionsOf, type Snapshot } from '../core/model/snapshot.js'
import { SchemaError } from '../errors/schema-error.js'
import { buildDatabase } from '../postgres/build/build-database.js'
import { buildPlanOf } from '../postgres/build/build-plan.js'
import { askRows, warnThrough } from '../postgres/rows/ask-rows.js'
import { loadRowPromises, type RowPromise } from '../postgres/rows/row-promises.js'
import { type OpenAnswer, saidBy } from '../postgres/rows/rows-error.js'
import type { MigrateOptions } from '../postgres/session/migrate-options.js'
import type { KnexSession } from '../postgres/session/sessions.js'
import type { Migration } from '../project/migration-files.js'
import { staleSnapshotError } from '../snapshot/usable.js'
import type { Workspace } from '../workspace.js'

/** What was built of an empty database. */
export interface BuiltDatabase {
  /** The revisions that were recorded. */
  readonly revisions: readonly string[]
  /** Those of them that write rows, which are missing. */
  readonly rows: readonly RowWriter[]
  /** Those whose `verify` says that no row is missing. */
  readonly rowsVerified: readonly string[]
  readonly statements: number
}

/**
 * Builds an empty database at head straight from the snapshot, in one transaction that is verified before its commit, and
 * records every revision. Null, and nothing is done, where revisions are recorded. Throws SCHEMA_INIT_REFUSED,
 * SCHEMA_NOT_EMPTY, SCHEMA_PROMISE_BROKEN, SCHEMA_ROWS_UNTRUE.
 */
export async function buildAtHead(
  workspace: Workspace,
  snapshot: Snapshot,
  options: MigrateOptions,
): Promise<BuiltDatabase | null> {
  let statements = 0
  const revisions = revisionsOf(snapshot)
  const writers = findRowWriters(snapshot, revisions)
  const promises = await loadRowPromises(migrationsOf(workspace, writers))
  const plan = {
    ...buildPlanOf(snapshot, (planned) => {
      statements = planned
    }),
    beforeRecord: (session: KnexSession) => requireNoRows(promises, session, workspace, options),
  }
  if (!(await buildDatabase(options, plan))) return null
  const rowsVerified = promises.map(({ revision }) => revision)
  const rows = writers.filter(({ revision }) => !rowsVerified.includes(revision))
  return { revisions, rows, rowsVerified, statements }
}

/** Does so for a gate whose BUILD_FROM says it, and reports it. Throws SCHEMA_SNAPSHOT_STALE without a snapshot. */
export async function buildBeforeServing(
  workspace: Workspace,
  snapshot: Snapshot | null,
  options: MigrateOptions,
): Promise<void> {
  if (snapshot === null) throw staleSnapshotError(workspace, [])
  const { report } = options
  const started = performance.now()
  const built = await buildAtHead(workspace, snapshot, options)
  if (built === null) return
  const { statements, revisions, rows } = built
  const duration = performance.now() - started
  report({ event: 'built', source: 'snapshot', statements, revisions: revisions.length, duration })
  for (const writer of rows)
    report({
      event: 'note',
      text: `the rows that a migration writes are missing: ${describeRowWriter(writer)}`,
    })
}

function migrationsOf({ migrations }: Workspace, writers: readonly RowWriter[]): readonly Migration[] {
  const names = new Set(writers.map(({ revision }) => revision))
  return migrations.filter(({ revision }) => names.has(revision))
}

/** Throws SCHEMA_ROWS_UNTRUE where a revision promises rows that a database without any lacks. */
async function requireNoRows(
  promises: readonly RowPromise[],
  { client, knex, settings }: KnexSession,
  { config }: Workspace,
  { report }: MigrateOptions,
): Promise<void> {
  const place = { client, knex, restore: settings.restore, warn: warnThrough(report) }
  for (const promise of promises) {
    const answer = await askRows(promise, place, 'savepoint')
    if (answer.status !== 'true') throw missingRowsError(answer, config)
  }
}

function missingRowsError(answer: OpenAnswer, { buildFrom }: Config): SchemaError {
  const { revision } = answer
  return new SchemaError('SCHEMA_ROWS_UNTRUE', {
    what: `${revision} promises rows, and a database that is built from the snapshot has none. Its transaction was rolled back: nothing was built.`,
    facts: [
      ['revision', revision],
      ['verify', saidBy(answer)],
    ],
    choices: [
      [
        buildFrom.kind === 'snapshot' ? 'BUILD_FROM=migrations' : 'schemagate migrate',
        'runs the migrations, which write them',
      ],
    ],
  })
}
