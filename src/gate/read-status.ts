import type pg from 'pg'
import { decide } from '../core/history/decision.js'
import type { Verification } from '../core/history/verification.js'
import type { StaleRevision } from '../core/model/snapshot-staleness.js'
import { once } from '../core/text/once.js'
import { withTimeout } from '../postgres/connection/lifecycle.js'
import {
  isHalfApplied,
  isInterrupted,
  readUnfinishedRevisions,
  type UnfinishedRevision,
} from '../postgres/verify/unfinished-revisions.js'
import { type BuildPromise, digestOf } from '../snapshot/build-promise.js'
import { findSnapshot } from '../snapshot/find.js'
import { usableSnapshot } from '../snapshot/usable.js'
import type { Workspace } from '../workspace.js'
import {
  type AssessedDatabase,
  assessDatabase,
  type AssessOptions,
  connectAndRead,
  type TaskControl,
} from './assess.js'

/** An assessed database as `status`, `verify` and `check` show it. */
export interface DatabaseStatus extends AssessedDatabase {
  /** Why the snapshot could not be used, empty where it could. */
  readonly stale: readonly StaleRevision[]
  /** Pending revisions that began and did not end, or left something behind. */
  readonly unfinished: readonly UnfinishedRevision[]
}

/** Reads and assesses a database. Changes nothing, and makes no snapshot. Throws what `connectAndAssess` throws. */
export function readDatabaseStatus(
  workspace: Workspace,
  control: TaskControl,
  options: AssessOptions = {},
): Promise<DatabaseStatus> {
  return connectAndRead(workspace, control, async (client, deadline) => {
    const models = await findModels(workspace)
    return withTimeout(client, deadline, async () => {
      const { promise, findStale } = models ?? (await findCommitted(workspace))
      const assessed = await assessDatabase(client, workspace, promise, options)
      const stale = assessed.live === null ? [] : findStale()
      const unfinished = await findUnfinished(client, workspace, assessed)
      return {
        ...(stale.length === 0 ? assessed : withoutVerification(assessed, workspace)),
        stale,
        unfinished,
      }
    })
  })
}

/** What is promised, and why the file of it cannot be used. */
interface FoundPromise {
  readonly promise: BuildPromise
  readonly findStale: () => readonly StaleRevision[]
}

async function findCommitted(workspace: Workspace): Promise<FoundPromise> {
  const found = await findSnapshot(workspace)
  const usable = once(() => usableSnapshot(found))
  const promise = { digest: digestOf(found, workspace), load: async () => usable().snapshot }
  return { promise, findStale: () => usable().stale }
}

/** Null where the database is not built from models. They are built in a scratch database, which may take long. */
async function findModels(workspace: Workspace): Promise<FoundPromise | null> {
  const { buildFrom } = workspace.config
  if (buildFrom.kind !== 'models') return null
  const { promiseOfModels } = await import('../operations/models/read-models.js')
  return { promise: await promiseOfModels(workspace, buildFrom.source), findStale: () => [] }
}

const unverifiedByStaleSnapshot: Verification = {
  status: 'unverified',
  why: 'the snapshot was not made from these migrations',
}

function withoutVerification(assessed: AssessedDatabase, { config }: Workspace): AssessedDatabase {
  const assessment = { ...assessed.assessment, verification: unverifiedByStaleSnapshot }
  return { ...assessed, assessment, decision: decide(assessment, config.policy) }
}

async function findUnfinished(
  client: pg.ClientBase,
  { migrations, config }: Workspace,
  { snapshot, inspection, live, assessment }: AssessedDatabase,
): Promise<readonly UnfinishedRevision[]> {
  const { pending } = assessment.history
  if (live === null || pending.length === 0) return []
  const begun = migrations.filter(
    ({ revision }) => pending.includes(revision) && inspection.ledger?.last.has(revision) === true,
  )
  const scope = { ...config.verify.scope, comments: false, grants: false }
  const revisions = await readUnfinishedRevisions(client, begun, {
    snapshot,
    inspection: { ...inspection, live },
    scope,
  })
  return revisions.filter((each) => isInterrupted(each) || isHalfApplied(each))
}
