import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isRecord } from '../core/text/is-record.js'
import { errorLines, errorSummary } from '../core/text/redact.js'
import { type ErrorChoice, SchemaError } from '../errors/schema-error.js'
import { importModule, loadFailureChoices } from './import-module.js'
import { inFolder } from './in-folder.js'
import { type KnexConnection, readConnection } from './knexfile-connection.js'

type Settings = Readonly<Record<string, unknown>>

/** The part of a knexfile that is for one environment. */
export interface KnexfileSection {
  readonly settings: Settings
  /** Whether it is this environment's own, or the whole file. Else it is another one's, whose database is not meant. */
  readonly own: boolean
  /** The environments that have a section, in the order of the file. */
  readonly environments: readonly string[]
  /** Whether any section has a connection. */
  readonly namesDatabase: boolean
  /** The section `development`, which names the sources; empty where there is none. */
  readonly development: Settings
}

/** The extensions of the files that are loaded, in the order in which knexfiles are looked for. */
export const supportedExtensions = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']

const knexfileNames = supportedExtensions.map((extension) => `knexfile${extension}`)

/** Settings of Knex that mark a section. */
const sectionSettings = [
  'client',
  'dialect',
  'connection',
  'connectionPool',
  'migrations',
  'seeds',
  'pool',
  'searchPath',
]

/** The knexfile in a folder; null where it has none. */
export function findKnexfile(folder: string): string | null {
  return knexfileNames.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

/**
 * Loads a knexfile in its own folder, as Knex does, and returns the first section of these names, as Knex else the whole
 * file, else that of the last name. Throws SCHEMA_KNEXFILE_INVALID.
 */
export async function readKnexfile(file: string, sections: readonly string[]): Promise<KnexfileSection> {
  return chooseSection(file, await loadKnexfile(file), sections)
}

/** The environments that have a section in a knexfile. Throws SCHEMA_KNEXFILE_INVALID. */
export async function listSections(file: string): Promise<readonly string[]> {
  return environmentsOf(await loadKnexfile(file))
}

/** The connections of the sections of a knexfile by environment. Throws SCHEMA_KNEXFILE_INVALID. */
export async function listConnections(file: string): Promise<ReadonlyMap<string, KnexConnection>> {
  const value = await loadKnexfile(file)
  return new Map(
    environmentsOf(value).map((name) => [name, readConnection(sectionOf(value, name) ?? {})] as const),
  )
}

async function loadKnexfile(named: string): Promise<Settings> {
  const file = existingFile(named)
  const value = await inFolder(dirname(file), () => readDefaultExport(file)).catch((cause: unknown) => {
    const why = `it could not be loaded: ${errorSummary(cause)}`
    throw invalidKnexfileError(file, { why, cause, choices: loadFailureChoices(file, cause) })
  })
  if (!isRecord(value)) throw invalidKnexfileError(file, { why: 'it exports no settings' })
  return value
}

/** A TypeScript file may be named by the `.js` that it is compiled to, as TypeScript and tsx do. */
function existingFile(file: string): string {
  const source = file.replace(/js$/, 'ts')
  const found = [file, source].find((path) => existsSync(path))
  if (found === undefined) throw invalidKnexfileError(file, { why: 'there is no such file' })
  return found
}

function chooseSection(file: string, value: Settings, sections: readonly string[]): KnexfileSection {
  const environments = environmentsOf(value)
  const [target = null, ...others] = sections
  const shared = {
    environments,
    namesDatabase: environments.some((name) => sectionOf(value, name)?.['connection'] !== undefined),
    development: sectionOf(value, 'development') ?? {},
  }
  const own = target === null ? null : sectionOf(value, target)
  if (own !== null) return { ...shared, settings: own, own: true }
  if (environments.length === 0 || isSection(value)) return { ...shared, settings: value, own: true }
  const other = others.map((name) => sectionOf(value, name)).find((section) => section !== null)
  if (other !== undefined) return { ...shared, settings: other, own: false }
  throw invalidKnexfileError(file, {
    why: `it has no section "${target ?? ''}", but ${environments.join(', ')}`,
    choices: [['--env NAME', 'names one of them']],
  })
}

function sectionOf(value: Settings, name: string): Settings | null {
  const section = Object.hasOwn(value, name) ? value[name] : null
  return isRecord(section) ? section : null
}

function environmentsOf(value: Settings): readonly string[] {
  return Object.entries(value).flatMap(([name, section]) =>
    !sectionSettings.includes(name) && isRecord(section) && isSection(section) ? [name] : [],
  )
}

function isSection(value: Settings): boolean {
  return sectionSettings.some((name) => Object.hasOwn(value, name))
}

async function readDefaultExport(file: string): Promise<unknown> {
  const exported = await unwrapDefault(await importModule(file))
  const value: unknown = typeof exported === 'function' ? await exported() : exported
  return value
}

/** CommonJS that was compiled from an ES module has its default export inside Node's default export. */
function unwrapDefault(exports: Settings): unknown {
  const { default: exported = exports } = exports
  if (!isRecord(exported)) return exported
  const { default: inner } = exported
  return isRecord(inner) || typeof inner === 'function' ? inner : exported
}

interface KnexfileFault {
  /** Continues the sentence "The knexfile cannot be used:". */
  readonly why: string
  readonly choices?: readonly ErrorChoice[]
  readonly cause?: unknown
}

/** The error of a knexfile, with what helps against this fault first. */
export function invalidKnexfileError(file: string, { why, choices = [], cause }: KnexfileFault): SchemaError {
  const error = cause === undefined ? '' : errorLines(cause)
  return new SchemaError('SCHEMA_KNEXFILE_INVALID', {
    what: `The knexfile cannot be used: ${why}.`,
    facts: [['knexfile', file], ...(Array.isArray(error) ? [['error', error] as const] : [])],
    choices: [...choices, ['--knexfile FILE', 'names a different one; none reads no knexfile']],
    cause,
  })
}
