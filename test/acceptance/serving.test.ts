import { createServer } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ask, eventually, freePort } from '../support/process.js'
import { createProject, type Service } from '../support/project.js'

t.jobs = 3

const songs = 'create table songs (id int primary key, title text not null)'
const token = 'open-sesame-4711'
const bearer = { authorization: `Bearer ${token}` }
const probes = ['live', 'startup', 'ready', 'schema']

async function statuses(base: string) {
  const answers = await Promise.all(probes.map((probe) => ask(`${base}/health/${probe}`)))
  return Object.fromEntries(probes.map((probe, index) => [probe, answers[index]?.status]))
}
const opened = { live: 200, startup: 200, ready: 200, schema: 200 }
const closed = { live: 200, startup: 503, ready: 503, schema: 503 }

t.test('a slow migration', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_slow': ['select pg_advisory_xact_lock(1)', 'alter table songs add column plays int'],
  })
  const go = await project.block()
  const [port, healthPort] = [await freePort(), await freePort()]
  const base = `http://127.0.0.1:${port}`
  const healthBase = `http://127.0.0.1:${healthPort}`
  const service = project.start('serve', { PORT: String(port), HEALTH_PORT: String(healthPort) })
  const text = await eventually('it migrates', {
    look: async () => {
      const { text } = await ask(`${healthBase}/health/schema`)
      return text.includes('"migrating":{') && text.includes('002_slow') ? text : null
    },
    otherwise: service.stdout,
  })
  t.comment(text)
  t.strictSame(await statuses(healthBase), closed)
  t.equal((await ask(base)).status, 0)
  t.comment((await ask(`${healthBase}/health/ready`)).headers)
  await go()
  await service.said('"what":"/health/schema"')
  t.strictSame(await statuses(healthBase), opened)
  t.strictSame(await statuses(base), opened)
  t.comment(service.stdout())
})

t.test('drift while it serves', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const env = { VERIFY_INTERVAL: '200ms', HEALTH_TOKEN: token }
  const strict = await project.serve(env)
  const lenient = await project.serve({ ...env, ON_DRIFT: 'warn' })
  await project.query('alter table songs drop column title')
  for (const service of [strict, lenient]) {
    await eventually('it fails', { look: async () => (await service.ask('/health/schema')).status === 503 })
    t.comment((await service.ask('/health/schema')).text)
    t.comment((await service.ask('/health/schema', bearer)).text)
    t.comment((await service.ask('/health/ready', bearer)).text)
  }
  await sleep(2000)
  await project.query(`alter table songs add column title text not null default ''; alter table songs alter column title drop default`)
  for (const service of [strict, lenient]) {
    await eventually('it passes', { look: async () => (await service.ask('/health/schema')).status === 200 })
    t.comment((await service.ask('/health/schema')).text)
    t.comment(service.stdout())
  }
})

t.test('drain', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ SHUTDOWN_DELAY: '2s', VERIFY_INTERVAL: '100ms' })
  service.kill('SIGTERM')
  await eventually('it is not ready', { look: async () => (await service.ask('/health/ready')).status === 503 })
  t.comment((await service.ask('/health/schema')).text, (await service.ask('/health/live')).status)
  t.comment(await service.ended())
  t.comment(await project.query('select application_name from pg_stat_activity where datname = current_database()'))
})
t.test('deaf', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ VERIFY_INTERVAL: '100ms' })
  service.deafen()
  await project.query('alter table songs drop column title')
  await sleep(1500)
  t.comment(await service.ask('/health/schema').catch((e) => e))
  service.kill('SIGTERM')
  t.comment(await service.ended())
})
t.test('deaf sigterm', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ VERIFY_INTERVAL: '100ms' })
  service.deafen()
  service.kill('SIGTERM')
  t.comment(await service.ended())
})
t.test('taken', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const taken = createServer().listen(0, '127.0.0.1').unref()
await once(taken, 'listening')
const address = taken.address()
const takenPort = String(typeof address === 'object' ? address?.port : address)
  t.comment(await project.run('serve', {PORT: takenPort}))
  t.comment(await project.run('serve', {HEALTH_PORT: takenPort}))
})
