import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DetailLevel } from '../core/progress/process-health.js'
import type { Health, HealthView } from '../gate/health-state.js'
import { hasBearerToken } from './bearer.js'
import { renderHealthPage } from './page.js'

export interface HealthRouteOptions {
  readonly health: Health
  /** The bearer token that opens object names, definitions and the address; null for none. */
  readonly token: string | null
  readonly details: 'token' | 'always'
}

/** When to come back after a 503, in seconds. */
export const healthRetryAfter = '10'

const healthJsonType = 'application/health+json; charset=utf-8'

const stringSchema = { type: 'string' } as const
const stringsSchema = { type: 'array', items: stringSchema } as const
const nullableStringSchema = { type: ['string', 'null'] } as const

const refusedSchema = {
  type: 'object',
  required: ['code', 'detail', 'since'],
  properties: {
    code: stringSchema,
    detail: stringSchema,
    since: { type: 'string', format: 'date-time' },
    facts: { type: 'object', additionalProperties: true },
    choices: {
      type: 'array',
      items: {
        type: 'object',
        required: ['act', 'effect'],
        properties: { act: stringSchema, effect: stringSchema },
      },
    },
  },
} as const

/** Plain JSON schemas, for documentation: answers are sent as text, and TypeBox would double the time of loading a plugin. */
const probeSchema = {
  type: 'object',
  required: ['status', 'phase'],
  properties: { status: { enum: ['pass', 'fail'] }, phase: stringSchema },
} as const

const revisionSchema = {
  type: 'object',
  required: ['current', 'head', 'position', 'pending', 'unknown'],
  properties: {
    current: nullableStringSchema,
    head: nullableStringSchema,
    position: nullableStringSchema,
    pending: stringsSchema,
    unknown: stringsSchema,
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
        properties: {
          pattern: stringSchema,
          reason: nullableStringSchema,
          differenceCount: { type: 'integer' },
        },
      },
    },
  },
} as const

const blockerSchema = {
  type: 'object',
  required: ['pid', 'user', 'application', 'address', 'state', 'since', 'query', 'holds'],
  properties: {
    pid: { type: 'integer' },
    user: nullableStringSchema,
    application: nullableStringSchema,
    address: nullableStringSchema,
    state: nullableStringSchema,
    since: nullableStringSchema,
    query: nullableStringSchema,
    holds: nullableStringSchema,
  },
} as const

/** `doing`, `relation`, `statement`, `waits` and `blockers` are not shown to everybody. */
const activitySchema = {
  type: 'object',
  required: ['known', 'command', 'phase', 'percent', 'blocked'],
  properties: {
    known: { type: 'boolean' },
    command: nullableStringSchema,
    phase: nullableStringSchema,
    percent: { type: ['integer', 'null'] },
    blocked: { type: 'boolean' },
    doing: stringSchema,
    relation: nullableStringSchema,
    statement: nullableStringSchema,
    waits: nullableStringSchema,
    blockers: { type: 'array', items: blockerSchema },
  },
} as const

const migratingSchema = {
  type: 'object',
  required: ['revision', 'number', 'total', 'since'],
  properties: {
    revision: stringSchema,
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
    version: stringSchema,
    releaseId: stringSchema,
    serviceId: stringSchema,
    notes: stringsSchema,
    phase: stringSchema,
    migrating: migratingSchema,
    refused: refusedSchema,
    revision: revisionSchema,
    verification: verificationSchema,
    database: {
      type: 'object',
      required: ['environment'],
      properties: { environment: stringSchema },
      additionalProperties: true,
    },
    checks: { type: 'object', additionalProperties: true },
  },
  additionalProperties: true,
} as const

/** Whatever the application around them does with HEAD. */
const silentRoute = { logLevel: 'silent', exposeHeadRoute: true } as const

const healthPaths = {
  live: '/health/live',
  startup: '/health/startup',
  ready: '/health/ready',
  schema: '/health/schema',
} as const

/** The routes that answer as ever while the gate refuses. */
export const unguardedPaths: readonly string[] = [healthPaths.live, healthPaths.schema]

/** Registers the four health routes; every answer comes from memory. */
export function registerHealthRoutes(app: FastifyInstance, options: HealthRouteOptions): void {
  const { health } = options
  const probe = { ...silentRoute, schema: { response: { 200: probeSchema, 503: probeSchema } } }
  const schema = { ...silentRoute, schema: { response: { 200: documentSchema, 503: documentSchema } } }
  app.get(healthPaths.live, probe, (_, reply) => sendProbe(reply, health.view(), true))
  app.get(healthPaths.startup, probe, (_, reply) => sendProbe(reply, health.view(), health.view().started))
  app.get(healthPaths.ready, probe, (_, reply) => sendProbe(reply, health.view(), health.view().ready))
  app.get(healthPaths.schema, schema, (request, reply) => sendHealthDocument(request, reply, options))
}

function sendProbe(reply: FastifyReply, view: HealthView, passes: boolean): FastifyReply {
  const { phase } = view.documents.public
  const text = JSON.stringify({ status: passes ? 'pass' : 'fail', phase })
  return setStatus(reply, passes).type(healthJsonType).send(text)
}

function sendHealthDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  { health, token, details }: HealthRouteOptions,
): FastifyReply {
  const view = health.view()
  const detail = detailFor(request, { token, details })
  const answered = setStatus(reply, view.status !== 'fail').header('vary', 'accept, authorization')
  if (acceptsHtml(request))
    return answered.type('text/html; charset=utf-8').send(renderHealthPage(view.documents[detail]))
  return answered.type(healthJsonType).send(view.texts[detail])
}

/** How much this caller may see. */
export function detailFor(
  request: FastifyRequest,
  { token, details }: Pick<HealthRouteOptions, 'token' | 'details'>,
): DetailLevel {
  return details === 'always' || hasBearerToken(request, token) ? 'full' : 'public'
}

function setStatus(reply: FastifyReply, passes: boolean): FastifyReply {
  const answered = reply.code(passes ? 200 : 503).header('cache-control', 'no-store')
  return passes ? answered : answered.header('retry-after', healthRetryAfter)
}

function acceptsHtml({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false
}
