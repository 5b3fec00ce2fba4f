import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

const triggers: readonly DdlCase[] = [
  {
    name: 'a trigger is replaced in place and then enabled as expected',
    setup: `create table songs (id integer, title text);
      create function f() returns trigger language plpgsql as 'begin return new; end'`,
    from: `create trigger changed before insert on songs for each row execute function f();
      alter table songs disable trigger changed;
      create trigger switched after insert on songs execute function f();
      create trigger gone after insert on songs execute function f()`,
    to: `create trigger changed after insert or update of title on songs
        for each row when (new.title is not null) execute function f('a', 'b');
      create trigger switched after insert on songs execute function f();
      alter table songs enable replica trigger switched;
      create trigger "New" after insert on songs referencing new table as added execute function f();
      alter table songs enable always trigger "New"`,
    contains: [
      'DROP TRIGGER gone ON public.songs',
      'CREATE OR REPLACE TRIGGER changed AFTER INSERT OR UPDATE OF title ON public.songs',
      'ALTER TABLE public.songs ENABLE REPLICA TRIGGER switched',
      'CREATE TRIGGER "New" AFTER INSERT ON public.songs',
      'ALTER TABLE public.songs ENABLE ALWAYS TRIGGER "New"',
    ],
    hazards: [
      'ACCESS EXCLUSIVE lock on public.songs',
      'SHARE ROW EXCLUSIVE lock on public.songs',
      'SHARE ROW EXCLUSIVE lock on public.songs',
      'SHARE ROW EXCLUSIVE lock on public.songs',
      'SHARE ROW EXCLUSIVE lock on public.songs',
    ],
  },
  {
    name: 'a replaced trigger that stays disabled is disabled again',
    setup: `create table songs (id integer);
      create function f() returns trigger language plpgsql as 'begin return new; end'`,
    from: `create trigger x before insert on songs for each row execute function f();
      alter table songs disable trigger x`,
    to: `create trigger x before update on songs for each row execute function f();
      alter table songs disable trigger x`,
    statements: [
      'CREATE OR REPLACE TRIGGER x BEFORE UPDATE ON public.songs FOR EACH ROW EXECUTE FUNCTION public.f()',
      'ALTER TABLE public.songs DISABLE TRIGGER x',
    ],
  },
  {
    name: 'a constraint trigger is dropped and created',
    setup: `create table songs (id integer primary key); create table plays (song integer);
      create function f() returns trigger language plpgsql as 'begin return new; end'`,
    from: `create constraint trigger x after insert on plays for each row execute function f()`,
    to: `create constraint trigger x after insert on plays from songs deferrable initially deferred
      for each row execute function f(); comment on trigger x on plays is 'it''s \\ late'`,
    contains: [
      'DROP TRIGGER x ON public.plays',
      'CREATE CONSTRAINT TRIGGER x',
      `COMMENT ON TRIGGER x ON public.plays IS E'it''s \\\\ late'`,
    ],
  },
  {
    name: 'triggers of partitioned tables, views and new tables',
    setup: `create table plays (day date) partition by range (day);
      create table plays_2026 partition of plays for values from ('2026-01-01') to ('2027-01-01');
      create view today as select * from plays;
      create function f() returns trigger language plpgsql as 'begin return new; end'`,
    from: `create trigger x after insert on plays for each row execute function f()`,
    to: `create trigger x after update on plays for each row execute function f();
      create trigger x instead of insert on today for each row execute function f();
      create table albums (id integer);
      create trigger x before insert on albums execute function f(); alter table albums disable trigger x`,
    hazards: [
      'SHARE ROW EXCLUSIVE lock on public.plays',
      'SHARE ROW EXCLUSIVE lock on public.plays_2026',
      'SHARE ROW EXCLUSIVE lock on public.today',
    ],
  },
]

