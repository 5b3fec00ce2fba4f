/** Connection exceptions, a lack of resources, interventions of an operator, system errors, and a server that only reads. */
const unavailableStates = /^(?:08|53|57P|58|25006)/

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** pg and Knex give their own errors no code. */
const unavailableMessages =
  /^Connection terminated|connection error and is not queryable|^timeout expired$|^no answer within/

/** Whether something failed because PostgreSQL is away or cannot work for the moment, not for what was asked of it. */
export function isServerUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error.name === 'KnexTimeoutError' || socketCodes.has(code)) return true
  return unavailableStates.test(code) || unavailableMessages.test(error.message.split(' - ').at(-1) ?? '')
}
