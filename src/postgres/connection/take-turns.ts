import type pg from 'pg'

/**
 * Lets several callers share a client: each query waits until the one before it is answered, because pg runs one at a time
 * and warns of a second one.
 */
export function takeTurns(client: pg.Client): pg.Client {
  const send = client.query.bind(client)
  let last: Promise<unknown> = Promise.resolve()
  const sendInTurn = (...query: readonly unknown[]): Promise<unknown> => {
    const answer: Promise<unknown> = last.then(() => Reflect.apply(send, client, query))
    last = answer.catch(() => {})
    return answer
  }
  Object.defineProperty(client, 'query', { value: sendInTurn })
  return client
}
