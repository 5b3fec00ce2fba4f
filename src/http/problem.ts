import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { toPrintableJson } from '../core/text/printable.js'
import { securityHeaders } from './security-headers.js'

const stringProperty = { type: 'string' } as const

/** A problem of RFC 9457. `errors` lists the faulty fields of a request, each with a JSON pointer. */
const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: stringProperty,
    title: stringProperty,
    status: { type: 'integer' },
    detail: stringProperty,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['in', 'pointer', 'detail'],
        properties: { in: stringProperty, pointer: stringProperty, detail: stringProperty },
      },
    },
  },
} as const

/** The `response` entries of a route whose errors are problems: spread it into the schema. */
export const problemResponses = {
  '4xx': { description: 'A problem.', content: { 'application/problem+json': { schema: problemSchema } } },
  '5xx': { description: 'A problem.', content: { 'application/problem+json': { schema: problemSchema } } },
} as const

/**
 * Answers with an `application/problem+json` body. `status` is 400 to 599; `detail` says what is wrong, in sentences for the
 * caller; `members` are added by name. Returns the reply, for a hook or handler to return.
 */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  // As text: the response schema of a route would remove members that it does not name.
  return reply
    .code(status)
    .headers(securityHeaders)
    .type(problemType)
    .send(problemText(status, detail, members))
}

export const problemType = 'application/problem+json; charset=utf-8'

/** The body of a problem. */
export function problemText(
  status: number,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): string {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...members }
  return toPrintableJson(JSON.stringify(problem))
}

/** An error to throw for a mistake of the caller: `status` is 400 to 499, `detail` is for the caller to read. */
export function httpError(status: number, detail: string): Error {
  return Object.assign(new Error(detail), { statusCode: status })
}

/**
 * Answers with every error as a problem: for `setErrorHandler`, and for the `frameworkErrors` of Fastify's options.
 * Lists the faulty fields of a request. Logs an error that is not the caller's mistake, and answers it as a 500, or as its
 * own 5xx status, without its message.
 */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const status = httpStatusOf(error)
  if (status >= 500) {
    request.log.error({ err: error }, 'The request failed.')
    sendProblem(reply, status, `The request failed. The service logs the reason under request ${request.id}.`)
  } else if (isRequestValidationError(error))
    sendProblem(reply, status, 'The request does not match its schema: `errors` lists the faulty fields.', {
      errors: error.validation.map(({ instancePath, message }) => ({
        in: error.validationContext,
        pointer: instancePath,
        detail: message ?? 'is not valid',
      })),
    })
  else sendProblem(reply, status, error instanceof Error ? error.message : 'The request was refused.')
}

/** Answers a path that does not exist: for `setNotFoundHandler`. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const [path] = request.url.split('?', 1)
  sendProblem(reply, 404, `There is no ${request.method} ${path}.`)
}

function httpStatusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
}

interface RequestValidationError extends Error {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[]
  /** The part of the request: body, querystring, params or headers. */
  readonly validationContext: string
}

function isRequestValidationError(error: unknown): error is RequestValidationError {
  return error instanceof Error && 'validation' in error && Array.isArray(error.validation)
}
