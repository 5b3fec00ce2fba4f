import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Owner } from './database.js'

/** A way to a database server that can be cut. */
export interface Proxy {
  /** The URL of the same database through it. */
  readonly url: string
  /** What was sent to the server through it so far. */
  readonly sent: () => string
  /** Connections end, and new ones are refused: a server that was stopped. */
  readonly cut: () => Promise<void>
  /** Nothing passes any more, and nothing ends: a network that swallows everything. */
  readonly swallow: () => void
  /** As in the beginning. */
  readonly mend: () => Promise<void>
}

/** Opens a way to the server of this URL, on a port that stays the same. It begins cut. */
export async function createProxy(t: Owner, target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const sent: Buffer[] = []
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname)
    client.on('data', (data: Buffer) => void sent.push(data))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {}).on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  const listen = async (at: number): Promise<number> => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.teardown(cut)
  const own = await listen(0)
  await cut()
  const url = new URL(target)
  url.host = `127.0.0.1:${own}`
  return {
    url: url.href,
    sent: () => Buffer.concat(sent).toString(),
    cut,
    swallow: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    mend: async () => {
      await cut()
      await listen(own)
    },
  }
}
