import { PassThrough } from 'node:stream'
import pg from 'pg'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.js'
import type { Progress } from '../../src/core/progress/events.js'
import { startGate } from '../../src/gate/start-gate.js'
import { createLog } from '../../src/logging/log.js'
import { withMigrationLock } from '../../src/postgres/locks/advisory-lock.js'
import { type Environment, eventually, type Running } from '../support/process.js'
import { createProject, listening, type Project } from '../support/project.js'

/** The second revision waits until the test lets it go; the third one has no transaction. */
const migrations = {
  '001_songs': 'create table songs (id int primary key, title text not null)',
  '002_plays': ['alter table songs add column plays int', 'select pg_advisory_xact_lock(1)'],
  '003_index': { up: 'create index concurrently songs_title on songs (title)', transaction: false },
}
const revisions = Object.keys(migrations)

const instance = (index: number): Environment => ({
  INSTANCE: `replica-${index}`,
  RELEASE: 'c0ffee5',
  // Where so many start, one more look at the catalog may take longer than it may.
  VERIFY_INTERVAL: '1h',
})

/** Starts as many at once as there are words. */
const startAll = (project: Project, words: readonly string[]): readonly Running[] =>
  words.map((each, index) => project.start(each, instance(index)))

/** More by hand. */
const replicas = Number(process.env['REPLICAS'] ?? 15)

const all = (...words: readonly string[]): readonly string[] =>
  Array.from({ length: replicas / words.length }, () => words).flat()

async function recorded({ query }: Project) {
  const ledger = await query(
    'select revision, event from schemagate_ledger where revision is not null order by id',
  )
  const knex = await query('select name from knex_migrations order by id')
  return {
    ledger: ledger.map((row) => Object.values(row).join(' ')),
    knex: knex.map(({ name }) => name),
  }
}

const onceEach = (names: readonly string[]) => ({
  ledger: names.flatMap((name) => [`${name} started`, `${name} applied`]),
  knex: names.map((name) => `${name}.js`),
})

/** The process that migrates has come as far as the statement that is held up. Its instance's number. */
async function heldUp({ query }: Project): Promise<number> {
  await eventually('a revision is held up', {
    look: async () => {
      const [found] = await query(`select count(*)::int as sessions from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'`)
      return found?.['sessions'] === 1
    },
  })
  const [last] = await query('select host from schemagate_ledger order by id desc limit 1')
  return Number(String(last?.['host']).replace('replica-', ''))
}

/** What whoever waits says of the one that migrates. */
const holderOf = (migrating: number): string =>
  `replica-${migrating}, release c0ffee5, at 002_plays, since \\d{4}-\\S+Z \\(user \\w+, pid \\d+, from \\S+\\)`

async function waitFor(waiting: readonly Running[], migrating: number): Promise<void> {
  const holder = `the migration lock, held by ${holderOf(migrating)}, for .+ so far`
  await Promise.all(waiting.map(({ said }) => said(new RegExp(holder))))
}

async function serveWell(t: Test, running: readonly Running[]): Promise<void> {
  const services = await Promise.all(running.map(listening))
  const asked = services.map(async ({ ask }) => {
    const { text } = await ask('/health/schema')
    const { revision } = JSON.parse(text)
    return { ready: (await ask('/health/ready')).status, ...revision }
  })
  const right = { ready: 200, current: '003_index', position: 'current', pending: [], unknown: [] }
  for (const found of await Promise.all(asked)) t.match(found, right)
}

async function endWell(t: Test, running: readonly Running[]): Promise<void> {
  for (const { kill } of running) kill('SIGTERM')
  for (const { exit, stderr } of await Promise.all(running.map(({ ended }) => ended())))
    t.strictSame({ exit, stderr }, { exit: 0, stderr: '' })
}

for (const { name, applied } of [
  { name: 'an empty database', applied: [] },
  { name: 'a database that is behind', applied: ['001_songs'] },
])
  t.test(`${replicas} services start at once on ${name}, and each revision is applied once`, async (t) => {
    const project = await createProject(t, migrations)
    for (const revision of applied) await project.migrate(revision)
    const goOn = await project.block()
    const running = startAll(project, all('serve'))
    const migrating = await heldUp(project)
    await waitFor(
      running.filter((_, index) => index !== migrating),
      migrating,
    )
    await goOn()
    await serveWell(t, running)
    t.strictSame(await recorded(project), onceEach(revisions))
    await endWell(t, running)
  })

