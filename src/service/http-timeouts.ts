import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How long each part of a request may take, in milliseconds. */
export interface HttpTimeouts {
  /** All headers, from the moment the connection is opened. */
  readonly headers: number
  /** The whole request with its body. */
  readonly request: number
  /** Nothing at all is sent or taken. */
  readonly idle: number
  /** Between two requests: longer than the 60 s of the usual load balancers, which must be the ones to close. */
  readonly keepAlive: number
  /** How often the first two are looked at. */
  readonly check: number
  /** Once the application closes: for requests that have begun to arrive. */
  readonly closing: number
}

export const defaultHttpTimeouts: HttpTimeouts = {
  headers: 10_000,
  request: 30_000,
  idle: 60_000,
  keepAlive: 65_000,
  check: 2_000,
  closing: 5_000,
}

/** The options of Fastify that close what is slow. */
export function timeoutOptions({ headers, request, idle, keepAlive, check }: HttpTimeouts) {
  return {
    http: { headersTimeout: headers, connectionsCheckingInterval: check },
    requestTimeout: request,
    connectionTimeout: idle,
    keepAliveTimeout: keepAlive,
  } as const
}

/**
 * Lets an application close however its clients behave: Node stops looking at its timeouts then, and would wait for
 * whoever has opened a connection and says nothing.
 */
export function closeConnections(app: FastifyInstance, { closing }: HttpTimeouts): void {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('preClose', (done) => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    setTimeout(() => app.server.closeAllConnections(), closing).unref()
    done()
  })
}
