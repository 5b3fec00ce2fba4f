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
} from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { SchemaError } from '../../errors/schema-error.js'
import { resolveAccount, hasAccess } from './account.js'
import type { SystemAccount } from './run-process.js'
import { hasErrorCode, embeddedUnavailableError } from './unavailable.js'

/** Where a server lives, and whom it runs as. */
export interface ServerHome {
  /** As it was asked for: what messages name. */
  readonly directory: string
  /** Where it really is: `directory`, or what a symlink there points to. */
  readonly path: string
  /** Undefined: ourselves. */
  readonly account: SystemAccount | undefined
}

/**
 * Creates the directory of a server. Root's server runs as another user, who cannot reach a directory below /root: then it
 * is created in /var/tmp, and `directory` is a symlink to it.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if the server could not use the directory
 */
export async function prepareHome(directory: string): Promise<ServerHome> {
  const asked = resolve(directory)
  const account = await resolveAccount(asked)
  const path = account ? await prepareAccountDirectory(asked, account) : await prepareOwnDirectory(asked)
  return { directory: asked, path, account }
}

async function prepareOwnDirectory(directory: string): Promise<string> {
  try {
    await mkdir(dirname(directory), { recursive: true })
    await ignoreErrors(['EEXIST'], mkdir(directory, { mode: 0o700 }))
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return await realpath(directory)
  } catch (error) {
    // ENOENT: a symlink whose target is gone.
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOENT'))
      throw unusableDirectoryError(directory, error)
    throw error
  }
}

async function prepareAccountDirectory(directory: string, account: SystemAccount): Promise<string> {
  await mkdir(dirname(directory), { recursive: true })
  if (!(await hasAccess(account, '-x', dirname(directory)))) await linkToVarTmp(directory)
  const path = (await readLinkTarget(directory)) ?? directory
  if (await ensureOwnedBy(account, path)) return realpath(path)
  throw unusableDirectoryError(path)
}

/** Creates the directory if it is missing. One that is empty and root's is given away; any other stays as it is. */
async function ensureOwnedBy({ uid, gid }: SystemAccount, path: string): Promise<boolean> {
  await ignoreErrors(['EEXIST'], mkdir(path, { mode: 0o700 }))
  // Not `stat`: in /var/tmp a symlink may be somebody's trap.
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
  // Not empty: then it stays, and the answer will be that it cannot be used.
  await ignoreErrors(['ENOENT', 'ENOTEMPTY'], rmdir(directory))
  await ignoreErrors(['EEXIST'], symlink(`/var/tmp/schemagate-${hash}`, directory))
}

async function readLinkTarget(path: string): Promise<string | undefined> {
  try {
    return resolve(dirname(path), await readlink(path))
  } catch (error) {
    // EINVAL: it is there and not a symlink.
    if (hasErrorCode(error, 'EINVAL', 'ENOENT')) return undefined
    throw error
  }
}

/** Waits for an act that another starter may have done already; then it fails with one of these codes. */
async function ignoreErrors(codes: readonly string[], act: Promise<unknown>): Promise<void> {
  try {
    await act
  } catch (error) {
    if (!hasErrorCode(error, ...codes)) throw error
  }
}

function unusableDirectoryError(directory: string, cause?: unknown): SchemaError {
  return embeddedUnavailableError({
    what: 'The user that the embedded PostgreSQL runs as cannot use its directory.',
    facts: [['directory', directory]],
    choices: [[`rm -r ${directory}`, 'let it be created again; what is in it is lost']],
    cause,
  })
}
