import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type ErrorChoice, SchemaError } from '../errors/schema-error.js'
import { findKnexfile } from './read-knexfile.js'

const skippedFolder = /^(\.|node_modules$|dist$|build$|out$|coverage$|vendor$)/
const depth = 3

/** Knexfiles in the folders below `root`, and in those above it up to the one with package.json: perhaps one is meant. */
export function findNearbyKnexfiles(root: string): readonly string[] {
  return [...foldersAbove(root), ...foldersBelow(root, depth)].flatMap((folder) => findKnexfile(folder) ?? [])
}

/** What to type for each of them. */
export function nearbyKnexfileChoices(root: string): readonly ErrorChoice[] {
  return findNearbyKnexfiles(root).map((path) => [
    `--knexfile ${relative(root, path)}`,
    'if this is the knexfile; KNEXFILE says it for good',
  ])
}

/** The error of a project without a knexfile, which may only not be in its folder. */
export function withNearbyKnexfiles(error: SchemaError, root: string): SchemaError {
  const { code, message: what, facts, choices, cause } = error
  return new SchemaError(code, { what, facts, choices: [...nearbyKnexfileChoices(root), ...choices], cause })
}

function foldersAbove(folder: string): readonly string[] {
  const above = dirname(folder)
  return above === folder || existsSync(join(folder, 'package.json')) ? [] : [above, ...foldersAbove(above)]
}

function foldersBelow(folder: string, levels: number): readonly string[] {
  if (levels === 0) return []
  return readFolders(folder).flatMap((name) => {
    const below = join(folder, name)
    return [below, ...foldersBelow(below, levels - 1)]
  })
}

/** A folder that cannot be read is left out: this is only for a hint. */
function readFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && !skippedFolder.test(entry.name) ? [entry.name] : [],
    )
  } catch {
    return []
  }
}
