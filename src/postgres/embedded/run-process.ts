import { spawn } from 'node:child_process'

/** A user of the operating system. */
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
  /** Undefined for the account of this process. */
  readonly account?: SystemAccount | undefined
  /** A directory that the account can enter. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Takes no output. For a command that leaves a process running: this process would inherit the pipes and keep them open. */
  readonly silent?: boolean
}

/** The server gets no variables of this process, which may be secrets: it runs on, and as a different user. */
export const serverEnvironment = process.platform === 'win32' ? undefined : { LC_ALL: 'C' }

/** Runs a command without a shell and waits for its end. Does not throw where the command fails. */
export function runProcess(
  command: string,
  args: readonly string[],
  { account, cwd = '/', env, silent = false }: ProcessOptions = {},
): Promise<ProcessResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...account,
      cwd,
      ...(env && { env }),
      stdio: silent ? 'ignore' : ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      // Ctrl-C is for this process: initdb and pg_ctl would end half way, and the server with them.
      detached: process.platform !== 'win32',
    })
    const output: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => output.push(text))
    child.on('error', ({ message }) => resolve({ code: 127, output: message }))
    child.on('close', (code) => resolve({ code, output: output.join('') }))
  })
}
