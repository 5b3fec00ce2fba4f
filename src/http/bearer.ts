import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

/** Whether a request carries this bearer token, compared in constant time. A token that is not set opens nothing. */
export function hasBearerToken({ headers }: Pick<FastifyRequest, 'headers'>, token: string | null): boolean {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  return token !== null && given !== undefined && timingSafeEqual(digest(given), digest(token))
}

/** Digests are compared, since `timingSafeEqual` wants equal lengths and the length of the token is a secret too. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
