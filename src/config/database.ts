import { join } from 'node:path'
import { keys } from './key-table.js'
import { nameOf, type KeyId } from './keys.js'
import { commandLine } from './layers.js'
import type { Lookup, Setting } from './lookup.js'
import type { Fault, Outcome } from './problem.js'
import type { Database } from './types.js'
import { maskUrl, standardUrl, urlOfParts } from './url.js'
import type { Settings } from './validate.js'

/** The database, how it is shown, and which of the keys that could have named it did. */
export interface Choice {
  readonly database: Database
  /** Without its password. */
  readonly shown: string
  readonly from: string
  readonly used: readonly KeyId[]
}

interface Surroundings {
  readonly root: string
  readonly production: boolean
  readonly target: string
}

const partIds = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'] as const
const requiredPartIds = ['DB_HOST', 'DB_USER', 'DB_NAME'] as const

/** The keys that can name the database of the service. */
export const databaseIds: readonly KeyId[] = ['DATABASE_URL', 'DATABASE_URL_{TARGET}', ...partIds]

/** Whether any key that could name the database could not be read, so that nothing can be said about the choice. */
export function isUndecidable(lookups: ReadonlyMap<KeyId, Lookup>): boolean {
  return databaseIds.some((id) => lookups.get(id)?.kind === 'faulty')
}

/**
 * DATABASE_URL of the command line, else DATABASE_URL_{TARGET}, else DATABASE_URL, else the DB_ keys, else the embedded
 * PostgreSQL, which production does not get.
 */
export function chooseDatabase(settings: Settings, surroundings: Surroundings): Outcome<Choice> {
  const url = settings.get('DATABASE_URL')
  const targetUrl = settings.get('DATABASE_URL_{TARGET}')
  if (url !== undefined && (url.layer === commandLine || targetUrl === undefined))
    return sound(byUrl('DATABASE_URL', url))
  if (targetUrl !== undefined) return sound(byUrl('DATABASE_URL_{TARGET}', targetUrl))
  if (partIds.some((id) => settings.has(id))) return byParts(settings)
  return surroundings.production ? faulty([notConfigured(surroundings)]) : sound(embedded(surroundings))
}

function byUrl(id: KeyId, setting: Setting): Choice {
  return chosen(standardUrl(setting.text), { from: origin([setting]), used: [id] })
}

function byParts(settings: Settings): Outcome<Choice> {
  const used = partIds.filter((id) => settings.has(id))
  const from = origin(used.flatMap((id) => settings.get(id) ?? []))
  const missing = requiredPartIds.filter((id) => !settings.has(id))
  if (missing.length > 0) return faulty(missing.map((id) => missingPart(id, from)))
  const part = (id: KeyId) => settings.get(id)?.text ?? ''
  const url = urlOfParts({
    host: part('DB_HOST'),
    port: part('DB_PORT') || '5432',
    user: part('DB_USER'),
    password: part('DB_PASSWORD'),
    name: part('DB_NAME'),
  })
  return sound(chosen(url, { from, used }))
}

function embedded({ root }: Surroundings): Choice {
  const directory = join(root, '.schemagate', 'postgres')
  const shown = `embedded PostgreSQL in ${directory}`
  return { database: { kind: 'embedded', directory }, shown, from: 'default', used: [] }
}

function chosen(url: string, { from, used }: Pick<Choice, 'from' | 'used'>): Choice {
  return { database: { kind: 'url', url, from }, shown: maskUrl(url), from, used }
}

/** `DB_HOST, DB_NAME (env/.env.demo), DB_PASSWORD (process environment)` */
function origin(settings: readonly Setting[]): string {
  const sources = [...new Set(settings.map(({ source }) => source))]
  const namesFrom = (origin: string) =>
    settings.filter(({ source }) => source === origin).map(({ name }) => name)
  return sources.map((source) => `${namesFrom(source).join(', ')} (${source})`).join(', ')
}

function missingPart(id: (typeof requiredPartIds)[number], from: string): Fault {
  return {
    subject: id,
    source: null,
    problem: `is missing beside ${from}`,
    hint: `expected ${keys[id].expected}`,
  }
}

function notConfigured({ target }: Surroundings): Fault {
  const hint = `expected ${nameOf('DATABASE_URL_{TARGET}', target)}, DATABASE_URL, or DB_HOST with DB_USER and DB_NAME`
  return {
    subject: 'DATABASE_URL',
    source: null,
    problem: 'is missing: production gets no embedded PostgreSQL',
    hint,
  }
}

function sound(value: Choice): Outcome<Choice> {
  return { kind: 'sound', value }
}

function faulty(faults: readonly Fault[]): Outcome<Choice> {
  return { kind: 'faulty', faults }
}
