import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Health } from '../gate/health-state.js'
import { hasBearerToken } from './bearer.js'
import { guardRoutes } from './guard.js'
import { registerHealthRoutes } from './health-routes.js'

export interface SchemaHealthOptions {
  /** What `openGate` returned. */
  readonly gate: { readonly health: Health; readonly close?: () => Promise<void> }
  /** The bearer token that shows object names, definitions and the database's address. Default: none shows them. */
  readonly token?: string | null
  /** `always` shows them to everyone, for development. Default `token`. */
  readonly details?: 'token' | 'always'
}

const plugin: FastifyPluginAsync<SchemaHealthOptions> = async (
  app,
  { gate, token = null, details = 'token' },
) => {
  const { view } = gate.health
  const detailFor = ({ headers }: FastifyRequest) =>
    details === 'always' || hasBearerToken(headers.authorization, token) ? 'full' : 'public'
  guardRoutes(app, view, detailFor)
  registerHealthRoutes(app, view, detailFor)
  app.addHook('onClose', async () => gate.close?.())
}

/**
 * The Fastify plugin. Serves `/health/live`, `/health/startup`, `/health/ready` and `/health/schema` from the memory of the
 * gate, and closes the gate with the application. While a gate with REFUSE_BY=unready refuses, every other route of the
 * instance answers 503. The plugin reports; it never migrates.
 */
export const schemaHealth = fp(plugin, { name: 'schemagate', fastify: '5.x' })
