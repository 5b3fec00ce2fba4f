import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createDatabase, query } from '../support/database.js'
import { eventually, fleetService, start } from '../support/process.js'
import { listening } from '../support/project.js'

const token = 'fleet-token-4711'

/** A little more than the time in which a query has to be answered. */
const pause = 6_000

t.test('requests some seconds apart share a connection, and its loss leaves the log JSON', async (t) => {
  const url = await createDatabase(t)
  const running = start(t, ['serve'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    entry: fleetService,
    env: {
      NODE_ENV: 'production',
      ENV_TARGET: 'pool',
      DATABASE_URL: url,
      HOST: '127.0.0.1',
      PORT: '0',
      FLEET_TOKEN: token,
      TERMINATION_LOG: '/dev/null',
    },
  })
  const service = await listening(running)
  const list = () => service.ask('/api/v1/environments', { authorization: `Bearer ${token}` })
  const sessions = () =>
    query(
      url,
      `select pid from pg_stat_activity where datname = current_database() and query like '%RECURSIVE pairs%'
      and pid <> pg_backend_pid()`,
    )
  t.equal((await list()).status, 200)
  const first = await sessions()
  t.equal(first.length, 1)
  for (let request = 0; request < 2; request++) {
    await sleep(pause)
    t.equal((await list()).status, 200)
  }
  // A report of an instance may have had it meanwhile, and a request another one.
  const still = (await sessions()).map(({ pid }) => pid)
  t.ok(still.includes(first[0]?.['pid']), `of ${still.join()}`)
  await query(url, `select pg_terminate_backend(${String(first[0]?.['pid'])})`)
  await eventually('the next request is answered', { look: async () => (await list()).status === 200 })
  service.kill('SIGTERM')
  const { exit, stdout, stderr } = await service.ended()
  t.match({ exit, stderr }, { exit: 0, stderr: '' })
  for (const line of stdout.split('\n').filter(Boolean)) t.doesNotThrow(() => JSON.parse(line), line)
})
