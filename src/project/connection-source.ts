import { isRecord } from '../core/text/is-record.js'
import { errorSummary } from '../core/text/redact.js'
import { inFolder } from './in-folder.js'
import { type DriverSettings, type KnexConnection, readConnectionValue } from './knexfile-connection.js'
import { invalidKnexfileError } from './read-knexfile.js'

/** Where the settings of a connection come from. */
export interface ConnectionSource {
  /** For a connection that is opened now: what a function returned is used until it expires, as with Knex. */
  readonly current: () => Promise<DriverSettings>
  readonly hasExpired: () => boolean
}

interface ProviderResult {
  readonly settings: DriverSettings
  readonly hasExpired: () => boolean
}

/**
 * Opens the connection of a knexfile; a function is called in the knexfile's folder. Throws SCHEMA_KNEXFILE_INVALID for one
 * that cannot be used.
 */
export async function openConnectionSource(
  connection: Exclude<KnexConnection, { kind: 'none' }>,
  { file, folder }: { readonly file: string; readonly folder: string },
): Promise<ConnectionSource> {
  const provide = async (): Promise<ProviderResult> => {
    if (connection.kind !== 'function') return settingsOf(connection, file)
    return inFolder(folder, async () => callProvider(connection.call, file))
  }
  let last = await provide().catch((cause: unknown) => {
    throw cause instanceof Error && 'code' in cause && cause.code === 'SCHEMA_KNEXFILE_INVALID'
      ? cause
      : invalidKnexfileError(file, { why: `its connection function failed: ${errorSummary(cause)}`, cause })
  })
  return {
    current: async () => {
      if (last.hasExpired()) last = await provide()
      return last.settings
    },
    hasExpired: () => last.hasExpired(),
  }
}

function settingsOf(connection: KnexConnection, file: string): ProviderResult {
  const hasExpired = (): boolean => false
  switch (connection.kind) {
    case 'url':
      return { settings: { connectionString: connection.url }, hasExpired }
    case 'settings':
      return { settings: connection.settings, hasExpired }
    case 'unusable':
      throw invalidKnexfileError(file, {
        why: `its connection: ${connection.why}`,
        choices: [['--database-url URL', 'names the database instead; so does DATABASE_URL']],
      })
    case 'none':
    case 'function':
      throw new TypeError(`a connection of kind ${connection.kind} has no settings`)
  }
}

async function callProvider(call: () => unknown, file: string): Promise<ProviderResult> {
  const value: unknown = await call()
  if (!isRecord(value)) return settingsOf(readConnectionValue(value), file)
  const { expirationChecker, ...settings } = value
  const { settings: usable, hasExpired } = settingsOf(readConnectionValue(settings), file)
  return {
    settings: usable,
    hasExpired: typeof expirationChecker === 'function' ? () => expirationChecker() === true : hasExpired,
  }
}
