import pg from 'pg'
import { addressOf, type DatabaseAddress } from './address.js'
import { removeTlsParameters, tlsAlternatives, toTlsOptions, type TlsOptions } from './tls.js'

/** Settings of pg beyond a URL, which may be renewed. */
export interface DriverSource {
  /** The settings for a connection that is opened now. */
  readonly current: () => Promise<Readonly<Record<string, unknown>>>
  /** Whether `current` would return others. */
  readonly hasExpired: () => boolean
}

/** What the settings of a client are made from. */
export interface ClientAddress {
  /** A postgres:// URL with its password. Never show it: show `addressOf(connection)`. */
  readonly url: string
  /** DATABASE_SSL: `disable`, `no-verify`, `verify`, the path of a certificate authority, or null where the URL decides. */
  readonly ssl: string | null
  /** What pg_stat_activity shows. */
  readonly applicationName: string
  /** The settings of a knexfile, of which the URL is the address. Default: the URL says everything. */
  readonly driver?: DriverSource
}

/** Settings for pg's Client and for Knex. */
export interface ClientSettings {
  readonly [setting: string]: unknown
  readonly fallback_application_name: string
  readonly connectionTimeoutMillis: number
  readonly keepAlive: boolean
  readonly keepAliveInitialDelayMillis: number
}

/** In milliseconds. */
export const connectAttemptTimeout = 5_000

/** Milliseconds without traffic after which the operating system checks that the other side is still there. */
const keepAliveDelay = 10_000

/**
 * The settings to try one after the other: one, or two for a URL that leaves it to the server whether the connection is
 * encrypted. The URL is always passed as `connectionString`, because Knex and pg parse a bare URL differently. Where
 * DATABASE_SSL decides, the TLS parameters of the URL are removed: they would override `ssl`.
 */
export async function clientSettingsToTry(address: ClientAddress): Promise<readonly ClientSettings[]> {
  const { url, ssl } = address
  const alternatives = ssl === null ? tlsAlternatives(url) : [toTlsOptions(ssl)]
  return Promise.all((alternatives ?? [null]).map((tls) => toClientSettings(address, tls)))
}

async function toClientSettings(
  { url, applicationName, driver }: ClientAddress,
  tls: TlsOptions | null,
): Promise<ClientSettings> {
  const base = await driver?.current()
  const location =
    base === undefined || 'connectionString' in base
      ? { connectionString: tls === null ? url : removeTlsParameters(url) }
      : { database: addressOf({ url }).name }
  return {
    ...base,
    ...location,
    ...(tls === null ? {} : { ssl: tls }),
    fallback_application_name: applicationName.slice(0, 63),
    connectionTimeoutMillis: connectAttemptTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelay,
  }
}

/** Where pg would go with these settings, with its defaults and the environment variables of libpq. */
export function addressOfSettings(settings: Readonly<Record<string, unknown>>): DatabaseAddress {
  const { host, port, user, database } = new pg.Client({
    host: textOf(settings['host']),
    port: settings['port'] === undefined ? undefined : Number(settings['port']),
    user: textOf(settings['user']),
    database: textOf(settings['database']),
  })
  return { host, port, user: user ?? '', name: database ?? '' }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
