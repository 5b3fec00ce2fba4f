import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { shortenQuery, type CommandProgress } from '../../src/core/progress/session-activity.js'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import { migrateOptionsFor } from '../../src/gate/migrate-options.js'
import { startActivitySampler } from '../../src/postgres/locks/session-activity.js'
import { applyPending } from '../../src/postgres/migrate/migrate.js'
import { loadUsableSnapshot } from '../../src/snapshot/usable.js'
import { withWorkspace } from '../../src/workspace.js'
import { createDatabase, createRole, query } from '../support/database.js'
import { ask, type Ended, type Environment, eventually, freePort, logOf } from '../support/process.js'
import { createProject, type Migrations, type Project } from '../support/project.js'
import { revisionOf } from '../../src/project/revision-name.js'

// Most of them wait.
t.jobs = 6

/** So long is waited for a lock where whoever holds it has to be seen: longer than a machine stands still. */
const longEnough = '8s'

const songs = 'create table songs (id int primary key, title text not null)'
const plays = 'alter table songs add column plays int'

interface Session {
  readonly pid: number
  readonly query: (sql: string) => Promise<void>
}

/** Another session, called `shop`. */
async function session(t: Test, url: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url, application_name: 'shop' })
  t.teardown(() => client.end())
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return { pid: rows[0]?.pid ?? 0, query: async (sql) => void (await client.query(sql)) }
}

/** A client that samples what others do. */
async function sampling(t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'watch' })
  client.on('error', () => {})
  t.teardown(() => client.end())
  await client.connect()
  return client
}

/** The same, in a transaction after these statements. */
async function holding(t: Test, url: string, ...statements: readonly string[]): Promise<Session> {
  const holder = await session(t, url)
  for (const statement of ['begin', ...statements]) await holder.query(statement)
  return holder
}

const ledger = async ({ query }: Project) =>
  (
    await query(`select concat_ws(' ', revision, event, error) as row from schemagate_ledger
      where revision is not null order by id`)
  ).map(({ row }) => row)
const recorded = async ({ query }: Project) =>
  (await query('select name from knex_migrations order by id')).map(({ name }) => revisionOf(String(name)))

/** Another session waits for this one's locks. */
const waitsFor = ({ query }: Project, pid: number) =>
  eventually('somebody waits for it', {
    look: async () => {
      const [found] = await query(
        `select count(*)::int as sessions from pg_stat_activity
          where wait_event_type = 'Lock' and ${pid} = any (pg_blocking_pids(pid))`,
      )
      return found?.['sessions'] !== 0
    },
  })

/** A text with the same numbers in every run. */
const settled = (project: Project, text: string) =>
  project
    .plain(text)
    .replaceAll(/pid \d+/g, 'pid 7')
    .replaceAll(/pg_terminate_backend\(\d+\)/g, 'pg_terminate_backend(7)')
    .replaceAll(/ {3,}/g, '   ')
    .replaceAll(/user \w+, shop, from [\d.]+/g, 'user app, shop, from 10.0.0.7')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-11-21T09:14:02Z')
    .replaceAll(/(within|begins again in) [\d.]+ m?s/g, '$1 1.0 s')

const errorOf = ({ stderr }: Ended) => stderr.slice(stderr.indexOf('SCHEMA_'))

