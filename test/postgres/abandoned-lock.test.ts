import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { watchdogName } from '../../src/postgres/connection/application-name.js'
import { type AbandonmentTiming, createAbandonedLockCheck } from '../../src/postgres/locks/abandoned-lock.js'
import { lockKeys } from '../../src/postgres/locks/advisory-lock.sql.js'
import { createDatabase } from '../support/database.js'

t.jobs = 3

const timing: AbandonmentTiming = { silence: 1_000, observation: 1_000, interval: 100 }
const tableName = 'knex_migrations'

async function connect(t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  t.teardown(() => client.end())
  await client.connect()
  return client
}

const pidOf = async (client: pg.Client): Promise<number> =>
  Number((await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid)

interface Case {
  readonly name: string
  readonly ended: boolean
  /** What the process of the lock's holder does on its two connections. */
  readonly lives: (holder: pg.Client, watchdog: pg.Client) => Promise<unknown>
}

const never = async (): Promise<void> => {}

const cases: readonly Case[] = [
  { name: 'nothing on both', ended: true, lives: never },
  {
    name: 'nothing, in a transaction',
    ended: true,
    lives: (holder) => holder.query('begin; create table t (id int)'),
  },
  {
    name: 'nothing, in a transaction that failed',
    ended: true,
    lives: (holder) => holder.query('begin; select 1/0').catch(() => {}),
  },
  {
    name: 'pings',
    ended: false,
    lives: async (_, watchdog) => {
      for (let ping = 0; ping < 20; ping++) {
        await watchdog.query('select 1')
        await sleep(200)
      }
    },
  },
  {
    name: 'a statement runs',
    ended: false,
    lives: async (holder) => void holder.query('select pg_sleep(10)').catch(() => {}),
  },
  {
    name: 'its second connection cannot be seen',
    ended: false,
    lives: (_, watchdog) => watchdog.query(`set application_name = 'other'`),
  },
]

for (const { name, ended, lives } of cases)
  t.test(`the session of a holder that does this is ${ended ? '' : 'not '}ended: ${name}`, async (t) => {
    const url = await createDatabase(t)
    const [holder, watchdog, waiter] = [await connect(t, url), await connect(t, url), await connect(t, url)]
    await holder.query(`select pg_advisory_lock(${lockKeys(tableName)})`)
    const pid = await pidOf(holder)
    await watchdog.query(`set application_name = '${watchdogName(pid)}'`)
    const living = Promise.resolve(lives(holder, watchdog))
    const check = createAbandonedLockCheck(tableName, timing)
    let found: string | null = null
    for (let poll = 0; poll < 30 && found === null; poll++) {
      found = await check(waiter)
      await sleep(120)
    }
    await living
    t.equal(found !== null, ended)
    if (ended) t.match(found, `pid ${pid}`)
    const { rows } = await waiter.query(`select from pg_stat_activity where pid = ${pid}`)
    t.equal(rows.length, ended ? 0 : 1)
  })
