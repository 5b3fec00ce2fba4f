import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { hasErrorCode } from '../connection/sqlstate.js'
import type { ServerHome } from './server-parts.js'

/** The port of the last start where it is free, so that a URL that was noted keeps working; else any free one. */
export async function choosePort(home: ServerHome): Promise<number> {
  const port = (await reservePort(await readPort(home))) ?? (await reservePort(0)) ?? 0
  await writeFile(portFile(home), `${port}\n`)
  return port
}

/** The port, or a free one for 0; null where it is taken. */
async function reservePort(port: number): Promise<number | null> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : null
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE', 'EACCES')) return null
    throw error
  } finally {
    server.close()
  }
}

/** The port of the last start; 0 where none is recorded. */
export async function readPort(home: ServerHome): Promise<number> {
  try {
    const port = Number(await readFile(portFile(home), 'utf8'))
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return 0
    throw error
  }
}

function portFile({ path }: ServerHome): string {
  return join(path, 'port')
}
