import type pg from 'pg'

/** The SQLSTATEs that something here reacts to, named after PostgreSQL's condition names, each with what raises it. */
export const sqlState = {
  /** A zero byte in a text. */
  characterNotInRepertoire: '22021',
  /** This platform cannot set a session parameter, or the server lacks the role to set. */
  invalidParameterValue: '22023',
  /** JSON with half of a surrogate pair. */
  invalidTextRepresentation: '22P02',
  /** JSON with an escaped zero byte. */
  untranslatableCharacter: '22P05',
  /** Rows that a constraint does not allow; unique: also two sessions that create the same database at once. */
  notNullViolation: '23502',
  foreignKeyViolation: '23503',
  uniqueViolation: '23505',
  checkViolation: '23514',
  exclusionViolation: '23P01',
  /** A statement that runs outside a transaction only. */
  activeTransaction: '25001',
  /** A standby, or a session that is read-only by a setting of the role or the database. */
  readOnlyTransaction: '25006',
  /** A savepoint outside a transaction. */
  noActiveTransaction: '25P01',
  /** Every statement of a transaction after the one that failed. */
  inFailedTransaction: '25P02',
  /** idle_in_transaction_session_timeout has passed. */
  idleInTransactionTimeout: '25P03',
  /** transaction_timeout has passed. */
  transactionTimeout: '25P04',
  /** COMMIT in a procedure that was called in a transaction. */
  invalidTransactionTermination: '2D000',
  /** A statement that is no longer prepared. */
  invalidStatementName: '26000',
  /** pg_hba.conf has no entry for the role, or demands TLS. */
  invalidAuthorization: '28000',
  /** A wrong password. */
  invalidPassword: '28P01',
  /** A role still owns something, or has a privilege. */
  dependentObjectsStillExist: '2BP01',
  /** The database does not exist. */
  invalidCatalogName: '3D000',
  /** A savepoint that does not exist, or is released. */
  invalidSavepoint: '3B001',
  /** The schema does not exist. */
  invalidSchemaName: '3F000',
  /** PostgreSQL ended one of two transactions that waited for each other. */
  deadlockDetected: '40P01',
  /** A statement was cancelled, by a time-out or on request. */
  queryCanceled: '57014',
  /** The role lacks a privilege. */
  insufficientPrivilege: '42501',
  /** A ledger of an earlier release lacks a column. */
  undefinedColumn: '42703',
  /** This version does not have a session parameter, or the server a role. */
  undefinedObject: '42704',
  /** A ledger was dropped or moved. */
  undefinedTable: '42P01',
  /** A different process has created the database. */
  duplicateDatabase: '42P04',
  /** A schema of this name exists. */
  duplicateSchema: '42P06',
  /** The server has no room for the data. */
  diskFull: '53100',
  /** The server, the database or the role has no connection left. */
  tooManyConnections: '53300',
  /** JSON that is nested too deeply. */
  statementTooComplex: '54001',
  /** A session or a subscription uses the database to drop; the triggers of a table are still to run in this transaction. */
  objectInUse: '55006',
  /** A value of an enum is used in the transaction that adds it. */
  unsafeNewEnumValue: '55P04',
  /** lock_timeout has passed. */
  lockNotAvailable: '55P03',
  /** The server has no such file: an extension, a library or a dictionary. */
  undefinedFile: '58P01',
  /** A file of a text search dictionary cannot be used. */
  configFileError: 'F0000',
  /** pg_terminate_backend(), or a server that shuts down. */
  adminShutdown: '57P01',
  /** A server process crashed, and the server ends all sessions. */
  crashShutdown: '57P02',
  /** The server starts up or shuts down. */
  cannotConnectNow: '57P03',
  /** idle_session_timeout has passed. */
  idleSessionTimeout: '57P05',
  /** Among others: pg_get_*def() of an object that was dropped a moment ago. */
  internalError: 'XX000',
} as const

export type SqlState = (typeof sqlState)[keyof typeof sqlState]

/** Classes of SQLSTATEs: their first two characters. */
const classConnectionException = '08'
const classInsufficientResources = '53'
const classOperatorIntervention = '57'
const classSystemError = '58'
const classInternalError = 'XX'

/** Whether an error has one of these SQLSTATEs. Knex may load a pg of its own, so the class of the error does not matter. */
export function hasSqlState(
  error: unknown,
  ...states: readonly SqlState[]
): error is Error & { readonly code: string } {
  return states.some((state) => state === driverErrorCode(error))
}

