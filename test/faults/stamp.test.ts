import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { assess, findingsOf } from '../../src/core/history/decision.js'
import { impacts } from '../../src/core/impact/assess-impact.js'
import { measureDistances } from '../../src/core/impact/closest-revision.js'
import { defaultScope } from '../../src/core/model/scope.js'
import { promisedCatalogAt } from '../../src/core/model/snapshot.js'
import { loadSnapshot } from '../../src/snapshot/file.js'
import { type Called, call, type Calling } from '../support/command.js'
import { createDatabase, createRole, query, type Row } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'

const migrations = {
  '001_songs': {
    up: 'create table songs (id int primary key, title text not null)',
    down: 'drop table songs',
  },
  '002_plays': `alter table songs add plays int check (plays >= 0),
    add mood varchar(9), add constraint known_mood check (mood in ('sad', 'ok'))`,
  '003_likes': 'create table likes (id int primary key, song int references songs)',
  '004_popular': 'create view popular as select id, title from songs where plays in (1, 2, 3)',
  '005_moods': `alter table songs drop constraint known_mood,
    add constraint known_mood check (mood in ('sad', 'ok', 'gay'))`,
}

/** What is there after 003, made by somebody else; a check restored from a dump is printed in other words. */
const at003 = `
  create table songs (id int primary key, title text not null, plays int check (plays >= 0), mood varchar(9),
    constraint known_mood check ((mood)::text = any ((array['sad'::varchar, 'ok'::varchar])::text[])));
  create table likes (id int primary key, song int references songs);`

const plainLedger = (...names: readonly string[]): string => `
  create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
  create table knex_migrations_lock (index serial primary key, is_locked int);
  insert into knex_migrations_lock (is_locked) values (0);
  insert into knex_migrations (name, batch) values ${names.map((name) => `('${name}', 1)`).join(', ')};`

/** A call of `schemagate stamp`, and what comes of it. */
interface Step {
  /** The words after `stamp`. */
  readonly stamp: string
  readonly exit: number
  /** Parts of the text or of the error, in their order, without the address of the database. */
  readonly says: readonly string[]
  /** What Knex's table records afterwards; null where there is no table of anybody's. */
  readonly recorded: readonly string[] | null
  /** What is said before it is confirmed. */
  readonly warns?: readonly string[]
}

interface StampCase {
  readonly name: string
  readonly live: string
  readonly steps: readonly Step[]
  /** The rows of our ledger afterwards, but for who was identified. */
  readonly rows?: readonly Row[]
}

const upTo003 = ['001_songs', '002_plays', '003_likes']
const filesUpTo003 = upTo003.map((revision) => `${revision}.js`)