t.test(
  'a migration behind an open transaction lets others pass, says who it is, and ends well after it',
  async (t) => {
    const project = await createProject(t, {
      '001_songs': songs,
      '002_likes': 'create table likes (id int)',
      '003_plays': plays,
    })
    await project.migrate('001_songs')
    const holder = await holding(t, project.url, `insert into songs values (1, 'Hello, it''s me')`)
    const service = project.start('serve', { MIGRATION_LOCK_TIMEOUT: '1s' })
    for (const _ of [1, 2]) {
      await waitsFor(project, holder.pid)
      t.strictSame(
        await project.query('select * from songs'),
        [],
        'a reader that comes after it gets through',
      )
    }
    const blocked = await eventually('the holder is named, and no reader with it', {
      look: () =>
        service
          .log()
          .find(
            ({ event, blockers }) =>
              event === 'revision blocked' && Array.isArray(blockers) && blockers.length === 1,
          ),
      otherwise: service.stdout,
    })
    t.equal(
      settled(project, blocked.msg),
      `003_plays was rolled back, and with it 002_likes (canceling statement due to lock timeout); begins again in 1.0 s. Blocked by pid 7 (user app, shop, from 10.0.0.7, idle in transaction since 2026-11-21T09:14:02Z, holds RowExclusiveLock on songs): insert into songs values (1, '…')`,
    )
    t.match(blocked, {
      level: 40,
      revision: '003_plays',
      reason: 'canceling statement due to lock timeout',
      blockers: [{ pid: holder.pid, application: 'shop', state: 'idle in transaction' }],
      delay: Number,
    })
    await holder.query('commit')
    await service.said('"event":"listening"')
    const rows = await ledger(project)
    const took = (rows.length - 6) / 4
    t.ok(Number.isInteger(took) && took >= 1, 'all that was begun is begun again')
    const attempt = [
      '002_likes started',
      '002_likes applied',
      '003_plays started',
      ...['002_likes', '003_plays'].map(
        (revision) => `${revision} undone canceling statement due to lock timeout`,
      ),
    ].filter((row) => !row.endsWith('applied'))
    t.strictSame(rows, [
      '001_songs started',
      '001_songs applied',
      ...Array.from({ length: took }, () => attempt).flat(),
      '002_likes started',
      '002_likes applied',
      '003_plays started',
      '003_plays applied',
    ])
    t.strictSame(await recorded(project), ['001_songs', '002_likes', '003_plays'])
  },
)

t.test('the deadline: rolled back, exit 9, and who it was', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_likes': 'create table likes (id int)',
    '003_plays': plays,
  })
  await project.migrate('001_songs')
  await holding(t, project.url, 'lock table songs in access share mode')
  const ended = await project.run('migrate', { MIGRATION_LOCK_TIMEOUT: longEnough, MIGRATION_DEADLINE: '2s' })
  t.equal(ended.exit, 9)
  t.equal(
    settled(project, errorOf(ended)),
    `SCHEMA_MIGRATION_BLOCKED: 003_plays did not get a lock that others hold, in 1 attempt within 1.0 s. Its transaction was rolled back.

  database   app@db:5432/songs
  file   /songs/migrations/003_plays.js
  sqlstate   55P03
  message   canceling statement due to lock timeout
  statement   alter table songs add column plays int
  at   migrations/003_plays.js:2
   1 | export async function up(knex) {
   > 2 |   await knex.raw("alter table songs add column plays int")
   3 | }
  blocked by   pid 7 (user app, shop, from 10.0.0.7, idle in transaction since 2026-11-21T09:14:02Z, holds AccessShareLock on songs): lock table songs in access share mode
  stayed applied   none of this run
  rolled back too   002_likes

Do one of:
  run it again   when the others are done
  select pg_terminate_backend(7)   ends that session; what it has not committed is lost
  MIGRATION_DEADLINE=30s   goes on trying for longer
  MIGRATION_LOCK_TIMEOUT=48s   waits longer each time, and so does everybody who needs the table meanwhile
`,
  )
  t.strictSame(await recorded(project), ['001_songs'])
  t.strictSame((await ledger(project)).slice(2), [
    '002_likes started',
    '003_plays started',
    '002_likes undone canceling statement due to lock timeout',
    '003_plays failed canceling statement due to lock timeout',
  ])
  t.notOk((await project.objects()).includes('likes.id integer'))
})

