import { SchemaError, type ErrorChoice, type ErrorCode } from '../../errors/schema-error.js'
import { describeAddress, type DatabaseAddress } from './address.js'
import { driverErrorCode, isDeterministicState, isResourceShortage, sqlState } from './sqlstate.js'
import { isTlsFailure, isWithoutTls } from './tls.js'

/** Why connecting failed: the error to throw, and whether a later attempt may succeed. */
export interface ConnectionFailure {
  readonly error: SchemaError
  readonly retry: boolean
}

interface ConnectionErrorRule {
  /** `routine` is the function of PostgreSQL that refused: a name in every language. */
  readonly matches: (code: string, message: string, routine: string) => boolean
  readonly error: ErrorCode
  readonly retry: boolean
  readonly what: (address: DatabaseAddress) => string
  readonly choices: readonly ErrorChoice[]
}

const checkUrl: ErrorChoice = ['schemagate config', 'shows where the database URL comes from']
const closeOthers: ErrorChoice = ['select pid from pg_stat_activity', 'shows who has them']
const waitLonger: ErrorChoice = ['CONNECT_TIMEOUT=2m', 'waits longer for a database that is still starting']

/** The first rule that matches decides. A code is a SQLSTATE of PostgreSQL or a code of Node. */
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
    what: ({ user }) => `PostgreSQL does not allow user "${user}" to connect.`,
    choices: [checkUrl, ['DATABASE_SSL=no-verify', 'encrypts the connection, if the server demands it']],
  },
  {
    matches: (code) => code === sqlState.insufficientPrivilege,
    error: 'SCHEMA_AUTHENTICATION_FAILED',
    retry: false,
    what: ({ user, name }) => `User "${user}" may not connect to database "${name}".`,
    choices: [checkUrl, ['grant connect on database', 'allows this role to connect']],
  },
  {
    matches: (_, message) => message.includes('unsupported startup parameter'),
    error: 'SCHEMA_CONFIG_INVALID',
    retry: false,
    what: ({ host, port }) => `The pooler at ${host}:${port} refuses a setting that the URL asks for.`,
    choices: [
      checkUrl,
      ['alter role … set', 'stores the setting with the role; then remove it from the URL'],
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
    matches: (_, message) => isWithoutTls(message),
    error: 'SCHEMA_TLS_FAILED',
    retry: false,
    what: () => 'The server does not offer TLS, but the configuration demands it.',
    choices: [['DATABASE_SSL=disable', 'connects without encryption']],
  },
  {
    matches: isTlsFailure,
    error: 'SCHEMA_TLS_FAILED',
    retry: false,
    what: () => "The server's certificate is not trusted.",
    choices: [
      ['DATABASE_SSL=/path/to/ca.pem', 'trusts that certificate authority'],
      [
        'DATABASE_SSL=no-verify',
        'encrypts without verifying the server (for self-signed certificates, as on Heroku)',
      ],
    ],
  },
  {
    matches: (code) => code === 'ENOTFOUND' || code === 'EAI_AGAIN',
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: ({ host }) => `The host name "${host}" cannot be resolved.`,
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
    matches: (code, _, routine) =>
      code === sqlState.tooManyConnections && routine === 'InitializeSessionUserId',
    error: 'SCHEMA_CONNECTIONS_EXHAUSTED',
    retry: true,
    what: ({ user }) =>
      `PostgreSQL has no connection left for role "${user}": its CONNECTION LIMIT is reached. Reading needs one connection, migrating two.`,
    choices: [['alter role … connection limit 4', 'allows more connections'], closeOthers],
  },
  {
    matches: (code, _, routine) => code === sqlState.tooManyConnections && routine === 'CheckMyDatabase',
    error: 'SCHEMA_CONNECTIONS_EXHAUSTED',
    retry: true,
    what: ({ name }) =>
      `PostgreSQL has no connection left for database "${name}": its CONNECTION LIMIT is reached. Reading needs one connection, migrating two.`,
    choices: [['alter database … connection limit 4', 'allows more connections'], closeOthers],
  },
  {
    matches: (code, message) =>
      code === sqlState.tooManyConnections || message.includes('no more connections allowed'),
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: () => 'PostgreSQL has no connection left.',
    choices: [['max_connections', 'raise it on the server, or close other connections'], waitLonger],
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
    what: () => 'PostgreSQL is out of memory or disk space.',
    choices: [["PostgreSQL's log", 'says which'], waitLonger],
  },
  {
    matches: isDeterministicState,
    error: 'SCHEMA_CONFIG_INVALID',
    retry: false,
    what: ({ user, name }) => `PostgreSQL refuses connections of user "${user}" to database "${name}".`,
    choices: [checkUrl],
  },
  {
    matches: () => true,
    error: 'SCHEMA_DATABASE_UNREACHABLE',
    retry: true,
    what: ({ host, port }) => `No connection to ${host}:${port}.`,
    choices: [checkUrl, waitLonger],
  },
]

/** Explains a failed attempt to connect. The server's own message is a fact of the error, the URL never is. */
export function classifyConnectionError(cause: unknown, address: DatabaseAddress): ConnectionFailure {
  const { code, message } = codeAndMessageOf(cause)
  const rule = connectionErrorRules.find(({ matches }) => matches(code, message, routineOf(cause)))
  if (rule === undefined) throw cause
  const error = new SchemaError(rule.error, {
    what: rule.what(address),
    facts: [
      ['database', describeAddress(address)],
      ['answer', formatDriverError(cause)],
    ],
    choices: rule.choices,
    cause,
  })
  return { error, retry: rule.retry }
}

/** The error of an open connection that was lost. */
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
  return { code: driverErrorCode(cause), message: cause instanceof Error ? cause.message : String(cause) }
}

function routineOf(cause: unknown): string {
  return cause instanceof Error && 'routine' in cause ? String(cause.routine) : ''
}