const cases: readonly StampCase[] = [
  {
    name: 'what is there is found, recorded, and recorded once',
    live: at003,
    steps: [
      {
        stamp: '',
        exit: 0,
        says: [
          'is what the migrations promise at 003_likes. Recorded: nothing of this build.',
          '003_likes    0',
          '004_popular  1            1 breaks',
          'schemagate stamp 003_likes  records 3 revisions',
        ],
        recorded: null,
      },
      {
        stamp: '003_likes',
        exit: 0,
        says: [
          '3 revisions recorded without being run, up to 003_likes. The database is what the migrations promise at 003_likes.',
        ],
        recorded: filesUpTo003,
      },
      {
        stamp: '003_likes',
        exit: 0,
        says: ['003_likes and all revisions before it are already recorded. Nothing was done.'],
        recorded: filesUpTo003,
      },
      {
        stamp: '',
        exit: 0,
        says: ['Recorded: 003_likes.', 'schemagate verify  compares it with 003_likes'],
        recorded: filesUpTo003,
      },
      {
        stamp: '001_songs',
        exit: 2,
        says: [
          'SCHEMA_USAGE: The database is already at 003_likes, which is newer than 001_songs. Nothing was recorded.',
          'schemagate down --to 001_songs   reverts what is newer',
          'schemagate stamp 003_likes',
        ],
        recorded: filesUpTo003,
      },
    ],
    rows: upTo003.map((revision) => ({
      revision,
      event: 'stamped',
      checksum: true,
      detail: { file: `${revision}.js` },
    })),
  },
  {
    name: 'what is not there is not recorded, and nothing is created',
    live: `${at003} alter table songs drop plays; create table stray (id int)`,
    steps: [
      {
        stamp: '003_likes',
        exit: 4,
        says: [
          `SCHEMA_STAMP_UNTRUE: The database is not what the migrations promise at 003_likes: 4 differences. Nothing was recorded.

  database   app@db:5432/songs
  breaks     missing column:public.songs.plays
                 expected  type integer, nullable true
               queries that name it fail
  weakens    missing constraint:public.songs.songs_plays_check
                 expected  type check, definition CHECK ((plays >= 0)), valid true
               rows that it forbids can be stored
  harmless   unexpected table:public.stray
                 actual    rowSecurity false, forceRowSecurity false
               this build does not use it
             unexpected column:public.stray.id
                 actual    type integer, nullable true
               this build does not use it

Do one of:
  schemagate stamp                                     shows the closest revision
  schemagate diff database snapshot@003_likes --sql    prints the SQL that leads there
  schemagate stamp 003_likes --force --reason 'TEXT'   records it anyway; queries that rely on it will fail`,
        ],
        recorded: null,
      },
      {
        stamp: '',
        exit: 4,
        says: [
          'is closest to what the migrations promise at 003_likes, with 4 differences',
          '003_likes    4            1 breaks, 1 weakens, 2 harmless',
          'breaks\n  missing column:public.songs.plays',
          'schemagate diff database snapshot@003_likes --sql   prints the SQL that leads there\n',
          "schemagate stamp 003_likes --force --reason 'TEXT'  records them although the database differs",
        ],
        recorded: null,
      },
    ],
  },
  {
    name: 'what is not true is recorded by force, confirmed and with a reason',
    live: `${at003} alter table songs drop plays`,
    steps: [
      {
        stamp: '003_likes --force',
        exit: 2,
        says: ['SCHEMA_USAGE', '--reason TEXT is missing. Nothing was recorded.'],
        recorded: null,
      },
      {
        stamp: '003_likes --reason later',
        exit: 2,
        says: ['SCHEMA_USAGE', '--force is missing. Nothing was recorded.'],
        recorded: null,
      },
      {
        stamp: '--force --reason later',
        exit: 2,
        says: ['SCHEMA_USAGE', 'a REVISION is missing. Nothing was recorded.'],
        recorded: null,
      },
      {
        stamp: '003_likes --force --reason later --yes',
        exit: 2,
        says: ['SCHEMA_NOT_CONFIRMED', '--confirm production'],
        recorded: null,
        warns: [
          'although the database is not what the migrations promise at 003_likes: 2 differences',
          'breaks',
          'songs.plays',
        ],
      },
      {
        stamp: '003_likes --force --reason later --confirm production',
        exit: 0,
        says: ['3 revisions recorded', 'It was recorded with 2 differences, for this reason: later'],
        recorded: filesUpTo003,
        warns: ['to record   001_songs', 'weakens'],
      },
      {
        stamp: '',
        exit: 4,
        says: ['closest to what the migrations promise at 003_likes', 'schemagate verify'],
        recorded: filesUpTo003,
      },
    ],
    rows: upTo003.map((revision) => ({
      revision,
      event: 'stamped',
      checksum: true,
      detail: { file: `${revision}.js`, reason: 'later', differences: 2 },
    })),
  },
  {
    name: 'a ledger that plain Knex began goes on as it began',
    live: `${at003} ${plainLedger('001_songs.js')}`,
    steps: [
      {
        stamp: '',
        exit: 0,
        says: ['Recorded: 001_songs.', 'schemagate stamp 003_likes  records 2 revisions'],
        recorded: ['001_songs.js'],
      },
      {
        stamp: '003_likes --force --reason none',
        exit: 0,
        says: ['2 revisions recorded', 'The database is what the migrations promise at 003_likes.'],
        recorded: ['001_songs.js', '002_plays.js', '003_likes.js'],
      },
    ],
    rows: ['002_plays', '003_likes'].map((revision) => ({
      revision,
      event: 'stamped',
      checksum: true,
      detail: { file: `${revision}.js` },
    })),
  },
  {
    name: 'more is recorded than is there',
    live: `${at003} ${plainLedger('001_songs', '002_plays', '003_likes', '004_popular')}`,
    steps: [
      {
        stamp: '',
        exit: 4,
        says: [
          'promise at 003_likes. Recorded: 004_popular.',
          'schemagate verify  compares it with 004_popular',
        ],
        recorded: [...upTo003, '004_popular'],
      },
    ],
  },
  {
    name: 'an empty database has nothing to record',
    live: '',
    steps: [
      {
        stamp: '',
        exit: 4,
        says: ['is empty: there is nothing to record.', 'schemagate migrate'],
        recorded: null,
      },
      {
        stamp: '001_songs',
        exit: 4,
        says: ['SCHEMA_STAMP_UNTRUE', 'missing table:public.songs'],
        recorded: null,
      },
    ],
  },
  {
    name: 'a revision that is not in this build',
    live: at003,
    steps: [
      {
        stamp: '003_like',
        exit: 2,
        says: [
          'SCHEMA_USAGE: There is no revision "003_like" in this build. Nothing was recorded.',
          'newest   001_songs',
          'schemagate stamp 003_likes   may be what was meant',
        ],
        recorded: null,
      },
      {
        stamp: 'popular',
        exit: 2,
        says: ['schemagate stamp 004_popular   may be what was meant'],
        recorded: null,
      },
      { stamp: '999', exit: 2, says: ['schemagate stamp   says which revision fits'], recorded: null },
    ],
  },
  {
    name: 'the files of what is recorded are lost',
    live: `${at003} ${plainLedger('2019_a.js', '2019_b.js')}`,
    steps: [
      {
        stamp: '',
        exit: 0,
        says: [
          'promise at 003_likes. Recorded: nothing of this build, and 2 revisions that this build does not have.',
          'schemagate stamp 003_likes --forget  records 3 revisions, and forgets the 2',
        ],
        recorded: ['2019_a.js', '2019_b.js'],
      },
      {
        stamp: '003_likes',
        exit: 5,
        says: [
          'SCHEMA_DIVERGED: The database records 2 revisions that this build does not have. Nothing was recorded.',
          'unknown    2019_a',
          'schemagate stamp 003_likes --forget   takes them out of the record, if their files are lost for good',
        ],
        recorded: ['2019_a.js', '2019_b.js'],
      },
      {
        stamp: '004_popular --forget --confirm production',
        exit: 4,
        says: ['SCHEMA_STAMP_UNTRUE', 'missing view:public.popular'],
        recorded: ['2019_a.js', '2019_b.js'],
      },
      {
        stamp: '003_likes --forget --confirm production',
        exit: 0,
        says: ['3 revisions recorded without being run, up to 003_likes; 2 revisions forgotten.'],
        recorded: ['001_songs.js', '002_plays.js', '003_likes.js'],
        warns: [
          '2 revisions that this build does not have will no longer be recorded',
          'to forget   2019_a\n              2019_b',
        ],
      },
    ],
    rows: [
      ...['2019_a', '2019_b'].map((revision) => ({
        revision,
        event: 'forgotten',
        checksum: false,
        detail: {},
      })),
      ...upTo003.map((revision) => ({
        revision,
        event: 'stamped',
        checksum: true,
        detail: { file: `${revision}.js` },
      })),
    ],
  },
  {
    name: "the file of an older revision was deleted, which is in nobody's way",
    live: `${at003} ${plainLedger('000_deleted', '001_songs')}`,
    steps: [
      {
        stamp: '003_likes',
        exit: 0,
        says: ['2 revisions recorded'],
        recorded: ['000_deleted', ...upTo003],
      },
    ],
  },
  {
    name: 'files are lost of what was never undone, and all else is recorded',
    live: `${at003} ${plainLedger(...upTo003, '003_lost')}`,
    steps: [
      {
        stamp: '003_likes --forget --confirm production',
        exit: 0,
        says: ['1 revision forgotten. The database is what the migrations promise at 003_likes.'],
        recorded: upTo003,
      },
    ],
    rows: [{ revision: '003_lost', event: 'forgotten', checksum: false, detail: {} }],
  },
]