/** Whether PostgreSQL sent this error. The pg of a project has a class of its own for them. */
export function isServerError(error: unknown): error is pg.DatabaseError {
  return error instanceof Error && 'severity' in error && /^[0-9A-Z]{5}$/.test(driverErrorCode(error))
}

/** They end the session. The severity alone does not tell: it is a word in the language of the server. */
const sessionEndingStates = [
  sqlState.adminShutdown,
  sqlState.crashShutdown,
  sqlState.cannotConnectNow,
  sqlState.idleSessionTimeout,
  sqlState.idleInTransactionTimeout,
  sqlState.transactionTimeout,
  sqlState.tooManyConnections,
] as const

/** Whether the server ended the session with this error. `isSessionLost` also knows connections that broke without one. */
export function isConnectionLost(error: unknown): boolean {
  if (!isServerError(error)) return false
  return ['FATAL', 'PANIC'].includes(error.severity ?? '') || hasSqlState(error, ...sessionEndingStates)
}

/** Node's codes where no answer came from the other side of the network. */
const noResponseCodes = ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']

const socketCodes = [...noResponseCodes, 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN']

/** The error of pg's own connection timer has no code. */
const connectTimeoutMessage = 'timeout expired'

/** Whether the server did not answer at all. */
export function isNoResponse(error: unknown): boolean {
  return (
    noResponseCodes.includes(driverErrorCode(error)) ||
    (error instanceof Error && error.message === connectTimeoutMessage)
  )
}

/** Of class 57 only the shutdowns (57P): a cancelled statement (57014) says nothing about the server. */
const transientStates = [
  classConnectionException,
  classInsufficientResources,
  `${classOperatorIntervention}P`,
  classSystemError,
  sqlState.readOnlyTransaction,
]

/** pg and Knex give their own errors no code. */
const transientMessages =
  /^Connection terminated|connection error and is not queryable|^timeout expired$|^no answer within/

/**
 * Whether the server is away or cannot work at the moment, so that the same statement may succeed later. Not the same set
 * as `isConnectionLost`: idle_in_transaction_session_timeout ends a session of a healthy server, a full disk ends none.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = driverErrorCode(error)
  if (error.name === 'KnexTimeoutError' || socketCodes.includes(code)) return true
  // Knex puts the SQL and " - " in front of the message.
  const message = error.message.split(' - ').at(-1) ?? ''
  return isOfClass(code, ...transientStates) || transientMessages.test(message)
}

/** Whether a SQLSTATE says that PostgreSQL lacks memory, disk space or connections, which an operator can change while it runs. */
export function isResourceShortage(state: string): boolean {
  return isOfClass(state, classInsufficientResources, classSystemError)
}

/** Whether a SQLSTATE says that a lock of a different session was in the way, so that a later attempt may succeed. */
export function isLockConflict(state: string): boolean {
  return state === sqlState.lockNotAvailable || state === sqlState.deadlockDetected
}

/** Whether a code is a SQLSTATE that the same request would get again: the server is up, has resources and works. */
export function isDeterministicState(code: string): boolean {
  return (
    // No class of PostgreSQL begins with E, as Node's codes do.
    /^[0-9FHP][0-9A-Z]{4}$/.test(code) &&
    !isOfClass(
      code,
      classConnectionException,
      classInsufficientResources,
      classOperatorIntervention,
      classSystemError,
      classInternalError,
    )
  )
}

/** Whether the server refused this statement, and was neither shut down, overloaded, broken nor asked to cancel it. */
export function isStatementRejected(error: unknown): error is pg.DatabaseError {
  return isServerError(error) && isDeterministicState(error.code ?? '')
}

function isOfClass(state: string, ...classes: readonly string[]): boolean {
  return classes.some((each) => state.startsWith(each))
}

/** The SQLSTATE of an error of PostgreSQL, or Node's code of a system error; empty where there is none. */
export function driverErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether an error is a system error with one of these codes (`ENOENT`). */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(driverErrorCode(error))
}

/** Whether the server does not have an extension. Its state says little; no other error comes from this function of PostgreSQL. */
export function isExtensionMissing(error: unknown): boolean {
  return error instanceof Error && 'routine' in error && error.routine === 'parse_extension_control_file'
}
