import type { KnexSession } from '../session/sessions.js'
import { askRows, type RowAnswer, type RowPlace, withReadTransaction } from './ask-rows.js'
import type { RowPromise } from './row-promises.js'

export interface AskOptions {
  readonly warn: RowPlace['warn']
  /** How long all of them may take together, in milliseconds; null: without end. */
  readonly timeout: number | null
}

/** Asks revisions for their rows, all in one snapshot of the database, in a transaction that writes nothing. */
export async function askApplied(
  promises: readonly RowPromise[],
  { knex, client, settings }: KnexSession,
  { warn, timeout }: AskOptions,
): Promise<readonly RowAnswer[]> {
  if (promises.length === 0) return []
  return withReadTransaction(knex, async (own) => {
    const place = { client, knex: own, restore: settings.restore, warn }
    await client.query('set transaction isolation level repeatable read, read only')
    const ends = timeout === null ? null : performance.now() + timeout
    const answers: RowAnswer[] = []
    for (const promise of promises) {
      const left = ends === null ? null : Math.floor(ends - performance.now())
      if (left !== null && left > 0) await client.query(`set local statement_timeout to ${left}`)
      answers.push(
        left !== null && left <= 0 ? outOfTime(promise) : await askRows(promise, place, 'savepoint'),
      )
    }
    return answers
  })
}

function outOfTime({ revision }: RowPromise): RowAnswer {
  const failure = new Error('it was not asked: the time was over')
  return { revision, status: 'unknown', duration: 0, failure }
}
