import { join } from 'node:path'
import type { DatabaseConfig } from './config.js'
import { configKeys, type KeyId, keyNameFor } from './keys.js'
import { commandLine } from './layers.js'
import type { Lookup, Setting } from './lookup.js'
import type { ConfigFault, ConfigResult } from './problem.js'
import { maskUrl, normalizeUrl, urlOfParts } from './url.js'
import type { Settings } from './validate.js'

/** The database, how it is shown, and which of the keys that could have named it did. */
export interface DatabaseChoice {
  readonly database: DatabaseConfig
  /** Without its password. */
  readonly displayText: string
  readonly from: string
  readonly used: readonly KeyId[]
}

interface DatabaseContext {
  readonly root: string
  readonly production: boolean
  readonly target: string
}

const partKeyIds = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'] as const
const requiredPartKeyIds = ['DB_HOST', 'DB_USER', 'DB_NAME'] as const

/** The keys that can name the database of the service. */
export const databaseKeyIds: readonly KeyId[] = ['DATABASE_URL', 'DATABASE_URL_{TARGET}', ...partKeyIds]

/** Whether any key that could name the database could not be read, so that nothing can be said about the choice. */
export function isUndecidable(lookups: ReadonlyMap<KeyId, Lookup>): boolean {
  return databaseKeyIds.some((id) => lookups.get(id)?.kind === 'faulty')
}

/**
 * DATABASE_URL of the command line, else DATABASE_URL_{TARGET}, else DATABASE_URL, else the DB_ keys, else the embedded
 * PostgreSQL, which production does not get.
 */
export function chooseDatabase(
  settings: Settings,
  surroundings: DatabaseContext,
): ConfigResult<DatabaseChoice> {
  const url = settings.get('DATABASE_URL')
  const targetUrl = settings.get('DATABASE_URL_{TARGET}')
  if (url !== undefined && (url.layer === commandLine || targetUrl === undefined))
    return soundChoice(chooseByUrl('DATABASE_URL', url))
  if (targetUrl !== undefined) return soundChoice(chooseByUrl('DATABASE_URL_{TARGET}', targetUrl))
  if (partKeyIds.some((id) => settings.has(id))) return chooseByParts(settings)
  return surroundings.production
    ? faultyChoice([notConfiguredFault(surroundings)])
    : soundChoice(chooseEmbedded(surroundings))
}

function chooseByUrl(id: KeyId, setting: Setting): DatabaseChoice {
  return urlChoice(normalizeUrl(setting.text), { from: describeOrigin([setting]), used: [id] })
}

function chooseByParts(settings: Settings): ConfigResult<DatabaseChoice> {
  const used = partKeyIds.filter((id) => settings.has(id))
  const from = describeOrigin(used.flatMap((id) => settings.get(id) ?? []))
  const missing = requiredPartKeyIds.filter((id) => !settings.has(id))
  if (missing.length > 0) return faultyChoice(missing.map((id) => missingPartFault(id, from)))
  const part = (id: KeyId) => settings.get(id)?.text ?? ''
  const url = urlOfParts({
    host: part('DB_HOST'),
    port: part('DB_PORT') || '5432',
    user: part('DB_USER'),
    password: part('DB_PASSWORD'),
    name: part('DB_NAME'),
  })
  return soundChoice(urlChoice(url, { from, used }))
}

function chooseEmbedded({ root }: DatabaseContext): DatabaseChoice {
  const directory = join(root, '.schemagate', 'postgres')
  const shown = `embedded PostgreSQL in ${directory}`
  return { database: { kind: 'embedded', directory }, displayText: shown, from: 'default', used: [] }
}

function urlChoice(url: string, { from, used }: Pick<DatabaseChoice, 'from' | 'used'>): DatabaseChoice {
  return { database: { kind: 'url', url, from }, displayText: maskUrl(url), from, used }
}

/** `DB_HOST, DB_NAME (env/.env.demo), DB_PASSWORD (process environment)` */
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
    problem: `is missing beside ${from}`,
    hint: `expected ${configKeys[id].expected}`,
  }
}

function notConfiguredFault({ target }: DatabaseContext): ConfigFault {
  const hint = `expected ${keyNameFor('DATABASE_URL_{TARGET}', target)}, DATABASE_URL, or DB_HOST with DB_USER and DB_NAME`
  return {
    subject: 'DATABASE_URL',
    source: null,
    problem: 'is missing: production gets no embedded PostgreSQL',
    hint,
  }
}

function soundChoice(value: DatabaseChoice): ConfigResult<DatabaseChoice> {
  return { kind: 'sound', value }
}

function faultyChoice(faults: readonly ConfigFault[]): ConfigResult<DatabaseChoice> {
  return { kind: 'faulty', faults }
}
