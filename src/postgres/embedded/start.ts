import { readFile, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SchemaError } from '../../errors/schema-error.js'
import { hasErrorCode } from '../connection/sqlstate.js'
import { choosePort } from './port.js'
import { type ProcessResult, runProcess, serverEnvironment } from './run-process.js'
import { type AnsweringServer, readServerStatus } from './server-status.js'
import { lastLines, embeddedUnavailableError } from './unavailable.js'
import { serverFilesOf, type ServerSetup } from './server-parts.js'

/** A server that answers, and whether this call started it. */
export type StartedServer = AnsweringServer & { readonly startedHere: boolean }

const serverSettings = [
  'unix_socket_directories=',
  'max_connections=200',
  'max_locks_per_transaction=256',
  'timezone=UTC',
  'log_timezone=UTC',
  'cluster_name=schemagate',
]
const nonDurableSettings = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']

const startTimeout = 60_000
const maxLaunches = 5

/**
 * Starts the server, or returns the one that a different process has started meanwhile: `postmaster.pid` lets only one of
 * them start.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE with the last lines of the server's log
 */
export async function startServer(server: ServerSetup): Promise<StartedServer> {
  const deadline = performance.now() + startTimeout
  let launched: ProcessResult | undefined
  let launchesLeft = maxLaunches
  for (;;) {
    const found = await readServerStatus(server.home)
    if (found.state === 'answers') return { ...found, startedHere: launched?.code === 0 }
    const isLate = performance.now() > deadline
    if (found.state === 'silent') {
      if (isLate) throw await startFailedError(server, found.cause)
    } else {
      if (launchesLeft === 0 || isLate) throw await startFailedError(server, launched?.output)
      launched = await launchServer(server)
      if (!(await hasOrphanedChildren(server))) launchesLeft -= 1
      if (launched.code === 0) continue
    }
    // A different process starts the server, the port was taken meanwhile, or children of a killed server still run.
    await sleep(200)
  }
}

/** Whether PostgreSQL did not start because children of a killed server still run. They end when they notice. */
async function hasOrphanedChildren({ home }: ServerSetup): Promise<boolean> {
  return (await readLog(serverFilesOf(home).log)).includes('pre-existing shared memory block')
}

async function launchServer({ home, binaries, durable }: ServerSetup): Promise<ProcessResult> {
  const { cluster, log } = serverFilesOf(home)
  await truncateLog(log)
  const settings = durable ? serverSettings : [...serverSettings, ...nonDurableSettings]
  const port = await choosePort(home)
  const options = [`-p ${port}`, '-h 127.0.0.1', ...settings.map((setting) => `-c ${setting}`)]
  // Relative paths, because pg_ctl passes them to a shell.
  const files = ['-D', 'data', '-l', '../server.log']
  return runProcess(binaries.pgCtl, ['start', '-w', '-t', '60', ...files, '-o', options.join(' ')], {
    account: home.account,
    cwd: cluster,
    env: serverEnvironment,
    silent: process.platform === 'win32',
  })
}

/** The log then belongs to this start, and does not grow without limit. */
async function truncateLog(log: string): Promise<void> {
  try {
    await truncate(log)
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
  }
}

async function readLog(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return ''
    throw error
  }
}

async function startFailedError(
  { home }: ServerSetup,
  reason: unknown = 'the server does not answer',
): Promise<SchemaError> {
  const { log } = serverFilesOf(home)
  return embeddedUnavailableError({
    what: 'The embedded PostgreSQL did not start.',
    facts: [
      ['directory', home.directory],
      ['reason', lastLines(String(reason))],
      ['log', [log, ...lastLines(await readLog(log))]],
    ],
    choices: [[`rm -r ${home.path}`, 'starts with an empty database; the data in this one is lost']],
  })
}
