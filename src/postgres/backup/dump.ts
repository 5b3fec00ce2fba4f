import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describeDuration, formatBytes } from '../../core/text/format.js'
import { errorMessage, redact } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Connection } from '../connection/connect.js'
import { libpqEnvironment } from '../connection/libpq-environment.js'
import { backupFailedError, findProgram } from './find-program.js'

/** Where backups go: to the stdin of a command where there is one, else into a folder. */
export interface BackupPlace {
  readonly folder: string
  readonly command: string | null
}

/** What is backed up. */
export interface BackupSource {
  readonly connection: Connection
  readonly major: number
  /** Bytes, as the server counts them. */
  readonly databaseSize: number
  /** The name of the file, without a folder. */
  readonly name: string
  readonly signal?: AbortSignal | undefined
}

/** A backup that was made. */
export interface Backup {
  /** The path of the file, or its name for a command. */
  readonly name: string
  readonly size: number
  readonly sha256: string
}

const consequence = 'Nothing was migrated.'

/** How long what takes the dump may take nothing of it, in milliseconds. */
const longestStall = 300_000

/**
 * Runs pg_dump in its custom format. A file has its name only once it is whole, and is readable by its owner alone. The
 * password is passed in the environment of pg_dump. Throws SCHEMA_BACKUP_FAILED.
 */
export async function dumpDatabase(
  source: BackupSource,
  { command, folder }: BackupPlace,
  stall: number = longestStall,
): Promise<Backup> {
  const { path } = await findProgram('pg_dump', source.major)
  const dump: Dump = (target, onFailure) => dumpInto(path, source, target, onFailure)
  return command === null ? dumpToFolder(dump, source, folder) : dumpToCommand(dump, source, command, stall)
}

/** Writes the dump somewhere. `onFailure` is called before a target is closed that has not got all of it. */
type Dump = (target: Writable, onFailure: () => void) => Promise<Omit<Backup, 'name'>>

async function dumpToFolder(dump: Dump, source: BackupSource, folder: string): Promise<Backup> {
  const file = join(folder, source.name)
  const partial = `${file}.partial`
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw backupFailedError(`the folder ${folder} cannot be made`, consequence, cause)
  })
  await requireSpace(folder, source.databaseSize)
  try {
    const written = await dump(createWriteStream(partial, { mode: 0o600, flush: true }), () => {})
    await rename(partial, file)
    return { name: file, ...written }
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** A dump is compressed, but has no upper bound: what the database takes is enough. */
async function requireSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= needed) return
  const what = `${folder} has ${formatBytes(free)} free, and the database takes ${formatBytes(needed)}`
  throw backupFailedError(what, consequence)
}

async function dumpToCommand(
  dump: Dump,
  { name, signal }: BackupSource,
  command: string,
  stall: number,
): Promise<Backup> {
  const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = endOf(child)
  let hasStalled = false
  let isStopped = false
  // A command that reads the end of a dump that is not whole would keep it as if it were.
  const stop = (): void => {
    isStopped = true
    if (child.exitCode === null) spawnSync('/bin/sh', ['-c', `kill -s KILL -- -${child.pid}`])
  }
  const stopWatching = watchStall(child.stdin, stall, () => {
    hasStalled = true
    stop()
  })
  signal?.addEventListener('abort', stop)
  // The error of a pipe that is closed says less than the command's own.
  const [dumped] = await Promise.allSettled([dump(child.stdin, stop)])
  stopWatching()
  const failure = await ended
  signal?.removeEventListener('abort', stop)
  if (hasStalled) throw backupFailedError(stallText(stall), consequence)
  if (failure !== null && !isStopped)
    throw backupFailedError(`BACKUP_COMMAND failed: ${failure}`, consequence)
  if (dumped.status === 'fulfilled') return { name, ...dumped.value }
  if (isStopped) throw dumped.reason
  throw backupFailedError('BACKUP_COMMAND ended before it had read all of the dump', consequence)
}

function stallText(stall: number): string {
  return `BACKUP_COMMAND has read nothing of the dump for ${describeDuration(stall)}`
}

/** Calls `onStall` where what was written to a stream waits there for so long. Returns what ends that. */
function watchStall(stream: Writable, stall: number, onStall: () => void): () => void {
  let since = performance.now()
  let waiting = 0
  const timer = setInterval(() => {
    const { writableLength } = stream
    if (writableLength === 0 || writableLength !== waiting) since = performance.now()
    waiting = writableLength
    if (performance.now() - since > stall) onStall()
  }, stall / 10)
  return () => clearInterval(timer)
}

/** Writes the dump somewhere, and counts it. */
async function dumpInto(
  program: string,
  { connection, signal }: BackupSource,
  target: Writable,
  onFailure: () => void,
): Promise<Omit<Backup, 'name'>> {
  const hash = createHash('sha256')
  let size = 0
  const child = spawn(program, ['--format=custom', '--no-password'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: libpqEnvironment(connection),
  })
  const ended = endOf(child)
  const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
    // A file that is not whole must not be closed as if it were.
    const failure = await ended
    if (failure === null) return
    onFailure()
    throw backupFailedError(`pg_dump failed: ${failure}`, consequence)
  }
  try {
    await pipeline(child.stdout, count, target, signal === undefined ? {} : { signal })
  } catch (error) {
    child.kill()
    await ended
    if (error instanceof SchemaError) throw error
    throw backupFailedError(errorMessage(error), consequence, error)
  }
  return { size, sha256: hash.digest('hex') }
}

/** Null for a success, else what it said last. */
export function endOf(child: ChildProcess): Promise<string | null> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2000)
  })
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) =>
      resolve(code === 0 ? null : redact(said.trim()) || `it ended with ${signal ?? `exit code ${code}`}`),
    )
  })
}
