import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { finish, type Place, serve, type Server } from '../test/support/node-process.js'
import type { Measured } from './measure.js'

const preloaded = fileURLToPath(new URL('usage.cjs', import.meta.url))
const file = join(tmpdir(), `schemagate-bench-usage-${process.pid}.json`)

/** A whole Node program, from its spawn to its end: wall and CPU time, and the most memory it had at once. */
export async function measureToEnd(words: readonly string[], place: Place): Promise<Measured> {
  const where = { ...place, env: { ...place.env, USAGE_FILE: file } }
  const started = performance.now()
  await finish(['--require', preloaded, ...words], where)
  const wall = performance.now() - started
  const usage: Measured = JSON.parse(await readFile(file, 'utf8'))
  await rm(file)
  return { wall, ...usage }
}

/** A server, from its spawn until `/health/ready` answers: wall time, and on Linux CPU time. */
export async function measureToReady(words: readonly string[], place: Place): Promise<Measured> {
  const started = performance.now()
  const server = await serve(words, place)
  const wall = performance.now() - started
  const cpu = await cpuTime(server)
  await server.stop()
  return { wall, ...(cpu !== null && { cpu }) }
}

/** Where schemagate reads the whole catalog when it starts, even if nothing has changed since it was verified. */
export function withFullRead(place: Place): Place {
  return { ...place, env: { ...place.env, VERIFY_AT_START: 'full' } }
}

/** The memory of a process that runs, in bytes. Null where there is no `/proc`. */
export async function residentMemory({ pid }: Server): Promise<number | null> {
  const status = await readProcess(pid, 'status')
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024
}

/** In milliseconds. The kernel counts in hundredths of a second for every program that reads it. */
async function cpuTime({ pid }: Server): Promise<number | null> {
  const stat = await readProcess(pid, 'stat')
  if (stat === null) return null
  // After the name, which may have blanks: the state is field 3, utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function readProcess(pid: number, name: string): Promise<string | null> {
  return process.platform === 'linux' ? readFile(`/proc/${pid}/${name}`, 'utf8') : null
}
