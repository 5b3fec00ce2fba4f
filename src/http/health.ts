import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Detail } from '../core/health.js'
import type { Health, HealthView } from '../health.js'
import { bearerIs } from './bearer.js'
import { renderPage } from './page.js'

export interface HealthRouteOptions {
  readonly health: Health
  /** The bearer token that opens object names, definitions and the address; null for none. */
  readonly token: string | null
  readonly details: 'token' | 'always'
}

/** When to come back after a 503, in seconds. */
const retryAfter = '10'

const healthJson = 'application/health+json; charset=utf-8'

const Probe = Type.Object({ status: Type.Enum(['pass', 'fail']), phase: Type.String() })

const Revision = Type.Object({
  current: Type.Union([Type.String(), Type.Null()]),
  head: Type.Union([Type.String(), Type.Null()]),
  position: Type.Union([Type.String(), Type.Null()]),
  pending: Type.Array(Type.String()),
  unknown: Type.Array(Type.String()),
})

const Verification = Type.Object({
  status: Type.Enum(['as promised', 'differs', 'unverified']),
  checkedAt: Type.String({ format: 'date-time' }),
  objects: Type.Record(Type.String(), Type.Integer()),
  differenceCount: Type.Integer(),
  differences: Type.Optional(Type.Array(Type.Object({}, { additionalProperties: true }))),
})

/** The `/health/schema` document. */
export const HealthDocumentSchema = Type.Object(
  {
    status: Type.Enum(['pass', 'warn', 'fail']),
    version: Type.Optional(Type.String()),
    releaseId: Type.Optional(Type.String()),
    serviceId: Type.String(),
    notes: Type.Array(Type.String()),
    phase: Type.String(),
    revision: Revision,
    verification: Type.Optional(Verification),
    database: Type.Object({ environment: Type.String() }, { additionalProperties: true }),
    checks: Type.Object({}, { additionalProperties: true }),
  },
  { additionalProperties: true },
)

const silent = { logLevel: 'silent' } as const

/** Registers the four health routes; every answer comes from memory. */
export function registerHealthRoutes(app: FastifyInstance, options: HealthRouteOptions): void {
  const { health } = options
  const probe = { ...silent, schema: { response: { 200: Probe, 503: Probe } } }
  const schema = { ...silent, schema: { response: { 200: HealthDocumentSchema, 503: HealthDocumentSchema } } }
  app.get('/health/live', probe, (_, reply) => answer(reply, health.view(), true))
  app.get('/health/startup', probe, (_, reply) => answer(reply, health.view(), health.view().started))
  app.get('/health/ready', probe, (_, reply) => answer(reply, health.view(), health.view().ready))
  app.get('/health/schema', schema, (request, reply) => answerSchema(request, reply, options))
}

function answer(reply: FastifyReply, view: HealthView, passes: boolean): FastifyReply {
  const { phase } = view.documents.public
  const text = JSON.stringify({ status: passes ? 'pass' : 'fail', phase })
  return withStatus(reply, passes).type(healthJson).send(text)
}

function answerSchema(
  request: FastifyRequest,
  reply: FastifyReply,
  { health, token, details }: HealthRouteOptions,
): FastifyReply {
  const view = health.view()
  const detail: Detail = details === 'always' || bearerIs(request, token) ? 'full' : 'public'
  const answered = withStatus(reply, view.status !== 'fail').header('vary', 'accept, authorization')
  if (wantsHtml(request))
    return answered.type('text/html; charset=utf-8').send(renderPage(view.documents[detail]))
  return answered.type(healthJson).send(view.texts[detail])
}

function withStatus(reply: FastifyReply, passes: boolean): FastifyReply {
  const answered = reply.code(passes ? 200 : 503).header('cache-control', 'no-store')
  return passes ? answered : answered.header('retry-after', retryAfter)
}

function wantsHtml({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false
}
