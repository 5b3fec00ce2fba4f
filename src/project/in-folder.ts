import { dirname } from 'node:path'

/** Runs code of a project in the folder of its knexfile, as Knex's command line does; without a knexfile in the current one. */
export async function inProjectFolder<T>(
  { knexfile }: { readonly knexfile: string | null },
  use: () => Promise<T>,
): Promise<T> {
  return knexfile === null ? use() : inFolder(dirname(knexfile), use)
}

interface Stay {
  readonly folder: string
}

/** What runs in a folder now. A process has one current folder, and several stays may overlap. */
const stays: Stay[] = []
let home: string | null = null

/**
 * Runs `use` with the folder as the current one, which code of the project may read `.env` from. Whatever overlaps, the last
 * to end leaves the process where the first found it. In a worker thread, where the current folder cannot be changed, it stays.
 */
export async function inFolder<T>(folder: string, use: () => Promise<T>): Promise<T> {
  if (stays.length === 0) home = currentFolder()
  const stay = { folder }
  stays.push(stay)
  changeFolder(folder)
  try {
    return await use()
  } finally {
    stays.splice(stays.indexOf(stay), 1)
    changeFolder(stays.at(-1)?.folder ?? home)
  }
}

/** Null where the folder was removed. */
function currentFolder(): string | null {
  try {
    return process.cwd()
  } catch {
    return null
  }
}

function changeFolder(folder: string | null): void {
  if (folder === null || folder === currentFolder()) return
  try {
    process.chdir(folder)
  } catch {
    // A worker thread has no folder of its own, and one that was removed cannot be entered.
  }
}
