import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { isSilence } from './connect-errors.js'
import { type Connection, tryConnect } from './connect.js'
import { answered, close, destroy } from './lifecycle.js'

/** Ends this connection, too, once the server does not answer any more. */
export type Guard = (client: pg.Client) => void

export interface PulseOptions {
  readonly connection: Connection
  /** An open connection to it, that nothing else uses from now on. */
  readonly client: pg.Client
}

const rhythm = 5_000
const patience = 15_000
/** Attempts to connect have their own, shorter time. */
const attempts = 3

/**
 * Runs `use` and asks meanwhile, on a connection of its own, whether the server answers: a network that swallows everything
 * looks like a statement that takes long. Where there is no answer for 15 s, the guarded connections are ended.
 */
export async function withPulse<T>(options: PulseOptions, use: (guard: Guard) => Promise<T>): Promise<T> {
  const guarded = new Set<pg.Client>()
  const stop = new AbortController()
  const beating = beat(options, stop.signal).then((answers) => {
    if (answers) return
    const reason = new Error(`PostgreSQL has not answered for ${patience / 1_000} s`)
    for (const client of guarded) destroy(client, reason)
  })
  try {
    return await use((client) => void guarded.add(client))
  } finally {
    stop.abort()
    await beating
  }
}

/** False once the server does not answer, true when told to stop. A connection that is lost for other reasons is replaced. */
async function beat({ connection, client: first }: PulseOptions, signal: AbortSignal): Promise<boolean> {
  let client: pg.Client | null = first
  try {
    for (let silences = 0; await slept(signal);) {
      const found: pg.Client | Miss = client ?? (await reconnect(connection))
      silences = found === 'silence' ? silences + 1 : 0
      if (silences === attempts) return false
      client = typeof found === 'string' ? null : found
      if (client === null) continue
      const beat = await ask(client, signal)
      if (beat === 'silence') return false
      if (beat === 'lost') client = null
    }
    return true
  } finally {
    if (client !== null) await close(client)
  }
}

type Miss = 'silence' | 'lost'

async function reconnect(connection: Connection): Promise<pg.Client | Miss> {
  const attempt = await tryConnect(connection)
  if ('client' in attempt) return attempt.client
  return isSilence(attempt.failure.error.cause) ? 'silence' : 'lost'
}

async function ask(client: pg.Client, signal: AbortSignal): Promise<'answer' | Miss> {
  try {
    await answered(client, { timeout: patience, signal }, () => client.query('select 1'))
    return 'answer'
  } catch (error) {
    await close(client)
    return isSilence(error) ? 'silence' : 'lost'
  }
}

/** False when told to stop. */
function slept(signal: AbortSignal): Promise<boolean> {
  return sleep(rhythm, true, { signal, ref: false }).catch(() => false)
}