const policies: readonly DdlCase[] = [
  {
    name: 'a policy is altered where PostgreSQL can alter it, and replaced elsewhere',
    setup: `create table songs (id integer, owner name)`,
    from: `create policy roles on songs to pg_monitor using (id > 0);
      create policy checked on songs using (id > 0) with check (id > 1);
      create policy less on songs using (id > 0) with check (id > 1);
      create policy strict on songs for select using (id > 0)`,
    to: `create policy roles on songs to pg_monitor, pg_read_all_data using (id > 0);
      create policy checked on songs using (id > 2) with check (owner = current_user);
      create policy less on songs using (id > 0);
      create policy strict on songs as restrictive for select using (id > 0)`,
    contains: [
      'DROP POLICY less ON public.songs',
      'DROP POLICY strict ON public.songs',
      'ALTER POLICY checked ON public.songs USING ((id > 2)) WITH CHECK ((owner = CURRENT_USER))',
      'ALTER POLICY roles ON public.songs TO pg_monitor, pg_read_all_data',
      'CREATE POLICY less ON public.songs FOR ALL TO public USING ((id > 0))',
      'CREATE POLICY strict ON public.songs AS RESTRICTIVE FOR SELECT TO public USING ((id > 0))',
    ],
    hazards: [
      'changes who may use public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'changes who may use public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'changes who may use public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'changes who may use public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'changes who may use public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'changes who may use public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
    ],
  },
  {
    name: 'policies that call a replaced function, and policies of a new table',
    from: `create table songs (id integer);
      create function may(integer) returns boolean language sql as 'select true';
      create policy p on songs using (may(id))`,
    to: `create table songs (id integer);
      create function may(bigint) returns boolean language sql as 'select true';
      create policy p on songs using (may(id));
      create table "Odd table" (id integer); alter table "Odd table" enable row level security;
      create policy "Odd policy" on "Odd table" for insert with check (may(id));
      comment on policy "Odd policy" on "Odd table" is 'odd'`,
  },
]

const rules: readonly DdlCase[] = [
  {
    name: 'a rule is replaced in place',
    setup: `create table songs (id integer); create table plays (song integer); create view v as select * from songs`,
    from: `create rule changed as on insert to songs do also nothing; alter table songs disable rule changed;
      create rule gone as on delete to songs do instead nothing`,
    to: `create rule changed as on update to songs where new.id > 1 do also
        (insert into plays values (new.id); delete from plays where song = old.id);
      alter table songs enable always rule changed;
      create rule added as on insert to v do instead insert into songs values (new.id);
      comment on rule added on v is 'writes through'`,
    contains: [
      'DROP RULE gone ON public.songs',
      'CREATE OR REPLACE RULE changed',
      'ALTER TABLE public.songs ENABLE ALWAYS RULE changed',
      'CREATE RULE added',
      `COMMENT ON RULE added ON public.v IS 'writes through'`,
    ],
    hazards: [
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.v',
    ],
  },
]

const database: readonly DdlCase[] = [
  {
    name: 'event triggers are created last and dropped first',
    from: `create function f() returns event_trigger language plpgsql as 'begin end';
      create event trigger switched on ddl_command_start execute function f();
      create event trigger changed on ddl_command_end when tag in ('CREATE TABLE') execute function f();
      create event trigger gone on sql_drop execute function f();
      create table songs (id integer)`,
    to: `create function f() returns event_trigger language plpgsql as 'begin end';
      create event trigger switched on ddl_command_start execute function f();
      alter event trigger switched disable;
      create event trigger changed on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE') execute function f();
      alter event trigger changed enable replica;
      comment on event trigger changed is 'watches'`,
    statements: [
      'DROP EVENT TRIGGER changed',
      'DROP EVENT TRIGGER gone',
      'DROP TABLE public.songs',
      `CREATE EVENT TRIGGER changed ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE') EXECUTE FUNCTION public.f()`,
      'ALTER EVENT TRIGGER changed ENABLE REPLICA',
      `COMMENT ON EVENT TRIGGER changed IS 'watches'`,
      'ALTER EVENT TRIGGER switched DISABLE',
    ],
  },
  {
    name: 'extended statistics',
    setup: `create table songs (id integer, title text, album integer)`,
    from: `create statistics targeted on id, album from songs;
      create statistics changed (ndistinct) on id, album from songs;
      create statistics gone on title, album from songs`,
    to: `create statistics targeted on id, album from songs; alter statistics targeted set statistics 50;
      create statistics changed (mcv, dependencies) on id, lower(title), (album + 1) from songs;
      comment on statistics changed is 'three'`,
    contains: [
      'DROP STATISTICS public.changed',
      'DROP STATISTICS public.gone',
      'ALTER STATISTICS public.targeted SET STATISTICS 50',
      'CREATE STATISTICS public.changed (dependencies, mcv) ON id, lower(title), (album + 1) FROM public.songs',
      `COMMENT ON STATISTICS public.changed IS 'three'`,
    ],
    hazards: Array.from({ length: 3 }, () => 'SHARE UPDATE EXCLUSIVE lock on public.songs'),
  },
  {
    name: 'a schema is dropped after the objects in it',
    from: `create schema old; create table old.songs (id integer); create view old.v as select * from old.songs`,
    to: `create schema "New"; comment on schema "New" is 'new'; create table "New".songs (id integer);
      comment on schema public is 'ours'`,
    contains: ['DROP VIEW old.v', 'DROP TABLE old.songs', 'DROP SCHEMA old', 'CREATE SCHEMA "New"'],
    hazards: [
      'ACCESS EXCLUSIVE lock on old.v',
      'data loss: the rows of old.songs',
      'ACCESS EXCLUSIVE lock on old.songs',
    ],
  },
  {
    name: 'the schema public is dropped, and created on the way back',
    from: 'create table songs (id integer)',
    to: 'drop schema public',
    contains: ['DROP TABLE public.songs', 'DROP SCHEMA public'],
  },
  {
    name: 'an extension moves to a different schema while columns use it',
    from: `create schema one; create extension citext schema one; create table songs (title one.citext)`,
    to: `create schema two; create extension citext schema two; create table songs (title two.citext)`,
    contains: ['CREATE SCHEMA two', 'ALTER EXTENSION citext SET SCHEMA two', 'DROP SCHEMA one'],
  },
  {
    name: 'an extension that cannot be moved is dropped and created',
    from: `create schema one; create extension xml2 schema one`,
    to: `create schema two; create extension xml2 schema two`,
    contains: ['DROP EXTENSION xml2', 'CREATE EXTENSION xml2 SCHEMA two'],
  },
  {
    name: 'extensions are created before and dropped after the objects that use them',
    from: `create extension hstore; create table songs (id integer, tags hstore default '')`,
    to: `create table songs (id integer);
      create extension pg_trgm; create table plays (song text); create index on plays using gin (song gin_trgm_ops)`,
    contains: [
      'ALTER TABLE public.songs DROP COLUMN tags',
      'DROP EXTENSION hstore',
      'CREATE EXTENSION pg_trgm SCHEMA public',
      'CREATE INDEX',
    ],
  },
  {
    name: 'a dropped extension loses the rows of its tables',
    from: `create extension citext; create table "Settings" (name text); alter extension citext add table "Settings"`,
    to: '',
    statements: ['DROP EXTENSION citext'],
    hazards: ['data loss: the rows of public."Settings", a table of the extension citext'],
  },
]

