import { readFileSync } from 'node:fs'
import { driverErrorCode, sqlState } from './sqlstate.js'

/** `ssl` as pg and Node take it. */
export type TlsOptions = boolean | TlsSettings

interface TlsSettings {
  readonly rejectUnauthorized: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** The TLS options of DATABASE_SSL: `disable`, `no-verify`, `verify`, or the path of a certificate authority. */
export function toTlsOptions(ssl: string): TlsOptions {
  switch (ssl) {
    case 'disable':
      return false
    case 'no-verify':
      return { rejectUnauthorized: false }
    case 'verify':
      return { rejectUnauthorized: true }
    default:
      return { rejectUnauthorized: true, ca: readFileSync(ssl, 'utf8') }
  }
}

/**
 * The TLS options to try one after the other for a URL whose sslmode is `allow` or `prefer`, which pg takes for others: with
 * TLS and without, and never verified. Null for every other URL.
 */
export function tlsAlternatives(url: string): readonly TlsOptions[] | null {
  const { searchParams } = new URL(url)
  const mode = searchParams.get('sslmode')
  if (mode !== 'allow' && mode !== 'prefer') return null
  const encrypted = { rejectUnauthorized: false, ...clientCertificate(searchParams) }
  return mode === 'allow' ? [false, encrypted] : [encrypted, false]
}

function clientCertificate(parameters: URLSearchParams): Partial<TlsSettings> {
  const [cert, key] = [parameters.get('sslcert'), parameters.get('sslkey')]
  return {
    ...(cert === null ? {} : { cert: readFileSync(cert, 'utf8') }),
    ...(key === null ? {} : { key: readFileSync(key, 'utf8') }),
  }
}

/** The URL without its TLS parameters, which would override `ssl`. */
export function removeTlsParameters(url: string): string {
  const parsed = new URL(url)
  const names = [...parsed.searchParams.keys()]
  for (const name of names)
    if (name.startsWith('ssl') || name === 'uselibpqcompat') parsed.searchParams.delete(name)
  return parsed.href
}

/** Whether the server does not offer TLS. */
export function isWithoutTls(message: string): boolean {
  return message.includes('does not support SSL')
}

/** Whether the code is that of a TLS handshake that failed. */
export function isTlsFailure(code: string): boolean {
  return /CERT|SIGNATURE|^ERR_(TLS|SSL)|^EPROTO$/.test(code)
}

/** Whether a connection may succeed with TLS instead of without, or the other way round. */
export function dependsOnTls(error: unknown): boolean {
  const code = driverErrorCode(error)
  const message = error instanceof Error ? error.message : ''
  return isWithoutTls(message) || isTlsFailure(code) || code === sqlState.invalidAuthorization
}
