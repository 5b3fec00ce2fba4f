import { randomUUID } from 'node:crypto'
import { access, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasErrorCode } from '../connection/sqlstate.js'

/**
 * Creates a directory completely or not at all. `make` fills a temporary directory beside it, which is then renamed. Where
 * several processes do the same at once, one wins and the others use its directory.
 */
export async function createDirectoryAtomically(
  path: string,
  make: (unfinished: string) => Promise<void>,
): Promise<void> {
  if (await pathExists(path)) return
  await removeAbandonedDirectories(path)
  const unfinished = `${path}.${process.pid}.${randomUUID()}`
  try {
    await make(unfinished)
    await renameIfAbsent(unfinished, path)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Whether the path exists. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Whether a process has this id, of any user. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'ESRCH')) return false
    if (hasErrorCode(error, 'EPERM')) return true
    throw error
  }
}

async function renameIfAbsent(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    // The error code for a target that is not empty differs by system.
    if (!(await pathExists(to))) throw error
  }
}

/** Removes the temporary directories of processes that were killed. */
async function removeAbandonedDirectories(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  for (const name of await readdir(dirname(path))) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('.', 1)[0] : Number.NaN)
    if (Number.isInteger(pid) && !isProcessAlive(pid))
      await rm(join(dirname(path), name), { recursive: true, force: true })
  }
}