const replication: readonly DdlCase[] = [
  {
    name: 'tables, columns, filters and options of a publication change',
    since: 15,
    setup: `create table songs (id integer primary key, title text); create table plays (id integer primary key, song integer);
      create table albums (id integer primary key)`,
    from: `create publication p for table songs, plays (id)`,
    to: `create publication p for table songs, plays (id, song) where (id > 1), albums
      with (publish = 'insert, delete', publish_via_partition_root = true);
      comment on publication p is 'out'`,
    statements: [
      'ALTER PUBLICATION p DROP TABLE public.plays',
      'ALTER PUBLICATION p ADD TABLE public.albums, public.plays (id, song) WHERE ((id > 1))',
      `ALTER PUBLICATION p SET (publish = 'insert, delete', publish_via_partition_root = true)`,
      `COMMENT ON PUBLICATION p IS 'out'`,
    ],
    hazards: [
      'SHARE UPDATE EXCLUSIVE lock on public.plays',
      'SHARE UPDATE EXCLUSIVE lock on public.albums',
      'SHARE UPDATE EXCLUSIVE lock on public.plays',
    ],
  },
  {
    name: 'publications of all tables, of the tables of a schema, and of no tables',
    since: 15,
    from: `create table songs (id integer primary key); create schema s;
      create publication one for all tables;
      create publication two for table songs, tables in schema s;
      create publication three with (publish = '')`,
    to: `create table songs (id integer primary key); create schema s; create schema "S";
      create publication one for table songs;
      create publication two for tables in schema s, "S";
      create publication three with (publish = 'truncate')`,
    contains: [
      'ALTER PUBLICATION two DROP TABLE public.songs',
      'DROP PUBLICATION one',
      `ALTER PUBLICATION three SET (publish = 'truncate')`,
      'CREATE SCHEMA "S"',
      'ALTER PUBLICATION two ADD TABLES IN SCHEMA "S"',
      'CREATE PUBLICATION one FOR TABLE public.songs',
    ],
  },
  {
    name: 'a table and its child, published with different columns',
    since: 15,
    setup: `create table base (id integer, title text); create table child (more text) inherits (base)`,
    from: `create publication p for table base`,
    to: `create publication p for table only base (id), child (id, more)`,
  },
  {
    name: 'a published table is dropped, one is added, and a published column changes',
    since: 15,
    from: `create table songs (id integer primary key, title text, kind text); create table gone (id integer);
      create publication p for table songs (id, title) where (kind = 'a'), gone`,
    to: `create table songs (id integer primary key, title varchar(20), kind varchar(10)); create table added (id integer);
      create publication p for table songs (id, title) where (kind = 'a'), added`,
  },
  {
    name: 'a subscription is altered, and one is dropped',
    from: `create subscription changed connection 'host=localhost password=secret' publication a
        with (connect = false, slot_name = none, enabled = false);
      create subscription gone connection 'host=localhost' publication a with (connect = false, slot_name = none, enabled = false)`,
    to: `create subscription changed connection 'host=localhost password=secret' publication a, "B"
        with (connect = false, slot_name = 'other', enabled = false, binary = true, synchronous_commit = 'local');
      comment on subscription changed is 'in'`,
    statements: [
      'DROP SUBSCRIPTION gone',
      'ALTER SUBSCRIPTION changed SET PUBLICATION "B", a WITH (refresh = false)',
      `ALTER SUBSCRIPTION changed SET (slot_name = 'other', binary = 'true', synchronous_commit = 'local')`,
      `COMMENT ON SUBSCRIPTION changed IS 'in'`,
    ],
    hazards: ['data loss: the connection of the subscription gone and its replication position'],
    refusedBack: ['subscription:gone'],
  },
  {
    name: 'the origin of a subscription is set and reset',
    since: 16,
    from: `create subscription s connection 'host=localhost' publication a with (connect = false, slot_name = none, enabled = false)`,
    to: `create subscription s connection 'host=localhost' publication a
        with (connect = false, slot_name = none, enabled = false, origin = 'none')`,
    statements: [`ALTER SUBSCRIPTION s SET (origin = 'none')`],
  },
  {
    name: 'a subscription with a slot is disabled and dropped without its slot',
    from: `create subscription s connection 'host=localhost' publication a with (connect = false, slot_name = 'song_slot', enabled = false);
      alter subscription s enable`,
    to: '',
    statements: [
      'ALTER SUBSCRIPTION s DISABLE',
      'ALTER SUBSCRIPTION s SET (slot_name = NONE)',
      'DROP SUBSCRIPTION s',
    ],
    hazards: [
      'data loss: the connection of the subscription s and its replication position; its slot song_slot stays on the publisher and fills its disk until it is dropped there',
    ],
    refusedBack: ['subscription:s'],
  },
  {
    name: 'a subscription is disabled while its slot changes',
    from: `create subscription s connection 'host=localhost' publication a with (connect = false, slot_name = 'one', enabled = false);
      alter subscription s enable`,
    to: `create subscription s connection 'host=localhost' publication a with (connect = false, enabled = false);
      alter subscription s enable`,
    statements: [
      'ALTER SUBSCRIPTION s DISABLE',
      `ALTER SUBSCRIPTION s SET (slot_name = 's')`,
      'ALTER SUBSCRIPTION s ENABLE',
    ],
  },
  {
    name: 'a new subscription is refused, because its connection is not known',
    from: '',
    to: `create subscription s connection 'host=localhost password=secret' publication a with (connect = false)`,
    refused: ['subscription:s'],
  },
  {
    name: 'the default of streaming is refused, because it depends on the version',
    from: `create subscription s connection 'host=localhost' publication a with (connect = false, slot_name = none, streaming = on)`,
    to: `create subscription s connection 'host=localhost' publication a with (connect = false, slot_name = none)`,
    refused: ['subscription:s'],
  },
]

