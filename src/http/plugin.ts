import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { Health } from '../gate/health-state.js'
import { guardRoutes } from './guard.js'
import { registerHealthRoutes } from './health-routes.js'

export interface SchemaHealthOptions {
  /** What `openGate` returned. */
  readonly gate: { readonly health: Health; readonly close?: () => Promise<void> }
  /** The bearer token that shows object names, definitions and the database's address. Default: none shows them. */
  readonly token?: string | null
  /** `always` shows them to everybody, for development. Default `token`. */
  readonly details?: 'token' | 'always'
}

const plugin: FastifyPluginAsync<SchemaHealthOptions> = async (
  app,
  { gate, token = null, details = 'token' },
) => {
  const options = { health: gate.health, token, details }
  guardRoutes(app, options)
  registerHealthRoutes(app, options)
  app.addHook('onClose', async () => gate.close?.())
}

/**
 * The Fastify plugin: `/health/live`, `/health/startup`, `/health/ready`, `/health/schema` from the gate's memory, and the
 * gate closed with the application. While a gate of REFUSE_BY=unready refuses, every other route of the instance it is
 * registered on answers 503. It reports; it never migrates.
 */
export const schemaHealth = fp(plugin, { name: 'schemagate', fastify: '5.x' })
