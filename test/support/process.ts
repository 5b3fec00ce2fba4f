import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildOnce } from './build.js'
import type { Owner } from './database.js'
import { beginEvidence, filesOf, leaks, leave, secretsOf } from './secrets.js'

export type Environment = Readonly<Record<string, string>>

/** A process that has ended. */
export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly exit: number | string
  readonly stdout: string
  readonly stderr: string
}

/** A line of a service's log. */
export type Entry = Readonly<Record<string, unknown>> & { readonly msg: string }

export interface Running {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** The log so far, of a process whose stdout is one. */
  readonly log: () => readonly Entry[]
  /** Waits until the output has this. */
  readonly said: (text: string | RegExp) => Promise<void>
  /** Waits for the end. */
  readonly ended: () => Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Closes our end of the pipes, as a terminal that is closed. */
  readonly deafen: () => void
}

export interface Place {
  readonly cwd: string
  readonly env: Environment
  /** The program. Default: the command line. */
  readonly entry?: string
}

/** No wait is longer: a process that hangs fails its test. Long, for machines that do many things at once. */
const patience = 100_000

const dist = join(await buildOnce(), 'dist')
const main = join(dist, 'cli/main.js')

/** The entry of this project's own service, which has the fleet API. */
export const fleetService = join(dist, 'main.js')

/** tap takes every file that tsx loaded in another process for covered in full: only what a test calls itself is counted. */
export const uncounted = { _TAPJS_PROCESSINFO_COVERAGE_: '0' } as const

/** tap has every child of Node load a part of it, which takes as long as a command does: here Node gets only what is given. */
function ownNodeOptions({ NODE_OPTIONS: given }: Environment): readonly string[] {
  return given === undefined ? ['-u', 'NODE_OPTIONS'] : [`NODE_OPTIONS=${given}`]
}

/**
 * Starts `schemagate` with these words; ended when the test ends. Its environment is what is given and nothing of ours.
 * A password or token that it was given and that is found in its output, or in a file it wrote, then fails the test.
 */
export function start(t: Owner, words: readonly string[], { cwd, env, entry = main }: Place): Running {
  const child = spawn('env', [...ownNodeOptions(env), process.execPath, entry, ...words], {
    cwd,
    env: { PATH: process.env.PATH, ...uncounted, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const judge = watchSecrets({ words, cwd, env })
  const output = collect(child)
  // The end of the process can be known before its last words are.
  let isClosed = false
  // At once: the folder of a test may be removed before what it started is looked at.
  const closed = once(child, 'close').then(() => {
    isClosed = true
    return judge(output)
  })
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
  const all = (): string => `${output.stdout}${output.stderr}`
  t.teardown(async () => {
    kill('SIGTERM')
    await Promise.race([closed, sleep(5_000, undefined, { ref: false })])
    kill('SIGKILL')
    await closed
    refuse(await closed)
  })
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    log: () => logOf(output),
    said: (text) =>
      eventually(`the process says ${String(text)}`, {
        look: () => (typeof text === 'string' ? all().includes(text) : text.test(all())),
        otherwise: () => `it said:\n${all()}`,
        over: () => isClosed,
      }).then(() => {}),
    ended: async () => {
      await eventually('the process ends', {
        look: () => isClosed,
        otherwise: () => `it said:\n${all()}`,
      })
      await closed
      return { exit: child.exitCode ?? child.signalCode ?? '', ...output }
    },
    kill,
    deafen: () => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
  }
}

/** Runs `schemagate` to its end. */
export function run(t: Owner, words: readonly string[], place: Place): Promise<Ended> {
  return start(t, words, place).ended()
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  return output
}

/** The log of a service, from its stdout. */
export function logOf({ stdout }: Pick<Ended, 'stdout'>): readonly Entry[] {
  return stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line): Entry => JSON.parse(line))
}

/** Every secret that a process of this test file was given. */
const given = new Set<string>()
const heard = new Set<string>()

beginEvidence()

/** To be called with the output once the process has ended: says which secrets are in what it made. */
function watchSecrets({ words, cwd, env }: Place & { readonly words: readonly string[] }) {
  const files = filesOf(cwd)
  const secrets = secretsOf({ env, words, files })
  for (const secret of secrets) given.add(secret)
  leave({ kind: 'started', secrets })
  return ({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): readonly string[] => {
    const process = `schemagate ${words[0]} in ${cwd}`
    const written = [...filesOf(cwd)].filter(([path, text]) => files.get(path) !== text)
    const made = [
      { where: `stdout of ${process}`, text: stdout },
      { where: `stderr of ${process}`, text: stderr },
      ...written.map(([where, text]) => ({ where, text })),
    ]
    for (const each of made) leave({ kind: 'made', ...each })
    leave({ kind: 'ended' })
    return leaks(made, secrets)
  }
}

/** What changes with the time only is looked at once. */
function watchAnswer(url: string, { headers, text }: Answer): void {
  const all = `${[...headers].join('\n')}\n${text}`
  const lasting = all.replaceAll(/[\d:.-]+/g, '')
  if (heard.has(lasting)) return
  heard.add(lasting)
  const made = { where: `GET ${url}`, text: all }
  leave({ kind: 'made', ...made })
  refuse(leaks([made], given))
}

function refuse(found: readonly string[]): void {
  if (found.length > 0) throw new Error(`secrets are in the output:\n${found.join('\n')}`)
}

export interface Expectation<T> {
  /** What is waited for; nothing yet where it is false, null or undefined. */
  readonly look: () => T | Promise<T>
  /** For the error after a wait that was in vain. */
  readonly otherwise?: () => string
  /** Whether waiting cannot help any more. */
  readonly over?: () => boolean
}

/** Looks until there is something, and returns it. */
export async function eventually<T>(
  what: string,
  { look, otherwise = () => '', over = () => false }: Expectation<T>,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + patience
  for (;;) {
    const last = over() || performance.now() > deadline
    const found = await look()
    if (found !== false && found !== null && found !== undefined) return found
    if (last) throw new Error(`waited in vain until ${what}; ${otherwise()}`)
    await sleep(25)
  }
}

/** A port for what has to be known before it is bound. No system gives one of these to whoever takes any port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer()
    const port = randomInt(20_000, 32_000)
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

/** A port that somebody else has: whoever tries to bind it fails. */
export async function takenPort(): Promise<string> {
  const { server, port } = await listen()
  server.unref()
  return String(port)
}

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

export interface Answer {
  /** 0 where the connection was refused. */
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Asks over a connection of its own. */
export async function ask(url: string, headers: Environment = {}): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(patience)
    const answer = await fetch(url, { headers: { connection: 'close', ...headers }, signal })
    const { status, headers: answered } = answer
    const whole = { status, headers: answered, text: await answer.text() }
    watchAnswer(url, whole)
    return whole
  } catch (error) {
    if (isRefused(error)) return { status: 0, headers: new Headers(), text: '' }
    throw error
  }
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}
