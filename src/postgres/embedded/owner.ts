import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '../connection/sqlstate.js'
import { isProcessAlive } from './atomic-directory.js'
import type { ServerHome } from './server-parts.js'

/** Records that this process has to stop the server. */
export async function recordServerOwner(home: ServerHome): Promise<void> {
  await writeFile(ownerFile(home), `${process.pid}\n`)
}

/** Becomes the process that has to stop the server, where the last one was killed. False where that one still runs. */
export async function takeOverServer(home: ServerHome): Promise<boolean> {
  try {
    if (isProcessAlive(Number(await readFile(ownerFile(home), 'utf8')))) return false
    await recordServerOwner(home)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'EACCES')) return false
    throw error
  }
}

function ownerFile({ path }: ServerHome): string {
  return join(path, 'owner')
}
