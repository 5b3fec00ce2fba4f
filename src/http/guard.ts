import type { FastifyInstance } from 'fastify'
import { detailFor, unguardedPaths, type HealthRouteOptions, healthRetryAfter } from './health-routes.js'
import { sendProblem } from './problem.js'

/** While the gate refuses, every route but liveness and /health/schema answers 503 with the reason, before a body is read. */
export function guardRoutes(app: FastifyInstance, { health, token, details }: HealthRouteOptions): void {
  const open = new Set(unguardedPaths.map((path) => `${app.prefix}${path}`))
  app.addHook('onRequest', (request, reply, done) => {
    const { documents } = health.view()
    if (documents.public.refused === undefined || open.has(request.routeOptions.url ?? '')) return done()
    const { detail, ...members } =
      documents[detailFor(request, { token, details })].refused ?? documents.public.refused
    reply.header('retry-after', healthRetryAfter).header('cache-control', 'no-store')
    sendProblem(reply, { status: 503, detail, members })
  })
}