const foreign: readonly DdlCase[] = [
  {
    name: 'foreign data objects from the wrapper to the table',
    from: '',
    to: `create function check_options(text[], oid) returns boolean language sql as 'select true';
      create foreign data wrapper w validator check_options options (debug 'true');
      create server s type 'kind' version '1' foreign data wrapper w options (host 'a', port '1');
      create user mapping for public server s;
      create user mapping for pg_monitor server s options ("user" 'o''neil');
      create foreign table songs (id integer options (name 'ID') not null, title text default 'x', check (id > 0))
        server s options (schema_name 'public', "table" 'songs');
      comment on foreign data wrapper w is 'w'; comment on server s is 's'; comment on foreign table songs is 'f';
      comment on column songs.id is 'c'`,
    contains: [
      `CREATE FOREIGN DATA WRAPPER w VALIDATOR public.check_options OPTIONS (debug 'true')`,
      `COMMENT ON FOREIGN DATA WRAPPER w IS 'w'`,
      `CREATE SERVER s TYPE 'kind' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'a', port '1')`,
      `CREATE USER MAPPING FOR pg_monitor SERVER s OPTIONS ("user" 'o''neil')`,
      'CREATE USER MAPPING FOR PUBLIC SERVER s',
      'CREATE FOREIGN TABLE public.songs',
      `COMMENT ON FOREIGN TABLE public.songs IS 'f'`,
    ],
    hazards: [
      'what calls public.check_options(text[], oid), and what its body uses, is not recorded by PostgreSQL',
    ],
  },
  {
    name: 'foreign data objects are altered in place',
    setup: `create function check_options(text[], oid) returns boolean language sql as 'select true'`,
    from: `create foreign data wrapper w validator check_options options (debug 'true', gone '1');
      create server s version '1' foreign data wrapper w options (host 'a', port '1');
      create user mapping for pg_monitor server s options (password 'secret', "user" 'old');
      create foreign table songs (id integer) server s options ("table" 'songs')`,
    to: `create foreign data wrapper w options (debug 'false');
      create server s foreign data wrapper w options (host 'b', dbname 'd');
      create user mapping for pg_monitor server s options (password 'secret', "user" 'new');
      create foreign table songs (id integer) server s options ("table" 'plays', extra 'e')`,
    contains: [
      `ALTER FOREIGN DATA WRAPPER w NO VALIDATOR OPTIONS (SET debug 'false', DROP gone)`,
      `ALTER SERVER s VERSION NULL OPTIONS (ADD dbname 'd', SET host 'b', DROP port)`,
      `ALTER USER MAPPING FOR pg_monitor SERVER s OPTIONS (SET "user" 'new')`,
      `ALTER FOREIGN TABLE public.songs OPTIONS (ADD extra 'e', SET "table" 'plays')`,
    ],
    hazards: ['ACCESS EXCLUSIVE lock on public.songs'],
  },
  {
    name: 'a server is replaced with its user mappings and tables',
    setup: `create foreign data wrapper one; create foreign data wrapper two`,
    from: `create server s foreign data wrapper one; create user mapping for pg_monitor server s;
      create foreign table songs (id integer) server s; create view v as select * from songs`,
    to: `create server s foreign data wrapper two; create user mapping for pg_monitor server s;
      create foreign table songs (id integer) server s; create view v as select * from songs`,
  },
  {
    name: 'a foreign table moves to a different server, and stops being a partition or a child',
    setup: `create foreign data wrapper w; create server one foreign data wrapper w; create server two foreign data wrapper w;
      create table plays (day date) partition by range (day); create table base (id integer)`,
    from: `create foreign table songs (id integer) server one;
      create foreign table child (more text) inherits (base) server one;
      create foreign table plays_2026 partition of plays for values from ('2026-01-01') to ('2027-01-01') server one`,
    to: `create foreign table songs (id integer) server two;
      create foreign table child (id integer, more text) server one;
      create foreign table plays_2026 (day date) server one`,
  },
  {
    name: 'a hidden option value is refused, and its loss is a hazard',
    from: `create foreign data wrapper w; create server s foreign data wrapper w;
      create user mapping for pg_monitor server s options (password 'secret', "user" 'u');
      create user mapping for public server s options (token 'secret')`,
    to: `create foreign data wrapper w; create server s foreign data wrapper w;
      create user mapping for pg_monitor server s options ("user" 'u')`,
    statements: [
      'DROP USER MAPPING FOR PUBLIC SERVER s',
      'ALTER USER MAPPING FOR pg_monitor SERVER s OPTIONS (DROP password)',
    ],
    hazards: [
      'data loss: the value of the option token of user_mapping:s.public',
      'data loss: the value of the option password of user_mapping:s.pg_monitor',
    ],
    refusedBack: ['user_mapping:s.pg_monitor', 'user_mapping:s.public'],
  },
]

