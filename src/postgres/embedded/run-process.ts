import { spawn } from 'node:child_process'

/** A user of the system that a command runs as. */
export interface SystemAccount {
  readonly uid: number
  readonly gid: number
}

/** How a command ended. `code` is null after a signal and, as in a shell, 127 if it could not be started. */
export interface ProcessResult {
  readonly code: number | null
  readonly output: string
}

export interface ProcessOptions {
  /** Undefined: ourselves. */
  readonly account?: SystemAccount | undefined
  /** A directory that the account can enter. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>> | undefined
  /** For a command that leaves a process behind which inherits our pipes: waiting for those would not end. */
  readonly silent?: boolean
}

/** Nothing of ours for the programs of the server: it outlives us, as another user, and secrets are in our environment. */
export const serverEnvironment = process.platform === 'win32' ? undefined : { LC_ALL: 'C' }

/** Runs a command without a shell and waits for its end. A command that fails is a value, not an error. */
export function runProcess(
  command: string,
  args: readonly string[],
  invocation: ProcessOptions = {},
): Promise<ProcessResult> {
  const { account, cwd = '/', env, silent = false } = invocation
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...account,
      cwd,
      ...(env && { env }),
      stdio: silent ? 'ignore' : ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const output: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => output.push(text))
    child.on('error', ({ message }) => resolve({ code: 127, output: message }))
    child.on('close', (code) => resolve({ code, output: output.join('') }))
  })
}
