import { readdir } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { isRecord } from '../core/text/is-record.js'
import { errorMessage } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { importModule } from './import-module.js'
import type { KnexProject, KnexSeeds, SeedSource } from './knex-project.js'
import { namesFiles } from './knexfile-rules.js'
import { supportedExtensions } from './read-knexfile.js'
import { toTextList } from './text-list.js'

/** A seed before it is loaded. */
export interface SeedFile {
  /** For people. */
  readonly name: string
  readonly load: () => Promise<unknown>
  /** Calls its code in another way than directly. */
  readonly confine?: <T>(code: () => T) => T
}

/** Reads the `seeds` of a section; relative paths begin in `base`. */
export function readSeeds(value: unknown, base: string): KnexSeeds {
  const seeds = isRecord(value) ? value : {}
  const { directory, loadExtensions, sortDirsSeparately, specific, seedSource } = seeds
  return {
    isNamed: isRecord(value) && ['directory', 'specific', 'seedSource'].some((key) => Boolean(seeds[key])),
    directories: toTextList(directory, './seeds').map((path) => resolve(base, path)),
    loadExtensions: toTextList(loadExtensions, ...supportedExtensions),
    recursive: seeds['recursive'] === true,
    sortDirsSeparately: sortDirsSeparately === true,
    specific: typeof specific === 'string' ? specific : null,
    source: !namesFiles(seeds) && isSeedSource(seedSource) ? seedSource : null,
  }
}

function isSeedSource(value: unknown): value is SeedSource {
  return isRecord(value) && ['getSeeds', 'getSeed'].every((name) => typeof value[name] === 'function')
}

/**
 * The seeds of a project in the order in which Knex runs them; `directory` is SEEDS_DIR, which replaces the folders and the
 * source of the knexfile. Throws SCHEMA_CONFIG_INVALID where a folder or the file of `specific` is missing.
 */
export async function listSeeds(
  { seeds: named, knexfile }: Pick<KnexProject, 'seeds' | 'knexfile'>,
  directory: string | null,
): Promise<readonly SeedFile[]> {
  const seeds = directory === null ? named : { ...named, directories: [directory], source: null }
  try {
    return seeds.source === null ? await listFiles(seeds) : await listFromSource(seeds.source, seeds)
  } catch (cause) {
    throw new SchemaError('SCHEMA_CONFIG_INVALID', {
      what: `The seeds cannot be read: ${errorMessage(cause)}. Nothing was done.`,
      facts: [
        ['seeds', seeds.source === null ? seeds.directories : 'seedSource of the knexfile'],
        ['named by', directory === null ? (knexfile ?? 'the default of Knex') : 'SEEDS_DIR'],
      ],
      choices: [['SEEDS_DIR', 'names the folder; so does seeds.directory of the knexfile']],
      cause,
    })
  }
}

async function listFiles(seeds: KnexSeeds): Promise<readonly SeedFile[]> {
  const { directories, specific, sortDirsSeparately } = seeds
  const folders = await Promise.all(directories.map((folder) => listFolder(folder, seeds)))
  const files = sortDirsSeparately ? folders.flat() : folders.flat().sort()
  const wanted = files.filter((path) => specific === null || basename(path) === specific)
  if (specific !== null && wanted.length === 0)
    throw new Error(`seeds.specific names ${specific}, which does not exist`)
  return wanted.map((path) => ({ name: path, load: () => importModule(path) }))
}

async function listFromSource(source: SeedSource, seeds: KnexSeeds): Promise<readonly SeedFile[]> {
  const found: unknown = await source.getSeeds(seeds)
  return [found].flat().map((seed) => ({ name: String(seed), load: async () => source.getSeed(seed) }))
}

async function listFolder(directory: string, seeds: KnexSeeds): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const sorted = entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const lists = await Promise.all(
    sorted.map(async (entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return seeds.recursive ? listFolder(path, seeds) : []
      return seeds.loadExtensions.includes(extname(path)) && !/\.d\.[cm]?ts$/.test(path) ? [path] : []
    }),
  )
  return lists.flat()
}