const comments: readonly DdlCase[] = [
  {
    name: 'comments on all kinds of objects, and on parts of objects',
    setup: `create schema s; create domain d as integer constraint positive check (value > 0);
      create type "Pair" as (one integer, two integer); create type mood as enum ('ok');
      create table songs (id integer constraint songs_key primary key, title text); create index by_title on songs (title);
      create view v as select id, title from songs; create materialized view m as select id from songs;
      create function f(integer, text) returns integer language sql as 'select 1'; create procedure p() language sql as '';
      create aggregate a(integer) (sfunc = int4pl, stype = integer); create sequence q;
      create trigger t before insert on songs execute function suppress_redundant_updates_trigger();
      create policy y on songs; create rule r as on delete to songs do instead nothing`,
    from: `comment on table songs is 'gone'; comment on column v.id is 'gone'; comment on column v.title is 'old'`,
    to: `comment on schema s is 's'; comment on domain d is 'd'; comment on constraint positive on domain d is 'c';
      comment on type "Pair" is 'pair'; comment on column "Pair".one is '1'; comment on type mood is 'm';
      comment on column songs.title is 'a: b'; comment on constraint songs_key on songs is 'key';
      comment on index songs_key is 'the index'; comment on index by_title is 'i'; comment on view v is 'v';
      comment on column v.title is 'new'; comment on materialized view m is 'm'; comment on column m.id is 'mi';
      comment on function f(integer, text) is 'f'; comment on procedure p() is 'p'; comment on aggregate a(integer) is 'a';
      comment on sequence q is 'q'; comment on trigger t on songs is 't'; comment on policy y on songs is 'y';
      comment on rule r on songs is 'r'`,
    contains: ['COMMENT ON TABLE public.songs IS NULL', `COMMENT ON COLUMN public.v.title IS 'new'`],
    hazards: [],
  },
]

