import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { hostCheckOption } from './client-errors.js'

/** How long each part of a request may take, in milliseconds. */
export interface HttpTimeouts {
  /** All headers, counted from the moment the connection opens. */
  readonly headers: number
  /** The whole request with its body. */
  readonly request: number
  /** The connection sends and receives nothing. */
  readonly idle: number
  /** Between two requests. Longer than the 60 s of common load balancers, so that they close the connection first. */
  readonly keepAlive: number
  /** How often Node checks `headers` and `request`. */
  readonly check: number
  /** After the application starts to close, for requests that have begun to arrive. */
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

/** The options with which Fastify closes slow connections. */
export function timeoutOptions({ headers, request, idle, keepAlive, check }: HttpTimeouts) {
  return {
    http: { ...hostCheckOption, headersTimeout: headers, connectionsCheckingInterval: check },
    requestTimeout: request,
    connectionTimeout: idle,
    keepAliveTimeout: keepAlive,
  } as const
}

/**
 * Closes the connections of an application that closes. Once a server closes, Node no longer checks its timeouts, and would
 * wait forever for a client that has opened a connection and sends nothing.
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
