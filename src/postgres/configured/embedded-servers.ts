import { join } from 'node:path'
import type { Config } from '../../config/config.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { withClient } from '../connection/connect.js'
import { createEmbeddedServer, type EmbeddedServer, type StartServer } from '../embedded/on-demand.js'

/** The PostgreSQL from npm as the database of the service, and the one on which migrations are replayed. */
export interface EmbeddedServers {
  readonly database: EmbeddedServer
  readonly scratch: EmbeddedServer
}

/** Starts nothing before it is asked for. */
export function embeddedServersOf(
  config: Config,
  report: ProgressReporter,
  signal: AbortSignal | undefined,
): EmbeddedServers {
  const shared = { production: config.production, report, signal }
  return {
    database: createEmbeddedServer({
      directory: embeddedDirectoryOf(config),
      load: async () => (await import('../embedded/server.js')).startEmbedded,
      ...shared,
    }),
    scratch: createEmbeddedServer({
      directory: scratchDirectoryOf(config),
      load: loadScratchServer,
      ...shared,
    }),
  }
}

/**
 * The server on which migrations are replayed has data of its own: a migration may create a role that the development
 * database has already. What a killed replay left there is removed.
 */
async function loadScratchServer(): Promise<StartServer> {
  const { startEmbedded } = await import('../embedded/server.js')
  const { removeLeftovers } = await import('../scratch/server-objects.js')
  return async (place) => {
    const server = await startEmbedded(place)
    const connection = { url: server.url, ssl: 'disable', applicationName: 'schemagate' } as const
    if (server.startedHere) await withClient(connection, removeLeftovers)
    return server
  }
}

/** Where the PostgreSQL from npm keeps the database of the service, or would. */
export function embeddedDirectoryOf({ root, database }: Config): string {
  return database.kind === 'embedded' ? database.directory : join(root, '.schemagate', 'postgres')
}

/** Where the PostgreSQL from npm on which migrations are replayed keeps its data, or would. */
export function scratchDirectoryOf({ root }: Config): string {
  return join(root, '.schemagate', 'scratch')
}
