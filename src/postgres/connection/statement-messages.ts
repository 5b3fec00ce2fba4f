import type pg from 'pg'
import { hasSqlState, isServerError, isStatementRejected, sqlState } from './sqlstate.js'

/** A statement that PostgreSQL refused: its place in the list, and the error. */
export interface RefusedStatement {
  readonly index: number
  readonly error: pg.DatabaseError
}

/** How statements are sent: one alone, and several in the client's transaction. Each returns what PostgreSQL refused. */
export interface StatementSender {
  readonly one: (client: pg.ClientBase, sql: string) => Promise<pg.DatabaseError | null>
  readonly many: (client: pg.ClientBase, statements: readonly string[]) => Promise<RefusedStatement | null>
}

/** How many statements share a message: each message is a round trip, and a place where a signal is heard. */
const statementsPerMessage = 200

const begin = 'savepoint schemagate_message'
const end = 'release savepoint schemagate_message'
const undo = 'rollback to savepoint schemagate_message'

/**
 * Runs statements in the client's transaction, many to a message. Returns the first that PostgreSQL refuses, after which the
 * transaction is as before the message with it; null if there is none. Throws where the server cannot work.
 *
 * @param onMessage called before each message
 */
export async function runInMessages(
  client: pg.ClientBase,
  statements: readonly string[],
  onMessage: () => Promise<void> = async () => {},
): Promise<RefusedStatement | null> {
  for (let done = 0; done < statements.length; done += statementsPerMessage) {
    await onMessage()
    const message = statements.slice(done, done + statementsPerMessage)
    const refused = await runTogether(client, message)
    if (refused !== null) return { ...refused, index: done + refused.index }
  }
  return null
}

/** PostgreSQL does not say which statement of a message it refused, so that they are run again one by one. */
async function runTogether(
  client: pg.ClientBase,
  statements: readonly string[],
): Promise<RefusedStatement | null> {
  // By itself: a message with an error of syntax is refused as a whole.
  await client.query(begin)
  const refusal = await refusalOf(client, [...statements, end].join(';\n'))
  if (refusal === null) return null
  await client.query(undo)
  for (const [index, statement] of statements.entries()) {
    const error = await refusalOf(client, statement)
    if (error === null) continue
    await client.query(undo)
    return { index, error }
  }
  return null
}

/** The error with which PostgreSQL refuses a statement; null where it runs. Throws where the server cannot work. */
function refusalOf(client: pg.ClientBase, sql: string): Promise<pg.DatabaseError | null> {
  return errorOf(client, sql, isRefusal)
}

function isRefusal(error: unknown): error is pg.DatabaseError {
  // A file that the server does not have is no fault of the system here.
  return isStatementRejected(error) || (isServerError(error) && hasSqlState(error, sqlState.undefinedFile))
}

/** With the fewest round trips. Throws where the server cannot work, which says nothing about a statement. */
export const inMessages: StatementSender = { one: refusalOf, many: runInMessages }

/** So that the activity of the session shows which statement runs, and none runs twice. Whatever the server answers is returned. */
export const oneByOne: StatementSender = {
  one: (client, sql) => errorOf(client, sql, isServerError),
  many: async (client, statements) => {
    for (const [index, sql] of statements.entries()) {
      const error = await errorOf(client, sql, isServerError)
      if (error !== null) return { index, error }
    }
    return null
  },
}

/** The error that a statement ends with, if it is of a kind; null where it runs. Throws other errors. */
async function errorOf(
  client: pg.ClientBase,
  sql: string,
  isOfKind: (error: unknown) => error is pg.DatabaseError,
): Promise<pg.DatabaseError | null> {
  try {
    await client.query(sql)
    return null
  } catch (error) {
    if (isOfKind(error)) return error
    throw error
  }
}
