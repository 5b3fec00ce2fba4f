import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

const columns: readonly DdlCase[] = [
  {
    name: 'what is said of a column that a generated column needs comes after the table',
    from: '',
    to: `create table songs (title text, plays integer, loud text generated always as (upper(title)) stored);
      comment on column songs.title is 'as printed';
      comment on column songs.loud is 'for posters';
      alter table songs alter column title set statistics 7`,
    contains: [
      'CREATE TABLE',
      'ALTER COLUMN title SET STATISTICS 7',
      "COMMENT ON COLUMN public.songs.title IS 'as printed'",
    ],
  },
  {
    name: 'a longer limit needs no rewrite, a different type does',
    from: `create table songs (title varchar(20) default 'none', plays integer default 0, year text)`,
    to: `create table songs (title varchar(50) default 'none', plays bigint default 0, year integer)`,
    hazards: [
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'rewrites public.songs',
      'fails when a value is not a valid integer',
      'ACCESS EXCLUSIVE lock on public.songs',
    ],
    contains: ['ALTER COLUMN plays TYPE bigint, ALTER COLUMN year TYPE integer USING year::integer'],
  },
  {
    name: 'a type change without a cast is refused',
    from: 'create table songs (id integer, at boolean)',
    to: 'create table songs (id uuid, at date)',
    refused: ['column:public.songs.at', 'column:public.songs.id'],
  },
  {
    name: 'the dependents of a column with a new type are dropped and created unchanged',
    from: `create table songs (id integer, title text, check (title <> ''));
      create function note() returns trigger language plpgsql as 'begin return new; end';
      create view titles with (security_barrier) as select title from songs;
      comment on view titles is 'all of them';
      grant select on titles to public;
      create view long as select title from titles where length(title) > 10;
      create trigger noted instead of update on titles for each row execute function note();
      create materialized view stored as select title from songs;
      create unique index stored_title on stored (title);
      create trigger marked before update of title on songs for each row execute function note();
      alter table songs enable row level security;
      create policy readable on songs using (title is not null);
      create rule kept as on delete to songs where old.title = 'x' do instead nothing`,
    to: `create table songs (id integer, title varchar(30), check (title <> ''));
      create function note() returns trigger language plpgsql as 'begin return new; end';
      create view titles with (security_barrier) as select title from songs;
      comment on view titles is 'all of them';
      grant select on titles to public;
      create view long as select title from titles where length(title) > 10;
      create trigger noted instead of update on titles for each row execute function note();
      create materialized view stored as select title from songs;
      create unique index stored_title on stored (title);
      create trigger marked before update of title on songs for each row execute function note();
      alter table songs enable row level security;
      create policy readable on songs using (title is not null);
      create rule kept as on delete to songs where old.title = 'x' do instead nothing`,
    contains: [
      'DROP VIEW public.long',
      'DROP VIEW public.titles',
      'ALTER TABLE public.songs ALTER COLUMN title TYPE character varying(30)',
      'CREATE VIEW public.titles',
      'CREATE VIEW public.long',
    ],
  },
  {
    name: 'NOT NULL has the hazard that rows may violate it',
    from: 'create table songs (id integer, title text)',
    to: 'create table songs (id integer not null, title text, artist text not null, plays integer not null default 0)',
    plannedFor: 17,
    statements: [
      'ALTER TABLE public.songs ADD CONSTRAINT songs_id_not_null_check CHECK (id IS NOT NULL) NOT VALID',
      'ALTER TABLE public.songs ADD COLUMN artist text NOT NULL',
      'ALTER TABLE public.songs ADD COLUMN plays integer DEFAULT 0 NOT NULL',
      'ALTER TABLE public.songs VALIDATE CONSTRAINT songs_id_not_null_check',
      'ALTER TABLE public.songs ALTER COLUMN id SET NOT NULL',
      'ALTER TABLE public.songs DROP CONSTRAINT songs_id_not_null_check',
    ],
    hazards: [
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'fails when public.songs has rows',
      'ACCESS EXCLUSIVE lock on public.songs',
      'reads all of public.songs under a SHARE UPDATE EXCLUSIVE lock',
      'fails when id is null in a row',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
    ],
  },
  {
    name: 'a dropped column has the hazard of data loss',
    from: `create table songs (id integer primary key, title text unique, length integer, twice integer generated always as (length * 2) stored);
      create index on songs (length)`,
    to: 'create table songs (id integer primary key)',
    hazards: [
      'drops the index songs_length_idx: what needs it reads all of public.songs',
      'SHARE UPDATE EXCLUSIVE lock on public.songs',
      'runs only outside a transaction',
      'drops the index songs_title_key: what needs it reads all of public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'data loss: the values of public.songs.title',
      'ACCESS EXCLUSIVE lock on public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
      'data loss: the values of public.songs.length',
      'ACCESS EXCLUSIVE lock on public.songs',
    ],
    ownDatabases: true,
  },
  {
    name: 'serial becomes identity, and back',
    from: 'create table songs (id serial primary key, other integer generated by default as identity)',
    to: 'create table songs (id integer generated always as identity primary key, other serial)',
  },
  {
    name: 'options of an identity column',
    from: 'create table songs (id integer generated always as identity (start 5 increment 2 cycle), far bigint generated always as identity (maxvalue 9000000000))',
    to: 'create table songs (id integer generated by default as identity (minvalue -10 maxvalue 1000 cache 3), far integer generated always as identity)',
  },
  {
    name: 'generated columns are replaced; a stored one that becomes plain keeps its values',
    from: 'create table songs (a integer, b integer generated always as (a + 1) stored, c integer generated always as (a) stored, d integer)',
    to: 'create table songs (a integer, b integer generated always as (a + 2) stored, c integer, d integer generated always as (a) stored)',
    contains: ['DROP COLUMN d', 'ADD COLUMN d integer GENERATED ALWAYS AS (a) STORED'],
  },
  {
    name: 'storage, compression, statistics, options, collation',
    from: 'create table songs (a text, b text, c integer, d text)',
    to: `create table songs (a text compression pglz, b text collate "C", c integer, d text);
      alter table songs alter a set storage external, alter c set (n_distinct = 5), alter c set statistics 300`,
  },
  {
    name: 'names that need quotes',
    from: `create schema "Odd ""one"""; create table "Odd ""one"""."order" ("user" integer, "Mixed Case" text)`,
    to: `create schema "Odd ""one"""; create table "Odd ""one"""."order" ("user" bigint primary key, "Mixed Case" varchar(9) default 'it''s \\', "a.b" text, "select" integer unique);
      create index "Ünïcode" on "Odd ""one"""."order" ("a.b");
      comment on column "Odd ""one"""."order"."a.b" is 'with ''quotes'''`,
    ownDatabases: true,
  },
]

