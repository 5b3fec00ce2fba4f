import { join } from 'node:path'
import knexFrom from 'knex'
import t from 'tap'
import { formatProgress } from '../../src/core/progress/messages.js'
import { call, runHere } from '../support/command.js'
import { createRole } from '../support/database.js'
import { logOf } from '../support/process.js'
import { createProject, type Project } from '../support/project.js'

t.jobs = 2

const songs = {
  up: 'create table songs (id int primary key, title text not null)',
  down: 'drop table songs',
}
const plays = 'alter table songs add column plays int'

/** The rows of our ledger: revision and event, or other columns. */
const ledger = async ({ query }: Project, columns = 'revision, event') =>
  (await query(`select ${columns} from schemagate_ledger where revision is not null order by id`)).map(
    (row) => Object.values(row).join(' '),
  )
const recorded = async ({ query }: Project) =>
  (await query('select name from knex_migrations order by id')).map(({ name }) => name)
const nameOf = (url: string) => new URL(url).username

t.test('a migration that fails says why and what stayed, and is on record', async (t) => {
  const unique = `do $$ begin
    if exists (select from songs group by title having count(*) > 1) then
      raise exception 'two songs have one title?' using
        errcode = '23505', detail = 'Key (title)=(…) is duplicated.', hint = 'Rename one of them.';
    end if;
    create unique index songs_title on songs (title);
  end $$`
  const project = await createProject(t, { '001_songs': songs, '002_plays': plays, '003_unique': unique })
  await project.migrate('001_songs')
  await project.query(`insert into songs values (1, 'Hello'), (2, 'Hello')`)
  const before = await project.objects()
  const failed = await project.run('migrate')
  t.equal(failed.exit, 7)
  t.equal(failed.stdout, '')
  const told = project.plain(failed.stderr)
  t.equal(
    told.slice(told.indexOf('SCHEMA_')),
    `SCHEMA_MIGRATION_FAILED: 003_unique failed. Its transaction was rolled back.

  database          app@db:5432/songs
  file              /songs/migrations/003_unique.js
  sqlstate          23505
  message           two songs have one title?
  detail            Key (title)=(…) is duplicated.
  hint              Rename one of them.
  where             PL/pgSQL function inline_code_block line 3 at RAISE
  statement         do '…'
  at                migrations/003_unique.js:2
                      1 | export async function up(knex) {
                    > 2 |   await knex.raw("do $$ begin\\n    if exists (select from songs group by title having count(*) > 1)…
                      3 | }
  stayed applied    none of this run
  rolled back too   002_plays

Do one of:
  correct the rows        that the constraint does not allow; then run it again
  correct the migration   then run it again, and with it what was rolled back too
`,
  )
  t.strictSame(await project.objects(), before)
  t.strictSame(await recorded(project), ['001_songs.js'])

  const each = await project.run('serve', { MIGRATION_TRANSACTION: 'each' })
  t.equal(each.exit, 7)
  t.match(logOf(each).at(-1), { facts: { 'stayed applied': ['002_plays'], 'rolled back too': undefined } })
  t.strictSame(await recorded(project), ['001_songs.js', '002_plays.js'])

  const past = await ledger(project, 'schemagate_ledger::text')
  await project.query(`update songs set title = 'Goodbye' where id = 2`)
  t.equal((await project.run('migrate', { RELEASE: 'abc123' })).exit, 0)
  t.strictSame(
    (await ledger(project, 'schemagate_ledger::text')).slice(0, past.length),
    past,
    'what is on record is never changed',
  )
  t.strictSame(await ledger(project), [
    '001_songs started',
    '001_songs applied',
    '002_plays started',
    '003_unique started',
    '002_plays undone',
    '003_unique failed',
    '002_plays started',
    '002_plays applied',
    '003_unique started',
    '003_unique failed',
    '003_unique started',
    '003_unique applied',
  ])
  const [row = ''] = (await ledger(project, 'role, host, release, checksum, duration_ms >= 0')).slice(-1)
  t.match(row, /^\w+ replica-1 abc123 sha256:[0-9a-f]{64} true$/)
  t.strictSame(
    await project.query(`select distinct error from schemagate_ledger where event in ('failed', 'undone')`),
    [{ error: 'two songs have one title?' }],
  )
})

