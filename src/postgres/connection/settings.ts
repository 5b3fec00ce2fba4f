import type pg from 'pg'

/**
 * Sets parameters of a session, by name: until it ends, or until its transaction does. As statements, because a pooler
 * refuses them as startup parameters.
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