t.test('a deadlock is a lock of others, too', async (t) => {
  const both = ['lock table songs', 'select pg_advisory_xact_lock(1)', 'alter table plays add column at date']
  const project = await createProject(t, {
    '001_songs': [songs, 'create table plays (id int)'],
    '002_both': both,
  })
  await project.migrate('001_songs')
  const name = new URL(project.url).pathname.slice(1)
  await project.query(`alter database ${name} set deadlock_timeout = '${longEnough}'`)
  const goOn = await project.block()
  // Whoever waits longer than its deadlock_timeout looks for a deadlock and is its victim: not this one.
  const holder = await holding(t, project.url, `set deadlock_timeout = '1h'`, 'lock table plays')
  const running = project.start('migrate')
  await eventually('the migration has the first lock', {
    look: async () =>
      (
        await project.query(
          `select from pg_locks where relation = 'songs'::regclass and mode = 'AccessExclusiveLock'`,
        )
      ).length > 0,
  })
  const crossing = holder.query('lock table songs')
  await eventually('the other one waits for the migration', {
    look: async () =>
      (await project.query(`select from pg_locks where relation = 'songs'::regclass and not granted`))
        .length > 0,
  })
  await goOn()
  await crossing
  await running.said(
    /! blocked +002_both was rolled back \(deadlock detected\); begins again in .* Blocked by pid/,
  )
  await holder.query('commit')
  const { exit } = await running.ended()
  t.equal(exit, 0)
  t.match(
    running.stderr(),
    new RegExp(
      `Blocked by pid ${holder.pid} \\(user \\w+, shop, from .*, active since .*, holds AccessExclusiveLock on plays\\): lock table songs`,
    ),
  )
  t.strictSame((await ledger(project)).slice(2), [
    '002_both started',
    '002_both undone deadlock detected',
    '002_both started',
    '002_both applied',
  ])
})

t.test('outside a transaction it waits for as long as it takes, and says for what', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_index': { up: 'create index concurrently songs_title on songs (title)', transaction: false },
  })
  await project.migrate('001_songs')
  const name = new URL(project.url).pathname.slice(1)
  await project.query(`alter database ${name} set lock_timeout = '500ms'`)
  const holder = await holding(t, project.url, `insert into songs values (1, '<b>Hello</b>')`)
  const port = await freePort()
  const health = `http://127.0.0.1:${port}/health/schema`
  const token = 'open-sesame-locks'
  const service = project.start('serve', {
    MIGRATION_LOCK_TIMEOUT: '500ms',
    HEALTH_PORT: String(port),
    HEALTH_TOKEN: token,
  })
  const running = await eventually('it says for what', {
    look: () => service.log().find(({ msg }) => msg.includes('held by')),
    otherwise: service.stdout,
  })
  t.match(
    settled(project, running.msg),
    /^002_index is still running after .+: CREATE INDEX CONCURRENTLY on songs: waiting for writers before build, 0 %; waits for an open transaction, held by pid 7 \(user app, shop, from 10\.0\.0\.7, idle in transaction since 2026-11-21T09:14:02Z, holds an open transaction\): insert into songs values \(1, '…'\)$/,
  )
  const activity = {
    known: true,
    command: 'CREATE INDEX CONCURRENTLY',
    phase: 'waiting for writers before build',
    percent: 0,
    blocked: true,
  }
  const document = (headers: Environment) =>
    eventually('what it does is known', {
      look: async () => {
        const { migrating } = JSON.parse((await ask(health, headers)).text)
        return migrating.activity?.known === true ? migrating : null
      },
    })
  const bearer = { authorization: `Bearer ${token}` }
  const { since, ...shown } = await document({})
  t.match(since, /Z$/)
  t.strictSame(shown, { revision: '002_index', number: 1, total: 1, activity })
  t.match((await document(bearer)).activity, {
    ...activity,
    relation: 'songs',
    statement: 'create index concurrently songs_title on songs (title)',
    blockers: [{ pid: holder.pid, application: 'shop', query: "insert into songs values (1, '…')" }],
  })
  for (const [doing, headers] of [
    ['CREATE INDEX CONCURRENTLY, waiting for writers before build, 0 %, blocked</dd>', {}],
    ['CREATE INDEX CONCURRENTLY on songs: waiting for writers before build, 0 %; waits', bearer],
  ] as const) {
    let page = ''
    await eventually(`the page says ${doing}`, {
      look: async () => {
        page = (await ask(health, { accept: 'text/html', ...headers })).text
        return page.includes(`<dt>doing</dt><dd>${doing}`)
      },
      otherwise: () => page,
    })
  }
  await holder.query('commit')
  await service.said('"what":"/health/schema"')
  t.strictSame((await ledger(project)).slice(2), ['002_index started', '002_index applied'])
  t.notOk(service.log().some(({ event }) => event === 'revision blocked'))
})