/** `schemagate stamp` in this process, on the database of this URL. */
async function stamp(
  { root, env }: Project,
  url: string,
  { line, ask = null }: { readonly line: string; readonly ask?: Calling['ask'] },
): Promise<Called> {
  const place = { root, env: { ...env, DATABASE_URL: url }, ask }
  const called = await call(['stamp', ...line.split(' ').filter(Boolean)], place)
  const { username, host, pathname } = new URL(url)
  return { ...called, text: called.text.replaceAll(`${username}@${host}${pathname}`, 'app@db:5432/songs') }
}

async function recordedIn(url: string): Promise<readonly unknown[] | null> {
  const [found] = await query(
    url,
    `select to_regclass('knex_migrations') is not null as knex, to_regclass('schemagate_ledger') is not null as own`,
  )
  if (found?.['knex'] !== true) return found?.['own'] === true ? [] : null
  return (await query(url, 'select name from knex_migrations order by id')).map(({ name }) => name)
}

const rowsIn = (url: string): Promise<readonly Row[]> =>
  query(
    url,
    `select revision, event, checksum is not null as checksum, detail - 'changes' - 'postgres' as detail
      from schemagate_ledger where revision is not null order by id`,
  )

function hasInOrder(
  t: { ok: (is: boolean, what: string) => void },
  text: string,
  parts: readonly string[],
): void {
  let from = 0
  for (const part of parts) {
    const at = text.indexOf(part, from)
    t.ok(at >= 0, `${part}\nin\n${text}`)
    if (at >= 0) from = at + part.length
  }
}

