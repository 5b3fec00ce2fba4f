import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { formatProgress } from '../../src/core/progress/messages.js'
import { runHere } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import { eventually, type Running, start } from '../support/process.js'
import { createProject, type Migrations, type Project } from '../support/project.js'
import { type KillCase, killCases, type Step } from './kill-cases.js'
import { revisionOf } from '../../src/project/revision-name.js'

t.jobs = 2

/** The session that waits for a lock, once there is one. Its pid. */
const untilWaiting = async ({ query }: Project): Promise<number> => {
  const [found] = await eventually('a session waits', {
    look: async () => {
      const rows = await query(`select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`)
      return rows.length === 1 ? rows : null
    },
  })
  return Number(found?.['pid'])
}

const holds = {
  'a lock': ['select pg_advisory_lock(1)', 'select pg_advisory_unlock(1)'],
  'a transaction': ['begin isolation level repeatable read; select 1', 'commit'],
} as const

/** Kills a migration that waits, and lets go of what it waited for. */
async function killWaiting(t: Test, project: Project, what: NonNullable<KillCase['killed']>): Promise<void> {
  const client = new pg.Client({ connectionString: project.url })
  t.teardown(() => client.end())
  await client.connect()
  const [hold, release] = holds[what]
  await client.query(hold)
  await killOnceWaiting(project.start('migrate'), project)
  await client.query(release)
}

/** Let go earlier, the server would go on with the statement before it notices that nobody is there for it. */
async function killOnceWaiting(running: Running, project: Project): Promise<void> {
  const pid = await untilWaiting(project)
  running.kill('SIGKILL')
  await running.ended()
  await eventually('its session is gone', {
    look: async () => (await project.query(`select from pg_stat_activity where pid = ${pid}`)).length === 0,
  })
}

