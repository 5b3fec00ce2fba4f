import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findKnexfile } from './read-knexfile.js'

const skippedFolder = /^(\.|node_modules$|dist$|build$|out$|coverage$|vendor$)/
const depth = 3

/** Knexfiles in the folders below `root`, and in those above it up to the one with package.json: perhaps one is meant. */
export function findNearbyKnexfiles(root: string): readonly string[] {
  return [...foldersAbove(root), ...foldersBelow(root, depth)].flatMap((folder) => findKnexfile(folder) ?? [])
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