t.test('stamp', async (t) => {
  const project = await createProject(t, migrations)
  for (const { name, live, steps, rows } of cases)
    t.test(name, async (t) => {
      const url = await createDatabase(t)
      if (live !== '') await query(url, live)
      for (const { stamp: line, exit, says, warns = [], recorded } of steps) {
        const stamped = await stamp(project, url, { line })
        t.equal(stamped.exit, exit, `stamp ${line}: ${stamped.text}`)
        hasInOrder(t, stamped.text, says)
        hasInOrder(t, stamped.said, warns)
        t.strictSame(await recordedIn(url), recorded, `what is recorded after stamp ${line}`)
      }
      if (rows !== undefined) t.strictSame(await rowsIn(url), rows)
    })

  t.test('a role that may only read is told what fits', async (t) => {
    const url = await createDatabase(t)
    await query(url, at003)
    const reader = await createRole(t, url)
    const { exit, text } = await stamp(project, reader, { line: '' })
    t.equal(exit, 0)
    hasInOrder(t, text, ['promise at 003_likes', 'schemagate stamp 003_likes  records 3 revisions'])
    t.match(await stamp(project, reader, { line: '003_likes' }), {
      exit: 2,
      text: /^SCHEMA_PRIVILEGE_MISSING/,
    })
    t.equal(await recordedIn(url), null)
  })

  t.test("somebody else's database is not stamped", async (t) => {
    const url = await createDatabase(t)
    await query(url, at003)
    await stamp(project, url, { line: '002_plays --force --reason test --confirm production' })
    await query(
      url,
      `update schemagate_ledger set detail = jsonb_set(detail, '{identity,service}', '"other"') where revision is null`,
    )
    for (const line of ['', '003_likes', '003_likes --force --reason test --confirm production'])
      t.match(await stamp(project, url, { line }), { exit: 6, text: /^SCHEMA_WRONG_DATABASE/ })
    t.strictSame(await recordedIn(url), ['001_songs.js', '002_plays.js'])
  })

  t.test('what changed while it was being confirmed is not recorded', async (t) => {
    const url = await createDatabase(t)
    await query(url, `${at003} alter table songs drop plays`)
    const ask = async (): Promise<string> => {
      await query(url, 'drop table likes')
      return 'production'
    }
    const called = await stamp(project, url, { line: '003_likes --force --reason known', ask })
    t.match(called, { exit: 4, text: /^SCHEMA_STAMP_UNTRUE.*: 7 differences/ })
    t.strictSame(await recordedIn(url), null)
  })

  t.test('what only writes rows is recorded, and said', async (t) => {
    const rows = await createProject(t, {
      '001_songs': migrations['001_songs'],
      '002_ode': "insert into songs values (1, 'Ode')",
    })
    const url = await createDatabase(t)
    await query(url, 'create table songs (id int primary key, title text not null)')
    const { exit, text } = await stamp(rows, url, { line: '002_ode' })
    t.equal(exit, 0)
    hasInOrder(t, text, ['2 revisions recorded', 'Whether the rows that they write exist', '  002_ode'])
    t.notMatch(text, '  001_songs')
  })

  t.test('what was stamped is migrated on, and verified', async (t) => {
    const url = await createDatabase(t)
    await query(url, at003)
    await stamp(project, url, { line: '003_likes' })
    const migrated = await project.run('migrate --json', { DATABASE_URL: url })
    t.match(migrated, { exit: 0 })
    t.strictSame(JSON.parse(migrated.stdout).applied, ['004_popular', '005_moods'])
    const placed = await project.run('stamp --json', { DATABASE_URL: url })
    t.match(JSON.parse(placed.stdout), { recorded: '005_moods', revision: '005_moods', open: [] })
  })
})

