import { createHash } from 'node:crypto'
import {
  access,
  chown,
  constants,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rmdir,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { SchemaError } from '../../errors/schema-error.js'
import { hasErrorCode } from '../connection/sqlstate.js'
import { resolveAccount, hasAccess } from './account.js'
import type { SystemAccount } from './run-process.js'
import { embeddedUnavailableError } from './unavailable.js'
import type { ServerHome } from './server-parts.js'

/**
 * Creates the directory of a server. Where root starts the server, a different account runs it, which cannot enter a
 * directory below /root: then the data is in /var/tmp, and `directory` is a symlink to it.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if the account cannot use the directory
 */
export async function prepareHome(directory: string): Promise<ServerHome> {
  const absolute = resolve(directory)
  const account = await resolveAccount(absolute)
  const path = account
    ? await prepareAccountDirectory(absolute, account)
    : await prepareOwnDirectory(absolute)
  return { directory: absolute, path, account }
}

/** The folder of a project ignores itself in git, with the password of the server in it. */
async function prepareParent(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  if (basename(folder) !== '.schemagate') return
  await ignoreErrors(
    ['EEXIST', 'EACCES', 'EROFS'],
    writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' }),
  )
}

async function prepareOwnDirectory(directory: string): Promise<string> {
  try {
    await prepareParent(dirname(directory))
    await ignoreErrors(['EEXIST'], mkdir(directory, { mode: 0o700 }))
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return await realpath(directory)
  } catch (error) {
    // ENOENT: a symlink whose target does not exist.
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOENT'))
      throw unusableDirectoryError(directory, error)
    throw error
  }
}

async function prepareAccountDirectory(directory: string, account: SystemAccount): Promise<string> {
  await prepareParent(dirname(directory))
  if (!(await hasAccess(account, '-x', dirname(directory)))) await linkToVarTmp(directory)
  const path = (await readLinkTarget(directory)) ?? directory
  if (await ensureOwnedBy(account, path)) return realpath(path)
  throw unusableDirectoryError(path)
}

/** Creates the directory if it is missing. Gives an empty directory of root to the account, and changes no other. */
async function ensureOwnedBy({ uid, gid }: SystemAccount, path: string): Promise<boolean> {
  await ignoreErrors(['EEXIST'], mkdir(path, { mode: 0o700 }))
  // Not `stat`: in /var/tmp any user can create a symlink.
  const found = await lstat(path)
  if (!found.isDirectory()) return false
  if (found.uid === uid) return hasAccess({ uid, gid }, '-w', path)
  if (found.uid !== 0 || (await readdir(path)).length > 0) return false
  await chown(path, uid, gid)
  return hasAccess({ uid, gid }, '-w', path)
}

async function linkToVarTmp(directory: string): Promise<void> {
  if (await readLinkTarget(directory)) return
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 12)
  // A directory that is not empty stays, and is then reported as unusable.
  await ignoreErrors(['ENOENT', 'ENOTEMPTY'], rmdir(directory))
  await ignoreErrors(['EEXIST'], symlink(`/var/tmp/schemagate-${hash}`, directory))
}

async function readLinkTarget(path: string): Promise<string | undefined> {
  try {
    return resolve(dirname(path), await readlink(path))
  } catch (error) {
    // EINVAL: it exists and is no symlink.
    if (hasErrorCode(error, 'EINVAL', 'ENOENT')) return undefined
    throw error
  }
}

/** Waits for an operation that fails with one of these codes where a different process was faster. */
async function ignoreErrors(codes: readonly string[], operation: Promise<unknown>): Promise<void> {
  try {
    await operation
  } catch (error) {
    if (!hasErrorCode(error, ...codes)) throw error
  }
}

function unusableDirectoryError(directory: string, cause?: unknown): SchemaError {
  return embeddedUnavailableError({
    what: 'The account that runs the embedded PostgreSQL cannot use its directory.',
    facts: [['directory', directory]],
    choices: [[`rm -r ${directory}`, 'creates it again; the data in it is lost']],
    cause,
  })
}
