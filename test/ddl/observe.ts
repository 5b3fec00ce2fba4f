import type pg from 'pg'
import { type Effects, effectsBetween } from '../../src/postgres/observe/effects.js'
import { readSessionFacts } from '../../src/postgres/observe/session-facts.js'

/**
 * Runs a statement in a transaction of its own and reads what it did, before the commit.
 *
 * @throws Error of PostgreSQL where the statement fails; then the transaction is rolled back
 */
export async function observe(client: pg.Client, sql: string): Promise<Effects> {
  await client.query('begin')
  try {
    const before = await readSessionFacts(client)
    await client.query(sql)
    const after = await readSessionFacts(client)
    await client.query('commit')
    return effectsBetween(before, after)
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