t.test('whoever is stopped before it tries again has nothing to take back', async (t) => {
  const impatient = [`set local lock_timeout = '100ms'`, plays]
  const project = await createProject(t, { '001_songs': songs, '002_plays': impatient })
  await project.migrate('001_songs')
  await holding(t, project.url, 'lock table songs in access share mode')
  const service = project.start('serve')
  const attempts = () => service.log().filter(({ event }) => event === 'revision blocked').length
  await eventually('the pause is long', { look: () => attempts() >= 4, otherwise: service.stdout })
  service.kill('SIGTERM')
  const ended = await service.ended()
  t.equal(ended.exit, 0)
  t.equal(
    project.plain(logOf(ended).find(({ code: said }) => said === 'SCHEMA_INTERRUPTED')?.msg ?? ''),
    `SCHEMA_INTERRUPTED: Migrating was stopped on request. Its transaction was rolled back.

  database         app@db:5432/songs
  stayed applied   none of this run

Do one of:
  run it again   goes on where this one stopped`,
  )
  t.strictSame(
    (await ledger(project)).slice(2),
    Array.from({ length: attempts() }, () => [
      '002_plays started',
      '002_plays undone canceling statement due to lock timeout',
    ]).flat(),
  )
})

interface Case {
  readonly name: string
  readonly up: Migrations[string]
  readonly env?: Environment
  /** What the other session does in its transaction. */
  readonly hold: readonly string[]
  /** What the error says, in part; null where it must not be one of locks. */
  readonly blockedBy: RegExp | null
}

const code = (body: string) => ({ code: `export async function up(knex) { ${body} }` })
const impatient = { MIGRATION_LOCK_TIMEOUT: longEnough, MIGRATION_DEADLINE: '0' }

const cases: readonly Case[] = [
  {
    name: "a plain knex migrate that holds Knex's lock row",
    up: plays,
    env: impatient,
    hold: ['update knex_migrations_lock set is_locked = 1'],
    blockedBy:
      /error +.*canceling statement due to lock timeout\n +server +55P03 .*\n +blocked by +pid 7 .*holds rows of an open transaction\)/s,
  },
  {
    name: 'somebody who has locked our ledger',
    up: plays,
    env: impatient,
    hold: ['lock table schemagate_ledger in share mode'],
    blockedBy: /sqlstate +55P03\n.*blocked by +pid 7 .*holds ShareLock on schemagate_ledger\)/s,
  },
  {
    name: 'a migration that goes on after the error',
    up: code(`await knex.raw('alter table songs add plays int').catch(() => {}); await knex.raw('select 1')`),
    env: impatient,
    hold: ['lock table songs in access share mode'],
    blockedBy: /sqlstate +25P02\n.*blocked by +pid 7 .*holds AccessShareLock on songs\)/s,
  },
  {
    name: 'a migration that does not want to wait',
    up: 'lock table songs nowait',
    env: { ...impatient, MIGRATION_LOCK_TIMEOUT: '0' },
    hold: ['lock table songs in access share mode'],
    blockedBy:
      /message +could not obtain lock on relation "songs"\n[^]+\n +blocked by +sessions that ended before they could be seen\n/,
  },
  {
    name: 'a migration that fails for another reason after it did not get a lock',
    up: code(
      `await knex.transaction((trx) => trx.raw('lock table songs nowait')).catch(() => {}); await knex.raw('select 1 / 0')`,
    ),
    env: impatient,
    hold: ['lock table songs in access share mode'],
    blockedBy: null,
  },
]