t.test('a down that fails, and a seed, say all that the server said', async (t) => {
  const raise = `do $$ begin
    raise exception 'songs are still played' using
      errcode = '23514', detail = 'Hello is played now.', hint = 'Wait for its end.';
  end $$`
  const seed = `export const seed = (knex) => knex.raw(${JSON.stringify(raise)})`
  const project = await createProject(
    t,
    { '001_songs': songs, '002_plays': { up: plays, down: raise } },
    { files: { seeds: { 'songs.js': seed } } },
  )
  await project.migrate()
  const server = `
  sqlstate    23514
  message     songs are still played
  detail      Hello is played now.
  hint        Wait for its end.
  where       PL/pgSQL function inline_code_block line 2 at RAISE
  statement   do '…'
`
  const down = await project.run('down')
  t.equal(down.exit, 7)
  t.equal(
    project.plain(down.stderr.slice(down.stderr.indexOf('SCHEMA_'))),
    `SCHEMA_MIGRATION_FAILED: Reverting 002_plays failed. Its transaction was rolled back; it is still recorded.

  database    app@db:5432/songs
  file        /songs/migrations/002_plays.js${server}  at          migrations/002_plays.js:6
                5 | export async function down(knex) {
              > 6 |   await knex.raw("do $$ begin\\n    raise exception '…' using\\n      errcode = '…', detail = '…', hi…
                7 | }
  reverted    nothing

Do one of:
  correct the rows            that the constraint does not allow; then run it again
  correct the down function   or write a new migration that undoes it
`,
  )
  t.strictSame(await recorded(project), ['001_songs.js', '002_plays.js'])
  const seeded = await project.run('migrate', { SEED_ON_START: 'true' })
  t.equal(seeded.exit, 7)
  t.match(
    project.plain(seeded.stderr),
    `  file        /songs/seeds/songs.js${server}  at          seeds/songs.js:1
              > 1 | export const seed = (knex) => knex.raw("do $$ begin\\n    raise exception '…' using\\n      errcode =…`,
  )
})

t.test('a migration that did nothing because something else was there is not recorded', async (t) => {
  const code = `export async function up(knex) {
    if (!(await knex.schema.hasColumn('songs', 'plays')))
      await knex.schema.alterTable('songs', (table) => table.integer('plays'))
  }`
  const project = await createProject(t, { '001_songs': songs, '002_plays': { code } })
  await project.migrate('001_songs')
  await project.query('alter table songs add column plays text')
  const before = await project.objects()
  const broken = await project.run('serve')
  t.equal(broken.exit, 7)
  t.equal(
    project.plain(logOf(broken).at(-1)?.msg ?? ''),
    `SCHEMA_PROMISE_BROKEN: 002_plays ran without an error, but did not do what it promised. Its transaction was rolled back: nothing changed, nothing was recorded.

  database         app@db:5432/songs
  file             /songs/migrations/002_plays.js
  stayed applied   none of this run
  differences      changed column:public.songs.plays
                     type
                       expected  integer
                       actual    text

Do one of:
  correct the database    remove or change what was there before, then run it again
  correct the migration   then run schemagate snapshot; an IF NOT EXISTS or hasColumn that found something else is the usual cause`,
  )
  t.strictSame(await project.objects(), before)
  t.strictSame(await recorded(project), ['001_songs.js'])
  t.strictSame((await ledger(project)).slice(2), ['002_plays started', '002_plays failed'])
})

t.test('objects in another schema than the promised one are named with the reason', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.query(`create schema app`)
  await project.query(`alter database ${new URL(project.url).pathname.slice(1)} set search_path = app`)
  const { exit, text } = await call(['migrate'], project)
  t.equal(exit, 7)
  t.match(
    text,
    `
  made in          schema app; where the snapshot was made it was public
  search_path      app (set for the database)
`,
  )
  t.match(
    text,
    `  searchPath: ['public'] in the knexfile   makes everything there, whatever the database is set to`,
  )
})

t.test('a down that leaves something behind is taken back', async (t) => {
  const likes = {
    up: 'create table likes (id int); create table likers (id int)',
    down: 'drop table likes',
  }
  const project = await createProject(t, { '001_songs': songs, '002_likes': likes })
  await project.migrate()
  const before = await project.objects()
  const { exit, stderr } = await project.run('down')
  t.equal(exit, 7)
  t.equal(
    project.plain(stderr.slice(stderr.indexOf('SCHEMA_'))),
    `SCHEMA_PROMISE_BROKEN: The down of 002_likes undoes a part of its up only. Its transaction was rolled back: nothing changed, and it is still recorded.

  database      app@db:5432/songs
  file          /songs/migrations/002_likes.js
  reverted      nothing
  differences   unexpected table:public.likers
                    actual    rowSecurity false, forceRowSecurity false
                unexpected column:public.likers.id
                    actual    type integer, nullable true

Do one of:
  schemagate new NAME                       writes the next migration, which can undo it and goes forward everywhere
  correct the down                          so that it removes or restores what is listed, then run it again
  schemagate down --force --reason 'TEXT'   reverts it with these differences, in an emergency; the ledger keeps the reason
`,
  )
  t.strictSame(await project.objects(), before)
  t.strictSame(await recorded(project), ['001_songs.js', '002_likes.js'])

  for (const [words, lacks] of [
    ['--force', '--reason TEXT is missing. Nothing was reverted.'],
    ['--reason late', '--force is missing. Nothing was reverted.'],
    ['--force --reason late', 'its name must be typed'],
  ] as const) {
    const refused = await project.run(`down ${words}`)
    t.equal(refused.exit, 2, words)
    t.match(refused.stderr, lacks)
  }
  t.strictSame(await recorded(project), ['001_songs.js', '002_likes.js'])
  const forced = await project.run('down --force --reason outage --confirm production')
  t.equal(forced.exit, 0, forced.stderr)
  t.match(forced.stderr, /reverted by force, with 2 differences: unexpected table:public\.likers/)
  t.strictSame(await recorded(project), ['001_songs.js'])
  const [kept] = await project.query(`select detail from schemagate_ledger where event = 'reverted'`)
  t.strictSame(kept, { detail: { reason: 'outage', differences: 2 } })
})

