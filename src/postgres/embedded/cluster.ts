import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryAtomically } from './atomic-directory.js'
import type { Binaries } from './binaries.js'
import { runProcess, serverEnvironment } from './run-process.js'
import type { ServerHome } from './server-home.js'
import { lastLines, embeddedUnavailableError } from './unavailable.js'

/** The files of a home. The password and the data it opens are in one folder, which appears as a whole. */
export interface ServerFiles {
  readonly cluster: string
  readonly password: string
  readonly postmaster: string
  readonly log: string
}

/** A server that can be started: where, with which programs, and whether what it stores must survive a power cut. */
export interface ServerSetup {
  readonly home: ServerHome
  readonly binaries: Binaries
  readonly durable: boolean
}

/** The same everywhere, whatever locales the system has: ordered by code point, lower() and upper() for all of Unicode. */
const localeOptions = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
]

/** Where the files of a home are. */
export function serverFilesOf({ path }: ServerHome): ServerFiles {
  const cluster = join(path, 'cluster')
  return {
    cluster,
    password: join(cluster, 'password'),
    postmaster: join(cluster, 'data', 'postmaster.pid'),
    log: join(path, 'server.log'),
  }
}

/** The URL of a database on the server. Rejects with ENOENT if nothing was initialised. */
export async function serverUrlOf(
  home: ServerHome,
  { port, database }: { port: number; database: string },
): Promise<string> {
  const password = await readFile(serverFilesOf(home).password, 'utf8')
  return `postgres://postgres:${password.trim()}@127.0.0.1:${port}/${database}`
}

/**
 * Creates the data with `initdb`, unless they are there: superuser `postgres`, a random password, nobody trusted without.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE with what `initdb` said
 */
export async function createCluster(server: ServerSetup, log: (message: string) => void): Promise<void> {
  await createDirectoryAtomically(serverFilesOf(server.home).cluster, async (unfinished) => {
    log(`Creating the data of an embedded PostgreSQL in ${server.home.directory}`)
    await runInitdb(server, unfinished)
  })
}

async function runInitdb({ home, binaries, durable }: ServerSetup, folder: string): Promise<void> {
  const { account } = home
  const password = join(folder, 'password')
  await mkdir(folder, { mode: 0o700 })
  await writeFile(password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
  if (account) for (const path of [password, folder]) await chown(path, account.uid, account.gid)
  // Relative paths, because initdb hands them to a shell.
  const given = [
    '-D',
    'data',
    '-U',
    'postgres',
    '--pwfile=password',
    '--auth=scram-sha-256',
    ...localeOptions,
  ]
  const sync = durable ? [] : ['--no-sync']
  const { code, output } = await runProcess(binaries.initdb, [...given, ...sync], {
    account,
    cwd: folder,
    env: serverEnvironment,
  })
  if (code === 0) return
  throw embeddedUnavailableError({
    what: 'The embedded PostgreSQL could not create its data directory.',
    facts: [
      ['directory', home.directory],
      ['program', binaries.initdb],
      ['output', lastLines(output)],
    ],
  })
}
