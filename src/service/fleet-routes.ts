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
  /** The bearer token for reports, and for reading whole documents; null allows neither. */
  readonly token: string | null
}

/** For the `maxParamLength` of Fastify: a name has at most 200 characters, which are at most 400 UTF-16 units. */
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
  const isAuthorized: AuthorizationCheck = ({ headers }) => hasBearerToken(headers.authorization, token)
  app.setErrorHandler((error, request, reply) =>
    isDatabaseUnavailable(error)
      ? sendUnavailable(error, request, reply)
      : handleError(error, request, reply),
  )
  // The compiler of Fastify makes "" of null in a body, and reports only the first faulty field.
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
    const cursor = after === undefined ? null : parseCursor(after)
    const found = await repository.listReports(request.params, limit + 1, cursor)
    if (found === null) throw httpError(404, 'This service has never reported from this environment.')
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

/** A caller that disconnects while it sends a body is a reset connection too, but Fastify gives that error a status. */
function isDatabaseUnavailable(error: unknown): boolean {
  return isTransient(error) && !(error instanceof Error && 'statusCode' in error)
}

function sendUnavailable(err: unknown, request: FastifyRequest, reply: FastifyReply): void {
  request.log.warn({ err }, 'The database is unavailable.')
  reply.header('retry-after', outageRetryAfter)
  sendProblem(reply, 503, 'The database of this service is unavailable. Try again.')
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
  return sendProblem(reply, 503, 'FLEET_TOKEN is not set, so this service accepts no reports.')
}

function refuseUnstorable(error: unknown): never {
  throw isUnstorable(error)
    ? httpError(400, 'The health document has a character that cannot be stored, or is nested too deeply.')
    : error
}

function withoutDocument({ document: _document, ...report }: Required<PastReport>): PastReport {
  return report
}

function formatCursor({ reportedAt, id }: PastReport): string {
  return Buffer.from(`${Date.parse(reportedAt)}.${id}`).toString('base64url')
}

/** Throws a 400 for a text that is not a cursor of `formatCursor`. */
function parseCursor(cursor: string): HistoryCursor {
  const [, time, id] = /^(\d{1,13})\.(\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (time === undefined || id === undefined)
    throw httpError(400, 'The cursor `after` is not one that this service issued.')
  return { reportedAt: new Date(Number(time)), id }
}
