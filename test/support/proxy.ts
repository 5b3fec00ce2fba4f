import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Owner } from './database.js'
import { freePort } from './process.js'

/** A way to a database server that can be cut. */
export interface Proxy {
  /** The URL of the same database through it. */
  readonly url: string
  /** What was sent to the server through it so far. */
  readonly sent: () => string
  /** New connections lead to the server of this URL. */
  readonly redirect: (target: string) => void
  /** Connections end, and new ones are refused: a server that was stopped. */
  readonly cut: () => Promise<void>
  /**
   * Nothing passes any more, and nothing ends: a network that swallows everything. With `open` only on the connections
   * there are: a router that forgot them.
   */
  readonly swallow: (which?: 'all' | 'open') => void
  /** Long answers of the server arrive so many milliseconds later; connections open as fast as before. */
  readonly slow: (delay: number) => void
  /** As in the beginning. */
  readonly mend: () => Promise<void>
}

export interface ProxyOptions {
  /** Whether what is sent is kept for `sent`. */
  readonly keep?: boolean
}

/** A way to the server of this URL, on a port that stays the same. It begins cut. */
export async function createProxy(
  t: Owner,
  target: string,
  { keep = true }: ProxyOptions = {},
): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const sent: Buffer[] = []
  let to = new URL(target)
  let passes = true
  let delay = 0
  const add = (one: Socket, other: Socket | null): void => {
    sockets.add(one)
    one
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(one)
        other?.destroy()
      })
    if (other !== null) one.pipe(other)
  }
  const server = createServer((client) => {
    if (!passes) return add(client.pause(), null)
    const upstream = connect(Number(to.port || 5432), to.hostname)
    if (keep) client.on('data', (data: Buffer) => void sent.push(data))
    add(client, upstream)
    add(upstream, null)
    upstream
      .on('close', () => client.destroy())
      .pipe(late(() => delay))
      .pipe(client)
  })
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.teardown(cut)
  const own = await freePort()
  const url = new URL(target)
  url.host = `127.0.0.1:${own}`
  return {
    url: url.href,
    sent: () => Buffer.concat(sent).toString(),
    redirect: (next) => {
      to = new URL(next)
    },
    cut,
    swallow: (which = 'all') => {
      passes = which === 'open'
      for (const socket of sockets) socket.unpipe().pause()
    },
    slow: (milliseconds) => {
      delay = milliseconds
    },
    mend: async () => {
      passes = true
      delay = 0
      await cut()
      server.listen(own, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}

/** An answer to a check is longer; what is said while a connection opens is shorter. */
const longAnswer = 1_000

/** Passes everything on, in order, what is long so many milliseconds later. */
function late(delay: () => number): Transform {
  let last: Promise<unknown> = Promise.resolve()
  return new Transform({
    transform(data: Buffer, _, done) {
      const wait = data.length < longAnswer ? 0 : delay()
      last = last.then(() => (wait === 0 ? undefined : sleep(wait))).then(() => this.push(data))
      done()
    },
    async flush(done) {
      await last
      done()
    },
  })
}
