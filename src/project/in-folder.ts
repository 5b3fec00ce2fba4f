/**
 * Runs `use` with the folder as the current one, as Knex's command line does for a knexfile: it may read `.env` there.
 * In a worker thread, where the current folder cannot be changed, it stays.
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
