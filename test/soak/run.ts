import { randomBytes } from 'node:crypto'
import { cp, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Owner } from '../support/database.js'
import { build, type Build } from '../support/image.js'
import { finish } from '../support/node-process.js'
import type { Evidence, Past } from './books.js'
import type { Fault, Soak } from './fault.js'
import { createGround, type Ground } from './ground.js'
import type { Inflicted } from './journal.js'
import { type Load, soakService, startLoad } from './load.js'
import { startMeter } from './meters.js'
import { newerFolder, newerMigrations } from './migrations.js'
import { startProbes } from './probes.js'
import { between, createBag, createRandom } from './random.js'
import { ask } from './request.js'
import { createService, type Means, type Service } from './service.js'

export interface SoakOptions {
  readonly owner: Owner
  readonly seed: number
  readonly faults: readonly Fault[]
  /** Milliseconds of faults. */
  readonly duration: number
  readonly tell: (line: string) => void
}

export interface Soaked {
  readonly evidence: Evidence
  readonly counts: Load['counts']
}

/** How long until everything is as before, at most, in milliseconds. */
const patience = 30_000

/** Serves, loads, probes and inflicts faults for a while; ends everything, and returns what was seen. */
export async function soak({ owner, seed, faults, duration, tell }: SoakOptions): Promise<Soaked> {
  const random = createRandom(seed)
  const ground = await createGround(owner)
  const place = await prepare({ owner, ground, revisions: Math.ceil(duration / 10_000) })
  const { means, steady, mortal, spare } = place
  for (const service of [steady, mortal]) {
    service.start()
    await recoveredOf(service)
  }
  const load = startLoad({ clients: 4, services: () => [steady, mortal], token: place.token })
  const probes = startProbes(() => [steady, mortal, spare])
  const meter = startMeter(steady.life()?.running.pid ?? 0)
  const connections = { most: 0, left: 0 }
  const soak: Soak = {
    ...place,
    ground,
    random,
    unready,
    told,
    recovered: () => recovered([steady, mortal, spare]),
  }
  const inflicted: Inflicted[] = []
  const draw = createBag(faults, random)
  const deadline = performance.now() + duration
  while (performance.now() < deadline) {
    await sleep(between(random, [300, 1_000]))
    const fault = draw()
    if (fault === undefined) break
    const done = await inflict(fault, soak)
    inflicted.push(done)
    tell(
      `${fault.name}: as before after ${Math.round(done.recovery)} ms${done.defect === null ? '' : ` DEFECT ${done.defect}`}`,
    )
    connections.most = Math.max(connections.most, await mostConnections(ground))
  }
  await load.stop()
  await Promise.all([probes.stop(), meter.stop()])
  const pasts = await endAll(means)
  connections.left = await connectionsLeft(ground)
  const stored = await ground.query(
    `select id::text, instance, current from fleet_reports where service = '${soakService}'`,
  )
  const { sent, failures, counts } = load
  return {
    evidence: {
      faults: inflicted,
      pasts,
      sent,
      stored,
      failures,
      probes,
      samples: meter.samples,
      connections,
    },
    counts,
  }
}

interface Preparation {
  readonly owner: Owner
  readonly ground: Ground
  readonly revisions: number
}

type Place = Pick<Soak, 'means' | 'steady' | 'mortal' | 'spare' | 'token' | 'nextRevision'>

async function prepare({ owner, ground, revisions }: Preparation): Promise<Place> {
  const built = await build(owner)
  const newer = await writeNewer(built, { ground, revisions })
  const token = randomBytes(12).toString('hex')
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: ground.url,
    HOST: '127.0.0.1',
    FLEET_TOKEN: token,
    VERIFY_INTERVAL: '1s',
    VERIFY_TIMEOUT: '3s',
    CONNECT_TIMEOUT: '60s',
    SHUTDOWN_DELAY: '300ms',
    RELEASE: 'soak',
    TERMINATION_LOG: join(built.folder, 'termination.log'),
  }
  const means: Means = { owner, build: built, env, lives: [] }
  const [steady, mortal, spare] = [
    await createService(means, 'steady'),
    await createService(means, 'mortal'),
    await createService(means, 'spare'),
  ]
  return { means, steady, mortal, spare, token, nextRevision: () => newer.shift() }
}

