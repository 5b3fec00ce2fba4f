import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { runHere } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import { otherServers } from '../support/other-servers.js'
import { createProject, type Project } from '../support/project.js'

t.jobs = 2

/** Schemas with what a reader of SQL files can trip over. */
const schemas: Readonly<Record<string, string>> = {
  'functions whose bodies have semicolons and dollar quotes': `create function f(a int) returns int language plpgsql as
      $f$ begin execute $q$select 1; select $$2$$$q$; return a; end $f$;
    create function before_its_table() returns bigint language sql begin atomic select 1; select 2; end;
    create procedure p() language sql as 'select 1; select ''it''''s''; -- a comment'`,
  'quotes and backslashes': String.raw`create table t (a text default 'it''s', b text default E'\\a\n\'', c text check (c ~ '^\\d+$'));
    comment on table t is E'line\n\\. \n\\q \\connect nowhere';
    comment on column t.a is '-- no comment /* nor this'`,
  'names that need quotes': `create schema "My ""Schema"""; create table "My ""Schema"""."T:x;" ("select" int primary key, ":'v'" text);
    create index "-- i" on "My ""Schema"""."T:x;" (":'v'")`,
  'what looks like a variable of psql': `create table t (a int[], n int default 1);
    create view v as select a[1:n] as part, n::text as word, ':DBNAME' as name from t`,
  'letters beyond ASCII': `create table "größe" ("日本" text default 'naïve 🎵'); comment on table "größe" is 'für äöü'`,
  'types in each other': `create type mood as enum ('sad', 'it''s'); create type pair as (a mood, b int);
    create domain few as pair[] check (cardinality(value) < 3); create table t (a few, b pair)`,
  'tables in a circle': `create table a (id serial primary key, b int); create table b (id int generated always as identity primary key,
      a int references a on delete cascade); alter table a add foreign key (b) references b deferrable`,
  'a trigger, a rule and a policy': `create table t (id int, at timestamptz);
    create function touch() returns trigger language plpgsql as 'begin new.at = now(); return new; end';
    create trigger touch before update on t for each row when (old.* is distinct from new.*) execute function touch();
    create rule quiet as on delete to t do instead nothing;
    alter table t enable row level security; create policy own on t using (id > 0)`,
  partitions: `create table p (id int, at date, primary key (id, at)) partition by range (at);
    create table p1 partition of p for values from ('2026-01-01') to ('2027-01-01'); create index on p (at)`,
  'views on views': `create table t (id int, n int); create view a as select * from t; create view b as select n from a;
    create materialized view m as select count(*) from b; create unique index on m (count);
    create function of_view() returns setof b language sql as 'select * from b'`,
  'sequences, statistics and storage': `create sequence s start 100 increment 5 cycle maxvalue 1000; create table t (a int default nextval('s'), b int, c text storage external)
      with (fillfactor = 70); create statistics st on a, b from t; alter table t replica identity full`,
  'no public schema': `drop schema public; create schema app; create table app.t (id int primary key)`,
  'grants and settings': `create table t (id int); grant select on t to public; revoke usage on schema public from public;
    create function secret() returns int language sql security definer set search_path = '' as 'select 1';
    revoke execute on function secret() from public`,
}

const psql = findPsql()

function findPsql(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...otherServers]
  return (
    folders.map((folder) => (listed(folder).includes('psql') ? join(folder, 'psql') : null)).find(Boolean) ??
    null
  )
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Loads a file as psql does that stops at the first error. Returns what it wrote to stderr. */
function loadFile(url: string, file: string): Promise<string> {
  return new Promise((resolve) => {
    const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-f', file]
    execFile(psql ?? 'psql', args, (error, _, stderr) => resolve(error === null ? '' : stderr))
  })
}

const needsPsql = { skip: psql === null && 'there is no psql; as root: apt-get install postgresql-client' }

async function differencesOf(project: Project, from: string, to: string): Promise<string> {
  return (await runHere(project, `diff ${from} ${to}`)).text
}

const schemaFile = (t: Test, project: Project): string => join(project.root, `${t.name.length}.sql`)

t.test('what is exported loads with psql, and nothing differs', needsPsql, async (t) => {
  const project = await createProject(t, { '001_none': 'select 1' }, { snapshot: false })
  for (const [name, schema] of Object.entries(schemas))
    await t.test(name, async (t) => {
      const [source, copy] = [await createDatabase(t), await createDatabase(t)]
      await query(source, schema)
      const file = schemaFile(t, project)
      const exported = await runHere(project, `export --from ${source} --out ${file} -s`)
      t.equal(exported.exit, 0, exported.text)
      t.match(exported.text, /\nproven: run in a scratch database/)
      t.equal(await loadFile(copy, file), '')
      t.match(await differencesOf(project, source, copy), /\nNo difference\.$/)
    })
})

t.test('the snapshot is exported at head and at a revision', needsPsql, async (t) => {
  const project = await createProject(t, {
    '001_songs': `create table songs (id serial primary key, title text not null)`,
    '002_plays': `create table plays (song int references songs); alter table songs drop column title`,
  })
  for (const [options, source] of [
    ['', 'snapshot'],
    [' --revision 001_songs', 'snapshot@001_songs'],
  ] as const) {
    const exported = await runHere(project, `export${options}`)
    t.equal(exported.exit, 0, exported.text)
    t.match(exported.text, /^-- The schema of snapshot at 00\d_[^]*\n-- proven: run in a scratch database/)
    const file = join(project.root, 'schema.sql')
    await writeFile(file, exported.text)
    const copy = await createDatabase(t)
    t.equal(await loadFile(copy, file), '')
    t.match(await differencesOf(project, source, copy), /\nNo difference\.$/)
  }
})

t.test('what cannot be exported is said', async (t) => {
  const project = await createProject(t, { '001_songs': 'create table songs (id int)' })
  for (const [line, exit, told] of [
    ['export --revision 009_none', 2, /The snapshot has no revision "009_none"/],
    ['export --revision 001_songs --from database', 2, /--revision names a revision of the snapshot/],
    ['export --from nonsense', 2, /"nonsense" is not a source/],
  ] as const) {
    const { exit: found, text } = await runHere(project, line)
    t.equal(found, exit, line)
    t.match(text, told)
  }
})

t.test('without a scratch server it says that it is not proven', async (t) => {
  const project = await createProject(t, { '001_songs': 'create table songs (id int)' })
  const unreachable = 'postgres://nobody@127.0.0.1:1/none'
  const env = { SCRATCH_DATABASE_URL: unreachable, CONNECT_TIMEOUT: '100ms' }
  const { exit, text } = await runHere(project, 'export', { env })
  t.equal(exit, 0, text)
  t.match(text, /\n-- NOT PROVEN: [^]*\nCREATE TABLE public\.songs \(/)
})

t.test('a scratch server that refuses is not taken for none', async (t) => {
  const project = await createProject(t, { '001_songs': 'create table songs (id int)' })
  await project.migrate()
  const missing = new URL(project.url)
  missing.pathname = '/test_missing'
  const refused = await runHere(project, 'export --from database', {
    env: { SCRATCH_DATABASE_URL: missing.href },
  })
  t.match(refused, { exit: 2, text: /PostgreSQL has no database "test_missing"/ })
  const away = { SCRATCH_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', CONNECT_TIMEOUT: '100ms' }
  const unproven = await runHere(project, 'export --from database', { env: away })
  t.match(unproven, { exit: 0, text: /\n-- NOT PROVEN: [^]*\nCREATE TABLE public\.songs \(/ })
})