t.test(
  'services, commands that migrate and commands that wait start at once on an empty database',
  async (t) => {
    const project = await createProject(t, migrations)
    const goOn = await project.block()
    const running = startAll(project, all('serve', 'migrate', 'check --wait'))
    const [services = [], migrates = [], checks = []] = [0, 1, 2].map((kind) =>
      running.filter((_, index) => index % 3 === kind),
    )
    const migrating = await heldUp(project)
    await waitFor(
      [...services, ...migrates].filter((each) => each !== running[migrating]),
      migrating,
    )
    await Promise.all(checks.map(({ said }) => said('The database is empty: 3 revisions pending.')))

    const late = ['serve', 'migrate'].map((words) =>
      project.start(words, { ...instance(99), LOCK_WAIT_TIMEOUT: '1s' }),
    )
    for (const { exit, stdout, stderr } of await Promise.all(late.map(({ ended }) => ended()))) {
      t.equal(exit, 9)
      t.match(stdout + stderr, /SCHEMA_LOCK_TIMEOUT: Another process has held the migration lock for \d+ s\./)
      t.match(stdout + stderr, new RegExp(`holder +${holderOf(migrating)}`))
    }

    await goOn()
    const ended = await Promise.all([...migrates, ...checks].map((each) => each.ended()))
    for (const { exit } of ended) t.equal(exit, 0)
    const counts = ended
      .map(({ stdout }) => /Applied: (\d)/.exec(stdout)?.[1])
      .filter((count) => count === '3')
    t.equal(counts.length, migrating % 3 === 1 ? 1 : 0, 'whoever did not migrate says so')
    await serveWell(t, services)
    t.strictSame(await recorded(project), onceEach(revisions))
    await endWell(t, services)
  },
)

t.test(`${replicas} services start at once on a current database, and none needs the lock`, async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  const before = await rowsOfLedgers(project)
  const holder = new pg.Client({ connectionString: project.url })
  t.teardown(() => holder.end())
  await holder.connect()
  const patience = { tableName: 'knex_migrations', timeout: 0, onWait: () => {}, onAbandoned: () => {} }
  await withMigrationLock(holder, patience, async () => {
    const running = startAll(project, all('serve'))
    await serveWell(t, running)
    for (const { stdout } of running) t.notMatch(stdout(), 'waiting for lock')
    await eventually('each has one session', {
      look: async () => (await sessionsOfEach(project)).every((sessions) => sessions === 1),
    })
    await endWell(t, running)
  })
  t.strictSame(await rowsOfLedgers(project), before)
})

/** Where the rows are, and which transaction wrote them: a row that was only locked has another xmax. */
function rowsOfLedgers({ query }: Project): Promise<readonly unknown[]> {
  const tables = ['knex_migrations', 'knex_migrations_lock', 'schemagate_ledger']
  const queries = tables.map(
    (table) => `select '${table}' as of, ctid::text, xmin::text, xmax::text from ${table}`,
  )
  return query(`${queries.join(' union all ')} order by 1, 2`)
}

/** How many connections each of the processes has that has any. */
async function sessionsOfEach({ query }: Project): Promise<readonly unknown[]> {
  const rows = await query(`select count(*)::int as sessions from pg_stat_activity
    where datname = current_database() and application_name like 'schemagate replica-%' group by application_name`)
  return rows.map(({ sessions }) => sessions)
}

t.test('of two builds in one process the newer one waits for the older one', async (t) => {
  const older = await createProject(t, migrations)
  const open = (root: string, release: string) => {
    const told: Progress[] = []
    const config = loadConfig({ root, env: { ...older.env, RELEASE: release } })
    const log = createLog('silent', 'json', new PassThrough())
    return { told, gate: startGate(config, { log, report: (progress) => told.push(progress) }) }
  }
  // A folder of its own is what a test of its own has.
  await t.test('by its release, and both open', async (t) => {
    const newer = await createProject(t, { ...migrations, '004_likes': 'create table likes (id int)' })
    const goOn = await older.block()
    const first = open(older.root, 'a11ce')
    await heldUp(older)
    const second = open(newer.root, 'b0b')
    const waiting = await eventually('the newer one waits', {
      look: () => second.told.find(({ event }) => event === 'waiting for lock'),
    })
    t.match(waiting, { holder: /^replica-1, release a11ce, at 002_plays, since / })
    await goOn()
    for (const { gate } of await Promise.all([first.gate, second.gate])) {
      t.equal(gate.decision.action, 'serve')
      await gate.close()
    }
  })
  t.strictSame(
    await older.query("select revision, release from schemagate_ledger where event = 'applied' order by id"),
    [
      { revision: '001_songs', release: 'a11ce' },
      { revision: '002_plays', release: 'a11ce' },
      { revision: '003_index', release: 'a11ce' },
      { revision: '004_likes', release: 'b0b' },
    ],
  )
})