/** Migrates in this process. */
async function migrateHere(project: Project, env: Environment = {}): Promise<void> {
  const config = loadConfig({ root: project.root, env: { ...project.env, ...env } })
  const report = (): void => {}
  await withWorkspace({ config, report }, async (workspace) => {
    const { snapshot } = await loadUsableSnapshot(workspace)
    await applyPending(migrateOptionsFor(workspace, snapshot, { report }))
  })
}

const textOf = (project: Project, error: unknown) =>
  error instanceof SchemaError ? settled(project, describeError(error)) : String(error)

for (const { name, up, env = {}, hold, blockedBy } of cases)
  t.test(`${blockedBy === null ? 'not blocked' : 'blocked'}: ${name}`, async (t) => {
    const project = await createProject(t, { '001_songs': songs }, { snapshot: false })
    await project.migrate()
    await project.write({ '002_blocked': up })
    await holding(t, project.url, ...hold)
    const text = textOf(project, await migrateHere(project, env).catch((error: unknown) => error))
    t.match(text, blockedBy === null ? /^SCHEMA_MIGRATION_FAILED: / : /^SCHEMA_MIGRATION_BLOCKED: /)
    if (blockedBy !== null) t.match(text, blockedBy)
  })

t.test('each revision begins with its own settings, whatever the one before it set', async (t) => {
  const settings = `insert into seen values (current_setting('lock_timeout'), current_setting('application_name'))`
  const project = await createProject(
    t,
    {
      '001_seen': [
        'create table seen (lock_timeout text, application_name text)',
        settings,
        `set lock_timeout = '1h'`,
      ],
      '002_seen': [settings, `set local lock_timeout = '2h'`],
      '003_seen': settings,
      '004_seen': { up: [settings, `set lock_timeout = '1h'`], transaction: false },
      '005_seen': { up: settings, transaction: false },
      '006_seen': settings,
    },
    { snapshot: false },
  )
  await migrateHere(project, { MIGRATION_LOCK_TIMEOUT: '7s', RELEASE: 'c0ffee5' })
  t.strictSame(
    (await project.query('select * from seen')).map((row) => Object.values(row).join(' ')),
    ['7s', '7s', '7s', '0', '0', '7s'].map(
      (lockTimeout, index) => `${lockTimeout} schemagate replica-1 c0ffee5 00${index + 1}_seen`,
    ),
  )
})

t.test('what is reverted waits no longer, and begins again', async (t) => {
  const down = 'alter table songs drop column plays'
  const project = await createProject(t, { '001_songs': songs, '002_plays': { up: plays, down } })
  await project.migrate()
  const holder = await holding(t, project.url, 'lock table songs in access share mode')
  const ended = await project.run('down', impatient)
  t.equal(ended.exit, 9)
  t.match(
    settled(project, errorOf(ended)),
    `SCHEMA_MIGRATION_BLOCKED: 002_plays did not get a lock that others hold, in 1 attempt within 1.0 s. Its transaction was rolled back; it is still recorded.

  database   app@db:5432/songs
  file   /songs/migrations/002_plays.js
  sqlstate   55P03
  message   canceling statement due to lock timeout
  statement   alter table songs drop column plays
  at   migrations/002_plays.js:6
   5 | export async function down(knex) {
   > 6 |   await knex.raw("alter table songs drop column plays")
   7 | }
  blocked by   pid 7 (user app, shop, from 10.0.0.7, idle in transaction since 2026-11-21T09:14:02Z, holds AccessShareLock on songs): lock table songs in access share mode
  reverted   nothing
`,
  )
  const again = project.start('down', { MIGRATION_LOCK_TIMEOUT: '1s' })
  await again.said('! blocked     002_plays was rolled back')
  await holder.query('commit')
  t.equal((await again.ended()).exit, 0)
  t.strictSame(await recorded(project), ['001_songs'])
})

