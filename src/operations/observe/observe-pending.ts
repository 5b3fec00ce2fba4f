import type { Snapshot } from '../../core/model/snapshot.js'
import { toError } from '../../core/text/redact.js'
import { insertSampleRows } from '../../postgres/proof/sample-rows.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { buildFromSnapshot } from '../../snapshot/append.js'
import { withReplays } from '../../snapshot/replay-attempts.js'
import { serviceSchemasIn } from '../../snapshot/service-schemas.js'
import type { FailedRevision, Observation, PendingObservation, StartKind } from './observation.js'
import { createObservationLog, type ObserveOptions, observeRevisions } from './observe-revisions.js'
import { tablesForRows } from './tables-for-rows.js'

const startKinds: readonly StartKind[] = ['snapshot with rows', 'snapshot', 'migrations']

/** @property snapshot that of the applied revisions; null where there is none */
export interface PendingOptions extends ObserveOptions {
  readonly snapshot: Snapshot | null
}

/**
 * Runs the pending migrations in a scratch database that is built from the snapshot, with a few rows in each table. Where one
 * fails on these rows, it is run without them; where it needs what earlier migrations write, after these.
 * Throws what a replay throws before the first pending revision.
 */
export async function observePending(options: PendingOptions): Promise<PendingObservation> {
  let failedOnRows: FailedRevision | null = null
  let last: Observation | null = null
  for (const start of startKinds) {
    const observed = await tryStart(start, options)
    if (observed === null) continue
    if (observed.failed === null) return { ...observed, start, failedOnRows }
    // What fails without these rows, too, needs others: those of the migrations.
    failedOnRows = start === 'snapshot with rows' ? observed.failed : null
    // What fails further on says more of the pending revisions.
    if (last === null || observed.revisions.length >= last.revisions.length) last = observed
  }
  if (last === null) throw new Error('the pending revisions could not be run in a scratch database')
  return { ...last, start: 'migrations', failedOnRows: null }
}

/** Null where the database cannot be brought to where the pending revisions begin in this way. */
async function tryStart(start: StartKind, options: PendingOptions): Promise<Observation | null> {
  const { snapshot, scratch, project, report, signal } = options
  if (start !== 'migrations' && snapshot === null) return null
  const place = {
    scratch,
    project,
    serviceSchemas: snapshot === null ? [] : serviceSchemasIn(snapshot, project),
    report,
  }
  let log = createObservationLog()
  let hasConnected = false
  const observed = (failed: FailedRevision | null): Observation => ({ ...log, failed, hasConnected })
  try {
    await withReplays(place, (run) =>
      run(async (attempt) => {
        log = createObservationLog()
        await observeRevisions(attempt, options, log, (connection) => prepare(start, connection, options))
        hasConnected = attempt.hasConnected()
      }),
    )
    return observed(null)
  } catch (error) {
    if (signal?.aborted === true) throw error
    const { running } = log
    if (running === null || !options.pending.has(running.revision)) {
      if (start === 'migrations') throw error
      return null
    }
    return observed({ ...running, error: toError(error) })
  }
}

async function prepare(start: StartKind, connection: Connection, options: PendingOptions): Promise<void> {
  const { snapshot, project } = options
  if (start === 'migrations' || snapshot === null) return
  await buildFromSnapshot(snapshot, connection, options)
  if (start === 'snapshot') return
  await withClient(connection, async (client) => {
    await client.query('begin')
    await insertSampleRows(client, tablesForRows(project))
    await client.query('commit')
  })
}
