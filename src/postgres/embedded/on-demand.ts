import { existsSync } from 'node:fs'
import type { ProgressReporter } from '../../core/progress/events.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { pause } from '../connection/backoff.js'

/** The PostgreSQL from npm of a project. */
export interface EmbeddedServer {
  /** `because` says why it is the database of the service; empty for a scratch server. */
  readonly url: (because: string) => Promise<string>
  readonly stop: () => Promise<void>
  readonly signal: AbortSignal | undefined
}

/** Starts the server of a directory. */
export type StartServer = (place: { readonly directory: string }) => Promise<RunningServer>

interface RunningServer {
  readonly url: string
  readonly startedHere: boolean
  /** The port that it had before, where something else has taken it. */
  readonly takenPort: number | null
  readonly stop: () => Promise<void>
}

interface EmbeddedPlace {
  readonly directory: string
  /** Loads what starts the server, which a command without one does not need. */
  readonly load: () => Promise<StartServer>
  readonly production: boolean
  readonly report: ProgressReporter
  /** Aborted when the command is asked to stop. */
  readonly signal: AbortSignal | undefined
}

/** Started when first asked for. In production it is never the database of the service: SCHEMA_EMBEDDED_UNAVAILABLE. */
export function createEmbeddedServer({
  directory,
  load,
  production,
  report,
  signal,
}: EmbeddedPlace): EmbeddedServer {
  let started: Promise<RunningServer> | undefined
  const start = async (because: string): Promise<RunningServer> => {
    if (production && because !== '')
      throw new SchemaError('SCHEMA_EMBEDDED_UNAVAILABLE', {
        what: 'The embedded PostgreSQL is never used in production.',
      })
    const startServer = await load()
    const fresh = !existsSync(directory)
    const server = await startServer({ directory })
    await pause(0, signal).catch(async (stopped: unknown) => {
      await server.stop()
      throw stopped
    })
    const { startedHere, takenPort } = server
    const database = describeAddress(addressOf(server))
    report({ event: 'embedded started', database, directory, fresh, startedHere, takenPort, because })
    return server
  }
  return {
    url: async (because) => (await (started ??= start(because))).url,
    // If it could not be started, `url` has thrown the reason.
    stop: async () => (await started?.catch(() => null))?.stop(),
    signal,
  }
}
