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
import { accountFor, may } from './account.js'
import type { Account } from './run.js'
import { hasCode, unavailable } from './unavailable.js'

/** Where a server lives, and whom it runs as. */
export interface Home {
  /** As it was asked for: what messages name. */
  readonly directory: string
  /** Where it really is: `directory`, or what a symlink there points to. */
  readonly path: string
  /** Undefined: ourselves. */
  readonly account: Account | undefined
}

/**
 * Creates the directory of a server. Root's server runs as another user, who cannot reach a directory below /root: then it
 * is created in /var/tmp, and `directory` is a symlink to it.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if the server could not use the directory
 */
export async function prepareHome(directory: string): Promise<Home> {
  const asked = resolve(directory)
  const account = await accountFor(asked)
  const path = account ? await handOver(asked, account) : await keep(asked)
  return { directory: asked, path, account }
}

async function keep(directory: string): Promise<string> {
  try {
    await mkdir(dirname(directory), { recursive: true })
    await unless(['EEXIST'], mkdir(directory, { mode: 0o700 }))
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return await realpath(directory)
  } catch (error) {
    // ENOENT: a symlink whose target is gone.
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOENT')) throw unusable(directory, error)
    throw error
  }
}

async function handOver(directory: string, account: Account): Promise<string> {
  await mkdir(dirname(directory), { recursive: true })
  if (!(await may(account, '-x', dirname(directory)))) await linkElsewhere(directory)
  const path = (await targetOf(directory)) ?? directory
  if (await belongsTo(account, path)) return realpath(path)
  throw unusable(path)
}

/** Creates the directory if it is missing. One that is empty and root's is given away; any other stays as it is. */
async function belongsTo({ uid, gid }: Account, path: string): Promise<boolean> {
  await unless(['EEXIST'], mkdir(path, { mode: 0o700 }))
  // Not `stat`: in /var/tmp a symlink may be somebody's trap.
  const found = await lstat(path)
  if (!found.isDirectory()) return false
  if (found.uid === uid) return may({ uid, gid }, '-w', path)
  if (found.uid !== 0 || (await readdir(path)).length > 0) return false
  await chown(path, uid, gid)
  return may({ uid, gid }, '-w', path)
}

async function linkElsewhere(directory: string): Promise<void> {
  if (await targetOf(directory)) return
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 12)
  // Not empty: then it stays, and the answer will be that it cannot be used.
  await unless(['ENOENT', 'ENOTEMPTY'], rmdir(directory))
  await unless(['EEXIST'], symlink(`/var/tmp/schemagate-${hash}`, directory))
}

async function targetOf(path: string): Promise<string | undefined> {
  try {
    return resolve(dirname(path), await readlink(path))
  } catch (error) {
    // EINVAL: it is there and not a symlink.
    if (hasCode(error, 'EINVAL', 'ENOENT')) return undefined
    throw error
  }
}

/** Waits for an act that another starter may have done already; then it fails with one of these codes. */
async function unless(codes: readonly string[], act: Promise<unknown>): Promise<void> {
  try {
    await act
  } catch (error) {
    if (!hasCode(error, ...codes)) throw error
  }
}

function unusable(directory: string, cause?: unknown): SchemaError {
  return unavailable({
    what: 'The user that the embedded PostgreSQL runs as cannot use its directory.',
    facts: [['directory', directory]],
    choices: [[`rm -r ${directory}`, 'let it be created again; what is in it is lost']],
    cause,
  })
}
