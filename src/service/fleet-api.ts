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

/** Opens the fleet API on the database of the service. It connects to the database at the first request. */
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
    // The pool closes idle connections before the socket timeout destroys them, which Knex would print to stdout.
    pool: { min: 0, max: 10, idleTimeoutMillis: socketTimeout / 2, afterCreate },
    acquireConnectionTimeout: socketTimeout,
    // Otherwise an error has the values of its statement in it, so that the log would have whole reports.
    compileSqlOnError: false,
  })
}

/** In milliseconds, longer than any query of the fleet takes. */
const socketTimeout = 5_000

/** Without this timeout, a network that drops every packet would hold connections and requests forever. */
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
        log.warn({ err }, 'The service could not store the report about itself in its own fleet.'),
      )
  })
}