t.test('a revision that locks our ledger against the next one is told so at once', async (t) => {
  const project = await createProject(t, { '001_songs': songs }, { snapshot: false })
  await project.migrate()
  await project.write({ '002_ledger': 'lock table schemagate_ledger', '003_plays': plays })
  const error = await migrateHere(project, { MIGRATION_LOCK_TIMEOUT: longEnough }).catch(
    (thrown: unknown) => thrown,
  )
  const text = textOf(project, error)
  t.match(text, /^SCHEMA_MIGRATION_BLOCKED: 003_plays did not get a lock .* in 1 attempt/)
  t.match(
    text,
    /blocked by {3}pid 7 \(.*schemagate replica-1 - 002_ledger, .*holds AccessExclusiveLock on schemagate_ledger\)/,
  )
  t.match(
    text,
    /Do one of:\n  MIGRATION_TRANSACTION=each   commits each revision before the next one begins$/,
  )
  t.strictSame(await recorded(project), ['001_songs'])
  await migrateHere(project, { MIGRATION_TRANSACTION: 'each' })
  t.strictSame(await recorded(project), ['001_songs', '002_ledger', '003_plays'])
})

t.test('the ledger is not waited for without end, though revisions are', async (t) => {
  const project = await createProject(t, { '001_songs': songs }, { snapshot: false })
  await project.migrate()
  await project.write({ '002_ledger': 'lock table schemagate_ledger', '003_plays': plays })
  const error = await migrateHere(project, { MIGRATION_LOCK_TIMEOUT: '0' }).catch((thrown: unknown) => thrown)
  t.match(textOf(project, error), /^SCHEMA_MIGRATION_BLOCKED: 003_plays did not get a lock .* in 1 attempt/)
})

t.test('reverting that is stopped cancels what it is at, and goes no further', async (t) => {
  const down = (table: string) => ['select pg_advisory_xact_lock(1)', `drop table ${table}`].join('; ')
  const project = await createProject(t, {
    '001_songs': songs,
    '002_likes': { up: 'create table likes (id int)', down: down('likes') },
    '003_charts': { up: 'create table charts (id int)', down: down('charts'), transaction: false },
    '004_plays': { up: 'create table plays (id int)', down: down('plays') },
  })
  await project.migrate()
  const stopped = async (text: RegExp, goesOn: boolean): Promise<void> => {
    const holder = await session(t, project.url)
    await holder.query('select pg_advisory_lock(1)')
    const reverting = project.start('down --to 001_songs --confirm production')
    await waitsFor(project, holder.pid)
    reverting.kill('SIGTERM')
    await reverting.said('SIGTERM: finishing or rolling back')
    if (goesOn) await holder.query('select pg_advisory_unlock(1)')
    const ended = await reverting.ended()
    if (!goesOn) await holder.query('select pg_advisory_unlock(1)')
    t.equal(ended.exit, 1)
    t.match(errorOf(ended), text)
  }
  await stopped(
    /^SCHEMA_INTERRUPTED: Reverting 004_plays was stopped on request\. Its transaction was rolled back; it is still recorded\.\n[^]*\n {2}reverted +nothing\n/,
    false,
  )
  t.strictSame((await recorded(project)).at(-1), '004_plays')
  await project.run('down')
  await stopped(
    /^SCHEMA_INTERRUPTED: Reverting 002_likes was stopped on request\. It is still recorded\.\n[^]*\n {2}reverted +003_charts\n/,
    true,
  )
  t.strictSame(await recorded(project), ['001_songs', '002_likes'])
})

