import { dirname } from 'node:path'

/** Runs code of a project in the folder of its knexfile, as Knex's command line does; without a knexfile in the current one. */
export async function inProjectFolder<T>(
  { knexfile }: { readonly knexfile: string | null },
  use: () => Promise<T>,
): Promise<T> {
  return knexfile === null ? use() : inFolder(dirname(knexfile), use)
}

/**
 * Runs `use` with the folder as the current one, which code of the project may read `.env` from. In a worker thread, where the current folder cannot be changed, it stays.
 */
export async function inFolder<T>(folder: string, use: () => Promise<T>): Promise<T> {
  const before = process.cwd()
  if (before === folder || !changeFolder(folder)) return use()
  try {
    return await use()
  } finally {
    changeFolder(before)
  }
}

function changeFolder(folder: string): boolean {
  try {
    process.chdir(folder)
    return true
  } catch {
    return false
  }
}
