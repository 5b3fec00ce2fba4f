import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Ended } from '../support/process.js'
import type { Fault, Later, Soak } from './fault.js'
import { hostileRequests, open, provoke, unfinishedRequests } from './hostile.js'
import { migrationFaults } from './migrations.js'
import { otherPeople } from './other-people.js'
import { between } from './random.js'
import { ask } from './request.js'
import type { Life, Service } from './service.js'

const terminate =
  "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'schemagate%'"

/** Everything that can go wrong here. */
export const faults: readonly Fault[] = [
  {
    name: 'connections terminated',
    weight: 2,
    disturbs: 'everybody',
    inflict: async ({ ground, random }) => {
      for (let round = 0; round < 10; round += 1) {
        await ground.query(terminate)
        await sleep(between(random, [20, 200]))
      }
    },
  },
  {
    name: 'network cut',
    weight: 2,
    disturbs: 'everybody',
    inflict: async ({ ground: { proxy }, steady, unready }, later) => {
      later(proxy.mend)
      await proxy.cut()
      await unready(steady)
    },
  },
  {
    name: 'network that swallows everything',
    weight: 2,
    disturbs: 'everybody',
    inflict: async ({ ground: { proxy }, steady, unready }, later) => {
      later(proxy.mend)
      proxy.swallow()
      await unready(steady)
    },
  },
  {
    name: 'connections that a router forgot',
    weight: 1,
    disturbs: 'everybody',
    inflict: async ({ ground: { proxy }, steady, recovered }, later) => {
      later(proxy.mend)
      await fillPool(steady)
      proxy.swallow('open')
      await fillPool(steady)
      await recovered()
    },
  },
  {
    name: 'server stopped and started',
    weight: 1,
    disturbs: 'everybody',
    inflict: async ({ ground, steady, unready }, later) => {
      later(ground.start)
      await ground.stop('fast')
      await unready(steady)
    },
  },
  {
    name: 'server crashed and started',
    weight: 2,
    disturbs: 'everybody',
    inflict: async ({ ground }, later) => {
      later(ground.start)
      await ground.stop('immediate')
    },
  },
  {
    name: 'out of connections',
    weight: 1,
    disturbs: 'everybody',
    inflict: async ({ ground }, later) => {
      const taken: pg.Client[] = []
      later(async () => void (await Promise.all(taken.map((session) => session.end()))))
      await takeAll(ground, taken)
      await ground.query(terminate)
      await takeAll(ground, taken)
    },
  },
  {
    name: 'read-only',
    weight: 1,
    disturbs: 'everybody',
    inflict: async ({ ground }, later) => {
      const set = async (value: string) => {
        // The session that ends it begins read-only, too.
        await ground.query(`begin read write;
          alter database fleet set default_transaction_read_only = ${value};
          commit`)
        await ground.query(terminate)
      }
      later(() => set('off'))
      await set('on')
    },
  },
  {
    name: 'table locked',
    weight: 1,
    disturbs: 'nobody',
    inflict: async ({ ground }, later) => {
      const session = await ground.session('superuser')
      later(() => session.end())
      await session.query('begin; lock table fleet_reports in access exclusive mode')
    },
  },
  {
    name: 'drift',
    weight: 2,
    disturbs: 'everybody',
    inflict: async ({ ground, steady, told }, later) => {
      const rename = (from: string, to: string) =>
        ground.query(`alter table fleet_reports rename column ${from} to ${to}`)
      later(async () => void (await rename('phase_by_hand', 'phase')))
      await rename('phase', 'phase_by_hand')
      await told(steady)
    },
  },
  {
    name: 'service killed',
    weight: 3,
    disturbs: 'the mortal',
    inflict: async ({ mortal }, later) => {
      later(async () => void mortal.start())
      await lifeOf(mortal).end('SIGKILL')
    },
  },
  {
    name: 'service stopped',
    weight: 2,
    disturbs: 'the mortal',
    inflict: async ({ mortal }, later) => {
      later(async () => void mortal.start())
      expectExit(await lifeOf(mortal).end('SIGTERM'), 0)
    },
  },
  {
    name: 'service started without a database',
    weight: 1,
    disturbs: 'everybody',
    inflict: async ({ ground: { proxy }, mortal }, later) => {
      later(proxy.mend)
      await proxy.cut()
      await lifeOf(mortal).end('SIGKILL')
      await mortal.start().running.said('"event":"waiting for database"')
    },
  },
  {
    name: 'a replica more',
    weight: 1,
    disturbs: 'nobody',
    inflict: async ({ spare, recovered }, later) => {
      const life = spare.start()
      later(async () => expectExit(await life.end('SIGTERM'), 0))
      await recovered()
    },
  },
  {
    name: 'hostile requests',
    weight: 2,
    disturbs: 'nobody',
    inflict: beHostile,
  },
  ...otherPeople,
  ...migrationFaults,
]

/** So many requests at once that every connection of its pool has one. */
async function fillPool({ url }: Service): Promise<void> {
  const agent = new Agent()
  const requests = Array.from({ length: 30 }, () =>
    ask({ agent, url: `${url}/api/v1/environments`, timeout: 5_000 }),
  )
  await Promise.all(requests)
}

async function takeAll({ session }: Soak['ground'], taken: pg.Client[]): Promise<void> {
  for (;;)
    try {
      taken.push(await session('service'))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === '53300') return
      throw error
    }
}

async function beHostile({ steady, token }: Soak, later: Later): Promise<void> {
  for (const text of unfinishedRequests)
    for (const url of [steady.url, steady.probes]) {
      const socket = await open(url, text)
      later(async () => void socket.destroy())
    }
  for (const text of hostileRequests(token)) {
    const status = await provoke(steady.url, text)
    if (status !== 0 && (status < 400 || status > 499))
      throw new Error(`answered with ${status}: ${text.slice(0, 200)}`)
  }
}

function lifeOf(service: Service): Life {
  const life = service.life()
  if (life === null) throw new Error(`${service.name} was never started`)
  return life
}

function expectExit({ exit, stdout, stderr }: Ended, expected: number): void {
  if (exit !== expected)
    throw new Error(`ended with ${exit}, not ${expected}\n${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`)
}
