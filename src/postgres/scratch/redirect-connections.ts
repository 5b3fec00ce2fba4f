import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import pg from 'pg'
import { isRecord } from '../../core/text/is-record.js'
import { describeAddress } from '../connection/address.js'
import { type Connection, toClientSettings } from '../connection/connect.js'

/** Runs code of a migration, whose own connections then lead to the scratch database. */
export type RunInScratch = <T>(code: () => T) => T

export interface RedirectOptions {
  readonly connection: Connection
  /** A folder of the project, whose pg may be another than ours. */
  readonly folder: string
  /** Told where each connection would have led. */
  readonly onConnect: (address: string) => void
}

/** `createClient` makes one of the same pg. */
type Redirect = (client: object, createClient: (settings: object) => object) => void

const currentRedirect = new AsyncLocalStorage<Redirect>()

/**
 * Gives `use` a function to run code in which every connection through pg leads to this database, whatever address a pool of
 * the application has. The connections are closed afterwards, and such a pool opens others.
 */
export async function withRedirectedConnections<T>(
  { connection, folder, onConnect }: RedirectOptions,
  use: (run: RunInScratch) => Promise<T>,
): Promise<T> {
  const settings = await toClientSettings(connection)
  const opened = new Set<object>()
  const redirect: Redirect = (client, createClient) => {
    const address = addressOfClient(client)
    const target = createClient({ ...settings })
    for (const name of addressFields) Reflect.set(client, name, Reflect.get(target, name))
    opened.add(client)
    onConnect(address)
  }
  for (const module of [pg, projectPg(folder)]) wrapConnect(module)
  try {
    return await use((code) => currentRedirect.run(redirect, code))
  } finally {
    await Promise.all([...opened].map(discard))
  }
}

/** What leads a client of pg to its server. */
const addressFields = [
  'host',
  'port',
  'user',
  'password',
  'database',
  'ssl',
  'connectionParameters',
  'connection',
]

function addressOfClient(client: object): string {
  const text = (name: string): string => String(Reflect.get(client, name))
  return describeAddress({
    user: text('user'),
    host: text('host'),
    port: Number(text('port')),
    name: text('database'),
  })
}

function projectPg(folder: string): unknown {
  try {
    return createRequire(join(folder, 'origin.js'))('pg')
  } catch {
    return null
  }
}

const wrapped = new WeakSet<object>()

/** For good: outside of the code of a replay it does what it did. */
function wrapConnect(module: unknown): void {
  const client = isRecord(module) ? module['Client'] : undefined
  if (typeof client !== 'function' || !isRecord(client.prototype)) return
  const { prototype } = client
  const connect: unknown = prototype['connect']
  if (wrapped.has(prototype) || typeof connect !== 'function') return
  wrapped.add(prototype)
  const createClient = (settings: object): object => Reflect.construct(client, [settings])
  function connectInScratch(this: object, ...args: readonly unknown[]): unknown {
    currentRedirect.getStore()?.(this, createClient)
    return typeof connect === 'function' ? Reflect.apply(connect, this, args) : undefined
  }
  Object.defineProperty(prototype, 'connect', { value: connectInScratch, configurable: true, writable: true })
}

/** A pool forgets a client that had an error. Without a listener of its own it throws that, which is nobody's business here. */
async function discard(client: object): Promise<void> {
  try {
    if (client instanceof EventEmitter) client.emit('error', new Error('the replay is over'))
  } catch {}
  const end: unknown = Reflect.get(client, 'end')
  if (typeof end !== 'function') return
  await Promise.resolve(Reflect.apply(end, client, [])).catch(() => {})
}