const commentsOfParts: readonly DdlCase[] = [
  {
    name: 'what is dropped takes its comment with it',
    from: `create domain score as integer constraint low check (value > 0) constraint high check (value < 9);
      comment on constraint low on domain score is 'low'; comment on constraint high on domain score is 'high';
      create type pair as (one integer, "The other" text);
      comment on column pair.one is 'one'; comment on column pair."The other" is 'other'`,
    to: `create domain score as integer constraint high check (value < 9); create type pair as (one integer)`,
    contains: ['COMMENT ON CONSTRAINT high ON DOMAIN public.score IS NULL'],
  },
]

const owners: readonly DdlCase[] = [
  {
    name: 'owners of existing objects',
    setup: `create schema s; create table s.songs (id serial); create view s.v as select 1 as one;
      create function s.f(integer) returns integer language sql as 'select 1'; create type s.mood as enum ('ok');
      create domain s.d as integer; create sequence s.q; create foreign data wrapper w; create server r foreign data wrapper w;
      create aggregate s.a(integer) (sfunc = int4pl, stype = integer); create statistics s.t on (id + 1), id from s.songs`,
    from: `alter sequence s.q owner to pg_monitor; alter function s.f(integer) owner to pg_monitor`,
    to: `alter schema s owner to pg_monitor; alter table s.songs owner to pg_monitor; alter view s.v owner to pg_monitor;
      alter type s.mood owner to pg_monitor; alter domain s.d owner to pg_monitor; alter aggregate s.a(integer) owner to pg_monitor;
      alter statistics s.t owner to pg_monitor; alter function s.f(integer) owner to pg_read_all_data`,
    contains: [
      'ALTER SCHEMA s OWNER TO pg_monitor',
      `DO $$BEGIN EXECUTE 'ALTER SEQUENCE s.q OWNER TO ' || (SELECT datdba::regrole FROM pg_database WHERE datname = current_database()); END$$`,
      'ALTER FUNCTION s.f(integer) OWNER TO pg_read_all_data',
      'ALTER TABLE s.songs OWNER TO pg_monitor',
    ],
    hazards: [
      'ACCESS EXCLUSIVE lock on s.q',
      'changes who may use s.songs',
      'ACCESS EXCLUSIVE lock on s.songs',
      'ACCESS EXCLUSIVE lock on s.v',
    ],
  },
  {
    name: 'owners of new objects, with a sequence that a column owns',
    from: `create table old (id integer); alter table old owner to pg_monitor`,
    to: `create table songs (id serial primary key); alter table songs owner to pg_monitor;
      create schema s; alter schema s owner to pg_monitor; create event trigger e on sql_drop execute function f();
      create publication p; alter publication p owner to pg_monitor; create view v as select 1 as one; alter view v owner to pg_monitor`,
    setup: `create function f() returns event_trigger language plpgsql as 'begin end'`,
    contains: ['ALTER TABLE public.songs OWNER TO pg_monitor', 'ALTER PUBLICATION p OWNER TO pg_monitor'],
  },
  {
    name: 'a sequence becomes owned by a column of a table with a different owner',
    setup: `create table songs (id integer); alter table songs owner to pg_monitor; create sequence q`,
    from: '',
    to: `alter sequence q owner to pg_monitor; alter sequence q owned by songs.id`,
    statements: [
      'ALTER SEQUENCE public.q OWNER TO pg_monitor',
      'ALTER SEQUENCE public.q OWNED BY public.songs.id',
    ],
  },
  {
    name: 'privileges of a role that becomes the owner',
    setup: 'create table songs (id integer)',
    from: 'grant select, insert on songs to pg_monitor; grant update on songs to pg_read_all_data',
    to: 'alter table songs owner to pg_monitor; grant update on songs to pg_read_all_data',
    statements: ['ALTER TABLE public.songs OWNER TO pg_monitor'],
  },
]

