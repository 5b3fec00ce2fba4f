import type { ObservedStatements } from '../core/model/observed-statements.js'
import type { Progress, ProgressReporter } from '../core/progress/events.js'
import { causesOf } from '../core/text/causes.js'
import { errorMessage } from '../core/text/redact.js'
import { addressOf, describeAddress } from '../postgres/connection/address.js'
import type { Connection } from '../postgres/connection/connect.js'
import { hasSqlState, sqlState } from '../postgres/connection/sqlstate.js'
import { variablesFor, withVariables } from '../postgres/scratch/environment.js'
import { createSchemas } from '../postgres/scratch/prelude.js'
import { type RunInScratch, withRedirectedConnections } from '../postgres/scratch/redirect-connections.js'
import type { Scratch } from '../postgres/scratch/scratch.js'
import { withServerObjectsRemoved } from '../postgres/scratch/server-objects.js'
import { createRole, dropRole, missingRoleOf } from '../postgres/scratch/server-roles.js'
import type { UncommittedRevision } from '../postgres/verify/check-revision.js'
import type { KnexProject } from '../project/knex-project.js'

/** One replay of a folder, in a database of its own. */
export interface ReplayAttempt {
  readonly connection: Connection
  readonly report: ProgressReporter
  /** To be called for each revision before its commit. */
  readonly watch: (revision: UncommittedRevision, wroteServerObjects: boolean | null) => Promise<void>
  /** Runs code of the migrations: their own connections lead to the scratch database too. */
  readonly run: RunInScratch
  /** Whether they have opened one: what it does, the session of a revision does not see. */
  readonly hasConnected: () => boolean
}

/** Replays a folder, again from the start where it turns out that the scratch database has to be prepared differently. */
export type RunReplay = <T>(replayOnce: (attempt: ReplayAttempt) => Promise<T>) => Promise<T>

interface ReplayPlace {
  readonly scratch: Scratch
  readonly project: KnexProject
  /** The schemas that are there before the first revision, unless a migration creates them. */
  readonly serviceSchemas: readonly string[]
  readonly report: ProgressReporter
}

/** What migrations find in their database and on its server. */
interface Provisions {
  /** Schemas that the service creates before it migrates: no migration does. */
  readonly schemas: Set<string>
  /** Roles that migrations only name. */
  readonly roles: Set<string>
  /** The addresses that were reported. */
  readonly redirected: Set<string>
}

/**
 * Runs `use`, which replays a folder once or more. What the migrations make outside their database is taken away after each
 * replay, and the roles that were made for them after the last.
 */
export async function withReplays<T>(place: ReplayPlace, use: (run: RunReplay) => Promise<T>): Promise<T> {
  const provisions = {
    schemas: new Set(place.serviceSchemas),
    roles: new Set<string>(),
    redirected: new Set<string>(),
  }
  const { scratch, report } = place
  try {
    return await use(async (replayOnce) => {
      for (;;) {
        const done = await tryReplay(place, provisions, replayOnce)
        if (done !== null) return done.result
      }
    })
  } finally {
    for (const role of provisions.roles)
      await dropRole(scratch.server, role).catch((error: unknown) =>
        reportLeft(report)(`role ${role}`, error),
      )
  }
}

/** Null where it is to be tried again. What was noticed is reported of the last attempt. */
async function tryReplay<T>(
  { scratch, project, report }: ReplayPlace,
  provisions: Provisions,
  replayOnce: (attempt: ReplayAttempt) => Promise<T>,
): Promise<{ readonly result: T } | null> {
  const held: Progress[] = []
  const hold = (progress: Progress): void =>
    progress.event === 'notice' ? void held.push(progress) : report(progress)
  try {
    const result = await withServerObjectsRemoved({ ...scratch, onLeft: reportLeft(report) }, (note) =>
      scratch.withDatabase(async (connection) => {
        await createSchemas(connection, [...provisions.schemas])
        const watch: ReplayAttempt['watch'] = async (
          { client, transactional, observed },
          wroteServerObjects,
        ) => {
          await note(client, transactional, wroteServerObjects)
          refuseSkippedSchema(observed, provisions)
        }
        let hasConnected = false
        const onConnect = (address: string): void => {
          hasConnected = true
          if (address === describeAddress(addressOf(connection)) || provisions.redirected.has(address)) return
          report({ event: 'connection redirected', address })
          provisions.redirected.add(address)
        }
        const [folder = '.'] = project.directories
        return withVariables(variablesFor(connection), () =>
          withRedirectedConnections({ connection, folder, onConnect }, (run) =>
            replayOnce({ connection, report: hold, watch, run, hasConnected: () => hasConnected }),
          ),
        )
      }),
    )
    held.forEach(report)
    return { result }
  } catch (error) {
    if (await provide(error, scratch, provisions, report)) return null
    held.forEach(report)
    throw error
  }
}

/** A schema that a migration creates if it is not there belongs to that migration. */
function refuseSkippedSchema({ notices }: ObservedStatements, { schemas }: Provisions): void {
  const { duplicateSchema } = sqlState
  const skipped = notices.find(
    ({ sqlstate, message }) =>
      sqlstate === duplicateSchema && [...schemas].some((name) => message.includes(name)),
  )
  if (skipped !== undefined) throw Object.assign(new Error(skipped.message), { code: duplicateSchema })
}

/** Prepares the next attempt differently; false where nothing else can be prepared. */
async function provide(
  error: unknown,
  { server, isEmbedded }: Scratch,
  { schemas, roles }: Provisions,
  report: ProgressReporter,
): Promise<boolean> {
  const causes = causesOf(error)
  const duplicate = causes.find((cause) => hasSqlState(cause, sqlState.duplicateSchema))
  const created = [...schemas].filter((name) => duplicate?.message.includes(name))
  for (const name of created) schemas.delete(name)
  const role = causes.map(missingRoleOf).find((name) => name !== null)
  if (!isEmbedded || role === undefined || role === null || roles.has(role)) return created.length > 0
  await createRole(server, role)
  roles.add(role)
  report({ event: 'scratch role made', role })
  return true
}

function reportLeft(report: ProgressReporter): (name: string, error: unknown) => void {
  return (name, error) => report({ event: 'scratch leftover', name, reason: errorMessage(error) })
}
