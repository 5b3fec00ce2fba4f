import { readFile, rm } from 'node:fs/promises'
import { filesOf } from './cluster.js'
import type { Home } from './home.js'
import { isAlive } from './publish.js'
import { hasCode } from './unavailable.js'

/** What PostgreSQL writes into `postmaster.pid` while it runs. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** It also runs while it is starting or stopping. */
  readonly ready: boolean
}

/** The server process of a home; undefined if none runs. After `kill -9` the file names an id that may be anybody's. */
export async function findPostmaster(home: Home): Promise<Postmaster | undefined> {
  const { postmaster: path } = filesOf(home)
  const recorded = await readRecord(path)
  if (recorded === undefined || !isAlive(recorded.pid)) return undefined
  if (!(await isOnlyAnId(recorded.pid))) return recorded
  // PostgreSQL would refuse to start for as long as any process has this id.
  await rm(path, { force: true })
  return undefined
}

async function readRecord(path: string): Promise<Postmaster | undefined> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim())
    const [pid, port] = [Number(lines[0]), Number(lines[3])]
    return pid > 0 ? { pid, port, ready: lines[7] === 'ready' } : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether the process is another program, or a zombie. Only Linux says; elsewhere it remains PostgreSQL's question. */
async function isOnlyAnId(pid: number): Promise<boolean> {
  try {
    const [, program, state] = /\((.*)\) (\w)/s.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? []
    return program !== 'postgres' || state === 'Z'
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return false
    throw error
  }
}
