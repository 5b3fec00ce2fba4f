import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether an Authorization header carries this bearer token, compared in constant time; never if the token is null. */
export function hasBearerToken(authorization: string | undefined, token: string | null): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  return token !== null && given !== undefined && timingSafeEqual(digest(given), digest(token))
}

/** `timingSafeEqual` needs equal lengths, and the length of the token is a secret too: so digests are compared. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