const tables: readonly DdlCase[] = [
  {
    name: 'a compact plan writes the constraints that need only the columns of their table inside it',
    compact: true,
    from: '',
    to: `create function is_code(text) returns boolean language sql immutable as 'select $1 <> $$$$';
      create table songs (id integer primary key, plays integer check (plays >= 0), code text unique check (is_code(code)),
        previous integer references songs);
      alter table songs add check (id < 9) not valid;
      comment on constraint songs_pkey on songs is 'as printed';
      create table others (id integer); create table covers (check (id > 0)) inherits (others);
      create table parts (id integer primary key, size integer check (size > 0)) partition by list (id)`,
    contains: [
      `  previous integer,
  CONSTRAINT songs_code_key UNIQUE (code),
  CONSTRAINT songs_pkey PRIMARY KEY (id),
  CONSTRAINT songs_plays_check CHECK ((plays >= 0))
)`,
      'ALTER TABLE public.covers ADD CONSTRAINT covers_id_check CHECK ((id > 0))',
      'ALTER TABLE ONLY public.parts ADD CONSTRAINT parts_pkey PRIMARY KEY (id)',
      'ALTER TABLE public.songs ADD CONSTRAINT songs_code_check CHECK (public.is_code(code))',
      'ALTER TABLE public.songs ADD CONSTRAINT songs_id_check CHECK ((id < 9)) NOT VALID',
      "COMMENT ON CONSTRAINT songs_pkey ON public.songs IS 'as printed'",
    ],
  },
  {
    name: 'tables that reference each other are created and dropped',
    from: '',
    to: `create table artists (id serial primary key, best integer);
      create table songs (id serial primary key, artist integer references artists);
      alter table artists add foreign key (best) references songs;
      create table loners (id integer primary key, friend integer references loners)`,
    contains: ['CREATE TABLE public.artists', 'CREATE TABLE public.songs', 'PRIMARY KEY', 'FOREIGN KEY'],
    hazards: [],
  },
  {
    name: 'foreign keys and checks are validated after they are added',
    from: 'create table artists (id integer primary key); create table songs (artist integer, plays integer)',
    to: 'create table artists (id integer primary key); create table songs (artist integer references artists, plays integer check (plays >= 0))',
    statements: [
      'ALTER TABLE public.songs ADD CONSTRAINT songs_artist_fkey FOREIGN KEY (artist) REFERENCES public.artists(id) NOT VALID',
      'ALTER TABLE public.songs ADD CONSTRAINT songs_plays_check CHECK ((plays >= 0)) NOT VALID',
      'ALTER TABLE public.songs VALIDATE CONSTRAINT songs_artist_fkey',
      'ALTER TABLE public.songs VALIDATE CONSTRAINT songs_plays_check',
    ],
    hazards: [
      'SHARE ROW EXCLUSIVE lock on public.songs',
      'SHARE ROW EXCLUSIVE lock on public.artists',
      'ACCESS EXCLUSIVE lock on public.songs',
      'reads all of public.songs under a SHARE UPDATE EXCLUSIVE lock',
      'fails when rows violate songs_artist_fkey',
      'reads all of public.songs under a SHARE UPDATE EXCLUSIVE lock',
      'fails when rows violate songs_plays_check',
    ],
  },
  {
    name: 'a referenced primary key changes together with the foreign key',
    from: 'create table artists (id integer primary key, code text not null unique); create table songs (artist integer references artists)',
    to: 'create table artists (id integer unique, code text primary key); create table songs (artist integer references artists (id) on delete cascade)',
    ownDatabases: true,
  },
  {
    name: 'settings of a table',
    from: `create table songs (id integer not null, title text, constraint songs_title_key unique (title));
      create unique index songs_id on songs (id)`,
    to: `create unlogged table songs (id integer not null, title text, constraint songs_title_key unique (title) with (fillfactor = 80)) with (fillfactor = 70, toast.autovacuum_enabled = false);
      create unique index songs_id on songs (id);
      alter table songs replica identity using index songs_id;
      alter table songs cluster on songs_title_key;
      alter table songs enable row level security, force row level security`,
  },
  {
    name: 'a partitioned table with indexes and keys of its partitions',
    from: 'create table artists (id integer primary key)',
    to: `create table artists (id integer primary key);
      create table plays (id integer, at date, artist integer references artists, primary key (id, at)) partition by range (at);
      create index plays_artist on plays (artist);
      create table plays_2025 partition of plays for values from ('2025-01-01') to ('2026-01-01');
      create table plays_2026 partition of plays for values from ('2026-01-01') to ('2027-01-01') partition by hash (id);
      create table plays_2026_rest partition of plays_2026 for values with (modulus 1, remainder 0);
      create index only_here on plays_2025 (id)`,
  },
  {
    name: 'one partition is added, one detached',
    from: `create table plays (id integer, at date, primary key (id, at), check (id > 0)) partition by range (at);
      create index plays_at on plays (at);
      create table plays_2024 partition of plays for values from ('2024-01-01') to ('2025-01-01')`,
    to: `create table plays (id integer, at date, primary key (id, at), check (id > 0)) partition by range (at);
      create index plays_at on plays (at);
      create table plays_2024 (id integer not null, at date not null, primary key (id, at), constraint plays_id_check check (id > 0));
      create index plays_2024_at_idx on plays_2024 (at);
      create table plays_2025 partition of plays for values from ('2025-01-01') to ('2026-01-01')`,
  },
  {
    name: 'partitioning an existing table is refused',
    from: 'create table plays (id integer, at date)',
    to: 'create table plays (id integer, at date) partition by range (at)',
    refused: ['table:public.plays'],
  },
  {
    name: 'inheritance',
    from: 'create table base (id integer, at date default now()); create table child (more text) inherits (base)',
    to: `create table base (id integer not null, at date default now(), kind text default 'x', check (id > 0)); create table child (more text) inherits (base);
      alter table child alter at drop default, alter kind set default 'y'`,
  },
  {
    name: 'a default calls a function that needs the table',
    from: '',
    to: `create table songs (id integer, rank integer);
      create function ranked(songs) returns integer language sql as 'select 1';
      create function many() returns setof songs language sql as 'select * from songs';
      create function next_rank() returns integer language sql as 'select count(*)::integer from songs';
      alter table songs alter rank set default next_rank();
      alter table songs add check (ranked(songs) > 0)`,
  },
  {
    name: 'an object of a different kind takes the name',
    from: 'create table songs (id integer); create view things as select 1 as one; create index songs_id on songs (id)',
    to: 'create view songs as select 1 as id; create table things (one integer); create sequence songs_id',
    ownDatabases: true,
  },
]