const grants: readonly DdlCase[] = [
  {
    name: 'privileges on all kinds of objects that have any',
    setup: `create schema s; create table s.songs (id integer, "Title" text); create view s.v as select * from s.songs;
      create materialized view s.m as select 1 as one; create sequence s.q; create function s.f(integer) returns integer language sql as 'select 1';
      create procedure s.p() language sql as ''; create aggregate s.a(integer) (sfunc = int4pl, stype = integer);
      create aggregate s.o(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
      create type s.mood as enum ('ok'); create domain s.d as integer; create type s.pair as (one integer); create type s.r as range (subtype = integer);
      create foreign data wrapper w; create server r foreign data wrapper w; create foreign table s.t (id integer) server r;
      create trusted language other handler plpgsql_call_handler`,
    from: '',
    to: `grant usage on schema s to pg_monitor; grant select, insert on s.songs to pg_monitor; grant all on s.songs to pg_read_all_data;
      grant select ("Title"), update ("Title", id) on s.songs to public; grant select on s.v to public; grant update (id) on s.v to pg_monitor;
      grant select on s.m to pg_monitor; grant usage on sequence s.q to pg_monitor; revoke execute on function s.f(integer) from public;
      grant execute on function s.f(integer) to pg_monitor; revoke all on procedure s.p() from public; grant execute on function s.a(integer) to pg_monitor; revoke all on function s.o(float8, anyelement) from public;
      revoke all on type s.mood from public; grant usage on type s.mood to pg_monitor; grant usage on domain s.d to pg_monitor with grant option;
      grant usage on type s.pair to pg_monitor; revoke usage on type s.r from public; grant usage on foreign data wrapper w to pg_monitor;
      grant usage on foreign server r to pg_monitor; grant select on s.t to pg_monitor; revoke all on language other from public`,
    contains: [
      'GRANT USAGE ON SCHEMA s TO pg_monitor',
      'REVOKE ALL ON FUNCTION s.f(integer) FROM PUBLIC',
      'GRANT ALL ON TABLE s.songs TO pg_read_all_data',
    ],
    hazards: [
      'changes who may use s',
      'changes who may use other',
      'changes who may use s.mood',
      'changes who may use s.mood',
      'changes who may use s.r',
      'changes who may use s.pair',
      'changes who may use s.d',
      'changes who may use w',
      'changes who may use r',
      'changes who may use s.q',
      'changes who may use s.f(integer)',
      'changes who may use s.f(integer)',
      'changes who may use s.p()',
      'changes who may use s.a(integer)',
      'changes who may use s.o(double precision, anyelement)',
      'changes who may use s.songs',
      'changes who may use s.songs',
      'changes who may use s.t',
      'changes who may use s.songs',
      'changes who may use s.songs',
      'changes who may use s.v',
      'changes who may use s.v',
      'changes who may use s.m',
    ],
  },
  {
    name: 'privileges change',
    setup: 'create table songs (id integer, title text)',
    from: `grant select, insert on songs to pg_monitor; grant all on songs to pg_read_all_data;
      grant select on songs to public; grant select (id), update (title) on songs to pg_monitor`,
    to: `grant select, update on songs to pg_monitor; grant select, insert on songs to pg_read_all_data;
      grant all on songs to pg_signal_backend; grant select (id), update (title) on songs to pg_monitor`,
    statements: [
      'REVOKE SELECT ON TABLE public.songs FROM PUBLIC',
      'REVOKE INSERT ON TABLE public.songs FROM pg_monitor',
      'REVOKE ALL ON TABLE public.songs FROM pg_read_all_data',
      'GRANT UPDATE ON TABLE public.songs TO pg_monitor',
      'GRANT INSERT, SELECT ON TABLE public.songs TO pg_read_all_data',
      'GRANT ALL ON TABLE public.songs TO pg_signal_backend',
      'GRANT SELECT (id) ON TABLE public.songs TO pg_monitor',
      'GRANT UPDATE (title) ON TABLE public.songs TO pg_monitor',
    ],
  },
  {
    name: 'a privilege moves from the table to its columns, and to new ones',
    from: 'create table songs (id integer, title text); grant select on songs to pg_monitor',
    to: `create table songs (id integer, title text, album integer); grant select (id, album) on songs to pg_monitor`,
    contains: [
      'REVOKE SELECT ON TABLE public.songs FROM pg_monitor',
      'GRANT SELECT (album) ON TABLE public.songs TO pg_monitor',
    ],
  },
  {
    name: 'grant options are added and removed',
    setup: 'create table songs (id integer); create table plays (id integer)',
    from: `grant select, update on songs to pg_monitor with grant option; grant select on plays to pg_monitor`,
    to: `grant select, update on songs to pg_monitor; grant select on plays to pg_monitor with grant option`,
    statements: [
      'GRANT SELECT ON TABLE public.plays TO pg_monitor WITH GRANT OPTION',
      'REVOKE GRANT OPTION FOR SELECT, UPDATE ON TABLE public.songs FROM pg_monitor',
    ],
  },
  {
    name: 'privileges that a grantee passed on are revoked and granted again',
    setup: 'create table songs (id integer); grant usage on schema public to pg_monitor',
    from: `grant select on songs to pg_monitor with grant option; set role pg_monitor;
      grant select on songs to pg_read_all_data; grant select on songs to pg_signal_backend; reset role`,
    to: 'grant select on songs to pg_monitor, pg_read_all_data',
    statements: [
      'REVOKE ALL ON TABLE public.songs FROM pg_monitor CASCADE',
      'REVOKE ALL ON TABLE public.songs FROM pg_read_all_data CASCADE',
      'REVOKE ALL ON TABLE public.songs FROM pg_signal_backend CASCADE',
      'GRANT SELECT ON TABLE public.songs TO pg_monitor',
      'GRANT SELECT ON TABLE public.songs TO pg_read_all_data',
    ],
  },
  {
    name: 'privileges that an owner lacks, and the schema public without PUBLIC',
    since: 15,
    setup: `create table songs (id integer); create table plays (id integer); alter table plays owner to pg_monitor;
      create view "it's $1" as select 1 as one`,
    from: `revoke insert on songs from current_user; revoke all on plays from pg_monitor;
      revoke all on "it's $1" from current_user`,
    to: 'revoke all on songs from current_user; revoke all on schema public from public; grant all on schema public to pg_monitor',
    contains: [
      'REVOKE ALL ON SCHEMA public FROM PUBLIC',
      'GRANT ALL ON SCHEMA public TO pg_monitor',
      'GRANT ALL ON TABLE public.plays TO pg_monitor',
      `DO $$BEGIN EXECUTE 'REVOKE DELETE, `,
    ],
  },
]

