import { existsSync } from 'node:fs'
import type { Config } from '../../config/config.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'

/** The PostgreSQL from npm of a project. */
export interface EmbeddedServer {
  /** `because` says why it is the database of the service; empty for a scratch server. */
  readonly url: (because: string) => Promise<string>
  readonly stop: () => Promise<void>
}

/** Started when first asked for; PostgreSQL from npm is never used in production. */
export function createEmbeddedServer(
  { root, production, database }: Config,
  report: ProgressReporter,
): EmbeddedServer {
  let started: Promise<{ url: string; stop: () => Promise<void> }> | undefined
  const directory = database.kind === 'embedded' ? database.directory : `${root}/.schemagate/postgres`
  const start = async (because: string): Promise<{ url: string; stop: () => Promise<void> }> => {
    if (production)
      throw new SchemaError('SCHEMA_EMBEDDED_UNAVAILABLE', {
        what: 'The embedded PostgreSQL is never used in production.',
      })
    const { startEmbedded } = await import('../embedded/server.js')
    const fresh = !existsSync(directory)
    const server = await startEmbedded({ directory })
    const { startedHere } = server
    const database = describeAddress(addressOf(server))
    report({ event: 'embedded started', database, directory, fresh, startedHere, because })
    return server
  }
  return {
    url: async (because) => (await (started ??= start(because))).url,
    // If it could not be started, `url` has thrown the reason.
    stop: async () => (await started?.catch(() => null))?.stop(),
  }
}