const others: readonly DdlCase[] = [
  {
    name: 'an enum loses a label that columns may contain',
    from: `create type mood as enum ('sad', 'ok', 'happy');
      create table people (id integer, mood mood default 'ok', moods mood[], check (mood <> 'sad'));
      create index glad on people (id) where mood = 'happy';
      create view happy as select id from people where mood = 'happy';
      create function is_sad(mood) returns boolean language sql immutable as 'select true'`,
    to: `create type mood as enum ('ok', 'happy');
      create table people (id integer, mood mood default 'ok', moods mood[], check (mood <> 'ok'));
      create index glad on people (id) where mood = 'happy';
      create view happy as select id from people where mood = 'happy';
      create function is_sad(mood) returns boolean language sql immutable as 'select true'`,
    contains: ['RENAME TO', 'CREATE TYPE public.mood', 'USING mood::text::public.mood', 'DROP TYPE'],
    ownDatabases: true,
  },
  {
    name: 'an index of an existing table is created concurrently',
    from: 'create table songs (id integer, title text, plays integer)',
    to: `create table songs (id integer, title text, plays integer);
      create unique index songs_title on songs (lower(title)) include (plays) with (fillfactor = 50) where id > 0;
      alter index songs_title alter column 1 set statistics 500`,
    statements: [
      `CREATE UNIQUE INDEX CONCURRENTLY songs_title ON public.songs USING btree (lower(title)) INCLUDE (plays) WITH (fillfactor='50') WHERE (id > 0)`,
      'ALTER INDEX public.songs_title ALTER COLUMN 1 SET STATISTICS 500',
    ],
    hazards: [
      'SHARE UPDATE EXCLUSIVE lock on public.songs',
      'fails when rows are duplicates for songs_title',
      'runs only outside a transaction',
    ],
    ownDatabases: true,
  },
  {
    name: 'a view that gains a column is replaced in place, one that loses a column is recreated',
    from: `create table songs (id integer, title text);
      create view more as select id from songs; create view fewer as select id, title from songs;
      create view on_fewer as select title from fewer`,
    to: `create table songs (id integer, title text);
      create view more as select id, title from songs; create view fewer as select title from songs;
      create view on_fewer as select title from fewer; alter view more alter title set default 'x'`,
    contains: ['DROP VIEW public.on_fewer', 'DROP VIEW public.fewer', 'CREATE OR REPLACE VIEW public.more'],
  },
  {
    name: 'a materialized view without rows',
    from: 'create materialized view one as select 1 as a; create materialized view two as select 2 as a',
    to: `create materialized view one as select 1 as a with no data; create materialized view two as select 3 as a with no data;
      alter materialized view one alter a set statistics 300, alter a set (n_distinct = 5);
      alter materialized view two alter a set statistics 200`,
    contains: ['REFRESH MATERIALIZED VIEW public.one WITH NO DATA'],
  },
  {
    name: 'sequences',
    since: 15,
    from: `create table songs (id integer, other integer);
      create sequence owned owned by songs.id; create sequence counted as integer minvalue 1 maxvalue 50;
      create sequence freed owned by songs.other`,
    to: `create table songs (id integer, more integer);
      create sequence owned owned by songs.more; create sequence counted as bigint minvalue 100 maxvalue 200 cycle increment 5;
      create sequence freed cache 7; create unlogged sequence made`,
  },
  {
    name: 'the sequence of an identity is unlogged or not, as its table or not',
    since: 15,
    setup: 'create table songs (id int generated always as identity);',
    from: `create table plays (id int generated always as identity);
      create unlogged table notes (id int generated always as identity);
      create table charts (id int); create unlogged table covers (id int)`,
    to: `alter sequence songs_id_seq set unlogged;
      create unlogged table plays (id int generated always as identity); alter sequence plays_id_seq set logged;
      create table notes (id int generated always as identity); alter sequence notes_id_seq set unlogged;
      create table charts (id int generated always as identity); alter sequence charts_id_seq set unlogged;
      create unlogged table covers (id int generated always as identity); alter sequence covers_id_seq set logged`,
  },
  {
    name: 'tables that refer to each other become unlogged',
    from: `create table artists (id int primary key, best int); create table songs (id int primary key references artists);
      create table albums (id int references songs)`,
    to: `create unlogged table artists (id int primary key, best int);
      create unlogged table songs (id int primary key references artists);
      create unlogged table albums (id int references songs)`,
  },
  {
    name: 'a table becomes unlogged, and the sequence that it owns does not, or does too',
    since: 15,
    from: 'create table songs (id serial, other serial)',
    to: `create unlogged table songs (id serial, other serial); alter sequence songs_id_seq set logged`,
  },
]

