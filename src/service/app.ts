import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Config } from '../config/config.js'
import type { HealthTracker } from '../gate/health-state.js'
import { schemaHealth } from '../http/plugin.js'
import { handleError, handleNotFound } from '../http/problem.js'
import { securityHeaders } from '../http/security-headers.js'
import { toPrintableJson } from '../core/text/printable.js'
import { answerNodeErrors, handleClientError } from './client-errors.js'
import type { ServiceLog } from '../logging/log.js'
import type { Connection } from '../postgres/connection/connect.js'
import { registerConfig } from './app-config.js'
import { closeConnections, defaultHttpTimeouts, type HttpTimeouts, timeoutOptions } from './http-timeouts.js'

/** What a service offers beside its health routes. */
export interface Api {
  readonly register: (app: FastifyInstance) => PromiseLike<unknown>
  /** The longest path parameter of its routes, in UTF-16 units. */
  readonly maxParamLength: number
  /** Releases what it holds, after the application has closed. */
  readonly close: () => Promise<void>
}

export interface ApiContext {
  readonly config: Config
  readonly health: HealthTracker
  readonly log: ServiceLog
  /** Connects as the role that serves. */
  readonly connection: Connection
}

type OpenApi = (context: ApiContext) => Promise<Api>

/** Without these, Fastify loads Ajv and fast-json-stringify, a tenth of the work of a start. An API that validates sets its own. */
const compilersFactory = {
  buildValidator: () => (): never => {
    throw new Error('A route of this application validates by a schema, but no compiler was set for it.')
  },
  buildSerializer: () => () => JSON.stringify,
} as const

/** Loads what opens an API, while the gate is at work. */
export type LoadApi = () => Promise<OpenApi>

/** Builds the application: health routes, and the routes of the API. It does not listen, so that tests can use `inject`. */
export async function buildApp(
  config: Config,
  health: HealthTracker,
  log: ServiceLog,
  { api = null, timeouts = defaultHttpTimeouts }: { api?: Api | null; timeouts?: HttpTimeouts } = {},
): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: atLeastWarn(log.level) })
  const app = Fastify({
    loggerInstance,
    routerOptions: api === null ? {} : { maxParamLength: api.maxParamLength },
    frameworkErrors: handleError,
    clientErrorHandler: handleClientError,
    schemaController: { compilersFactory },
    ...timeoutOptions(timeouts),
  })
  closeConnections(app, timeouts)
  answerNodeErrors(app)
  // Hooks with a callback answer in the same turn, before what follows in the same packet is found to be no HTTP.
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers(securityHeaders)
    done()
  })
  app.addHook('onSend', (_, reply, payload, done) => {
    const isText = typeof payload === 'string' && isJson(reply.getHeader('content-type'))
    done(null, isText ? toPrintableJson(payload) : payload)
  })
  app.setErrorHandler(handleError)
  app.setNotFoundHandler(handleNotFound)
  await registerConfig(app, config.settings, config.root)
  const { HEALTH_TOKEN: token = null, HEALTH_DETAILS: details } = app.config
  await app.register(schemaHealth, { gate: { health }, token, details })
  await api?.register(app)
  return app
}

function isJson(contentType: unknown): boolean {
  return typeof contentType === 'string' && /^application\/(?:\S+\+)?json/.test(contentType)
}

/** Fastify logs each request at `info`. A service behind probes and a router would log little else. */
function atLeastWarn(level: string): string {
  return ['info', 'debug', 'trace'].includes(level) ? 'warn' : level
}
