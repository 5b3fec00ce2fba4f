import type pg from 'pg'
import { isRecord } from '../../core/text/is-record.js'

const remembered = new WeakMap<pg.ClientBase, readonly string[]>()

/** Runs `work`, and remembers the texts and values of the statements that this client is asked to run meanwhile. */
export async function rememberStatements<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const send: unknown = Reflect.get(client, 'query')
  if (typeof send !== 'function') return work()
  const texts: string[] = []
  remembered.set(client, texts)
  const sendAndRemember = (...args: readonly unknown[]): unknown => {
    texts.push(...args.flatMap(textsIn))
    return Reflect.apply(send, client, args)
  }
  const define = (value: unknown): void =>
    void Object.defineProperty(client, 'query', { value, configurable: true, writable: true })
  define(sendAndRemember)
  try {
    return await work()
  } finally {
    define(send)
  }
}

/** What was remembered of a client; nothing where nothing was. */
export function rememberedStatements(client: pg.ClientBase): readonly string[] {
  return remembered.get(client) ?? []
}

function textsIn(argument: unknown): readonly string[] {
  if (typeof argument === 'string') return [argument]
  if (Array.isArray(argument)) return argument.filter((value) => typeof value === 'string')
  return isRecord(argument) ? [argument['text'], argument['values']].flatMap(textsIn) : []
}
