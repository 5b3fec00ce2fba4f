import { type FastifyPluginAsyncTypebox, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  environmentsSchema,
  historySchema,
  historyQuerySchema,
  serviceEnvironmentSchema,
  type PastReport,
  receiptSchema,
  reportSchema,
} from '../fleet/schemas.js'
import { hasBearerToken } from '../http/bearer.js'
import { handleError, problemResponses, httpError, sendProblem } from '../http/problem.js'
import { isTransient } from '../postgres/connection/sqlstate.js'
import { type FleetRepository, isUnstorable, type HistoryCursor } from './fleet-repository.js'

export interface FleetRoutesOptions {
  readonly repository: FleetRepository
  /** What a gate must send to report, and a reader to see whole documents; null: nobody may do either. */
  readonly token: string | null
}

/** For Fastify's `routerOptions.maxParamLength`: a name has 200 characters, which can be 400 UTF-16 units. */
export const fleetMaxParamLength = 400

const bodyLimit = 256 * 1024
const defaultLimit = 50
const historyPath = '/api/v1/environments/:service/:environment/reports'

const routeSchemas = {
  report: {
    summary: 'Record where a service stands',
    body: reportSchema,
    response: { 201: receiptSchema, ...problemResponses },
  },
  environments: {
    summary: 'The latest report of each service and environment, the worst first',
    response: { 200: environmentsSchema, ...problemResponses },
  },
  history: {
    summary: 'The reports of one environment of one service, newest first',
    params: serviceEnvironmentSchema,
    querystring: historyQuerySchema,
    response: { 200: historySchema, ...problemResponses },
  },
} as const

/**
 * The API of the fleet: `POST /api/v1/reports` (bearer token), `GET /api/v1/environments` and
 * `GET /api/v1/environments/{service}/{environment}/reports`. Every error is a problem (RFC 9457).
 */
export const fleetRoutes: FastifyPluginAsyncTypebox<FleetRoutesOptions> = async (
  app,
  { repository, token },
) => {
  const isAuthorized: AuthorizationCheck = (request) => hasBearerToken(request, token)
  app.setErrorHandler((error, request, reply) =>
    isDatabaseUnavailable(error)
      ? sendUnavailable(error, request, reply)
      : handleError(error, request, reply),
  )
  // Coerces nothing in a body (Fastify's own makes "" of null), and finds more than the first faulty field.
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.removeContentTypeParser('text/plain')

  const report = {
    bodyLimit,
    schema: routeSchemas.report,
    onRequest: token === null ? refuseReports : requireToken(isAuthorized),
  }
  app.post('/api/v1/reports', report, async ({ body }, reply) => {
    reply.code(201)
    return repository.addReport(body).catch(refuseUnstorable)
  })

  app.get('/api/v1/environments', { schema: routeSchemas.environments }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return { environments: await repository.listEnvironments() }
  })

  app.get(historyPath, { schema: routeSchemas.history }, async (request, reply) => {
    const { limit = defaultLimit, after } = request.query
    const page = { limit: limit + 1, after: after === undefined ? null : parseCursor(after) }
    const found = await repository.listReports(request.params, page)
    if (found === null) throw httpError(404, 'This service never reported from this environment.')
    reply.header('cache-control', 'no-store')
    const reports = found.slice(0, limit)
    const last = reports.at(-1)
    return {
      reports: isAuthorized(request) ? reports : reports.map(withoutDocument),
      next: found.length > limit && last !== undefined ? formatCursor(last) : null,
    }
  })
}

const outageRetryAfter = '5'

/** A caller that goes away in the middle of a body is a reset connection, too: Fastify says whose fault it is. */
function isDatabaseUnavailable(error: unknown): boolean {
  return isTransient(error) && !(error instanceof Error && 'statusCode' in error)
}

function sendUnavailable(err: unknown, request: FastifyRequest, reply: FastifyReply): void {
  request.log.warn({ err }, 'the database is away')
  sendProblem(reply.header('retry-after', outageRetryAfter), {
    status: 503,
    detail: 'The database of this service is away for the moment. Try again.',
  })
}

type AuthorizationCheck = (request: FastifyRequest) => boolean

function requireToken(isAuthorized: AuthorizationCheck) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (isAuthorized(request)) return
    const fault = request.headers.authorization === undefined ? '' : ', error="invalid_token"'
    reply.header('www-authenticate', `Bearer realm="schemagate fleet"${fault}`)
    throw httpError(401, 'Reporting needs the FLEET_TOKEN of this service as a bearer token.')
  }
}

async function refuseReports(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return sendProblem(reply, {
    status: 503,
    detail: 'FLEET_TOKEN is not set, so this service takes no reports.',
  })
}

function refuseUnstorable(error: unknown): never {
  throw isUnstorable(error)
    ? httpError(400, 'The health document has a character or a depth that cannot be stored.')
    : error
}

function withoutDocument({ document: _document, ...report }: Required<PastReport>): PastReport {
  return report
}

function formatCursor({ reportedAt, id }: PastReport): string {
  return Buffer.from(`${Date.parse(reportedAt)}.${id}`).toString('base64url')
}

/** @throws a refusal (400) if no page ended with this cursor's form */
function parseCursor(cursor: string): HistoryCursor {
  const [, time, id] = /^(\d{1,13})\.(\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (time === undefined || id === undefined)
    throw httpError(400, 'The cursor `after` is not one this service gave.')
  return { reportedAt: new Date(Number(time)), id }
}
