import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryAtomically } from '../../src/postgres/embedded/atomic-directory.js'
import type { Binaries } from '../../src/postgres/embedded/binaries.js'
import { createMissingLinks } from '../../src/postgres/embedded/package.js'
import { runProcess, serverEnvironment } from '../../src/postgres/embedded/run-process.js'
import {
  prepareHome,
  serverFilesOf,
  type ServerHome,
  serverUrlOf,
} from '../../src/postgres/embedded/server-home.js'
import { startServer } from '../../src/postgres/embedded/start.js'
import { stopServer } from '../../src/postgres/embedded/stop.js'
import type { Owner } from './database.js'
import { inMemory } from './memory.js'

/** Where Debian and Ubuntu install the servers, one folder a major version. */
const debian = '/usr/lib/postgresql'

const givenFolders = process.env['TEST_POSTGRES_BIN']?.split(':') ?? []

/** The folders with the programs of other PostgreSQL servers: those of Debian, and those that TEST_POSTGRES_BIN lists. */
export const otherServers: readonly string[] = [...findInstalled(), ...givenFolders].filter((folder) =>
  existsSync(join(folder, 'postgres')),
)

export const withoutOtherServer: string | false =
  otherServers.length === 0 && 'there is no server but that of npm; as root: apt-get install postgresql'

function findInstalled(): readonly string[] {
  return existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []
}

/** Starts the server of a folder with an empty cluster, until the test ends. Returns its superuser's URL. */
export async function startOtherServer(t: Owner, folder: string): Promise<string> {
  // A server from npm has links to its libraries only after that.
  if (existsSync(join(folder, '..', '..', 'package.json'))) await createMissingLinks(join(folder, '..', '..'))
  const program = (name: string): string => join(folder, name)
  const binaries = { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') }
  const parent = await mkdtemp(`${inMemory(folder) ?? '/var/tmp/schemagate-test'}-`)
  t.teardown(() => rm(parent, { recursive: true }))
  const home = await prepareHome(join(parent, 'postgres'))
  await createCluster(home, binaries)
  const { port } = await startServer({ home, binaries, durable: false })
  t.teardown(() => stopServer(home))
  return serverUrlOf(home, port, 'postgres')
}

/** Not that of the embedded server: versions before 17 have no locale provider of their own. */
async function createCluster(home: ServerHome, { initdb }: Binaries): Promise<void> {
  const { account } = home
  await createDirectoryAtomically(serverFilesOf(home).cluster, async (folder) => {
    await mkdir(folder, { mode: 0o700 })
    const password = join(folder, 'password')
    await writeFile(password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
    if (account) for (const path of [password, folder]) await chown(path, account.uid, account.gid)
    const options = [
      '--pwfile=password',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]
    const { code, output } = await runProcess(initdb, ['-D', 'data', '-U', 'postgres', ...options], {
      account,
      cwd: folder,
      env: serverEnvironment,
    })
    if (code !== 0) throw new Error(`${initdb} failed: ${output}`)
  })
}
