import { readdir } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { isRecord } from '../core/text/is-record.js'
import { importModule } from './import-module.js'
import type { KnexSeeds, SeedSource } from './knex-project.js'
import { supportedExtensions } from './read-knexfile.js'
import { toTextList } from './text-list.js'

/** A seed before it is loaded. */
export interface SeedFile {
  /** For people. */
  readonly name: string
  readonly load: () => Promise<unknown>
}

/** Reads the `seeds` of a section; relative paths begin in `base`. */
export function readSeeds(value: unknown, base: string): KnexSeeds {
  const seeds = isRecord(value) ? value : {}
  const { directory, loadExtensions, specific, seedSource } = seeds
  return {
    directories: directory === undefined ? null : toTextList(directory).map((path) => resolve(base, path)),
    loadExtensions: toTextList(loadExtensions, ...supportedExtensions),
    recursive: seeds['recursive'] === true,
    sortDirsSeparately: seeds['sortDirsSeparately'] === true,
    specific: typeof specific === 'string' ? specific : null,
    source:
      directory === undefined && loadExtensions === undefined && isSeedSource(seedSource) ? seedSource : null,
  }
}

function isSeedSource(value: unknown): value is SeedSource {
  return isRecord(value) && ['getSeeds', 'getSeed'].every((name) => typeof value[name] === 'function')
}

/** The seeds in the order in which Knex runs them. Throws what reading a folder throws. */
export async function listSeeds(
  seeds: KnexSeeds,
  directories: readonly string[],
): Promise<readonly SeedFile[]> {
  if (seeds.source !== null) return listFromSource(seeds.source, seeds)
  const folders = await Promise.all(directories.map((directory) => listFolder(directory, seeds)))
  const files = seeds.sortDirsSeparately ? folders.flat() : folders.flat().sort()
  return files
    .filter((path) => seeds.specific === null || basename(path) === seeds.specific)
    .map((path) => ({ name: path, load: () => importModule(path) }))
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
