import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Config } from '../config/config.js'
import type { HealthTracker } from '../gate/health-state.js'
import { schemaHealth } from '../http/plugin.js'
import { handleError, handleNotFound } from '../http/problem.js'
import type { Log } from '../logging/log.js'
import { registerConfig } from './app-config.js'
import type { FleetRepository } from './fleet-repository.js'
import { closeConnections, timeoutOptions, type HttpTimeouts, defaultHttpTimeouts } from './http-timeouts.js'

export interface AppOptions {
  readonly config: Config
  readonly health: HealthTracker
  readonly log: Log
  /** The fleet's tables, null where this process guards another project's database: then it serves health only. */
  readonly fleet: FleetRepository | null
  /** Default: those of a service. */
  readonly timeouts?: HttpTimeouts
}

/** Builds the application; it does not listen, so that tests use `inject`. */
export async function buildApp({
  config,
  health,
  log,
  fleet,
  timeouts = defaultHttpTimeouts,
}: AppOptions): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: atLeastWarn(log.level) })
  // Loaded only where it is served: its schemas are most of what a start would load.
  const api = fleet === null ? null : { repository: fleet, ...(await import('./fleet-routes.js')) }
  const app = Fastify({
    loggerInstance,
    routerOptions: api === null ? {} : { maxParamLength: api.fleetMaxParamLength },
    frameworkErrors: handleError,
    ...timeoutOptions(timeouts),
  })
  closeConnections(app, timeouts)
  app.setErrorHandler(handleError)
  app.setNotFoundHandler(handleNotFound)
  await registerConfig(app, config.settings, config.root)
  const { HEALTH_TOKEN: token = null, HEALTH_DETAILS: details, FLEET_TOKEN: fleetToken = null } = app.config
  await app.register(schemaHealth, { gate: { health }, token, details })
  if (api !== null) await app.register(api.fleetRoutes, { repository: api.repository, token: fleetToken })
  return app
}

/** Requests are counted by whoever routes them; a line for each would drown the story. */
function atLeastWarn(level: string): string {
  return ['info', 'debug', 'trace'].includes(level) ? 'warn' : level
}
