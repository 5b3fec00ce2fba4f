import { join } from 'node:path'
import type { Owner } from '../support/database.js'
import type { Build } from '../support/image.js'
import { type Ended, type Environment, freePort, type Running, start } from '../support/process.js'

/** One process of a service, from its start to its end. */
export interface Life {
  readonly service: string
  readonly running: Running
  /** Whether the port of the probes is bound, and nobody asked it to end. */
  readonly lives: () => boolean
  /** The signal it was asked to end with; null where nobody did. */
  readonly asked: () => NodeJS.Signals | null
  /** Asks it to end, and waits for that. */
  readonly end: (signal: NodeJS.Signals) => Promise<Ended>
}

/** A service at addresses that stay the same, whichever process it is. */
export interface Service {
  readonly name: string
  readonly url: string
  readonly probes: string
  readonly life: () => Life | null
  readonly start: () => Life
}

export interface Means {
  readonly owner: Owner
  readonly build: Build
  /** What every process gets. */
  readonly env: Environment
  /** Every process there was, in the order of their starts. */
  readonly lives: Life[]
}

/** The service `name`, not started yet. */
export async function createService(means: Means, name: string): Promise<Service> {
  const [port, healthPort] = [await freePort(), await freePort()]
  const ports = { PORT: `${port}`, HEALTH_PORT: `${healthPort}`, INSTANCE: name }
  let life: Life | null = null
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    probes: `http://127.0.0.1:${healthPort}`,
    life: () => life,
    start: () => {
      life = begin(command(means, { words: ['serve'], env: ports }), name)
      means.lives.push(life)
      return life
    },
  }
}

/** Starts `schemagate` of the build. */
export function command(
  { owner, build, env }: Means,
  { words, env: more = {} }: { readonly words: readonly string[]; readonly env?: Environment },
): Running {
  const entry = join(build.folder, 'dist/main.js')
  return start(owner, words, { cwd: build.folder, env: { ...env, ...more }, entry })
}

function begin(running: Running, service: string): Life {
  let asked: NodeJS.Signals | null = null
  let bound = false
  return {
    service,
    running,
    lives: () => asked === null && (bound ||= running.stdout().includes('health routes only')),
    asked: () => asked,
    end: (signal) => {
      asked ??= signal
      running.kill(signal)
      return running.ended()
    },
  }
}
