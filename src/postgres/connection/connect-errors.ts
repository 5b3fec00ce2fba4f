import { SchemaError, type ErrorChoice, type ErrorCode } from '../../errors/schema-error.js'
import { describeAddress, type DatabaseAddress } from './address.js'
import { errorCodeOf, isResourceShortage, sqlState } from './sqlstate.js'

/** A connection that could not be made: the error to throw, and whether waiting can mend it. */
export interface ConnectionFailure {
  readonly error: SchemaError
  readonly retry: boolean
}

interface ConnectionErrorRule {
  readonly matches: (code: string, message: string) => boolean
  readonly error: ErrorCode
  readonly retry: boolean
  readonly what: (address: DatabaseAddress) => string
  readonly choices: readonly ErrorChoice[]
}

const checkUrl: ErrorChoice = ['schemagate config', 'shows where the database URL comes from']
const waitLonger: ErrorChoice = ['CONNECT_TIMEOUT=2m', 'waits longer for a database that is still starting']

/** The first cause that matches says what happened. SQLSTATEs are PostgreSQL's, the others Node's. */
const connectionErrorRules: readonly ConnectionErrorRule[] = [
  {
    matches: (code, message) =>
      code === sqlState.invalidPassword || message.includes('client password must be a string'),
    error: 'SCHEMA_AUTHENTICATION_FAILED',
    retry: false,
    what: ({ user }) => `PostgreSQL refused the password of user "${user}".`,
    choices: [checkUrl],
  },
  {
    matches: (code) => code === sqlState.invalidAuthorization,
    error: 'SCHEMA_AUTHENTICATION_FAILED',
    retry: false,
    what: ({ user }) => `PostgreSQL does not let user "${user}" in.`,
    choices: [checkUrl, ['DATABASE_SSL=no-verify', 'encrypts the connection, if the server asks for that']],
  },
  {
    matches: (code) => code === sqlState.insufficientPrivilege,
    error: 'SCHEMA_AUTHENTICATION_FAILED',
    retry: false,
    what: ({ user, name }) => `PostgreSQL does not let user "${user}" into database "${name}".`,
    choices: [checkUrl, ['grant connect on database', 'lets this role in']],
  },
  {
    matches: (_, message) => message.includes('unsupported startup parameter'),
    error: 'SCHEMA_CONFIG_INVALID',
    retry: false,
    what: ({ host, port }) => `The pooler at ${host}:${port} refuses a setting that the URL asks for.`,
    choices: [
      checkUrl,
      ['alter role … set', 'makes the setting that of the role; then remove it from the URL'],
    ],
  },
  {
    matches: (code, message) =>
      code === sqlState.invalidCatalogName || message.startsWith('no such database'),
    error: 'SCHEMA_DATABASE_MISSING',
    retry: false,
    what: ({ name }) => `PostgreSQL has no database "${name}".`,
    choices: [checkUrl, ['createdb', 'creates the database']],
  },
  {
    matches: (_, message) => message.includes('does not support SSL'),
    error: 'SCHEMA_TLS_FAILED',
    retry: false,
    what: () => 'The server offers no TLS, and the configuration asks for it.',
    choices: [['DATABASE_SSL=disable', 'connects without encryption']],
  },
  {
    matches: (code) => /CERT|SIGNATURE|^ERR_(TLS|SSL)|^EPROTO$/.test(code),
    error: 'SCHEMA_TLS_FAILED',
    retry: false,
    what: () => "The server's certificate is not trusted.",
    choices: [
      ['DATABASE_SSL=/path/to/ca.pem', 'trusts that certificate authority'],
      ['DATABASE_SSL=no-verify', "encrypts without checking who answers (Heroku's self-signed certificates)"],
    ],
  },
  {
    matches: (code) => code === 'ENOTFOUND' || code === 'EAI_AGAIN',
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: ({ host }) => `The host "${host}" is not known.`,
    choices: [checkUrl, waitLonger],
  },
  {
    matches: (code) => code === 'ECONNREFUSED',
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: ({ host, port }) => `Nothing answers at ${host}:${port}.`,
    choices: [checkUrl, waitLonger],
  },
  {
    matches: (code, message) =>
      code === sqlState.tooManyConnections || message.includes('no more connections allowed'),
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: () => 'PostgreSQL has no connection left for this role.',
    choices: [['max_connections', 'raise it on the server, or close connections of others'], waitLonger],
  },
  {
    matches: (code) =>
      code === sqlState.cannotConnectNow ||
      code === sqlState.adminShutdown ||
      code === sqlState.crashShutdown,
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: () => 'PostgreSQL is starting up or shutting down.',
    choices: [waitLonger],
  },
  {
    matches: isResourceShortage,
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: () => 'PostgreSQL is out of memory or of room on its disk.',
    choices: [['the log of PostgreSQL', 'says which'], waitLonger],
  },
  {
    matches: () => true,
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: ({ host, port }) => `No connection to ${host}:${port}.`,
    choices: [checkUrl, waitLonger],
  },
]

/** What a failed attempt to connect means. The server's own words are kept as a fact, never the URL. */
export function classifyConnectionError(cause: unknown, address: DatabaseAddress): ConnectionFailure {
  const { code, message } = codeAndMessageOf(cause)
  const found = connectionErrorRules.find(({ matches }) => matches(code, message))
  if (found === undefined) throw cause
  const error = new SchemaError(found.error, {
    what: found.what(address),
    facts: [
      ['database', describeAddress(address)],
      ['answer', formatDriverError(cause)],
    ],
    choices: found.choices,
    cause,
  })
  return { error, retry: found.retry }
}

/** The error of a connection that was there and is lost. */
export function connectionLossError(cause: unknown, address: DatabaseAddress): SchemaError {
  return new SchemaError('SCHEMA_DATABASE_UNREACHABLE', {
    what: `The connection to ${address.host}:${address.port} was lost: ${formatDriverError(cause)}.`,
    facts: [['database', describeAddress(address)]],
    choices: [waitLonger],
    cause,
  })
}

function formatDriverError(cause: unknown): string {
  const { code, message } = codeAndMessageOf(cause)
  return [code, message].filter((text) => text !== '').join(' ')
}

function codeAndMessageOf(cause: unknown): { code: string; message: string } {
  return { code: errorCodeOf(cause), message: cause instanceof Error ? cause.message : String(cause) }
}
