import { isRecord } from '../core/text/is-record.js'

/** Settings of pg, as Knex passes them on. */
export type DriverSettings = Readonly<Record<string, unknown>>

/** What the knexfile says about the database. */
export type KnexConnection =
  /** It has no `connection`. */
  | { readonly kind: 'none' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'settings'; readonly settings: DriverSettings }
  /** A function that returns a URL or settings, perhaps with an `expirationChecker`. */
  | { readonly kind: 'function'; readonly call: () => unknown }
  /** It cannot lead anywhere; `why` continues the sentence "The knexfile's connection cannot be used:". */
  | { readonly kind: 'unusable'; readonly why: string }

/** Settings with another meaning for the reading of a catalog than for queries. */
const refusedSettings: Readonly<Record<string, string>> = {
  binary: 'its setting binary would change how every value is read',
  replication: 'its setting replication opens a session that runs no migrations',
}

const unsetHint = 'an environment variable may not be set'

/** Reads the `connection` of a section. */
export function readConnection(section: Readonly<Record<string, unknown>>): KnexConnection {
  if (section['connectionPool'] !== undefined)
    return {
      kind: 'unusable',
      why: 'connectionPool is a pool of the application; connection is what is used',
    }
  if (!Object.hasOwn(section, 'connection')) return { kind: 'none' }
  const { connection } = section
  return isProvider(connection) ? { kind: 'function', call: connection } : readConnectionValue(connection)
}

/** The same for what a function returned. */
export function readConnectionValue(connection: unknown): KnexConnection {
  if (connection === undefined || connection === null)
    return { kind: 'unusable', why: `it is ${String(connection)}; ${unsetHint}` }
  if (typeof connection === 'string') return readUrl(connection, 'it')
  if (!isRecord(connection)) return { kind: 'unusable', why: `it is a ${typeof connection}` }
  const refused = Object.keys(refusedSettings).find((name) => isSet(connection[name]))
  if (refused !== undefined) return { kind: 'unusable', why: refusedSettings[refused] ?? refused }
  if (!('connectionString' in connection)) return { kind: 'settings', settings: connection }
  const { connectionString, ...more } = connection
  const url = readUrl(connectionString, 'its connectionString')
  if (url.kind !== 'url') return url
  return Object.values(more).some(isSet) ? { kind: 'settings', settings: connection } : url
}

function isProvider(value: unknown): value is () => unknown {
  return typeof value === 'function'
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false
}

function readUrl(text: unknown, subject: string): KnexConnection {
  if (text === undefined || text === null)
    return { kind: 'unusable', why: `${subject} is ${String(text)}; ${unsetHint}` }
  if (typeof text !== 'string') return { kind: 'unusable', why: `${subject} is no text` }
  return text.trim() === ''
    ? { kind: 'unusable', why: `${subject} is empty; ${unsetHint}` }
    : { kind: 'url', url: text }
}
