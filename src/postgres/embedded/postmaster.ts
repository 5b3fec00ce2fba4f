import { readFile, rm } from 'node:fs/promises'
import { hasErrorCode } from '../connection/sqlstate.js'
import { isProcessAlive } from './atomic-directory.js'
import { serverFilesOf, type ServerHome } from './server-parts.js'

/** What PostgreSQL writes to `postmaster.pid` while it runs. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** False while it starts or stops. */
  readonly ready: boolean
}

/** The running server of a home; undefined if none runs. After `kill -9` a different process may have the recorded pid. */
export async function findPostmaster(home: ServerHome): Promise<Postmaster | undefined> {
  const { postmaster: path } = serverFilesOf(home)
  const recorded = await readPidFile(path)
  if (recorded === undefined || !isProcessAlive(recorded.pid)) return undefined
  if (!(await isForeignProcess(recorded.pid))) return recorded
  // PostgreSQL does not start while a process has this pid.
  await rm(path, { force: true })
  return undefined
}

async function readPidFile(path: string): Promise<Postmaster | undefined> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim())
    const [pid, port] = [Number(lines[0]), Number(lines[3])]
    return pid > 0 ? { pid, port, ready: lines[7] === 'ready' } : undefined
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether the process is a different program or a zombie. Only Linux tells; elsewhere PostgreSQL has to find out. */
async function isForeignProcess(pid: number): Promise<boolean> {
  try {
    const [, program, state] = /\((.*)\) (\w)/s.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? []
    return program !== 'postgres' || state === 'Z'
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH')) return false
    throw error
  }
}
