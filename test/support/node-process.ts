import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** The path of another Node than this one. */
  readonly node?: string
}

/** Runs a Node program to its end, which has to be a good one. Returns what it wrote to stdout. */
export async function finish(words: readonly string[], place: Place): Promise<string> {
  const child = start(words, place)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`node ${words.join(' ')} ended with ${String(code)}`)
  return output
}

/** A Node program that serves; `stop` sends SIGTERM and waits for its end. */
export interface Server {
  /** Without a path. */
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** Starts a Node program on a free port and waits until `/health/ready` answers with 200. */
export async function serve(words: readonly string[], place: Place): Promise<Server> {
  const port = await freePort()
  const child = start(words, { ...place, env: { ...place.env, PORT: `${port}` } })
  const ended = once(child, 'close')
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(`${url}/health/ready`))) {
    if (child.exitCode !== null) throw new Error(`node ${words.join(' ')} ended with ${child.exitCode}`)
    await sleep(2)
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  return { url, pid: child.pid ?? NaN, stop }
}

const running = new Map<ChildProcess, Promise<unknown>>()

/** Ends every process that was started here, and waits for their ends. */
export async function stopAll(): Promise<void> {
  for (const child of running.keys()) child.kill()
  await Promise.all(running.values())
}

function start(words: readonly string[], { cwd, env, node = process.execPath }: Place): ChildProcess {
  const child = spawn(node, words, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout?.resume()
  const closed = once(child, 'close')
  running.set(child, closed)
  void closed.then(() => running.delete(child))
  return child
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).on('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