/** Ends the connection under a migration, as a router does that forgets it: nothing is said by the server. */
const severed = `export const config = { transaction: false }
export const up = async (knex) => {
  const { resource } = knex.client.pool.used[0] ?? knex.client.pool.free[0]
  setImmediate(() => resource.connection.stream.destroy(new Error('reset')))
  await knex.raw('select pg_sleep(60)')
}
export const down = async () => {}`

t.test('a connection that is lost leaves none behind', async (t) => {
  const project = await createProject(t, { '001_songs': { code: severed } }, { snapshot: false })
  const error = await migrateHere(project).catch((thrown: unknown) => thrown)
  t.match(
    textOf(project, error),
    /^SCHEMA_MIGRATION_FAILED: The connection to PostgreSQL was lost while 001_songs ran\. It runs outside a transaction/,
    'nobody knows how far it got, so it is not tried again',
  )
  await eventually('no connection of this process is left', {
    look: async () => (await project.query(ours)).length === 0,
  })
})

const ours = `select application_name, state, query from pg_stat_activity
  where datname = current_database() and application_name like 'schemagate%'`

t.test('a role that may not see what others run names them all the same', async (t) => {
  const project = await createProject(t, { '001_songs': songs }, { snapshot: false })
  const owner = await createRole(t, project.url)
  await project.query(`grant create on schema public to ${new URL(owner).username}`)
  await migrateHere(project, { DATABASE_URL: owner })
  await project.write({ '002_plays': plays })
  await holding(t, project.url, 'lock table songs in access share mode')
  const error = await migrateHere(project, { ...impatient, DATABASE_URL: owner }).catch(
    (thrown: unknown) => thrown,
  )
  t.match(textOf(project, error), /blocked by {3}pid 7 \(user \w+, shop, holds AccessShareLock on songs\)\n/)
})

/** A function that waits for the lock of `block` at the 900th of a thousand rows. */
const slowly = `create table songs (id int, title text default repeat('la ', 200));
  insert into songs select generate_series(1, 1000);
  create function slow(id int) returns int immutable language plpgsql as
    'begin if id = 900 then perform pg_advisory_xact_lock(1); end if; return id; end'`

const commands: readonly (readonly [sql: string, work: CommandProgress])[] = [
  [
    'create index slow_songs on songs (slow(id))',
    { command: 'CREATE INDEX', relation: 'songs', phase: 'building index: scanning table', percent: 88 },
  ],
  [
    'reindex index concurrently slow_songs',
    {
      command: 'REINDEX CONCURRENTLY',
      relation: 'songs',
      phase: 'building index: scanning table',
      percent: 88,
    },
  ],
  [
    'vacuum full songs',
    { command: 'VACUUM FULL', relation: 'songs', phase: 'rebuilding index', percent: null },
  ],
  ['analyze songs', { command: 'ANALYZE', relation: 'songs', phase: 'computing statistics', percent: null }],
  [
    `copy (select slow(id) from songs) to '/dev/null'`,
    { command: 'COPY TO', relation: null, phase: '899 rows', percent: null },
  ],
]

