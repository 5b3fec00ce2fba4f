import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from './home.js'
import { isAlive } from './publish.js'
import { hasCode } from './unavailable.js'

/** Writes down that this process is the one to stop the server. */
export async function ownServer(home: Home): Promise<void> {
  await writeFile(ownerFile(home), `${process.pid}\n`)
}

/** Takes over a server whose owner was killed, so that somebody stops it. False where its owner still runs. */
export async function adoptServer(home: Home): Promise<boolean> {
  try {
    if (isAlive(Number(await readFile(ownerFile(home), 'utf8')))) return false
    await ownServer(home)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return false
    throw error
  }
}

function ownerFile({ path }: Home): string {
  return join(path, 'owner')
}
