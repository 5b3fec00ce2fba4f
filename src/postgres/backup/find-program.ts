import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'

const run = promisify(execFile)

/** Where Debian and Ubuntu install the programs, one folder a major version. */
const debian = '/usr/lib/postgresql'

/** A program of PostgreSQL that is installed. */
export interface PostgresProgram {
  readonly path: string
  readonly major: number
}

/**
 * The installed program that fits a major version: of that version, else of the next newer one, which reads older servers and
 * files too. Looks in the folders of PATH and in those of Debian. Throws SCHEMA_BACKUP_FAILED or SCHEMA_RESTORE_FAILED, which
 * names what was found.
 */
export async function findProgram(
  name: 'pg_dump' | 'pg_restore' | 'psql',
  major: number,
): Promise<PostgresProgram> {
  const paths = [...new Set([...(await inDebian(name)), ...(await inPath(name))])]
  const found = (await Promise.all(paths.map(readVersion))).flat()
  const fitting = found.filter((program) => program.major >= major)
  const best = fitting.toSorted((one, other) => one.major - other.major)[0]
  if (best !== undefined) return best
  throw new SchemaError(name === 'pg_dump' ? 'SCHEMA_BACKUP_FAILED' : 'SCHEMA_RESTORE_FAILED', {
    what:
      found.length === 0
        ? `There is no ${name} on this machine. Nothing was done.`
        : `There is no ${name} of PostgreSQL ${major} on this machine, and an older one cannot read it. Nothing was done.`,
    facts: [
      ['needed', `${name} ${major} or newer`],
      ['found', found.map((program) => `${program.path} (${program.major})`)],
    ],
    choices: [[`apt-get install postgresql-client-${major}`, 'installs it on Debian and Ubuntu']],
  })
}

async function inDebian(name: string): Promise<readonly string[]> {
  const versions = await readdir(debian).catch(() => [])
  return versions.map((version) => join(debian, version, 'bin', name))
}

async function inPath(name: string): Promise<readonly string[]> {
  const script = 'IFS=:; for folder in $PATH; do [ -x "$folder/$1" ] && echo "$folder/$1"; done; true'
  const { stdout } = await run('/bin/sh', ['-c', script, 'sh', name]).catch(() => ({ stdout: '' }))
  return stdout.split('\n').filter((path) => path !== '')
}

/** Empty where it is not there, or does not run. */
async function readVersion(path: string): Promise<readonly PostgresProgram[]> {
  try {
    const { stdout } = await run(path, ['--version'])
    const [, major] = /(\d+)(?:\.\d+|devel|beta\d+|rc\d+)/.exec(stdout) ?? []
    return major === undefined ? [] : [{ path, major: Number(major) }]
  } catch {
    return []
  }
}

/** Why a backup was not made. */
export function backupFailedError(why: string, consequence: string, cause?: unknown): SchemaError {
  return new SchemaError('SCHEMA_BACKUP_FAILED', {
    what: `The backup failed: ${why}. ${consequence}`,
    facts: cause === undefined ? [] : [['reason', errorMessage(cause)]],
    choices: [
      ['schemagate backup', 'tries it alone'],
      ['BACKUP_BEFORE_MIGRATE=off', 'migrates without one'],
    ],
    ...(cause === undefined ? {} : { cause }),
  })
}
