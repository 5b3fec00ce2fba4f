import { Socket } from 'node:net'
import createKnex, { type Knex } from 'knex'
import type pg from 'pg'
import type { Config } from '../config/config.js'
import type { HealthTracker } from '../gate/health-state.js'
import { onHealthChange } from '../gate/on-health-change.js'
import { errorMessage } from '../core/text/redact.js'
import type { Log } from '../logging/log.js'
import { type Connection, toClientSettings } from '../postgres/connection/connect.js'
import { destroyClient } from '../postgres/connection/lifecycle.js'
import type { Api, ApiContext } from './app.js'
import { createFleetRepository, type FleetRepository } from './fleet-repository.js'
import { fleetMaxParamLength, fleetRoutes } from './fleet-routes.js'

/** Opens the fleet API on the database of the service. It connects to the database at the first request. */
export async function openFleetApi({ config, health, log, connection }: ApiContext): Promise<Api> {
  const knex = connectLazily(connection, log)
  const repository = createFleetRepository(knex)
  if (config.fleet.url === null) storeOwnReports(config, health, log, repository)
  return {
    register: (app) => app.register(fleetRoutes, { repository, token: app.config.FLEET_TOKEN ?? null }),
    maxParamLength: fleetMaxParamLength,
    close: () => knex.destroy(),
  }
}

function connectLazily(connection: Connection, log: Log): Knex {
  return createKnex({
    client: 'pg',
    connection: async () => ({
      ...(await toClientSettings(connection)),
      expirationChecker: connection.driver?.hasExpired ?? (() => false),
    }),
    pool: { min: 0, max: 10, idleTimeoutMillis: idleTimeout, afterCreate },
    acquireConnectionTimeout: answerTimeout,
    // Otherwise an error has the values of its statement in it, so that the log would have whole reports.
    compileSqlOnError: false,
    log: knexLog(log),
  })
}

/** In milliseconds: a dashboard that asks every few seconds keeps its connection. */
const idleTimeout = 30_000

/** In milliseconds, longer than any query of the fleet takes. */
const answerTimeout = 5_000

/**
 * Without this timeout, a network that drops every packet would hold connections and requests forever. A connection that
 * waits for its next query is silent, too.
 */
function afterCreate(client: pg.Client, done: (error: null, client: pg.Client) => void): void {
  const late = Object.assign(new Error(`no answer within ${answerTimeout} ms`), { code: 'ETIMEDOUT' })
  const { stream } = client.connection
  const isIdle = (): boolean => 'readyForQuery' in client && client.readyForQuery === true
  if (stream instanceof Socket)
    stream.setTimeout(answerTimeout, () => {
      if (!isIdle()) destroyClient(client, late)
    })
  done(null, client)
}

/**
 * Knex would print lost connections to stdout, between the JSON lines of the log. The request that meets one is answered
 * with an error of its own, and the monitor reports a lost database.
 */
function knexLog(log: Log) {
  const debug = (message: unknown): void => log.debug({}, `Knex: ${errorMessage(message)}`)
  return { warn: debug, error: debug, deprecate: debug, debug }
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
