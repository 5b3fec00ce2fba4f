import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, ask } from './request.js'
import type { Service } from './service.js'

/** What a client wrote down of one report: whether the service said it has it, and under which id. */
export interface Sent {
  readonly instance: string
  /** The id of the receipt, null where there was none. */
  id: string | null
}

/** A request that got another answer than it should. */
export interface Failure {
  readonly service: string
  readonly what: string
  readonly answer: Answer
}

export interface Load {
  readonly sent: readonly Sent[]
  readonly failures: readonly Failure[]
  /** How many requests were made of each kind. */
  readonly counts: Readonly<Record<'reports' | 'lists', number>>
  /** Ends the clients, each after its last answer. */
  readonly stop: () => Promise<void>
}

export interface LoadOptions {
  readonly clients: number
  /** Those that are meant to serve now. */
  readonly services: () => readonly Service[]
  readonly token: string
}

/** The name under which the clients report. */
export const soakService = 'soak'

const timeout = 15_000
const pause = 20

/** Clients that report and read without end, each one request at a time over a connection that it keeps. */
export function startLoad({ clients, services, token }: LoadOptions): Load {
  const sent: Sent[] = []
  const failures: Failure[] = []
  const counts = { reports: 0, lists: 0 }
  const end = new AbortController()
  const headers = { authorization: `Bearer ${token}` }
  const expect = (service: Service, what: string, answer: Answer, status: number): boolean => {
    if (answer.status === status) return true
    failures.push({ service: service.name, what, answer })
    return false
  }
  const work = async (client: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let turn = 0; !end.signal.aborted; turn += 1) {
      const alive = services()
      const service = alive[(client + turn) % alive.length]
      if (service === undefined) {
        await sleep(pause)
        continue
      }
      const instance = `${client}-${turn}`
      const report: Sent = { instance, id: null }
      sent.push(report)
      counts.reports += 1
      const body = reportOf(client, instance)
      const answer = await ask({ agent, url: `${service.url}/api/v1/reports`, headers, body, timeout })
      if (expect(service, 'report', answer, 201)) report.id = idOf(answer)
      if (turn % 10 === 9) {
        counts.lists += 1
        const path = turn % 20 === 9 ? '/api/v1/environments' : historyOf(client)
        const listed = await ask({ agent, url: `${service.url}${path}`, headers, timeout })
        expect(service, 'list', listed, 200)
      }
      await sleep(pause)
    }
    agent.destroy()
  }
  const working = Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
  return {
    sent,
    failures,
    counts,
    stop: async () => {
      end.abort()
      await working
    },
  }
}

/** The revision is the instance's name, so that what is stored can be seen to be what was sent. */
function reportOf(client: number, instance: string): object {
  const revision = { current: instance, head: instance, position: 'current', pending: [], unknown: [] }
  const health = { status: 'pass', phase: 'serving', revision }
  return { service: soakService, environment: `client-${client}`, instance, health }
}

function historyOf(client: number): string {
  return `/api/v1/environments/${soakService}/client-${client}/reports?limit=20`
}

function idOf({ text }: Answer): string {
  const receipt: { readonly id?: unknown } = JSON.parse(text)
  return String(receipt.id)
}
