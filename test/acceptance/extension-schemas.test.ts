import t, { type Test } from 'tap'
import { runHere } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import type { Ended } from '../support/process.js'
import { createProject, type Project } from '../support/project.js'

t.jobs = 2

const names = ['uuid-ossp', 'citext', 'pg_trgm', 'btree_gist', 'hstore', 'unaccent']
const createAll = names.map((name) => `create extension if not exists "${name}"`).join(';\n')

/** Each kind of text that can name a type, function, operator, operator class or dictionary of an extension. */
const uses = `
  create type mood as enum ('sad', 'ok');
  create domain email as citext default 'a@b'::citext check (value ~~ '%@%'::citext);
  create type address as (street citext, labels hstore);
  create table users (id uuid primary key default uuid_generate_v4(), email citext not null unique, aliases citext[],
    labels hstore default ''::hstore, login email, name text, room int, span tsrange,
    likeness real generated always as (similarity(name, 'x')) stored,
    constraint not_same check (email <> 'root'::citext), constraint labelled check (labels -> 'a' <> 'hidden'),
    exclude using gist (room with =, span with &&));
  create index by_name on users using gin (name gin_trgm_ops);
  create index by_name_gist on users using gist (name gist_trgm_ops (siglen = 32)) where email <> ''::citext;
  create index by_labels on users using gist (labels, (lower(email::text)));
  create view close as select u.id, u.email, similarity(u.name, 'a') as near from users u where u.name % 'a' and u.email = 'b'::citext;
  create materialized view labelled as select id, labels -> 'kind' as kind from users;
  create function find(citext, extra hstore default ''::hstore) returns setof citext language sql stable
    as 'select email from users where email = $1';
  create function nearest(given text) returns real language sql immutable
    begin atomic select similarity(given, 'it''s public.similarity'); end;
  create function changed() returns trigger language plpgsql as 'begin return new; end';
  create trigger changed before update on users for each row when (old.email is distinct from new.email or new.name % 'a')
    execute function changed();
  create aggregate longest(citext) (sfunc = citext_larger, stype = citext);
  create function to_mood(citext) returns mood language sql immutable as $$ select 'ok'::mood $$;
  create cast (citext as mood) with function to_mood(citext);
  create function same(citext, mood) returns boolean language sql immutable as 'select true';
  create operator === (leftarg = citext, rightarg = mood, function = same);
  alter table users enable row level security;
  create policy own on users using (email = current_user::citext) with check (similarity(name, 'a') > 0);
  create rule quiet as on delete to users where old.email = 'x'::citext do instead nothing;
  create text search configuration plain (copy = pg_catalog.simple);
  alter text search configuration plain alter mapping for hword, hword_part, word with unaccent, simple;
  create table texts (t text, words text generated always as (t || ts_lexize('unaccent'::regdictionary, 'a')::text) virtual);
  create table parts (name citext, id int) partition by range (name);
  create table parts_a partition of parts for values from ('a') to ('b')`

const migrations = { '001_extensions': createAll, '002_uses': uses.replace(/create table texts .*\n/, '') }

/** A database in which somebody else has put the extensions into a schema of their own. */
async function providedDatabase(t: Test, schema: string, extensions = names): Promise<string> {
  const url = await createDatabase(t)
  const name = new URL(url).pathname.slice(1)
  await query(
    url,
    `create schema ${schema};
    ${extensions.map((each) => `create extension "${each}" schema ${schema}`).join(';\n')};
    alter database ${name} set search_path = "$user", public, ${schema}`,
  )
  return url
}

