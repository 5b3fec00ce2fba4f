import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'

const stringProperty = { type: 'string' } as const

/** An error as RFC 9457 has it. `errors` lists the faulty fields of a request that is not of its schema. */
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

interface FieldFault {
  /** The part of the request: body, querystring, params or headers. */
  readonly in: string
  /** A JSON pointer to the faulty field; empty for the whole part. */
  readonly pointer: string
  readonly detail: string
}

export interface ProblemParts {
  /** An HTTP status, 400 to 599. */
  readonly status: number
  /** What is wrong with this request, as sentences; the caller reads it, whoever that is. */
  readonly detail: string
  readonly errors?: readonly FieldFault[]
  /** What else there is to say, by name. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Answers with an `application/problem+json` body. Returns the reply, for a hook or handler to return. */
export function sendProblem(
  reply: FastifyReply,
  { status, detail, errors, members }: ProblemParts,
): FastifyReply {
  const title = STATUS_CODES[status] ?? 'Error'
  const problem = { type: 'about:blank', title, status, detail, errors, ...members }
  // As text: a route's own schema of what it answers would take away what it does not name.
  return reply.code(status).type('application/problem+json; charset=utf-8').send(JSON.stringify(problem))
}

/** An error to throw where the caller is at fault: `status` is 400 to 499, `detail` is for the caller to read. */
export function httpError(status: number, detail: string): Error {
  return Object.assign(new Error(detail), { statusCode: status })
}

/**
 * Every error as a problem: for `setErrorHandler`, and for the `frameworkErrors` of Fastify's options.
 * Faulty fields are listed. What is not the caller's fault is logged and answered as a 500, or its own 5xx status,
 * without its message.
 */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const status = httpStatusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  sendProblem(reply, status >= 500 ? serverProblem(status, request) : { status, ...clientProblem(error) })
}

/** The answer to a path that does not exist: for `setNotFoundHandler`. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const [path] = request.url.split('?', 1)
  sendProblem(reply, { status: 404, detail: `There is no ${request.method} ${path}.` })
}

function serverProblem(status: number, { id }: FastifyRequest): ProblemParts {
  return { status, detail: `The request failed. The log of the service says why, under request ${id}.` }
}

function clientProblem(error: unknown): Omit<ProblemParts, 'status'> {
  const detail = error instanceof Error ? error.message : 'The request was refused.'
  if (!isRequestValidationError(error)) return { detail }
  const errors = error.validation.map(({ instancePath, message }) => ({
    in: error.validationContext,
    pointer: instancePath,
    detail: message ?? 'is not valid',
  }))
  return { detail: 'The request is not of its schema: `errors` lists the faulty fields.', errors }
}

function httpStatusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
}

interface RequestValidationError extends Error {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[]
  readonly validationContext: string
}

function isRequestValidationError(error: unknown): error is RequestValidationError {
  return error instanceof Error && 'validation' in error && Array.isArray(error.validation)
}
