import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryAtomically } from '../../src/postgres/embedded/atomic-directory.js'
import { runInitdb } from '../../src/postgres/embedded/cluster.js'
import { createMissingLinks } from '../../src/postgres/embedded/package.js'
import { prepareHome } from '../../src/postgres/embedded/server-home.js'
import { startServer } from '../../src/postgres/embedded/start.js'
import { stopServer } from '../../src/postgres/embedded/stop.js'
import type { Owner } from './database.js'
import { inMemory } from './memory.js'
import { serverFilesOf, serverUrlOf } from '../../src/postgres/embedded/server-parts.js'

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
  const server = { home, binaries, durable: false }
  // Versions before 17 have no locale provider of their own.
  await createDirectoryAtomically(serverFilesOf(home).cluster, (unfinished) =>
    runInitdb(server, unfinished, ['--encoding=UTF8', '--locale=C']),
  )
  const { port } = await startServer(server)
  t.teardown(() => stopServer(home))
  return serverUrlOf(home, port, 'postgres')
}
