import { join } from 'node:path'
import type { DatabaseConfig, DatabaseParts } from './config.js'
import { configKeys, type KeyId, keyNameFor } from './keys.js'
import { commandLine, processEnvironment } from './layers.js'
import type { Lookup, Setting } from './lookup.js'
import { configError, type ConfigFault } from './problem.js'
import { maskUrl, normalizeUrl, urlOfParts } from './url.js'
import type { Settings } from './validate.js'

/** The database of the service, and the keys that name it. */
export interface DatabaseChoice {
  readonly database: DatabaseConfig
  /** Without its password. */
  readonly displayText: string
  /** The keys with their sources: `DB_HOST (env/.env.demo), DB_PASSWORD (process environment)`. */
  readonly from: string
  readonly used: readonly KeyId[]
  /** Why there is none, or not a whole one. */
  readonly faults: readonly ConfigFault[]
}

const partKeyIds = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'] as const
const requiredPartKeyIds = ['DB_HOST', 'DB_USER', 'DB_NAME'] as const

/** The keys that can name the database of the service. */
export const databaseKeyIds: readonly KeyId[] = ['DATABASE_URL', 'DATABASE_URL_{TARGET}', ...partKeyIds]

/** Whether a key that can name the database could not be read, so that the choice is not known. */
export function isUndecidable(lookups: ReadonlyMap<KeyId, Lookup>): boolean {
  return databaseKeyIds.some((id) => lookups.get(id)?.kind === 'faulty')
}

/**
 * Chooses DATABASE_URL of the command line, else DATABASE_URL_{TARGET}, else DATABASE_URL, else the DB_ keys, else the
 * embedded PostgreSQL below `root`, but in production none.
 */
export function chooseDatabase(
  settings: Settings,
  { root, target, production }: { root: string; target: string; production: boolean },
): DatabaseChoice {
  const url = settings.get('DATABASE_URL')
  const targetUrl = settings.get('DATABASE_URL_{TARGET}')
  if (url !== undefined && (url.layer === commandLine || targetUrl === undefined))
    return chooseByUrl('DATABASE_URL', url, target)
  if (targetUrl !== undefined) return chooseByUrl('DATABASE_URL_{TARGET}', targetUrl, target)
  if (partKeyIds.some((id) => settings.has(id))) return chooseByParts(settings)
  return production ? missingChoice(target) : embeddedChoice(root)
}

function chooseByUrl(id: KeyId, setting: Setting, target: string): DatabaseChoice {
  const choice = urlChoice(normalizeUrl(setting.text), describeOrigin([setting]), [id])
  const isShared = id === 'DATABASE_URL' && setting.layer === processEnvironment
  const targetKey = keyNameFor('DATABASE_URL_{TARGET}', target)
  return isShared ? { ...choice, database: { ...choice.database, targetKey } } : choice
}

function chooseByParts(settings: Settings): DatabaseChoice {
  const used = partKeyIds.filter((id) => settings.has(id))
  const from = describeOrigin(used.flatMap((id) => settings.get(id) ?? []))
  const missing = requiredPartKeyIds.filter((id) => !settings.has(id))
  const parts = partsOf(settings)
  const areShared = used.every((id) => settings.get(id)?.layer === processEnvironment)
  const shared = areShared ? { parts } : {}
  if (missing.length > 0) {
    const faults = missing.map((id) => missingPartFault(id, from))
    const database = { kind: 'faulty', error: configError(faults), ...shared } as const
    return { database, displayText: 'incomplete', from, used, faults }
  }
  const { host = '', port = '5432', user = '', password = '', name = '' } = parts
  const choice = urlChoice(urlOfParts({ host, port, user, password, name }), from, used)
  return { ...choice, database: { ...choice.database, ...shared } }
}

function partsOf(settings: Settings): DatabaseParts {
  const ids = {
    host: 'DB_HOST',
    port: 'DB_PORT',
    user: 'DB_USER',
    password: 'DB_PASSWORD',
    name: 'DB_NAME',
  } as const
  return Object.fromEntries(
    Object.entries(ids).flatMap(([part, id]) => {
      const text = settings.get(id)?.text
      return text === undefined ? [] : [[part, text]]
    }),
  )
}

function embeddedChoice(root: string): DatabaseChoice {
  const directory = join(root, '.schemagate', 'postgres')
  const displayText = `embedded PostgreSQL in ${directory}`
  return { database: { kind: 'embedded', directory }, displayText, from: 'default', used: [], faults: [] }
}

function missingChoice(target: string): DatabaseChoice {
  const faults = [notConfiguredFault(target)]
  const database = { kind: 'none', error: configError(faults) } as const
  return { database, displayText: 'none', from: 'default', used: [], faults }
}

function urlChoice(url: string, from: string, used: readonly KeyId[]) {
  return { database: { kind: 'url', url, from } as const, displayText: maskUrl(url), from, used, faults: [] }
}

function describeOrigin(settings: readonly Setting[]): string {
  const sources = [...new Set(settings.map(({ source }) => source))]
  const namesFrom = (origin: string) =>
    settings.filter(({ source }) => source === origin).map(({ name }) => name)
  return sources.map((source) => `${namesFrom(source).join(', ')} (${source})`).join(', ')
}

function missingPartFault(id: (typeof requiredPartKeyIds)[number], from: string): ConfigFault {
  return {
    subject: id,
    source: null,
    problem: `is missing: it is needed with ${from}`,
    hint: `expected ${configKeys[id].expected}`,
  }
}

function notConfiguredFault(target: string): ConfigFault {
  const hint = `expected ${keyNameFor('DATABASE_URL_{TARGET}', target)}, DATABASE_URL, or DB_HOST with DB_USER and DB_NAME`
  return {
    subject: 'DATABASE_URL',
    source: null,
    problem: 'is missing: there is no embedded PostgreSQL in production',
    hint,
  }
}