t.test('a fit is what comparing with the promise at that revision finds', async (t) => {
  const project = await createProject(t, migrations)
  const snapshot = await loadSnapshot(join(project.root, 'migrations'))
  if (snapshot === null) throw new Error('the project has no snapshot')
  const build = snapshot.revisions.map(({ revision }) => revision)
  const patterns = loadConfig({
    root: project.root,
    env: { ...project.env, VERIFY_IGNORE: 'table:public.likes,column:*.*.mood' },
  })
  const owner = { service: 'songs', environment: 'test' }
  for (const scope of [defaultScope, patterns.verify.scope])
    for (const at of build) {
      const whole = promisedCatalogAt(snapshot, build.slice(0, build.indexOf(at) + 1)).catalog
      for (const without of [/^$/, /plays/, /table:public\.songs$/, /likes/]) {
        const live = {
          ...Object.fromEntries(Object.entries(whole).filter(([key]) => !without.test(key))),
          'table:public.stray': { rowSecurity: false },
          'column:public.stray.id': { type: 'integer' },
        }
        const expected = build.map((revision, index) => {
          const recorded = { revisions: build.slice(0, index + 1), hasTables: true }
          const ownership = { identity: null, expected: owner }
          const found = findingsOf(assess({ build, recorded, ownership, live, snapshot, scope }))
          return [revision, impacts.map((impact) => found.filter((each) => each.impact === impact).length)]
        })
        const fits = measureDistances({ snapshot, live, scope }).map(({ revision, counts }) => [
          revision,
          impacts.map((impact) => counts[impact]),
        ])
        t.strictSame(fits, expected, `at ${at} without ${without.source}`)
      }
    }
})

t.test('without a snapshot nothing is compared and nothing recorded', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  for (const line of ['', '003_likes'])
    t.match(await stamp(project, project.url, { line }), {
      exit: 4,
      text: /^SCHEMA_SNAPSHOT_STALE: There is no/,
    })
  t.equal(await recordedIn(project.url), null)
})

t.test(
  'the migrations are lost, and the models are still there: create from models, then stamp',
  async (t) => {
    const models = `export default async (knex) => {
    await knex.schema.createTable('songs', (table) => {
      table.increments('id')
      table.string('title', 80).notNullable().index()
      table.integer('album').references('albums.id')
    })
  }\n`.replace(
      '    await',
      "    await knex.schema.createTable('albums', (table) => void table.increments('id'))\n    await",
    )
    const project = await createProject(t, {}, { snapshot: false, files: { 'models.js': models } })
    const { root, env } = project
    const place = { root, env }
    await project.query(`
    create table albums (id serial primary key);
    create table songs (id serial primary key, title varchar(80) not null, album int references albums);
    create index songs_title_index on songs (title);
    insert into albums default values;
    ${plainLedger('2019_one.js', '2020_two.js')}`)
    t.equal((await call(['new', 'baseline', '--from', 'models:models.js'], place)).exit, 0)
    const [file = ''] = await readdir(join(root, 'migrations'))
    const revision = file.replace(/\.js$/, '')
    t.equal((await call(['snapshot'], place)).exit, 0)
    t.match(await call(['migrate'], place), { exit: 6, text: /^SCHEMA_WRONG_DATABASE/ })
    const placed = await call(['stamp'], place)
    t.equal(placed.exit, 4, placed.text)
    hasInOrder(t, placed.text, [
      'with 2 differences. Recorded: nothing of this build, and 2 revisions that this build does not have.',
      'unexpected constraint:public.songs.songs_album_fkey',
      'missing constraint:public.songs.songs_album_foreign',
      `schemagate diff database snapshot@${revision} --sql`,
      `schemagate stamp ${revision} --forget`,
    ])
    const { text } = await call(['diff', 'database', `snapshot@${revision}`, '--sql'], place)
    await project.query(text)
    t.match(await call(['stamp'], place), { exit: 0 })
    const stamped = await call(['stamp', revision, '--forget', '--confirm', 'production'], place)
    t.equal(stamped.exit, 0, stamped.text)
    for (const command of ['verify', 'migrate', 'status']) t.match(await call([command], place), { exit: 0 })
    t.equal((await project.query('select from albums')).length, 1, 'the rows are still there')
  },
)