const timeless = (project: Project, text: string): string =>
  project
    .plain(text)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
    .replaceAll(/\(\w{8}-\w{4}-\w{4}-\w{4}-\w{12}, /g, '(uuid, ')
    .replaceAll(/PostgreSQL \d+(?:\.\d+)?/g, 'PostgreSQL')
    .trim()

/** A migration that was changed is loaded anew by a process of its own only. */
async function outcomeOf(project: Project, { run, rebuild }: Step) {
  if (rebuild !== undefined) {
    await project.rebuild(rebuild)
    const { exit, stdout, stderr } = await project.run(run)
    return { exit, text: stdout, said: '', told: stderr }
  }
  const { events, ...outcome } = await runHere(project, run)
  return { ...outcome, told: events.map((event) => formatProgress(event).text).join('\n') }
}

for (const { name, migrations, snapshot = true, from, killed, steps } of killCases)
  t.test(name, async (t) => {
    const created = await createProject(t, migrations, { snapshot })
    const accepted = { ON_UNVERIFIED: 'warn' }
    const unverified: Project = {
      ...created,
      env: { ...created.env, ...accepted },
      start: (words, env) => created.start(words, { ...accepted, ...env }),
    }
    const project = snapshot ? created : unverified
    if (from !== null) await project.migrate(from)
    if (killed !== null) await killWaiting(t, project, killed)
    for (const step of steps) {
      if (step.sql !== undefined) await project.query(step.sql)
      const { exit, text, said, told } = await outcomeOf(project, step)
      const plain = timeless(project, text)
      t.equal(exit, step.exit, step.run)
      if (typeof step.says === 'string') t.equal(plain, step.says, step.run)
      else t.match(plain, step.says, step.run)
      t.equal(timeless(project, said), step.shows ?? '', `${step.run}: what is shown before`)
      if (step.tells) t.match(timeless(project, told), step.tells, `${step.run}: what is told`)
    }
    const names = await project.query('select name from knex_migrations order by id')
    t.strictSame(
      names.map(({ name }) => revisionOf(String(name))),
      Object.keys(migrations),
    )
  })

t.test('an index that somebody builds at this moment is left alone', async (t) => {
  const project = await createProject(t, {
    '001_songs': ['create table songs (id int, title text)', 'create index songs_title on songs (title)'],
  })
  await project.migrate()
  await project.query('drop index songs_title')
  const clients = [0, 1].map(() => new pg.Client({ connectionString: project.url }))
  for (const client of clients) {
    t.teardown(() => client.end())
    await client.connect()
  }
  const [other, builder] = clients
  await other?.query(holds['a transaction'][0])
  const building = builder?.query('create index concurrently songs_title on songs (title)')
  await untilWaiting(project)
  const { exit, text } = await runHere(project, 'repair --confirm production')
  t.equal(exit, 0)
  t.match(
    project.plain(text),
    /^app@db:5432\/songs: nothing to repair\.\nLeft alone: index:public\.songs\.songs_title, because process \d+ of the server builds an index of its table now\.$/,
  )
  await other?.query('commit')
  await building
  t.match((await runHere(project, 'verify')).text, /as promised$/)
})

t.test('a repair that is stopped finishes the index it is at', async (t) => {
  const project = await createProject(t, {
    '001_songs': [
      'create table songs (id int, title text)',
      'create index songs_id on songs (id)',
      'create index songs_title on songs (title)',
    ],
  })
  await project.migrate()
  await project.query(`update pg_index set indisvalid = false where indrelid = 'songs'::regclass`)
  const reader = new pg.Client({ connectionString: project.url })
  t.teardown(() => reader.end())
  await reader.connect()
  await reader.query('begin; lock table songs in access share mode')
  const repairing = project.start('repair --confirm production')
  await untilWaiting(project)
  repairing.kill('SIGTERM')
  await repairing.said('SIGTERM: finishing or rolling back')
  await reader.query('commit')
  const { exit, stderr } = await repairing.ended()
  t.equal(exit, 1)
  t.match(stderr, '  repairing   REINDEX INDEX CONCURRENTLY public.songs_id')
  t.equal(
    stderr.slice(stderr.indexOf('SCHEMA_')),
    `SCHEMA_INTERRUPTED: Repairing was stopped on request. What was repaired before stays repaired.

  repaired   index:public.songs.songs_id

Do one of:
  run it again   goes on where this one stopped
`,
  )
  const { text } = await runHere(project, 'repair --confirm production')
  t.equal(project.plain(text), 'app@db:5432/songs: repaired index:public.songs.songs_title.')
  t.match((await runHere(project, 'verify')).text, /as promised$/)
})

t.test('an index is there whenever its repair is killed, and the next one finishes', async (t) => {
  const project = await createProject(t, {
    '001_songs': ['create table songs (id int, title text)', 'create index songs_title on songs (title)'],
  })
  await project.migrate()
  await project.query(`update pg_index set indisvalid = false where indrelid = 'songs'::regclass`)
  const indexes = async (): Promise<readonly unknown[]> => {
    const found = await project.query(`select indexrelid::regclass::text as name from pg_index
      where indrelid = 'songs'::regclass order by name`)
    return found.map(({ name }) => name)
  }
  const writer = new pg.Client({ connectionString: project.url, application_name: 'shop' })
  t.teardown(() => writer.end())
  await writer.connect()
  await writer.query('begin; lock table songs in row exclusive mode')
  const repairing = project.start('repair --confirm production')
  await repairing.said('is still running')
  t.match(repairing.stderr(), /! running +REINDEX .* held by pid \d+ \(user \S+, shop, .*idle in transaction/)
  await killOnceWaiting(repairing, project)
  await writer.query('rollback')
  t.strictSame(await indexes(), ['songs_title', 'songs_title_ccnew'])
  const { text } = await runHere(project, 'repair --confirm production')
  t.equal(
    project.plain(text),
    'app@db:5432/songs: repaired index:public.songs.songs_title_ccnew; repaired index:public.songs.songs_title.',
  )
  t.strictSame(await indexes(), ['songs_title'])
  t.match((await runHere(project, 'verify')).text, /as promised$/)
  const record = await project.query(`select event, detail from schemagate_ledger
    where event like 'repair%' and detail->>'index' = 'index:public.songs.songs_title' order by id`)
  const detail = {
    index: 'index:public.songs.songs_title',
    statements: ['REINDEX INDEX CONCURRENTLY public.songs_title'],
  }
  t.strictSame(
    record,
    ['repairing', 'repairing', 'repaired'].map((event) => ({ event, detail })),
  )
})

t.test('what a killed down has done outside a transaction is named, with the way out', async (t) => {
  const project = await createProject(t, {
    '001_songs': 'create table songs (id int)',
    '002_two': {
      code: `export const config = { transaction: false }
        export const up = (knex) => knex.raw('create table plays (id int); create table likes (id int)')
        export const down = async (knex) => {
          await knex.raw('drop table plays')
          await knex.raw('drop table likes')
        }`,
    },
  })
  await project.migrate()
  const reader = new pg.Client({ connectionString: project.url })
  t.teardown(() => reader.end())
  await reader.connect()
  await reader.query('begin; lock table likes in access share mode')
  await killOnceWaiting(project.start('down'), project)
  await reader.query('rollback')
  const refused = await runHere(project, 'migrate')
  t.equal(refused.exit, 4)
  t.match(refused.text, 'missing table:public.plays')
  const again = await runHere(project, 'down --confirm production')
  t.equal(again.exit, 7)
  t.equal(
    project.plain(again.text),
    `SCHEMA_MIGRATION_FAILED: Reverting 002_two failed. It runs outside a transaction: what it did before stays; it is still recorded.

  database    app@db:5432/songs
  file        /songs/migrations/002_two.js
  sqlstate    42P01
  message     table "plays" does not exist
  statement   drop table plays
  at          migrations/002_two.js:4
                3 |         export const down = async (knex) => {
              > 4 |           await knex.raw('drop table plays')
                5 |           await knex.raw('drop table likes')
  reverted    nothing

Do one of:
  schemagate diff database snapshot@002_two --sql   writes what restores its objects, not its rows; then it can be reverted again
  correct the down function                         or write a new migration that undoes it`,
  )
  const { document } = await runHere(project, 'diff database snapshot@002_two --sql --json')
  for (const sql of statementsOf(document)) await project.query(sql)
  t.equal((await runHere(project, 'down --confirm production')).exit, 0)
  t.strictSame(await project.query(`select name from knex_migrations`), [{ name: '001_songs.js' }])
})

const rows = 20_000

/** All kinds of revisions, with enough to do that a kill can fall anywhere. Each with a transaction counts itself. */
const mixed: Migrations = {
  '001_songs': [
    'create table songs (id int primary key, title text not null)',
    `insert into songs select i, md5(i::text) from generate_series(1, ${rows}) i`,
    'create table ran (revision text not null)',
  ],
  '002_plays': [
    'alter table songs add column plays int not null default 0',
    'update songs set plays = id % 100',
    `insert into ran values ('002')`,
  ],
  '003_charts': {
    transaction: false,
    up: [
      'create table charts (id int primary key, title text)',
      'alter table songs add column chart int',
      'update songs set chart = id % 10',
      'create index songs_chart on songs (chart)',
      'create table entries (chart int references charts, song int references songs)',
    ],
  },
  '004_title': {
    transaction: false,
    up: 'create index concurrently songs_title on songs (title)',
  },
  '005_listens': [
    'create table listens (song int references songs, at int)',
    `insert into listens select id, plays from songs`,
    `insert into ran values ('005')`,
  ],
  '006_unique': {
    transaction: false,
    up: [
      'create unique index concurrently if not exists songs_slug on songs (lower(title))',
      'create index concurrently listens_song on listens (song)',
    ],
  },
  '007_last': [
    'alter table listens alter column at type bigint',
    'alter table songs alter column plays drop default',
    `insert into ran values ('007')`,
  ],
}
const revisions = Object.keys(mixed)
const first = '002_plays (1 of 6)'

/** What has to be true in the end, however often it was killed. */
const books = `select (select array_agg(name::text order by id) from knex_migrations) as recorded,
  (select array_agg(revision order by revision) from ran) as ran,
  (select count(*)::int from songs where plays = id % 100) as played,
  (select count(*)::int from listens) as listens,
  (select count(*)::int from pg_index where not indisvalid) as invalid,
  (select sum(is_locked)::int from knex_migrations_lock) as locked`
const balanced = {
  recorded: revisions.map((revision) => `${revision}.js`),
  ran: ['002', '005', '007'],
  played: rows,
  listens: rows,
  invalid: 0,
  locked: 0,
}

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Undisturbed {
  /** Milliseconds from its start to the first revision. */
  readonly before: number
  /** Milliseconds from the first revision to its end. */
  readonly during: number
}

async function undisturbed(t: Test, project: Project, template: string): Promise<Undisturbed> {
  const url = await createDatabase(t, { template })
  const started = performance.now()
  const migrating = migrateAt(t, project, url)
  await migrating.said(first)
  const begun = performance.now()
  t.equal((await migrating.ended()).exit, 0)
  t.strictSame(await query(url, books), [balanced])
  return { before: begun - started, during: performance.now() - begun }
}

function migrateAt(t: Test, { root, env }: Project, url: string) {
  return start(t, ['migrate'], { cwd: root, env: { ...env, DATABASE_URL: url, LOG_LEVEL: 'debug' } })
}

/** Does what the texts say until the database is at head. Returns how it was found and what was done, in words. */
async function bringToHead(project: Project, url: string, completes: boolean): Promise<string> {
  const here = (line: string) => runHere(project, line, { env: { DATABASE_URL: url } })
  const done: string[] = []
  for (let attempt = 0; attempt < 6; attempt++) {
    const next = await here('migrate')
    const { text } = next
    if (next.exit === 0) return done.length === 0 ? 'went on' : done.join(', ')
    const [, standing] = /(?:and is|and) (.*)\. Nothing was run\./.exec(text) ?? []
    if (standing === undefined || next.exit !== 7) throw new Error(text)
    const repaired = await here('repair --confirm production')
    done.push(`${standing}: ${repaired.exit === 0 ? 'repaired' : completes ? 'completed' : 'taken back'}`)
    if (repaired.exit === 0) continue
    const [complete, takeBack] = [...text.matchAll(/^ {2}schemagate (diff \S+ \S+) --sql/gm)]
    const [, printed = ''] = (completes ? complete : takeBack) ?? []
    const { document } = await here(`${printed} --json`)
    for (const sql of statementsOf(document)) await query(url, sql)
    if (completes) await here('repair --confirm production')
  }
  throw new Error(`not at head after: ${done.join(', ')}`)
}

function statementsOf(document: unknown): readonly string[] {
  if (typeof document !== 'object' || document === null || !('statements' in document)) return []
  return [document.statements]
    .flat()
    .flatMap((each) => (typeof each === 'object' && each !== null && 'sql' in each ? [String(each.sql)] : []))
}

const kills = Number(process.env['KILLS'] ?? 8)
const seed = Number(process.env['KILLS_SEED'] ?? randomInt(1_000_000))

t.test(`killed at ${kills} random moments (KILLS_SEED=${seed})`, async (t) => {
  const project = await createProject(t, mixed)
  await project.migrate('001_songs')
  const { before, during } = await undisturbed(t, project, project.url)
  const chance = random(seed)
  const outcomes = new Map<string, number>()
  /** Some of an empty database around its first revision, the others all over the rest. */
  const moments = Array.from({ length: kills }, (_, index) => {
    const share = (index + chance()) / kills
    return { early: share < 0.1, share, completes: chance() < 0.5 }
  })
  const killOne = async ({ early, share, completes }: (typeof moments)[number]): Promise<void> => {
    const url = await createDatabase(t, early ? {} : { template: project.url })
    const migrating = migrateAt(t, project, url)
    if (!early) await migrating.said(first)
    await sleep(early ? before * (0.5 + share * 10) : ((share - 0.1) / 0.9) * during)
    migrating.kill('SIGKILL')
    const { exit } = await migrating.ended()
    const at = `${early ? 'before' : 'during'} ${Math.round(share * 100)} %`
    const outcome = await bringToHead(project, url, completes)
    t.strictSame(await query(url, books), [balanced], `killed ${at} (${exit}): ${outcome}`)
    t.match((await runHere(project, 'verify', { env: { DATABASE_URL: url } })).text, /as promised$/)
    const found = exit === 0 ? 'had ended' : outcome
    outcomes.set(found, (outcomes.get(found) ?? 0) + 1)
  }
  const queue = moments.values()
  const worker = async (): Promise<void> => {
    for (const moment of queue) await killOne(moment)
  }
  await Promise.all([worker(), worker()])
  for (const [outcome, times] of outcomes) t.comment(`${times} × ${outcome}`)
})
