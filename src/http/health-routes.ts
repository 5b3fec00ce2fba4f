import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DetailLevel } from '../core/progress/process-health.js'
import type { HealthView } from '../gate/health-state.js'
import { healthPaths, healthRetryAfter } from './health-paths.js'
import { documentSchema, probeSchema } from './health-schemas.js'
import { prefersHtml } from './accept.js'
import { renderHealthPage } from './page.js'
import { securityHeaders } from './security-headers.js'

const healthJsonType = 'application/health+json; charset=utf-8'

/**
 * The HEAD routes do not depend on the `exposeHeadRoutes` of the application. The answers are sent as text: Fastify would
 * compile a serializer for each schema.
 */
const silentRoute = {
  logLevel: 'silent',
  exposeHeadRoute: true,
  serializerCompiler: () => JSON.stringify,
} as const

/** Registers the four health routes; every answer comes from memory. */
export function registerHealthRoutes(
  app: FastifyInstance,
  view: () => HealthView,
  detailFor: (request: FastifyRequest) => DetailLevel,
): void {
  const probe = { ...silentRoute, schema: { response: { 200: probeSchema, 503: probeSchema } } }
  const schema = { ...silentRoute, schema: { response: { 200: documentSchema, 503: documentSchema } } }
  app.get(healthPaths.live, probe, (_, reply) => sendProbe(reply, view(), true))
  app.get(healthPaths.startup, probe, (_, reply) => sendProbe(reply, view(), view().started))
  app.get(healthPaths.ready, probe, (_, reply) => sendProbe(reply, view(), view().ready))
  app.get(healthPaths.schema, schema, (request, reply) =>
    sendHealthDocument(request, reply, view(), detailFor(request)),
  )
}

function sendProbe(reply: FastifyReply, view: HealthView, passes: boolean): FastifyReply {
  const { phase } = view.documents.public
  const text = JSON.stringify({ status: passes ? 'pass' : 'fail', phase })
  return setStatus(reply, passes).type(healthJsonType).send(text)
}

function sendHealthDocument(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  view: HealthView,
  detail: DetailLevel,
): FastifyReply {
  setStatus(reply, view.status !== 'fail').header('vary', 'accept, authorization')
  return prefersHtml(headers.accept)
    ? reply.type('text/html; charset=utf-8').send(renderHealthPage(view.documents[detail]))
    : reply.type(healthJsonType).send(view.texts[detail])
}

function setStatus(reply: FastifyReply, passes: boolean): FastifyReply {
  reply
    .code(passes ? 200 : 503)
    .headers(securityHeaders)
    .header('cache-control', 'no-store')
  return passes ? reply : reply.header('retry-after', healthRetryAfter)
}
