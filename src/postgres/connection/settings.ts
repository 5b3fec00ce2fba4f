import type pg from 'pg'

/**
 * Sets server parameters by name, until the session or its transaction ends. Sent as a statement, because poolers refuse
 * them as startup parameters.
 */
export async function setServerParameters(
  client: pg.ClientBase,
  settings: Readonly<Record<string, string>>,
  reach: 'session' | 'transaction',
): Promise<void> {
  const entries = Object.entries(settings)
  const calls = entries.map(
    (_, index) => `set_config($${index * 2 + 1}, $${index * 2 + 2}, ${reach === 'transaction'})`,
  )
  await client.query(`select ${calls.join(', ')}`, entries.flat())
}
