import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Detail } from '../core/progress/health-document.js'
import type { Health, HealthView } from '../gate/health-state.js'
import { bearerIs } from './bearer.js'
import { renderPage } from './page.js'

export interface HealthRouteOptions {
  readonly health: Health
  /** The bearer token that opens object names, definitions and the address; null for none. */
  readonly token: string | null
  readonly details: 'token' | 'always'
}

/** When to come back after a 503, in seconds. */
export const retryAfter = '10'

const healthJson = 'application/health+json; charset=utf-8'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const textOrNull = { type: ['string', 'null'] } as const

const refusedSchema = {
  type: 'object',
  required: ['code', 'detail', 'since'],
  properties: {
    code: text,
    detail: text,
    since: { type: 'string', format: 'date-time' },
    facts: { type: 'object', additionalProperties: true },
    choices: {
      type: 'array',
      items: { type: 'object', required: ['act', 'effect'], properties: { act: text, effect: text } },
    },
  },
} as const

/** Plain JSON schemas, for documentation: answers are sent as text, and TypeBox would double the time of loading a plugin. */
const probeSchema = {
  type: 'object',
  required: ['status', 'phase'],
  properties: { status: { enum: ['pass', 'fail'] }, phase: text },
} as const

const revisionSchema = {
  type: 'object',
  required: ['current', 'head', 'position', 'pending', 'unknown'],
  properties: {
    current: textOrNull,
    head: textOrNull,
    position: textOrNull,
    pending: texts,
    unknown: texts,
  },
} as const

const verificationSchema = {
  type: 'object',
  required: ['status', 'checkedAt', 'objects', 'differenceCount', 'ignoredCount'],
  properties: {
    status: { enum: ['as promised', 'differs', 'unverified'] },
    checkedAt: { type: 'string', format: 'date-time' },
    objects: { type: 'object', additionalProperties: { type: 'integer' } },
    differenceCount: { type: 'integer' },
    ignoredCount: { type: 'integer' },
    differences: { type: 'array', items: { type: 'object', additionalProperties: true } },
    ignored: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pattern', 'reason', 'differenceCount'],
        properties: { pattern: text, reason: textOrNull, differenceCount: { type: 'integer' } },
      },
    },
  },
} as const

const blockerSchema = {
  type: 'object',
  required: ['pid', 'user', 'application', 'address', 'state', 'since', 'query', 'holds'],
  properties: {
    pid: { type: 'integer' },
    user: textOrNull,
    application: textOrNull,
    address: textOrNull,
    state: textOrNull,
    since: textOrNull,
    query: textOrNull,
    holds: textOrNull,
  },
} as const

/** `doing`, `relation`, `statement`, `waits` and `blockers` are not shown to everybody. */
const activitySchema = {
  type: 'object',
  required: ['known', 'command', 'phase', 'percent', 'blocked'],
  properties: {
    known: { type: 'boolean' },
    command: textOrNull,
    phase: textOrNull,
    percent: { type: ['integer', 'null'] },
    blocked: { type: 'boolean' },
    doing: text,
    relation: textOrNull,
    statement: textOrNull,
    waits: textOrNull,
    blockers: { type: 'array', items: blockerSchema },
  },
} as const

const migratingSchema = {
  type: 'object',
  required: ['revision', 'number', 'total', 'since'],
  properties: {
    revision: text,
    number: { type: 'integer' },
    total: { type: 'integer' },
    since: { type: 'string', format: 'date-time' },
    activity: activitySchema,
  },
} as const

const documentSchema = {
  type: 'object',
  required: ['status', 'serviceId', 'notes', 'phase', 'revision', 'database', 'checks'],
  properties: {
    status: { enum: ['pass', 'warn', 'fail'] },
    version: text,
    releaseId: text,
    serviceId: text,
    notes: texts,
    phase: text,
    migrating: migratingSchema,
    refused: refusedSchema,
    revision: revisionSchema,
    verification: verificationSchema,
    database: {
      type: 'object',
      required: ['environment'],
      properties: { environment: text },
      additionalProperties: true,
    },
    checks: { type: 'object', additionalProperties: true },
  },
  additionalProperties: true,
} as const

/** Whatever the application around them does with HEAD. */
const quiet = { logLevel: 'silent', exposeHeadRoute: true } as const

const paths = {
  live: '/health/live',
  startup: '/health/startup',
  ready: '/health/ready',
  schema: '/health/schema',
} as const

/** The routes that answer as ever while the gate refuses. */
export const unguarded: readonly string[] = [paths.live, paths.schema]

/** Registers the four health routes; every answer comes from memory. */
export function registerHealthRoutes(app: FastifyInstance, options: HealthRouteOptions): void {
  const { health } = options
  const probe = { ...quiet, schema: { response: { 200: probeSchema, 503: probeSchema } } }
  const schema = { ...quiet, schema: { response: { 200: documentSchema, 503: documentSchema } } }
  app.get(paths.live, probe, (_, reply) => answer(reply, health.view(), true))
  app.get(paths.startup, probe, (_, reply) => answer(reply, health.view(), health.view().started))
  app.get(paths.ready, probe, (_, reply) => answer(reply, health.view(), health.view().ready))
  app.get(paths.schema, schema, (request, reply) => answerSchema(request, reply, options))
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
  const detail = detailFor(request, { token, details })
  const answered = withStatus(reply, view.status !== 'fail').header('vary', 'accept, authorization')
  if (wantsHtml(request))
    return answered.type('text/html; charset=utf-8').send(renderPage(view.documents[detail]))
  return answered.type(healthJson).send(view.texts[detail])
}

/** How much this caller may see. */
export function detailFor(
  request: FastifyRequest,
  { token, details }: Pick<HealthRouteOptions, 'token' | 'details'>,
): Detail {
  return details === 'always' || bearerIs(request, token) ? 'full' : 'public'
}

function withStatus(reply: FastifyReply, passes: boolean): FastifyReply {
  const answered = reply.code(passes ? 200 : 503).header('cache-control', 'no-store')
  return passes ? answered : answered.header('retry-after', retryAfter)
}

function wantsHtml({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false
}