t.test('the progress of a command is read from what PostgreSQL reports', async (t) => {
  const url = await createDatabase(t)
  await query(url, slowly)
  const [worker, holder] = [await session(t, url), await session(t, url)]
  let client = await sampling(t, url)
  const watch = startActivitySampler(() => client, worker.pid)
  t.teardown(watch.end)
  for (const [sql, work] of commands) {
    await holder.query('select pg_advisory_lock(1)')
    const running = worker.query(sql)
    // What a session does and what it waits for is not read at the same instant.
    const activity = await eventually(`${work.command} is seen to wait, having done ${work.percent} %`, {
      look: () => {
        const latest = watch.latest()
        return latest.known && isDeepStrictEqual(latest.work, work) && latest.waits?.includes('advisory')
          ? latest
          : null
      },
      otherwise: () => JSON.stringify(watch.latest()),
    })
    t.match(activity, {
      statement: shortenQuery(sql),
      waits: 'an advisory lock',
      blockers: [{ pid: holder.pid, application: 'shop' }],
    })
    await holder.query('select pg_advisory_unlock(1)')
    await running
  }
  const idle = await eventually('it is seen to be idle', {
    look: () => {
      const activity = watch.latest()
      return activity.known && activity.statement === null ? activity : null
    },
  })
  t.match(idle, { work: null, waits: null, blockers: [] })
  await query(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'watch' and datname = current_database()`,
  )
  await eventually('its loss is noticed', { look: () => !watch.latest().known })
  client = await sampling(t, url)
  await eventually('it looks again', { look: () => watch.latest().known })
})

/** PostgreSQL prints a default under a lock of its table. */
const titled = `create table songs (id int primary key, title text not null default 'Ode')`

t.test('whoever starts while others have locked tables says whom it waits for', async (t) => {
  const project = await createProject(t, {
    '001_songs': titled,
    '002_plays': [plays, 'select pg_advisory_xact_lock(1)'],
  })
  await project.migrate('001_songs')
  const goOn = await project.block()
  const first = project.start('serve', { INSTANCE: 'first', LOG_LEVEL: 'debug' })
  await eventually('the first one has altered the table', {
    look: async () =>
      (
        await project.query(`select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`)
      ).length > 0,
    otherwise: first.stdout,
  })
  // Twice as long would be too long for a timer.
  const second = project.start('serve', { INSTANCE: 'second', CONNECT_TIMEOUT: '1s', VERIFY_TIMEOUT: '400h' })
  // More than CONNECT_TIMEOUT.
  await second.said(
    /for tables, locked by first, .*at 002_plays, since .* for (?:[3-9]|\d\d|\d+ min )[\d.]* s so far/,
  )
  const late = await project.run('check', { LOCK_WAIT_TIMEOUT: '1s' })
  t.equal(late.exit, 9)
  t.match(
    errorOf(late),
    /^SCHEMA_CATALOG_LOCKED: The catalog cannot be read, because other sessions have locked tables\./,
  )
  t.match(errorOf(late), /\n {2}locked by +first, .*at 002_plays, since /)
  await goOn()
  await Promise.all([first.said('/health/schema'), second.said('/health/schema')])
})

t.test('whoever serves stays ready while others have locked tables', (t) =>
  staysReady(t, { locked: 'songs', change: 'create table likes (id int)' }),
)

t.test('whoever serves stays ready while others have locked the ledger', (t) =>
  staysReady(t, { locked: 'knex_migrations', change: 'select' }),
)

interface Locking {
  readonly locked: string
  readonly change: string
}

async function staysReady(t: Test, { locked, change }: Locking): Promise<void> {
  const project = await createProject(t, { '001_songs': titled })
  const service = await project.serve({ VERIFY_INTERVAL: '100ms', VERIFY_TIMEOUT: '1m' })
  const client = new pg.Client({ connectionString: project.url })
  t.teardown(() => client.end())
  await client.connect()
  const checked = async (): Promise<string> =>
    JSON.parse((await service.ask('/health/schema')).text).verification.checkedAt
  for (const seen of [await checked(), await checked()])
    await eventually('it looks', { look: async () => (await checked()) !== seen })
  await client.query(`begin; lock table ${locked} in access exclusive mode`)
  await project.query(change)
  const asleep = () =>
    project.query(`select from pg_locks where not granted and relation = '${locked}'::regclass`)
  for (const waiting of [1, 0, 1, 0])
    await eventually('it waits for the table, and gives up', {
      look: async () => (await asleep()).length === waiting,
    })
  const before = await checked()
  t.equal((await service.ask('/health/ready')).status, 200)
  await client.query('rollback')
  await eventually('it looks again', { look: async () => (await checked()) !== before })
  t.equal((await service.ask('/health/ready')).status, 200)
  t.notOk(service.log().some(({ event }) => event === 'database lost'))
}
