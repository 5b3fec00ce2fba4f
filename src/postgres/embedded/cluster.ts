import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryAtomically } from './atomic-directory.js'
import { runProcess, serverEnvironment } from './run-process.js'
import { lastLines, embeddedUnavailableError } from './unavailable.js'
import { serverFilesOf, type ServerSetup } from './server-parts.js'

/** The options of `initdb` for a locale that is the same on every system: sorts by code point, lower() and upper() for all of Unicode. */
const builtinLocale = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
]

/**
 * Creates the data directory with `initdb` if it is missing: superuser `postgres` with a random password, which every
 * connection needs.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE with the output of `initdb`
 */
export async function createCluster(server: ServerSetup, log: (message: string) => void): Promise<void> {
  await createDirectoryAtomically(serverFilesOf(server.home).cluster, async (unfinished) => {
    log(`Creating the data of an embedded PostgreSQL in ${server.home.directory}`)
    await runInitdb(server, unfinished, builtinLocale)
  })
}

/** Creates a cluster in an empty place. Throws SCHEMA_EMBEDDED_UNAVAILABLE. */
export async function runInitdb(
  { home, binaries, durable }: ServerSetup,
  folder: string,
  localeOptions: readonly string[],
): Promise<void> {
  const { account } = home
  const password = join(folder, 'password')
  await mkdir(folder, { mode: 0o700 })
  await writeFile(password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
  if (account) for (const path of [password, folder]) await chown(path, account.uid, account.gid)
  // Relative paths, because initdb passes them to a shell.
  const options = [
    '-D',
    'data',
    '-U',
    'postgres',
    '--pwfile=password',
    '--auth=scram-sha-256',
    ...localeOptions,
  ]
  const sync = durable ? [] : ['--no-sync']
  const { code, output } = await runProcess(binaries.initdb, [...options, ...sync], {
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
