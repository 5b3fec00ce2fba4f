import pg from 'pg'

/**
 * Sets server parameters by name, until the session or its transaction ends. Sent as a statement, because poolers refuse
 * them as startup parameters.
 */
export async function setServerParameters(
  client: pg.ClientBase,
  settings: Readonly<Record<string, string>>,
  reach: 'session' | 'transaction',
): Promise<void> {
  await client.query(serverParametersStatement(settings, reach))
}

/** The statement that does it, for a message of several; empty without settings. */
export function serverParametersStatement(
  settings: Readonly<Record<string, string>>,
  reach: 'session' | 'transaction',
): string {
  const calls = Object.entries(settings).map(
    ([name, value]) =>
      `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, ${reach === 'transaction'})`,
  )
  return calls.length === 0 ? '' : `select ${calls.join(', ')}`
}

/** The settings of a role, a database or a provider that end a session or a statement which takes long. */
const timeoutSettings = [
  'lock_timeout',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
] as const

/**
 * Sets aside the time-outs of the server for this session, those that its version has: they are for requests, and a
 * migration may take long. After a lock_timeout CREATE INDEX CONCURRENTLY would leave an invalid index behind.
 */
export async function disableServerTimeouts(client: pg.ClientBase): Promise<void> {
  await client.query(
    `select set_config(name, '0', false) from pg_settings where name = any ($1) and setting <> '0'`,
    [timeoutSettings],
  )
}
