import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SystemAccount } from './run-process.js'

/** The directory of a server, and the account that runs it. */
export interface ServerHome {
  /** The configured directory, which messages name. */
  readonly directory: string
  /** The real directory: `directory`, or the target of a symlink there. */
  readonly path: string
  /** Undefined for the account of this process. */
  readonly account: SystemAccount | undefined
}

/** The programs of a PostgreSQL, as absolute paths. */
export interface Binaries {
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

/** A server to start. `durable` says whether its data must survive a power cut. */
export interface ServerSetup {
  readonly home: ServerHome
  readonly binaries: Binaries
  readonly durable: boolean
}

/** The files of a server. `cluster` holds the data and the password for it, and is created as a whole. */
export interface ServerFiles {
  readonly cluster: string
  readonly password: string
  readonly postmaster: string
  readonly log: string
}

export function serverFilesOf({ path }: ServerHome): ServerFiles {
  const cluster = join(path, 'cluster')
  return {
    cluster,
    password: join(cluster, 'password'),
    postmaster: join(cluster, 'data', 'postmaster.pid'),
    log: join(path, 'server.log'),
  }
}

/** The URL of a database on the server, with its password. Rejects with ENOENT before `createCluster`. */
export async function serverUrlOf(home: ServerHome, port: number, database: string): Promise<string> {
  const password = await readFile(serverFilesOf(home).password, 'utf8')
  return `postgres://postgres:${password.trim()}@127.0.0.1:${port}/${database}`
}