/** The newer build's folder. Its revisions, in order. */
async function writeNewer(
  { folder }: Build,
  { ground, revisions }: Pick<Preparation, 'ground' | 'revisions'>,
): Promise<string[]> {
  const newer = newerMigrations(revisions)
  await cp(join(folder, 'migrations'), join(folder, newerFolder), { recursive: true })
  for (const [revision, code] of newer) await writeFile(join(folder, newerFolder, `${revision}.js`), code)
  const env = { SCRATCH_DATABASE_URL: ground.adminUrl(), DATABASE_URL: ground.adminUrl(), LOG_LEVEL: 'warn' }
  const words = ['dist/main.js', 'snapshot', '--migrations', newerFolder]
  await finish(words, { cwd: folder, env })
  return [...newer.keys()]
}

/** Inflicts a fault, lets it last, heals it, and waits until everything is as before. */
async function inflict({ name, disturbs, inflict }: Fault, soak: Soak): Promise<Inflicted> {
  const from = Date.now()
  const healing: (() => Promise<void>)[] = []
  const defects: unknown[] = []
  const noting = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => defects.push(error))
  const lasting = between(soak.random, [500, 3_000])
  await noting(inflict(soak, (heal) => void healing.push(heal)))
  await sleep(lasting)
  for (const heal of healing.toReversed()) await noting(heal())
  const healed = performance.now()
  await noting(soak.recovered())
  const recovery = performance.now() - healed
  const defect = defects.length === 0 ? null : defects.map(String).join('\n    ')
  return { name, disturbs, window: { from, to: Date.now() }, recovery, defect }
}

async function unready(service: Service): Promise<void> {
  await become(service, 'noticed it', async (agent) => (await ready(service, agent)) === 503)
}

async function told(service: Service): Promise<void> {
  await become(service, 'told it', async (agent) => {
    const url = `${service.probes}/health/schema`
    return (await ask({ agent, url, timeout: 1_000 })).status === 503
  })
  const agent = new Agent()
  if ((await ready(service, agent)) !== 200) throw new Error(`${service.name} turned unready for drift`)
}

async function recovered(services: readonly Service[]): Promise<void> {
  const running = services.filter((service) => service.life()?.asked() === null)
  await Promise.all(running.map(recoveredOf))
}

async function recoveredOf(service: Service): Promise<void> {
  await become(service, 'was as before', async (agent) => {
    if ((await ready(service, agent)) !== 200) return false
    const url = `${service.url}/api/v1/environments`
    return (await ask({ agent, url, timeout: 1_000 })).status === 200
  })
}

async function ready({ probes }: Service, agent: Agent): Promise<number> {
  return (await ask({ agent, url: `${probes}/health/ready`, timeout: 1_000 })).status
}

async function become(
  service: Service,
  what: string,
  look: (agent: Agent) => Promise<boolean>,
): Promise<void> {
  const agent = new Agent()
  const deadline = performance.now() + patience
  while (!(await look(agent))) {
    if (performance.now() > deadline) {
      const { text } = await ask({ agent, url: `${service.probes}/health/schema`, timeout: 1_000 })
      throw new Error(
        `${service.name} never ${what}, in ${patience / 1_000} s; it says ${text.slice(0, 500)}`,
      )
    }
    await sleep(25)
  }
}

async function mostConnections({ query }: Ground): Promise<number> {
  const rows = await query(`select count(*)::int as found from pg_stat_activity
    where application_name like 'schemagate%' group by application_name`)
  return Math.max(0, ...rows.map(({ found }) => Number(found)))
}

/** Sessions end a moment after their processes. */
async function connectionsLeft(ground: Ground): Promise<number> {
  let left = await mostConnections(ground)
  for (let attempt = 0; attempt < 50 && left > 0; attempt += 1) {
    await sleep(100)
    left = await mostConnections(ground)
  }
  return left
}

async function endAll({ lives }: Means): Promise<readonly Past[]> {
  const pasts: Past[] = []
  for (const { service, asked, end } of lives) {
    const signal = asked() ?? 'SIGTERM'
    pasts.push({ service, ended: await end(signal), asked: signal })
  }
  return pasts
}
