import { access, chmod, constants, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '../connection/sqlstate.js'
import { hasAccess } from './account.js'
import { createDirectoryAtomically } from './atomic-directory.js'
import { createMissingLinks, locatePackage, readPackageVersion } from './package.js'
import { type SystemAccount, runProcess } from './run-process.js'
import type { Binaries, ServerHome } from './server-parts.js'

/**
 * Binaries that the account of the server can run: those of the package where it can reach them, else a copy beside the
 * data.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if the package is not installed
 */
export async function prepareBinaries(home: ServerHome): Promise<Binaries> {
  const folder = locatePackage([import.meta.url, join(home.directory, 'origin.js')])
  if ((await createMissingLinks(folder)) && (await areExecutable(binariesOf(folder), home.account)))
    return binariesOf(folder)
  const copy = join(home.path, `binaries-${await readPackageVersion(folder)}`)
  await createDirectoryAtomically(copy, (unfinished) => copyPackage(folder, unfinished, home.account))
  return binariesOf(copy)
}

function binariesOf(folder: string): Binaries {
  const extension = process.platform === 'win32' ? '.exe' : ''
  const program = (name: string): string => join(folder, 'native', 'bin', `${name}${extension}`)
  return { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') }
}

async function areExecutable(binaries: Binaries, account: SystemAccount | undefined): Promise<boolean> {
  const programs: readonly string[] = Object.values(binaries)
  const answers = programs.map((path) => (account ? hasAccess(account, '-x', path) : isExecutable(path)))
  return (await Promise.all(answers)).every(Boolean)
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'EACCES')) return false
    throw error
  }
}

async function copyPackage(from: string, to: string, account: SystemAccount | undefined): Promise<void> {
  await mkdir(to)
  await cp(join(from, 'native'), join(to, 'native'), { recursive: true, verbatimSymlinks: true })
  await createMissingLinks(to)
  const programs: readonly string[] = Object.values(binariesOf(to))
  for (const path of programs) await chmod(path, 0o755)
  // npm created the files with the umask of root, which may keep others from reading them.
  if (account) await runProcess('chown', ['-Rh', `${account.uid}:${account.gid}`, to])
}