/** What changes on a table with rows while others read and write it. */
const online: readonly DdlCase[] = [
  {
    name: 'an index that changes is built beside the old one',
    from: `create table songs (id integer not null, plays integer not null, gone integer); create unique index songs_id on songs (id, gone);
      create index songs_plays on songs (plays); comment on index songs_plays is 'plain'; alter table songs cluster on songs_plays`,
    to: `create table songs (id integer not null, plays integer not null, came integer); create unique index songs_id on songs (id, came);
      create unique index songs_plays on songs ((plays + 1)); comment on index songs_plays is 'by next'; alter table songs cluster on songs_plays;
      alter index songs_plays alter column 1 set statistics 50`,
    statements: [
      'ALTER TABLE public.songs ADD COLUMN came integer',
      'CREATE UNIQUE INDEX CONCURRENTLY songs_id__new ON public.songs USING btree (id, came)',
      'ALTER INDEX public.songs_id RENAME TO songs_id__old',
      'ALTER INDEX public.songs_id__new RENAME TO songs_id',
      'DROP INDEX CONCURRENTLY public.songs_id__old',
      'ALTER TABLE public.songs DROP COLUMN gone',
      'CREATE UNIQUE INDEX CONCURRENTLY songs_plays__new ON public.songs USING btree (((plays + 1)))',
      'ALTER INDEX public.songs_plays RENAME TO songs_plays__old',
      'ALTER INDEX public.songs_plays__new RENAME TO songs_plays',
      'ALTER TABLE public.songs CLUSTER ON songs_plays',
      'ALTER INDEX public.songs_plays ALTER COLUMN 1 SET STATISTICS 50',
      "COMMENT ON INDEX public.songs_plays IS 'by next'",
      'DROP INDEX CONCURRENTLY public.songs_plays__old',
    ],
    ownDatabases: true,
  },
  {
    name: 'the replica identity goes to the new index before the old one is dropped',
    from: `create table songs (id integer not null, plays integer not null); create unique index ids on songs (id);
      alter table songs replica identity using index ids`,
    to: `create table songs (id integer not null, plays integer not null); create unique index ids on songs (id, plays);
      alter table songs replica identity using index ids`,
    contains: [
      'INDEX CONCURRENTLY ids__new',
      'ids__new RENAME TO ids',
      'REPLICA IDENTITY USING INDEX ids',
      'DROP INDEX CONCURRENTLY public.ids__old',
    ],
    ownDatabases: true,
  },
  {
    name: 'what an interrupted build left is dropped first, and a name that is taken is not used',
    from: `create table songs (id integer, plays integer); create index ids__new on songs (id); create index ids on songs (id);
      create index plays__old on songs (plays); create index plays on songs (plays)`,
    to: `create table songs (id integer, plays integer); create index ids on songs (id desc);
      create index plays__old on songs (plays); create index plays on songs (plays desc)`,
    contains: [
      'DROP INDEX CONCURRENTLY public.ids__new',
      'CREATE INDEX CONCURRENTLY ids__new',
      'ALTER INDEX public.plays RENAME TO plays__old2',
      'DROP INDEX CONCURRENTLY public.plays__old2',
    ],
    ownDatabases: true,
  },
  {
    name: 'the index of a key that changes is built before the old one is dropped',
    from: `create table songs (id integer not null, plays integer not null, code text, constraint songs_pkey primary key (id),
      constraint codes unique (code)); comment on constraint codes on songs is 'all'; create table likes (code text references songs (code))`,
    to: `create table songs (id integer not null, plays integer not null, code text, constraint songs_pkey primary key (id, plays),
      constraint codes unique (code) include (plays) deferrable initially deferred); comment on constraint codes on songs is 'all';
      create table likes (code text)`,
    statements: [
      'ALTER TABLE public.likes DROP CONSTRAINT likes_code_fkey',
      'CREATE UNIQUE INDEX CONCURRENTLY codes__new ON public.songs (code) INCLUDE (plays)',
      'ALTER TABLE public.songs DROP CONSTRAINT codes, ADD CONSTRAINT codes UNIQUE USING INDEX codes__new DEFERRABLE INITIALLY DEFERRED',
      "COMMENT ON CONSTRAINT codes ON public.songs IS 'all'",
      'CREATE UNIQUE INDEX CONCURRENTLY songs_pkey__new ON public.songs (id, plays)',
      'ALTER TABLE public.songs DROP CONSTRAINT songs_pkey, ADD CONSTRAINT songs_pkey PRIMARY KEY USING INDEX songs_pkey__new',
    ],
    ownDatabases: true,
  },
  {
    name: 'a foreign key is only dropped when the new index of its key is built',
    from: `create table songs (id integer, plays integer, constraint ids unique (id)); create table likes (song integer references songs (id))`,
    to: `create table songs (id integer, plays integer, constraint ids unique (id) include (plays)); create table likes (song integer references songs (id))`,
    statements: [
      'CREATE UNIQUE INDEX CONCURRENTLY ids__new ON public.songs (id) INCLUDE (plays)',
      'ALTER TABLE public.likes DROP CONSTRAINT likes_song_fkey',
      'ALTER TABLE public.songs DROP CONSTRAINT ids, ADD CONSTRAINT ids UNIQUE USING INDEX ids__new',
      'ALTER TABLE public.likes ADD CONSTRAINT likes_song_fkey FOREIGN KEY (song) REFERENCES public.songs(id) NOT VALID',
      'ALTER TABLE public.likes VALIDATE CONSTRAINT likes_song_fkey',
    ],
    ownDatabases: true,
  },
  {
    name: 'a foreign key is made when no index is left that is to be dropped',
    from: `create table songs (id integer, code integer, constraint ids unique (id), constraint codes unique (code));
      create unique index other on songs (id); create table plays (id integer, length integer); create unique index p on plays (id);
      create table likes (song integer references songs (id))`,
    to: `create table songs (id integer, code integer, constraint ids unique (code), constraint codes unique (id));
      create table plays (id integer, length integer); create unique index p on plays (id) include (length);
      create table likes (song integer references songs (id), play integer references plays (id))`,
    contains: ['INDEX CONCURRENTLY public.p__old', 'FOREIGN KEY (play)', 'FOREIGN KEY (song)'],
    ownDatabases: true,
  },
  {
    name: 'a unique index becomes that of a key with its name, and back',
    from: `create table songs (code integer, id integer); create unique index codes on songs (code); create unique index ids on songs (id);
      create table likes (code integer); alter table likes add constraint f foreign key (code) references songs (code) not valid`,
    to: `create table songs (code integer, id integer, constraint codes unique (code), constraint ids primary key (id));
      create table likes (code integer, constraint f foreign key (code) references songs (code))`,
    contains: [
      'ADD CONSTRAINT codes UNIQUE USING INDEX codes',
      'ADD CONSTRAINT ids PRIMARY KEY USING INDEX ids',
      'VALIDATE CONSTRAINT f',
    ],
    ownDatabases: true,
  },
  {
    name: 'an index is dropped without a lock that others wait for, after others are built',
    from: 'create table songs (id integer, plays integer); create index ids on songs (id)',
    to: 'create table songs (id integer, plays integer); create index ids_plays on songs (id, plays)',
    statements: [
      'CREATE INDEX CONCURRENTLY ids_plays ON public.songs USING btree (id, plays)',
      'DROP INDEX CONCURRENTLY public.ids',
    ],
    hazards: [
      'SHARE UPDATE EXCLUSIVE lock on public.songs',
      'runs only outside a transaction',
      'drops the index ids: what needs it reads all of public.songs',
      'SHARE UPDATE EXCLUSIVE lock on public.songs',
      'runs only outside a transaction',
    ],
    ownDatabases: true,
  },
  {
    name: 'NOT NULL is validated in a transaction of its own, also for tables below',
    since: 18,
    from: `create table songs (id integer, title text); create table parts (id integer) partition by list (id);
      create table part partition of parts for values in (1)`,
    to: `create table songs (id integer not null, title text constraint titled not null); create table parts (id integer not null) partition by list (id);
      create table part partition of parts for values in (1)`,
    statements: [
      'ALTER TABLE public.parts ADD CONSTRAINT parts_id_not_null NOT NULL id NOT VALID',
      'ALTER TABLE public.songs ADD CONSTRAINT songs_id_not_null NOT NULL id NOT VALID',
      'ALTER TABLE public.songs ADD CONSTRAINT titled NOT NULL title NOT VALID',
      'ALTER TABLE public.parts VALIDATE CONSTRAINT parts_id_not_null',
      'ALTER TABLE public.songs VALIDATE CONSTRAINT songs_id_not_null',
      'ALTER TABLE public.songs VALIDATE CONSTRAINT titled',
    ],
  },
  {
    name: 'a foreign key of a partitioned table is validated after it is added',
    since: 18,
    from: `create table songs (id integer primary key); create table likes (song integer) partition by list (song);
      create table likes_1 partition of likes for values in (1)`,
    to: `create table songs (id integer primary key); create table likes (song integer references songs) partition by list (song);
      create table likes_1 partition of likes for values in (1)`,
    statements: [
      'ALTER TABLE public.likes ADD CONSTRAINT likes_song_fkey FOREIGN KEY (song) REFERENCES public.songs(id) NOT VALID',
      'ALTER TABLE public.likes VALIDATE CONSTRAINT likes_song_fkey',
    ],
  },
  {
    name: 'a table is written again once for all changes that need it',
    since: 17,
    rows: 'insert into songs (id, plays) values (1, 2)',
    from: 'create table songs (id integer primary key, plays integer, twice integer generated always as (plays * 2) stored, other text)',
    to: `create table songs (id bigint primary key, plays integer, twice integer generated always as (plays * 3) stored, other integer,
      code uuid default gen_random_uuid(), half integer default 4, quarter integer generated always as (half / 2) stored)`,
    statements: [
      'ALTER TABLE public.songs ADD COLUMN half integer DEFAULT 4',
      'ALTER TABLE public.songs ALTER COLUMN id TYPE bigint, ALTER COLUMN other TYPE integer USING other::integer, ADD COLUMN code uuid DEFAULT gen_random_uuid(), ADD COLUMN quarter integer GENERATED ALWAYS AS ((half / 2)) STORED',
      'ALTER TABLE public.songs ALTER COLUMN twice SET EXPRESSION AS ((plays * 3))',
    ],
  },
]

t.jobs = 3
t.test('columns', async (t2) => testDdlCases(t2, columns))
t.test('tables', async (t2) => testDdlCases(t2, tables))
t.test('others', async (t2) => testDdlCases(t2, others))
t.test('online', async (t2) => testDdlCases(t2, online))