t.test('a down that is empty is refused, and one that leaves an extension is told', async (t) => {
  const empty = `export const up = (knex) => knex.raw('create table likes (id int)')
    export const down = async () => {}`
  const extension = {
    up: 'create extension if not exists citext; create schema if not exists app; create table app.likes (who public.citext)',
    down: 'drop table app.likes',
  }
  const project = await createProject(t, {
    '001_songs': songs,
    '002_empty': { code: empty },
    '003_extension': extension,
  })
  await project.migrate()
  const told = await call(['down', '--confirm', 'production'], project)
  t.equal(told.exit, 0, told.text)
  t.equal(
    told.events.map((event) => formatProgress(event).text)[0],
    'left schema:app, extension:citext behind, which others may use (003_extension)',
  )
  t.strictSame(await recorded(project), ['001_songs.js', '002_empty.js'])
  const { exit, text } = await call(['down', '--confirm', 'production'], project)
  t.equal(exit, 7)
  t.match(
    text,
    /^SCHEMA_PROMISE_BROKEN: The down of 002_empty does not undo its up\. Its transaction was rolled back: nothing changed, and it is still recorded\.\n/,
  )
})

t.test('an enum value is added and used by two revisions, each in its own transaction', async (t) => {
  const project = await createProject(t, {
    '001_moods': `create type mood as enum ('sad'); create table songs (mood mood)`,
    '002_happy': `alter type mood add value 'happy'`,
    '003_happy_song': `insert into songs values ('happy')`,
  })
  const notes = async () =>
    (await runHere(project, 'snapshot')).events.flatMap((event) =>
      event.event === 'note' ? [event.text] : [],
    )
  t.strictSame(await notes(), [], 'what is known is not said again')
  await project.write({ '004_glad': `alter type mood add value 'glad'` })
  t.strictSame(await notes(), [
    "a revision that writes 'happy'::public.mood to rows cannot share a transaction with 002_happy, which adds it; MIGRATION_TRANSACTION=each commits each revision before the next one",
  ])
  await project.write({ '005_glad_song': `alter table songs alter mood set default 'glad'` })
  t.strictSame(await notes(), [
    "005_glad_song cannot share a transaction with 004_glad: it uses 'glad'::public.mood, which that adds; MIGRATION_TRANSACTION=each commits each revision before the next one",
  ])
  await project.rebuild({ '004_glad': null, '005_glad_song': null })
  await project.migrate('001_moods')
  const together = await project.run('migrate')
  t.equal(together.exit, 7)
  t.match(together.stderr, /sqlstate +55P04\n +message +unsafe use of new value "happy" of enum type mood\n/)
  t.match(together.stderr, /hint +New enum values must be committed before they can be used\.\n/)
  t.strictSame(await recorded(project), ['001_moods.js'])
  t.equal((await project.run('migrate', { MIGRATION_TRANSACTION: 'each' })).exit, 0)
  t.strictSame(await project.query('select * from songs'), [{ mood: 'happy' }])
})

t.test('a ledger that Knex wrote, with names that end in .js and .ts, goes on', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_plays': { up: plays, down: 'alter table songs drop column plays' },
    '003_likes': { up: 'create table likes (id int)', down: 'drop table likes' },
  })
  const connection = { connectionString: project.url }
  const knex = knexFrom({
    client: 'pg',
    connection,
    migrations: { directory: join(project.root, 'migrations') },
  })
  t.teardown(() => knex.destroy())
  await knex.migrate.up()
  await knex.migrate.up()
  await project.query(`update knex_migrations set name = '001_songs.ts' where name = '001_songs.js'`)
  const { exit, stdout } = await project.run('migrate')
  t.equal(exit, 0)
  t.equal(
    project.plain(stdout),
    'app@db:5432/songs is current, at 003_likes. Applied: 1. Verified: 2 tables, 4 columns, 1 constraint.\n',
  )
  t.strictSame(await recorded(project), ['001_songs.ts', '002_plays.js', '003_likes.js'])
  t.strictSame(await ledger(project), ['003_likes started', '003_likes applied'])
  t.equal((await project.run('down --to 001_songs --confirm production')).exit, 0)
  t.strictSame(await recorded(project), ['001_songs.ts'])
})

