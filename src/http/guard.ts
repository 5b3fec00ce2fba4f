import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { DetailLevel } from '../core/progress/process-health.js'
import type { HealthView } from '../gate/health-state.js'
import { healthRetryAfter, unguardedPaths } from './health-paths.js'
import { sendProblem } from './problem.js'

/**
 * While the gate refuses, every route but liveness and /health/schema answers 503 with the reason, before the body of the
 * request is read.
 */
export function guardRoutes(
  app: FastifyInstance,
  view: () => HealthView,
  detailFor: (request: FastifyRequest) => DetailLevel,
): void {
  const open = new Set(unguardedPaths.map((path) => `${app.prefix}${path}`))
  app.addHook('onRequest', (request, reply, done) => {
    const { documents } = view()
    if (documents.public.refused === undefined || open.has(request.routeOptions.url ?? '')) return done()
    const { detail, ...members } = documents[detailFor(request)].refused ?? documents.public.refused
    reply.header('retry-after', healthRetryAfter).header('cache-control', 'no-store')
    sendProblem(reply, 503, detail, members)
  })
}