const defaults: readonly DdlCase[] = [
  {
    name: 'default privileges are added, changed and removed',
    setup: 'create schema s',
    from: `alter default privileges in schema s grant select on tables to pg_monitor;
      alter default privileges grant usage on sequences to pg_monitor;
      alter default privileges for role pg_monitor revoke execute on functions from public`,
    to: `alter default privileges in schema s grant select, insert on tables to pg_monitor with grant option;
      alter default privileges revoke usage on types from public; alter default privileges grant usage on schemas to pg_monitor;
      alter default privileges revoke all on tables from current_user;
      create schema "New"; alter default privileges for role pg_monitor in schema "New" grant execute on functions to public`,
    contains: [
      'ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor GRANT ALL ON FUNCTIONS TO PUBLIC',
      'ALTER DEFAULT PRIVILEGES REVOKE USAGE ON SEQUENCES FROM pg_monitor',
      'CREATE SCHEMA "New"',
      'ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor IN SCHEMA "New" GRANT ALL ON FUNCTIONS TO PUBLIC',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT INSERT, SELECT ON TABLES TO pg_monitor WITH GRANT OPTION',
      'ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC',
    ],
    hazards: [
      'changes who may use new functions by pg_monitor',
      'changes who may use new sequences by OWNER',
      'changes who may use new functions in New by pg_monitor',
      'changes who may use new schemas by OWNER',
      'changes who may use new tables by OWNER',
      'changes who may use new tables in s by OWNER',
      'changes who may use new types by OWNER',
    ],
  },
  {
    name: 'new objects get exactly their privileges in spite of default privileges',
    setup: `alter default privileges grant select, update on tables to pg_monitor; alter default privileges grant all on sequences to public;
      alter default privileges revoke execute on functions from public; alter default privileges revoke usage on types from public;
      alter default privileges grant execute on functions to pg_read_all_data; alter default privileges grant usage on schemas to pg_monitor`,
    from: `create function f() returns integer language sql as 'select 1'; grant execute on function f() to public`,
    to: `create function f() returns bigint language sql as 'select 1'; revoke all on function f() from pg_read_all_data;
      create table songs (id serial); revoke update on songs from pg_monitor; grant insert on songs to pg_monitor with grant option;
      revoke all on sequence songs_id_seq from public; create view v as select 1 as one; create schema s; revoke all on schema s from pg_monitor;
      create type mood as enum ('ok'); create domain d as integer; grant usage on domain d to public;
      create procedure p() language sql as ''; grant execute on procedure p() to public`,
  },
  {
    name: 'default privileges that change at the end apply to new objects until then',
    from: 'alter default privileges grant all on tables to pg_monitor',
    to: `alter default privileges grant select on tables to pg_read_all_data; create table songs (id integer)`,
    contains: [
      'CREATE TABLE public.songs',
      'REVOKE ALL ON TABLE public.songs FROM pg_monitor',
      'ALTER DEFAULT PRIVILEGES',
    ],
  },
]

testDdlCases(t, [
  ...triggers,
  ...policies,
  ...rules,
  ...database,
  ...replication,
  ...foreign,
  ...comments,
  ...commentsOfParts,
  ...owners,
  ...grants,
  ...defaults,
])
