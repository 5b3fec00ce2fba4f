import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Config } from '../config/config.js'
import type { HealthTracker } from '../gate/health-state.js'
import { schemaHealth } from '../http/plugin.js'
import { handleError, handleNotFound } from '../http/problem.js'
import type { Log } from '../logging/log.js'
import type { Connection } from '../postgres/connection/connect.js'
import { registerConfig } from './app-config.js'
import { closeConnections, timeoutOptions, defaultHttpTimeouts } from './http-timeouts.js'

/** What a service offers beside its health routes. */
export interface Api {
  readonly register: (app: FastifyInstance) => PromiseLike<unknown>
  /** The longest path parameter of its routes, in UTF-16 units. */
  readonly maxParamLength: number
  /** Releases what it holds. To be called after the application is closed. */
  readonly close: () => Promise<void>
}

export interface ApiContext {
  readonly config: Config
  readonly health: HealthTracker
  readonly log: Log
  /** Connects as the role that serves. */
  readonly connection: Connection
}

export type OpenApi = (context: ApiContext) => Promise<Api>

/** Builds the application with the health routes, and the routes of an API; it does not listen, so that tests use `inject`. */
export async function buildApp(
  config: Config,
  health: HealthTracker,
  log: Log,
  {
    api = null,
    timeouts = defaultHttpTimeouts,
  }: { api?: Api | null; timeouts?: typeof defaultHttpTimeouts } = {},
): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: atLeastWarn(log.level) })
  const app = Fastify({
    loggerInstance,
    routerOptions: api === null ? {} : { maxParamLength: api.maxParamLength },
    frameworkErrors: handleError,
    ...timeoutOptions(timeouts),
  })
  closeConnections(app, timeouts)
  app.setErrorHandler(handleError)
  app.setNotFoundHandler(handleNotFound)
  await registerConfig(app, config.settings, config.root)
  const { HEALTH_TOKEN: token = null, HEALTH_DETAILS: details } = app.config
  await app.register(schemaHealth, { gate: { health }, token, details })
  await api?.register(app)
  return app
}

/** Requests are counted by whoever routes them; a line for each would drown the story. */
function atLeastWarn(level: string): string {
  return ['info', 'debug', 'trace'].includes(level) ? 'warn' : level
}