t.test('seeds run at every start, if told to', async (t) => {
  const seed = `export const seed = (knex) =>
    knex('songs').insert({ id: 1, title: 'Hello' }).onConflict('id').merge({ plays: knex.raw('coalesce(songs.plays, 0) + 1') })`
  const project = await createProject(
    t,
    { '001_songs': songs, '002_plays': plays },
    { files: { seeds: { 'songs.js': seed, 'notes.txt': 'no seed' } } },
  )
  const missing = await project.run('serve', { SEED_ON_START: 'true', SEEDS_DIR: 'db/seeds' })
  t.match(missing, { exit: 2, stdout: /The seeds cannot be read: ENOENT/ })
  t.strictSame(await project.objects(), [], 'nothing was applied')
  const first = await project.serve({ SEED_ON_START: 'true' })
  const seeded = first.log().filter(({ event }) => event === 'seeded')
  t.match(seeded, [{ files: ['songs.js'] }])
  const second = await project.serve({ SEED_ON_START: 'true' })
  t.equal((await second.ask('/health/schema')).status, 200)
  t.strictSame(await project.query('select * from songs'), [{ id: 1, title: 'Hello', plays: 1 }])
})

t.test('one role migrates and another one serves', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_plays': plays })
  const [owner, app] = [await createRole(t, project.url), await createRole(t, project.url)]
  await project.query(`grant create on schema public to ${nameOf(owner)}`)
  const unreadable = await project.run('serve', { DATABASE_URL: app, MIGRATION_DATABASE_URL: owner })
  t.equal(unreadable.exit, 2)
  t.equal(
    project.plain(logOf(unreadable).at(-1)?.msg ?? '').replaceAll(nameOf(app), 'app'),
    `SCHEMA_PRIVILEGE_MISSING: The role lacks a privilege to read what is verified: permission denied for table knex_migrations.

  database   app@db:5432/songs

Do one of:
  grant select   on the ledger tables to this role`,
  )
  await project.query(`grant select on knex_migrations, schemagate_ledger to ${nameOf(app)}`)
  const service = await project.serve({ DATABASE_URL: app, MIGRATION_DATABASE_URL: owner })
  t.match(JSON.parse((await service.ask('/health/schema')).text), { status: 'pass' })
  t.strictSame(await project.query(`select distinct tableowner from pg_tables where schemaname = 'public'`), [
    { tableowner: nameOf(owner) },
  ])
})

t.test('a role that may only read looks at everything and creates nothing', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_plays': plays })
  const reader = await createRole(t, project.url)
  const everything =
    'select oid, relname from pg_class union all select oid, nspname from pg_namespace order by 1'
  const look = async () =>
    Promise.all(['status', 'verify', 'check'].map((words) => project.run(words, { DATABASE_URL: reader })))
  const empty = await project.query(everything)
  t.strictSame(
    (await look()).map(({ exit }) => exit),
    [2, 0, 3],
  )
  t.strictSame(await project.query(everything), empty)
  await project.migrate('001_songs')
  await project.query(`grant select on knex_migrations, schemagate_ledger to ${nameOf(reader)}`)
  const behind = await project.query(everything)
  const [status, verify, check] = await look()
  t.equal(
    project
      .plain(status?.stdout ?? '')
      .replaceAll(nameOf(reader), 'reader')
      .replace(/PostgreSQL [\d.]+/, 'PostgreSQL')
      .replace(/[0-9a-f-]{36}, since \S+Z/, 'ID, since WHEN'),
    `database     reader@db:5432/songs  (environment production, PostgreSQL)
identity     service songs, environment production  (ID, since WHEN)
position     behind
current      001_songs
head         002_plays
applied      1 revision
pending      002_plays
verified     as promised
gate         refuse: The role may not migrate: it may not write the ledger. Nothing would be done.
`,
  )
  t.match(verify, {
    exit: 0,
    stdout: /\(behind\)\n\nverified 1 table, 2 columns, 1 constraint: as promised\n$/,
  })
  t.match(check, {
    exit: 3,
    stderr: 'SCHEMA_BEHIND: the database is 1 revision behind this build. This build may not serve on it.',
  })
  t.strictSame(await project.query(everything), behind)
})
