import { Socket } from 'node:net'
import createKnex, { type Knex } from 'knex'
import type pg from 'pg'
import type { Config } from '../config/config.js'
import type { HealthTracker } from '../gate/health-state.js'
import { onHealthChange } from '../gate/on-health-change.js'
import type { Log } from '../logging/log.js'
import { type Connection, toClientSettings } from '../postgres/connection/connect.js'
import { destroyClient } from '../postgres/connection/lifecycle.js'
import type { Api, ApiContext } from './app.js'
import { createFleetRepository, type FleetRepository } from './fleet-repository.js'
import { fleetMaxParamLength, fleetRoutes } from './fleet-routes.js'

/** The API of the fleet on the service's own database, which it connects to at the first request, not before. */
export async function openFleetApi({ config, health, log, connection }: ApiContext): Promise<Api> {
  const knex = connectLazily(connection)
  const repository = createFleetRepository(knex)
  if (config.fleet.url === null) storeOwnReports(config, health, log, repository)
  return {
    register: (app) => app.register(fleetRoutes, { repository, token: app.config.FLEET_TOKEN ?? null }),
    maxParamLength: fleetMaxParamLength,
    close: () => knex.destroy(),
  }
}

function connectLazily(connection: Connection): Knex {
  return createKnex({
    client: 'pg',
    connection: { ...toClientSettings(connection) },
    pool: { min: 0, max: 10, afterCreate },
    acquireConnectionTimeout: socketTimeout,
    // Else an error has the values of its statement in it, and so has the log: whole reports of others.
    compileSqlOnError: false,
  })
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

function storeOwnReports(
  { service, target }: Config,
  health: HealthTracker,
  log: Log,
  repository: FleetRepository,
): void {
  const identity = { service: service.name, environment: target, instance: service.instance }
  onHealthChange(health, (document) => {
    if (document.phase !== 'serving') return
    repository
      .addReport({ ...identity, health: document })
      .catch((err: unknown) =>
        log.warn({ err }, 'the report of this service to its own fleet was not stored'),
      )
  })
}
