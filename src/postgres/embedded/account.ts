import { lstat } from 'node:fs/promises'
import { hasErrorCode } from '../connection/sqlstate.js'
import { type SystemAccount, runProcess } from './run-process.js'
import { lastLines, embeddedUnavailableError } from './unavailable.js'

const systemUser = 'postgres'

/** Debian, Red Hat and the like have useradd; Alpine has only adduser. */
const createUserCommands = [
  ['useradd', '--system', '--no-create-home', '--shell', '/usr/sbin/nologin', systemUser],
  ['adduser', '-S', '-D', '-H', systemUser],
] as const

/**
 * The account that runs the server of a directory; undefined for the account of this process. PostgreSQL refuses to run as
 * root, so root gives the server to the owner of the directory, else to the system user `postgres`, which it creates if
 * missing.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if that user cannot be created
 */
export async function resolveAccount(directory: string): Promise<SystemAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined
  return (await directoryOwner(directory)) ?? (await findSystemAccount()) ?? createSystemAccount()
}

/** Whether the account may enter or execute (`-x`) or write (`-w`) the path, tested by a process of this account. */
export async function hasAccess(account: SystemAccount, right: '-w' | '-x', path: string): Promise<boolean> {
  const { code } = await runProcess('test', [right, path], { account })
  return code === 0
}

/** Does not follow a symlink: any user could have created its target. */
async function directoryOwner(path: string): Promise<SystemAccount | undefined> {
  try {
    const found = await lstat(path)
    return found.isDirectory() && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function findSystemAccount(): Promise<SystemAccount | undefined> {
  const [uid, gid] = await Promise.all([
    runProcess('id', ['-u', systemUser]),
    runProcess('id', ['-g', systemUser]),
  ])
  if (uid.code !== 0 || gid.code !== 0) return undefined
  return { uid: Number(uid.output), gid: Number(gid.output) }
}

async function createSystemAccount(): Promise<SystemAccount> {
  const outputs: string[] = []
  for (const [command, ...args] of createUserCommands) {
    outputs.push((await runProcess(command, args)).output)
    // A command that failed does not matter where a different process has created the user.
    const account = await findSystemAccount()
    if (account) return account
  }
  throw embeddedUnavailableError({
    what: `PostgreSQL refuses to run as root, and the system user ${systemUser} could not be created.`,
    facts: [['output', lastLines(outputs.join('\n'))]],
    choices: [['run as an ordinary user', 'the server then runs as this user']],
  })
}
