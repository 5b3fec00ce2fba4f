import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { totalmem, userInfo } from 'node:os'
import { join } from 'node:path'

const place = '/dev/shm'
const gigabyte = 2 ** 30

/**
 * A folder in memory for a test server that belongs to this one, or null where there is little of it: a file system takes
 * a quarter of what the tests cost, because for each database it makes and removes hundreds of files.
 */
export function inMemory(folder: string): string | null {
  if (!existsSync(place) || !isRoomy() || !mayRun()) return null
  const owner = `${userInfo().uid}:${folder}`
  return join(place, `schemagate-test-${createHash('sha256').update(owner).digest('hex').slice(0, 12)}`)
}

/** By sizes that stay the same, so that all test files of a run agree. */
function isRoomy(): boolean {
  const { blocks, bsize } = statfsSync(place)
  return blocks * bsize >= 2 * gigabyte && totalmem() >= 8 * gigabyte
}

/** Where the server's user cannot reach the packages, the binaries are beside the data. */
function mayRun(): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
  const options = mounts.map((line) => line.split(' ')).findLast(([, at]) => at === place)?.[3] ?? 'noexec'
  return !options.split(',').includes('noexec')
}
