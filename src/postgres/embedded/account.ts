import { lstat } from 'node:fs/promises'
import { type Account, run } from './run.js'
import { hasCode, lastLines, unavailable } from './unavailable.js'

const name = 'postgres'

/** Debian, Red Hat and the like have useradd; Alpine has only adduser. */
const waysToCreate = [
  ['useradd', '--system', '--no-create-home', '--shell', '/usr/sbin/nologin', name],
  ['adduser', '-S', '-D', '-H', name],
] as const

/**
 * Whom the server of a directory runs as; undefined: as ourselves. PostgreSQL refuses to run as root, so root hands over
 * to the owner of the directory, else to the system user `postgres`, which is created if it is missing.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if that user cannot be created
 */
export async function accountFor(directory: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  return (await ownerOf(directory)) ?? (await systemAccount()) ?? createSystemAccount()
}

/** Whether the account may do this with the path (`-x`: enter or execute, `-w`: write), asked as that account. */
export async function may(account: Account, right: '-w' | '-x', path: string): Promise<boolean> {
  const { code } = await run('test', [right, path], { account })
  return code === 0
}

// What a symlink points to may have been put there by anybody: only a directory itself says who we are.
async function ownerOf(path: string): Promise<Account | undefined> {
  try {
    const found = await lstat(path)
    return found.isDirectory() && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function systemAccount(): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
  if (uid.code !== 0 || gid.code !== 0) return undefined
  return { uid: Number(uid.output), gid: Number(gid.output) }
}

async function createSystemAccount(): Promise<Account> {
  const outputs: string[] = []
  for (const [command, ...args] of waysToCreate) {
    outputs.push((await run(command, args)).output)
    // Another starter may have been faster: what counts is that the user exists, not who created it.
    const account = await systemAccount()
    if (account) return account
  }
  throw unavailable({
    what: `PostgreSQL refuses to run as root, and the system user ${name} could not be created.`,
    facts: [['output', lastLines(outputs.join('\n'))]],
    choices: [['run as an ordinary user', 'the server then runs as that user']],
  })
}
