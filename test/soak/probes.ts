import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, ask } from './request.js'
import type { Service } from './service.js'

/** When a service said that it is not ready, in milliseconds since the epoch. */
export interface Unready {
  readonly service: string
  readonly at: number
  readonly text: string
}

export interface Probes {
  /** How long each answer of a living process took, in milliseconds. */
  readonly times: readonly number[]
  /** Answers of living processes that no living process should give. */
  readonly wrong: readonly string[]
  /** Answers of services that were ready once and are not any more. */
  readonly unready: readonly Unready[]
  readonly stop: () => Promise<void>
}

const paths = ['/health/live', '/health/ready', '/health/startup', '/health/schema'] as const
const pause = 100
const timeout = 10_000

/** Asks every health route of every living process, on both of its ports, ten times a second. */
export function startProbes(services: () => readonly Service[]): Probes {
  const times: number[] = []
  const wrong: string[] = []
  const unready: Unready[] = []
  const wereReady = new WeakSet<object>()
  const end = new AbortController()
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const probe = async (service: Service, path: (typeof paths)[number]): Promise<void> => {
    const life = service.life()
    if (life === null || !life.lives()) return
    const answer = await ask({ agent, url: `${service.probes}${path}`, timeout })
    // Whoever was asked to end meanwhile, or has become another process, owes nothing.
    if (service.life() !== life || !life.lives()) return
    times.push(answer.took)
    if (path === '/health/ready' && answer.status === 200) wereReady.add(life)
    if (path === '/health/ready' && answer.status === 503 && wereReady.has(life))
      unready.push({ service: service.name, at: answer.from, text: answer.text })
    if (!isRight(path, answer))
      wrong.push(`${service.name} answered ${path} with ${answer.status} ${answer.text}`)
  }
  const work = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await Promise.all(services().flatMap((service) => paths.map((path) => probe(service, path))))
      await sleep(pause)
    }
    agent.destroy()
  }
  const working = work()
  return {
    times,
    wrong,
    unready,
    stop: async () => {
      end.abort()
      await working
    },
  }
}

/** Liveness is 200 whatever happens to the database; the others say one or the other. */
function isRight(path: (typeof paths)[number], { status }: Answer): boolean {
  return status === 200 || (path !== '/health/live' && status === 503)
}
