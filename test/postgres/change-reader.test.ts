import pg from 'pg'
import t, { type Test } from 'tap'
import { changesBetween } from '../../src/core/model/snapshot.js'
import { createChangeReader } from '../../src/postgres/introspect/change-reader.js'
import { allAnnotations, readCatalog } from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, serverMajor } from '../support/database.js'
import { base, changes } from './schema-changes.js'

/**
 * Runs each as a revision of its own, and compares what is read after every one, or after every so many, with whole reads
 * before and after.
 */
async function compareAll(t: Test, revisions: readonly string[], every = 1): Promise<void> {
  const client = new pg.Client({ connectionString: await createDatabase(t) })
  await client.connect()
  t.teardown(() => client.end())
  const reader = await createChangeReader(client, allAnnotations)
  let before = await readCatalog(client, allAnnotations)
  for (const [index, sql] of revisions.entries()) {
    const transactional = !/concurrently|create subscription|drop subscription/.test(sql)
    await client.query(transactional ? `begin; ${sql}` : sql)
    if (transactional) await reader.note(client)
    else reader.noteUnknown()
    const found = (index + 1) % every === 0 ? await reader.read(client, transactional) : null
    if (transactional) await client.query('commit')
    if (found === null) continue
    const after = await readCatalog(client, allAnnotations)
    t.strictSame(found, changesBetween(before, after), sql)
    t.strictSame(reader.catalog(), after, 'the catalog after it')
    before = after
  }
}

async function allChanges(): Promise<readonly string[]> {
  const major = await serverMajor()
  return [base, ...Object.entries(changes).flatMap(([since, list]) => (Number(since) > major ? [] : list))]
}

t.test('what a revision changed is read as by whole reads before and after it', async (t) => {
  await compareAll(t, await allChanges())
})

/** What changes facts of objects that it does not name, and what leaves no row behind. */
const indirect = [
  `create table bands (id int primary key, name text); create table songs (id int primary key, band int references bands);
   create view named as select * from bands join songs using (id); create view more as select * from named`,
  'alter table songs add column name text',
  'alter table bands rename column name to title',
  'alter view named rename column name to called',
  `create function titled(b bands) returns text language sql return b.title`,
  'alter table bands rename to groups',
  'create schema old; alter table songs set schema old',
  'alter schema old rename to older',
  'alter table older.songs set schema public',
  'create domain plus as int constraint above check (value > 0); create table plays (n plus default 1, at date)',
  'alter domain plus drop constraint above',
  'alter domain plus add constraint over check (value > 1)',
  `comment on constraint over on domain plus is 'more than one'`,
  'comment on constraint over on domain plus is null',
  'alter domain plus rename constraint over to beyond',
  `create type mood as enum ('sad'); create table moods (m mood default 'sad', check (m <> 'sad'))`,
  `alter type mood add value 'ok' before 'sad'`,
  'alter type mood rename to feeling',
  'create type pair as (a int, b feeling)',
  'alter type pair drop attribute b',
  'create table pairs (p pair, q pair[]); create view opened as select (p).a from pairs',
  'alter type pair rename attribute a to first cascade',
  `create table parts (id int generated always as identity, at date, primary key (id, at)) partition by range (at);
   create table parts_1 partition of parts for values from ('2026-01-01') to ('2026-02-01');
   create function fire() returns trigger language plpgsql as 'begin return new; end';
   create trigger fires before insert on parts for each row execute function fire()`,
  'alter table parts_1 disable trigger fires',
  'alter table parts detach partition parts_1',
  `create table points (id int, at date, foreign key (id, at) references parts)`,
  'alter table parts disable trigger all',
  'alter table parts add column more text; create index on parts (more)',
  'drop index parts_more_idx',
  'alter sequence parts_id_seq increment 5',
  'alter sequence parts_id_seq rename to part_numbers',
  `comment on table parts is 'in parts'; comment on column parts.more is 'more'; comment on index parts_pkey is 'key'`,
  'comment on table parts is null; comment on column parts.more is null; comment on index parts_pkey is null',
  'grant select on parts to public',
  'revoke select on parts from public',
  'grant select (more) on parts to public',
  'revoke select (more) on parts from public',
  'create policy own on parts using (exists (select from points where points.id = parts.id))',
  'alter table points add column extra int',
  'alter table points drop column id cascade',
  'drop table points cascade',
  `do $$ begin create table undone (id int); raise exception 'no'; exception when others then null; end $$`,
  'savepoint here; create table undone (id int); rollback to here; create table done (id serial)',
  'create temporary table passing (id serial primary key)',
  'drop table passing',
  'insert into done default values; update done set id = 2; delete from done',
  'alter table done alter id type bigint; alter sequence done_id_seq as bigint',
  'alter table done drop column id',
  'create materialized view counts as select count(*) from done; create unique index on counts (count)',
  'refresh materialized view counts',
  'refresh materialized view counts with no data',
  'create function two(a int default 1) returns int language sql as $$ select 2 $$; create view twos as select two()',
  'create or replace function two(a int default 2) returns int language sql as $$ select 3 $$',
  'drop function two cascade',
  'create function over(int) returns int language sql as $$ select 1 $$; create function over(text) returns int language sql as $$ select 1 $$',
  'drop function over(int)',
  'create rule quiet as on insert to done do instead nothing; create or replace rule quiet as on delete to done do nothing',
  'alter table done replica identity full',
  'create table kept (like songs including all); drop table songs cascade',
  'create extension hstore',
  'create table stored (h hstore); create index on stored using gin (h)',
  'drop extension hstore cascade',
  'create sequence loose; alter sequence loose owned by kept.id',
  'drop table kept',
  'create schema aside; create table aside.one (id int); create view aside.two as select * from aside.one',
  'drop schema aside cascade',
  'deallocate all',
  'discard plans; create table last (id int)',
]

t.test('what a revision changes without naming it is read too', async (t) => {
  await compareAll(t, indirect)
})

t.test('what several revisions changed is read at once', async (t) => {
  await compareAll(t, await allChanges(), 3)
  await compareAll(t, indirect, 4)
})