const outputOf = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`

async function expectPromised(t: Test, project: Project, note: RegExp): Promise<void> {
  for (const command of ['check', 'verify']) {
    const done = await project.run(command)
    t.equal(done.exit, 0, `${command}: ${outputOf(done)}`)
    t.match(outputOf(done), note)
  }
}

/** Runs SQL statement by statement: one may be refused in a transaction. */
async function runScript({ query: run }: Project, { stdout }: Ended): Promise<void> {
  for (const statement of stdout.split(/;\n/)) await run(statement)
}

for (const schema of ['extensions', '"Heroku ext"'])
  t.test(`extensions that a provider put into ${schema} are the promised ones`, async (t) => {
    const project = await createProject(t, migrations, { database: await providedDatabase(t, schema) })
    const migrated = await project.run('migrate')
    t.equal(migrated.exit, 0, outputOf(migrated))
    await expectPromised(t, project, /note: .*citext/)
    t.equal((await project.run('verify --sql')).stdout.trim(), '')

    await project.query(`alter table users alter id drop default; drop index by_name`)
    const drifted = await project.run('verify')
    t.equal(drifted.exit, 4)
    t.match(drifted.stdout, /changed column:public\.users\.id/)
    t.match(drifted.stdout, /missing index:public\.users\.by_name/)
    await runScript(project, await project.run('verify --sql'))
    await expectPromised(t, project, /note: .*citext/)
  })

t.test('a migration names the schema of an extension that is elsewhere in the database', async (t) => {
  const withSchema = {
    '001_extensions': `create schema tools; create extension if not exists citext schema tools`,
    '002_users': `create table users (email tools.citext primary key, nick tools.citext default 'a'::tools.citext)`,
  }
  const url = await createDatabase(t)
  await query(url, 'create extension citext')
  const project = await createProject(t, withSchema, { database: url })
  await project.query('create schema tools; create domain tools.citext as public.citext')
  const failed = await project.run('migrate')
  t.equal(failed.exit, 7, 'a domain of that name is another type')
})

t.test('init builds a database whose provider has the extensions elsewhere', async (t) => {
  const project = await createProject(t, migrations, { database: await providedDatabase(t, 'gis') })
  const built = await project.run('init')
  t.equal(built.exit, 0, outputOf(built))
  await expectPromised(t, project, /note: .*citext/)
  t.equal((await project.query(`select from find('a')`)).length, 0)
})

t.test('an extension that moves while the service is deployed stays the same extension', async (t) => {
  const project = await createProject(t, {
    ...migrations,
    '003_move': 'create schema tools; alter extension citext set schema tools',
    '004_later': 'alter table users add phone tools.citext',
  })
  await project.migrate('002_uses')
  await project.query('create schema early; alter extension citext set schema early')
  const moved = await project.run('verify')
  t.equal(moved.exit, 0, outputOf(moved))
  const migrated = await project.run('migrate')
  t.equal(migrated.exit, 0, outputOf(migrated))
  await expectPromised(t, project, /.*/)
})

t.test('diff and drafts name the extensions where their SQL is to run', async (t) => {
  const project = await createProject(t, migrations, { database: await providedDatabase(t, 'gis') })
  await project.migrate()
  await project.query('alter table users drop column aliases; alter table users add nick gis.citext')
  const there = await project.run('diff database snapshot --sql')
  t.match(there.stdout, /ADD COLUMN aliases gis\.citext\[\]/)
  const draft = await project.run('new nick --from database')
  t.equal(draft.exit, 0, outputOf(draft))
  const file = /\S+_nick\.\w+/.exec(outputOf(draft))?.[0] ?? ''
  const code = await project.read(file.slice(file.indexOf('migrations/')))
  t.match(code, /public\.citext/)
  t.notMatch(code, /gis/)
})

t.test('what belongs to the members of an extension is not promised', async (t) => {
  const project = await createProject(t, {
    '001_events': `create extension citext; create table log (id int);
      create view ev as select 1 as id; create table ext_rows (id int);
      create rule r as on delete to ev do instead nothing;
      create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger changed before insert on ext_rows for each row execute function f();
      create policy p on ext_rows; create index i on ext_rows (id); create statistics s on id, (id + 1) from ext_rows;
      alter extension citext add view ev; alter extension citext add table ext_rows`,
  })
  const snapshot = await project.read('migrations/schema.snapshot.json')
  t.notMatch(snapshot, /"(rule|trigger|policy|index|statistics|view|table|column):public\.(ev|ext_rows|s)\b/)
})

t.test('extensions that no migration creates do not keep init from building a database', async (t) => {
  const provided = await providedDatabase(t, 'tools', ['pg_trgm', 'hstore'])
  await query(provided, 'create extension citext')
  const project = await createProject(
    t,
    { '001_songs': 'create table songs (title text); create extension if not exists pg_trgm' },
    { database: provided },
  )
  t.match(await runHere(project, 'init'), { exit: 0 })
  t.match(await runHere(project, 'check'), { exit: 0 })
  t.match(await runHere(project, 'verify'), { exit: 0, text: /unexpected extension:citext/ })
  const filled = await providedDatabase(t, 'tools', ['hstore'])
  await query(filled, 'create table tools.labels (labels tools.hstore)')
  t.match(await runHere(project, 'init', { env: { DATABASE_URL: filled } }), {
    exit: 6,
    text: /holds +table:tools\.labels[^]+schemagate migrate +runs the migrations instead/,
  })
})
