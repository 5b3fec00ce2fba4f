import { realpathSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import type { Config } from '../config/config.js'
import type { HealthTracker } from '../gate/health-state.js'
import { onHealthChange } from '../gate/on-health-change.js'
import type { Log } from '../logging/log.js'
import { toClientSettings } from '../postgres/connection/connect.js'
import { destroyClient } from '../postgres/connection/lifecycle.js'
import type { Workspace } from '../workspace.js'
import type { FleetRepository } from './fleet-repository.js'

export interface FleetDatabaseOptions {
  readonly config: Config
  readonly health: HealthTracker
  readonly log: Log
  readonly workspace: Workspace
}

export interface FleetDatabase {
  readonly repository: FleetRepository
  readonly close: () => Promise<void>
}

/**
 * The fleet API is served on this project's own database, recognised by its own migrations folder: null for any other.
 * Connects at the first request, not before.
 */
export async function openFleetDatabase(options: FleetDatabaseOptions): Promise<FleetDatabase | null> {
  const { project, connection } = options.workspace
  if (!project.directories.some(isOwnMigrationsFolder)) return null
  const [{ default: createKnex }, { createFleetRepository }] = await Promise.all([
    import('knex'),
    import('./fleet-repository.js'),
  ])
  const knex = createKnex({
    client: 'pg',
    connection: { ...toClientSettings(connection) },
    pool: { min: 0, max: 10, afterCreate },
    acquireConnectionTimeout: socketTimeout,
    // Else an error has the values of its statement in it, and so has the log: whole reports of others.
    compileSqlOnError: false,
  })
  const repository = createFleetRepository(knex)
  if (options.config.fleet.url === null) storeOwnReports(options, repository)
  return { repository, close: () => knex.destroy() }
}

/** In milliseconds. No query of the fleet takes so long. */
const socketTimeout = 5_000

/** Else a network that swallows everything would keep connections and requests for ever. */
function afterCreate(client: pg.Client, done: (error: null, client: pg.Client) => void): void {
  const late = Object.assign(new Error(`no answer within ${socketTimeout} ms`), { code: 'ETIMEDOUT' })
  const { stream } = client.connection
  if (stream instanceof Socket) stream.setTimeout(socketTimeout, () => destroyClient(client, late))
  done(null, client)
}

function isOwnMigrationsFolder(directory: string): boolean {
  return realpathSync(directory) === realpathSync(fileURLToPath(new URL('../../migrations', import.meta.url)))
}

function storeOwnReports({ config, health, log }: FleetDatabaseOptions, repository: FleetRepository): void {
  const { service, target: environment } = config
  const place = { service: service.name, environment, instance: service.instance }
  onHealthChange(health, (document) => {
    if (document.phase !== 'serving') return
    repository
      .addReport({ ...place, health: document })
      .catch((err: unknown) =>
        log.warn({ err }, 'the report of this service to its own fleet was not stored'),
      )
  })
}
