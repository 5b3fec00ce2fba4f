import type pg from 'pg'

const statementTimeout = '5s'

/** What is locked is not waited for: who waits for a lock makes others wait behind it. */
const lockTimeout = '1s'

/** Runs `read` in a transaction that writes nothing, in which no statement takes long, and waits for no lock for long. */
export async function readBriefly<T>(client: pg.ClientBase, read: () => Promise<T>): Promise<T> {
  await client.query(
    `begin read only; set local statement_timeout = '${statementTimeout}'; set local lock_timeout = '${lockTimeout}'`,
  )
  try {
    return await read()
  } finally {
    await client.query('rollback')
  }
}
