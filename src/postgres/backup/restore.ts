import { type ChildProcess, spawn } from 'node:child_process'
import { pipeline } from 'node:stream/promises'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Connection } from '../connection/connect.js'
import { libpqEnvironment } from '../connection/libpq-environment.js'
import { endOf } from './dump.js'
import { findProgram } from './find-program.js'

/** A backup, and where it is loaded. */
export interface RestoreRequest {
  /** In the custom format of pg_dump. */
  readonly file: string
  readonly connection: Connection
  /** Of the server. */
  readonly major: number
  /** Statements that are run first, in the same transaction. */
  readonly before: readonly string[]
  readonly withOwners: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Loads a backup: pg_restore writes it as SQL, which psql runs in one transaction, so that the database has all of it or is as
 * it was. The password is passed in the environment. Throws SCHEMA_RESTORE_FAILED.
 */
export async function loadBackup(request: RestoreRequest): Promise<void> {
  const [reader, loader] = await Promise.all([
    findProgram('pg_restore', request.major),
    findProgram('psql', request.major),
  ])
  await requireReadable(reader.path, request.file)
  const owners = request.withOwners ? [] : ['--no-owner', '--no-privileges']
  const reading = spawn(reader.path, ['--file=-', ...owners, request.file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const loading = spawn(loader.path, loaderArguments, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: libpqEnvironment(request.connection),
  })
  await loadThrough(request, reading, loading)
}

/** In one line, an error of psql shows no row. */
const loaderArguments = [
  '--no-psqlrc',
  '--quiet',
  '--no-password',
  '--single-transaction',
  '--set=ON_ERROR_STOP=1',
  '--set=VERBOSITY=terse',
  '--file=-',
]

async function requireReadable(program: string, file: string): Promise<void> {
  const failure = await endOf(spawn(program, ['--list', file], { stdio: ['ignore', 'ignore', 'pipe'] }))
  if (failure !== null) throw restoreFailedError(file, `pg_restore cannot read it: ${failure}`)
}

async function loadThrough(
  { file, before, signal }: RestoreRequest,
  reading: ChildProcess,
  loading: ChildProcess,
): Promise<void> {
  const [read, loaded] = [endOf(reading), endOf(loading)]
  const stop = (): void => void [loading, reading].map((child) => child.kill('SIGKILL'))
  signal?.addEventListener('abort', stop)
  const { stdout } = reading
  const { stdin } = loading
  if (stdout === null || stdin === null) throw restoreFailedError(file, 'a program could not be started')
  const text = async function* (): AsyncGenerator<string | Buffer> {
    for (const statement of before) yield `${statement};\n`
    yield* stdout
    // At the end of its input psql commits: an end that comes too early must never reach it.
    if ((await read) !== null) loading.kill('SIGKILL')
  }
  const sent = await pipeline(text, stdin).then(
    () => null,
    (error: unknown) => errorMessage(error),
  )
  const why = (await read) ?? (await loaded) ?? sent
  signal?.removeEventListener('abort', stop)
  if (why !== null) throw restoreFailedError(file, why)
}

function restoreFailedError(file: string, why: string): SchemaError {
  return new SchemaError('SCHEMA_RESTORE_FAILED', {
    what: `The backup could not be restored: ${why}. The database is as it was.`,
    facts: [['file', file]],
    choices: [
      ['--no-owner', 'leaves out owners and rights, where their roles are not on this server'],
      ['pg_restore --list FILE', 'shows what is in it'],
    ],
  })
}
