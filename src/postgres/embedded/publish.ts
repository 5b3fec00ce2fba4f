import { randomUUID } from 'node:crypto'
import { access, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasCode } from './unavailable.js'

/**
 * Makes a directory appear whole or not at all, whoever else tries the same: `make` fills one beside it, which is then
 * renamed. Of several starters one wins; the others take what is there.
 */
export async function publish(path: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  if (await exists(path)) return
  await removeAbandoned(path)
  const unfinished = `${path}.${process.pid}.${randomUUID()}`
  try {
    await make(unfinished)
    await renameUnlessThere(unfinished, path)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Whether the path leads to something. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Whether a process has this id, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false
    if (hasCode(error, 'EPERM')) return true
    throw error
  }
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    // Each system has its own code for a directory that is not empty: what counts is that it is there.
    if (!(await exists(to))) throw error
  }
}

/** What a killed starter left half done. */
async function removeAbandoned(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  for (const name of await readdir(dirname(path))) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('.', 1)[0] : Number.NaN)
    if (Number.isInteger(pid) && !isAlive(pid))
      await rm(join(dirname(path), name), { recursive: true, force: true })
  }
}
