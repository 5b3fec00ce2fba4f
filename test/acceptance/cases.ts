/** What migrations promise, what a database is like instead, and every difference that must be found. */
export interface Case {
  readonly name: string
  readonly promised: string
  /** Builds the live database from nothing, as `promised` does. */
  readonly live: string
  /** A statement run on the live database after that, outside a transaction, and the SQLSTATE it fails with. */
  readonly failing?: { readonly sql: string; readonly code: string }
  /** In reading order: `missing column:public.songs.title (breaks)`, `changed table:public.songs unlogged (weakens)`. */
  readonly differences: readonly string[]
  /** The first major version of PostgreSQL that knows the statements. */
  readonly since?: number
}

const songs = 'create table songs (id int primary key, title text not null);'
const plays = 'create table songs (id int primary key, plays int);'
const mood = `create type mood as enum ('sad', 'ok');`
const chart = `${songs} create materialized view chart as select id, title from songs;`
const add = `create function add(a int, b int) returns int language sql immutable as 'select a + b';`
const touch = `create function touch() returns trigger language plpgsql as 'begin return new; end';`
const touching = `${songs} ${touch} create trigger touched before insert on songs for each row execute function touch();`
const seen = `${songs} create policy seen on songs for select to pg_monitor using (id > 0);`
const events = 'create table events (day date not null) partition by range (day);'
const year = `create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');`

const schemas: readonly Case[] = [
  {
    name: 'a schema is missing, with what is in it',
    promised: 'create schema music; create table music.songs (id int)',
    live: '',
    differences: [
      'missing schema:music (breaks)',
      'missing table:music.songs (breaks)',
      'missing column:music.songs.id (breaks)',
    ],
  },
  {
    name: 'a schema more harms nobody',
    promised: '',
    live: 'create schema music; create table music.songs (id int not null)',
    differences: [
      'unexpected schema:music (harmless)',
      'unexpected table:music.songs (harmless)',
      'unexpected column:music.songs.id (harmless)',
    ],
  },
  {
    name: 'a table is in another schema',
    promised: 'create schema music; create table songs (id int)',
    live: 'create schema music; create table music.songs (id int)',
    differences: [
      'unexpected table:music.songs (harmless)',
      'unexpected column:music.songs.id (harmless)',
      'missing table:public.songs (breaks)',
      'missing column:public.songs.id (breaks)',
    ],
  },
  {
    name: 'an extension is missing',
    promised: 'create extension citext',
    live: '',
    differences: ['missing extension:citext (breaks)'],
  },
  {
    name: 'an extension is in another schema',
    promised: 'create extension citext',
    live: 'create schema ext; create extension citext schema ext',
    differences: ['changed extension:citext schema (harmless)', 'unexpected schema:ext (harmless)'],
  },
  {
    name: 'what an extension brings is the extension: types, functions, views, tables',
    promised: '',
    live: `create extension citext; create extension tablefunc; create extension pg_stat_statements; create extension lo;`,
    differences: [
      'unexpected extension:citext (harmless)',
      'unexpected extension:lo (harmless)',
      'unexpected extension:pg_stat_statements (harmless)',
      'unexpected extension:tablefunc (harmless)',
    ],
  },
  {
    name: 'what was added to an extension is the extension, with all that belongs to it',
    promised: 'create extension citext',
    live: `create extension citext; create schema music; create table music.songs (id serial primary key, title text);
      create index on music.songs (title); create policy seen on music.songs using (true);
      alter extension citext add schema music; alter extension citext add table music.songs;
      alter extension citext add sequence music.songs_id_seq`,
    differences: [],
  },
]

const tables: readonly Case[] = [
  {
    name: 'a table is missing, with what belongs to it',
    promised: `${touching} create index songs_title on songs (title); create policy seen on songs using (true)`,
    live: touch,
    differences: [
      'missing table:public.songs (breaks)',
      'missing column:public.songs.id (breaks)',
      'missing column:public.songs.title (breaks)',
      'missing constraint:public.songs.songs_pkey (weakens)',
      'missing index:public.songs.songs_title (slows)',
      'missing policy:public.songs.seen (weakens)',
      'missing trigger:public.songs.touched (weakens)',
    ],
  },
  {
    name: 'a table more harms nobody, whatever belongs to it',
    promised: touch,
    live: `${touching} create unique index songs_title on songs (title); create policy seen on songs using (true)`,
    differences: [
      'unexpected table:public.songs (harmless)',
      'unexpected column:public.songs.id (harmless)',
      'unexpected column:public.songs.title (harmless)',
      'unexpected constraint:public.songs.songs_pkey (harmless)',
      'unexpected index:public.songs.songs_title (harmless)',
      'unexpected policy:public.songs.seen (harmless)',
      'unexpected trigger:public.songs.touched (harmless)',
    ],
  },
  {
    name: 'a table does not survive a crash',
    promised: songs,
    live: `${songs} alter table songs set unlogged`,
    differences: ['changed table:public.songs unlogged (weakens)'],
  },
  {
    name: 'row security is enabled, and forced',
    promised: songs,
    live: `${songs} alter table songs enable row level security, force row level security`,
    differences: ['changed table:public.songs forceRowSecurity, rowSecurity (breaks)'],
  },
  {
    name: 'row security is disabled',
    promised: `${seen} alter table songs enable row level security`,
    live: seen,
    differences: ['changed table:public.songs rowSecurity (weakens)'],
  },
  {
    name: 'a table is partitioned otherwise',
    promised: events,
    live: 'create table events (day date not null) partition by list (day)',
    differences: ['changed table:public.events partitionedBy (breaks)'],
  },
  {
    name: 'a table is not partitioned',
    promised: events,
    live: 'create table events (day date not null)',
    differences: ['changed table:public.events partitionedBy (breaks)'],
  },
  {
    name: 'a partition is detached',
    promised: `${events} ${year}`,
    live: `${events} ${year} alter table events detach partition events_2026`,
    differences: ['changed table:public.events_2026 parents, partition (breaks)'],
  },
  {
    name: 'a partition has other bounds',
    promised: `${events} ${year}`,
    live: `${events} create table events_2026 partition of events for values from ('2026-01-01') to ('2026-07-01')`,
    differences: ['changed table:public.events_2026 partition (breaks)'],
  },
  {
    name: 'a partition more harms nobody',
    promised: `${events} create index events_day on events (day)`,
    live: `${events} create index events_day on events (day); ${year}`,
    differences: [
      'unexpected table:public.events_2026 (harmless)',
      'unexpected column:public.events_2026.day (harmless)',
      'unexpected index:public.events_2026.events_2026_day_idx (harmless)',
    ],
  },
  {
    name: 'a table no longer inherits',
    promised: 'create table media (id int); create table songs () inherits (media)',
    live: 'create table media (id int); create table songs (id int)',
    differences: ['changed table:public.songs parents (breaks)'],
  },
]

const columns: readonly Case[] = [
  {
    name: 'a column is missing',
    promised: songs,
    live: 'create table songs (id int primary key)',
    differences: ['missing column:public.songs.title (breaks)'],
  },
  {
    name: 'a column is renamed',
    promised: 'create table songs (id int, title text)',
    live: 'create table songs (id int, title text); alter table songs rename title to name',
    differences: [
      'unexpected column:public.songs.name (harmless)',
      'missing column:public.songs.title (breaks)',
    ],
  },
  {
    name: 'columns more break only if inserts must name them',
    promised: songs,
    live: `${songs} alter table songs
      add a text, add b text not null, add c text not null default '', add d text default '',
      add e int generated always as identity, add f int not null generated always as (id) stored`,
    differences: [
      'unexpected column:public.songs.a (harmless)',
      'unexpected column:public.songs.b (breaks)',
      'unexpected column:public.songs.c (harmless)',
      'unexpected column:public.songs.d (harmless)',
      'unexpected column:public.songs.e (harmless)',
      'unexpected column:public.songs.f (harmless)',
    ],
  },
  {
    name: 'columns have another type or type modifier',
    promised: `create table songs (a int, b varchar(100), c numeric(10, 2), d timestamptz(3), e text[], f bit(3))`,
    live: `create table songs (a bigint, b varchar(50), c numeric(10, 4), d timestamptz, e text, f bit(4))`,
    differences: [
      'changed column:public.songs.a type (weakens)',
      'changed column:public.songs.b type (breaks)',
      'changed column:public.songs.c type (breaks)',
      'changed column:public.songs.d type (harmless)',
      'changed column:public.songs.e type (breaks)',
      'changed column:public.songs.f type (breaks)',
    ],
  },
  {
    name: 'a column has a type of the same name from another schema',
    promised: `${mood} create schema music; create type music.mood as enum ('sad'); create table songs (mood mood)`,
    live: `${mood} create schema music; create type music.mood as enum ('sad'); create table songs (mood music.mood)`,
    differences: ['changed column:public.songs.mood type (breaks)'],
  },
  {
    name: 'a column accepts nulls, another no longer does',
    promised: 'create table songs (title text not null, year int)',
    live: 'create table songs (title text, year int not null)',
    differences: [
      'changed column:public.songs.title nullable (weakens)',
      'changed column:public.songs.year nullable (breaks)',
    ],
  },
  {
    name: 'nulls stored before a column refused them were never looked for',
    promised: 'create table songs (title text not null)',
    live: 'create table songs (title text); alter table songs add constraint n not null title not valid',
    differences: ['changed column:public.songs.title notNullName, valid (weakens)'],
    since: 18,
  },
  {
    name: 'defaults are missing, another one, or more than promised',
    promised: `create table songs (a text default '', b int default 1, c int, d timestamptz default now())`,
    live: `create table songs (a text, b int default 2, c int default 0, d timestamptz default current_timestamp)`,
    differences: [
      'changed column:public.songs.a default (weakens)',
      'changed column:public.songs.b default (weakens)',
      'changed column:public.songs.c default (weakens)',
      'changed column:public.songs.d default (weakens)',
    ],
  },
  {
    name: 'identities are missing or of the other kind',
    promised:
      'create table songs (a int generated always as identity, b int generated by default as identity)',
    live: 'create table songs (a int generated by default as identity, b int not null)',
    differences: [
      'changed column:public.songs.a identity (weakens)',
      'changed column:public.songs.b identity (breaks)',
    ],
  },
  {
    name: 'a serial column has lost its sequence',
    promised: 'create table songs (id serial)',
    live: 'create table songs (id int not null)',
    differences: [
      'changed column:public.songs.id default (breaks)',
      'missing sequence:public.songs_id_seq (breaks)',
    ],
  },
  {
    name: 'stored columns are generated otherwise, or are plain',
    promised: `create table songs (a int, b int generated always as (a + 1) stored, c int generated always as (a) stored)`,
    live: `create table songs (a int, b int generated always as (a + 2) stored, c int default 0)`,
    differences: [
      'changed column:public.songs.b generated (weakens)',
      'changed column:public.songs.c default, generated (breaks)',
    ],
  },
  {
    name: 'virtual columns are generated otherwise, or stored',
    promised: `create table songs (a int, b int generated always as (a + 1) virtual, c int generated always as (a) virtual)`,
    live: `create table songs (a int, b int generated always as (a + 2) virtual, c int generated always as (a) stored)`,
    differences: [
      'changed column:public.songs.b generated (weakens)',
      'changed column:public.songs.c generated (slows)',
    ],
    since: 18,
  },
  {
    name: 'columns sort otherwise',
    promised: 'create table songs (a text, b text collate "C")',
    live: 'create table songs (a text collate "POSIX", b text)',
    differences: [
      'changed column:public.songs.a collation (weakens)',
      'changed column:public.songs.b collation (weakens)',
    ],
  },
]

const constraints: readonly Case[] = [
  {
    name: 'constraints of each type are missing',
    promised: `create table songs (id int primary key, title text unique, year int check (year > 1900),
      of int references songs, slot int4range, exclude using gist (slot with &&))`,
    live: 'create table songs (id int not null, title text, year int, of int, slot int4range)',
    differences: [
      'missing constraint:public.songs.songs_of_fkey (weakens)',
      'missing constraint:public.songs.songs_pkey (weakens)',
      'missing constraint:public.songs.songs_slot_excl (weakens)',
      'missing constraint:public.songs.songs_title_key (weakens)',
      'missing constraint:public.songs.songs_year_check (weakens)',
    ],
  },
  {
    name: 'constraints of each type more refuse rows',
    promised: 'create table songs (id int not null, title text, year int, of int, slot int4range)',
    live: `create table songs (id int primary key, title text unique, year int check (year > 1900),
      of int references songs, slot int4range, exclude using gist (slot with &&))`,
    differences: [
      'unexpected constraint:public.songs.songs_of_fkey (breaks)',
      'unexpected constraint:public.songs.songs_pkey (breaks)',
      'unexpected constraint:public.songs.songs_slot_excl (breaks)',
      'unexpected constraint:public.songs.songs_title_key (breaks)',
      'unexpected constraint:public.songs.songs_year_check (breaks)',
    ],
  },
  {
    name: 'constraints of each type refuse other rows',
    promised: `create table songs (id int, n int, slot int4range,
      constraint a primary key (id), constraint b unique (n), constraint c check (n > 0),
      constraint d foreign key (n) references songs on delete cascade, constraint e exclude using gist (slot with &&))`,
    live: `create table songs (id int, n int, slot int4range,
      constraint a primary key (id, n), constraint b unique (n, id), constraint c check (n >= 0),
      constraint e exclude using gist (slot with =), constraint f unique (id));
      alter table songs add constraint d foreign key (n) references songs (id) on delete set null`,
    differences: [
      'changed column:public.songs.n nullable (breaks)',
      'changed constraint:public.songs.a definition (breaks)',
      'changed constraint:public.songs.b definition (breaks)',
      'changed constraint:public.songs.c definition (breaks)',
      'changed constraint:public.songs.d definition (breaks)',
      'changed constraint:public.songs.e definition (breaks)',
      'unexpected constraint:public.songs.f (breaks)',
    ],
  },
  {
    name: 'a constraint of the same name is of another type',
    promised: 'create table songs (n int, constraint c check (n > 0))',
    live: 'create table songs (n int, constraint c unique (n))',
    differences: ['changed constraint:public.songs.c definition, type (breaks)'],
  },
  {
    name: 'constraints are checked later than promised, or at once',
    promised: `create table songs (a int, b int, constraint a unique (a), constraint b unique (b) deferrable)`,
    live: `create table songs (a int, b int, constraint a unique (a) deferrable initially deferred, constraint b unique (b))`,
    differences: [
      'changed constraint:public.songs.a definition (breaks)',
      'changed constraint:public.songs.b definition (breaks)',
    ],
  },
  {
    name: 'nulls count as duplicates',
    since: 15,
    promised: 'create table songs (n int constraint n unique)',
    live: 'create table songs (n int, constraint n unique nulls not distinct (n))',
    differences: ['changed constraint:public.songs.n definition (breaks)'],
  },
  {
    name: 'old rows were never checked against a constraint',
    promised: `${plays} alter table songs add constraint c check (plays > 0), add constraint f foreign key (plays) references songs`,
    live: `${plays} alter table songs add constraint c check (plays > 0) not valid, add constraint f foreign key (plays) references songs not valid`,
    differences: [
      'changed constraint:public.songs.c valid (weakens)',
      'changed constraint:public.songs.f valid (weakens)',
    ],
  },
  {
    name: 'a constraint was validated since',
    promised: `${plays} alter table songs add constraint c check (plays > 0) not valid`,
    live: `${plays} alter table songs add constraint c check (plays > 0) not valid; alter table songs validate constraint c`,
    differences: ['changed constraint:public.songs.c valid (harmless)'],
  },
  {
    name: 'a constraint is not enforced',
    promised: `${plays} alter table songs add constraint c check (plays > 0)`,
    live: `${plays} alter table songs add constraint c check (plays > 0) not enforced`,
    differences: ['changed constraint:public.songs.c definition, enforced (weakens)'],
    since: 18,
  },
  {
    name: 'a constraint is renamed',
    promised: songs,
    live: `${songs} alter table songs rename constraint songs_pkey to songs_key`,
    differences: [
      'unexpected constraint:public.songs.songs_key (breaks)',
      'missing constraint:public.songs.songs_pkey (weakens)',
    ],
  },
]

const indexes: readonly Case[] = [
  {
    name: 'an index is missing, a unique one too',
    promised: `${plays} create index i on songs (plays); create unique index u on songs (plays)`,
    live: plays,
    differences: ['missing index:public.songs.i (slows)', 'missing index:public.songs.u (weakens)'],
  },
  {
    name: 'an index more, a unique one too',
    promised: plays,
    live: `${plays} create index i on songs (plays); create unique index u on songs (plays)`,
    differences: ['unexpected index:public.songs.i (harmless)', 'unexpected index:public.songs.u (breaks)'],
  },
  {
    name: 'indexes have other columns, order, condition, expression, method',
    promised: `create table songs (a int, b int, t text); create index i1 on songs (a); create index i2 on songs (a, b);
      create index i3 on songs (a) where b > 0; create index i4 on songs (lower(t)); create index i5 on songs (a)`,
    live: `create table songs (a int, b int, t text); create index i1 on songs (b); create index i2 on songs (b desc, a);
      create index i3 on songs (a) where b > 1; create index i4 on songs (upper(t)); create index i5 on songs using hash (a)`,
    differences: [
      'changed index:public.songs.i1 definition (slows)',
      'changed index:public.songs.i2 definition (slows)',
      'changed index:public.songs.i3 definition (slows)',
      'changed index:public.songs.i4 definition (slows)',
      'changed index:public.songs.i5 definition (slows)',
    ],
  },
  {
    name: 'an index is no longer unique, another is',
    promised: `${plays} create unique index a on songs (plays); create index b on songs (plays)`,
    live: `${plays} create index a on songs (plays); create unique index b on songs (plays)`,
    differences: [
      'changed index:public.songs.a definition, unique (weakens)',
      'changed index:public.songs.b definition, unique (breaks)',
    ],
  },
  {
    name: 'a unique index stands where a unique constraint is promised',
    promised: 'create table songs (n int constraint songs_n unique)',
    live: 'create table songs (n int); create unique index songs_n on songs (n)',
    differences: [
      'missing constraint:public.songs.songs_n (weakens)',
      'unexpected index:public.songs.songs_n (breaks)',
    ],
  },
  {
    name: 'a unique index that a foreign key needs is an index, not a constraint',
    promised: `create table songs (title text, of text); create unique index u on songs (title);
      alter table songs add foreign key (of) references songs (title)`,
    live: 'create table songs (title text, of text)',
    differences: [
      'missing constraint:public.songs.songs_of_fkey (weakens)',
      'missing index:public.songs.u (weakens)',
    ],
  },
  {
    name: 'a unique index that failed on duplicates is there, invalid, and enforces nothing',
    promised: `${plays} create unique index u on songs (plays)`,
    live: `${plays} insert into songs values (1, 5), (2, 5)`,
    failing: { sql: 'create unique index concurrently u on songs (plays)', code: '23505' },
    differences: ['changed index:public.songs.u valid (weakens)'],
  },
  {
    name: 'an index that failed halfway is there, invalid, and used for nothing',
    promised: `${plays} create index i on songs ((1 / plays))`,
    live: `${plays} insert into songs values (1, 0)`,
    failing: { sql: 'create index concurrently i on songs ((1 / plays))', code: '22012' },
    differences: ['changed index:public.songs.i valid (slows)'],
  },
  {
    name: 'an index of a partitioned table lacks one of a partition',
    promised: `${events} ${year} create index i on events (day)`,
    live: `${events} ${year} create index i on only events (day)`,
    differences: [
      'changed index:public.events.i valid (slows)',
      'missing index:public.events_2026.events_2026_day_idx (slows)',
    ],
  },
  {
    name: 'the unique index of a materialized view, needed to refresh it concurrently, is missing',
    promised: `${chart} create unique index chart_id on chart (id)`,
    live: chart,
    differences: ['missing index:public.chart.chart_id (weakens)'],
  },
]

const sequences: readonly Case[] = [
  {
    name: 'a sequence is missing',
    promised: 'create sequence numbers',
    live: '',
    differences: ['missing sequence:public.numbers (breaks)'],
  },
  {
    name: 'a sequence more harms nobody',
    promised: '',
    live: 'create sequence numbers',
    differences: ['unexpected sequence:public.numbers (harmless)'],
  },
  {
    name: 'a sequence deals other values',
    promised: 'create sequence numbers',
    live: 'create sequence numbers as int start 7 increment 2 minvalue 5 maxvalue 99 cache 3 cycle',
    differences: ['changed sequence:public.numbers cache, cycle, increment, max, min, start, type (weakens)'],
  },
  {
    name: 'values beyond what JavaScript counts exactly are told apart',
    promised: 'create sequence numbers maxvalue 9007199254740993',
    live: 'create sequence numbers maxvalue 9007199254740992',
    differences: ['changed sequence:public.numbers max (weakens)'],
  },
  {
    name: 'how far a sequence was drawn is no difference',
    promised: 'create sequence numbers',
    live: `create sequence numbers; select nextval('numbers'); select setval('numbers', 500)`,
    differences: [],
  },
  {
    name: 'a sequence belongs to another column, or to none',
    promised:
      'create table songs (id serial, n int); create sequence numbers; alter sequence numbers owned by songs.n',
    live: 'create table songs (id serial, n int); create sequence numbers; alter sequence songs_id_seq owned by songs.n',
    differences: [
      'changed sequence:public.numbers ownedBy (harmless)',
      'changed sequence:public.songs_id_seq ownedBy (harmless)',
    ],
  },
]

const types: readonly Case[] = [
  {
    name: 'types of each kind are missing',
    promised: `${mood} create domain year as int; create type pair as (a int, b text)`,
    live: '',
    differences: [
      'missing enum:public.mood (breaks)',
      'missing composite:public.pair (breaks)',
      'missing domain:public.year (breaks)',
    ],
  },
  {
    name: 'types of each kind more harm nobody',
    promised: '',
    live: `${mood} create domain year as int; create type pair as (a int, b text)`,
    differences: [
      'unexpected enum:public.mood (harmless)',
      'unexpected composite:public.pair (harmless)',
      'unexpected domain:public.year (harmless)',
    ],
  },
  {
    name: 'an enum has a label more, wherever it stands',
    promised: mood,
    live: `${mood} alter type mood add value 'fine' before 'ok'; alter type mood add value 'happy'`,
    differences: ['changed enum:public.mood labels (harmless)'],
  },
  {
    name: 'an enum lacks a label, another has one renamed',
    promised: `${mood} create type size as enum ('s', 'l')`,
    live: `create type mood as enum ('sad'); create type size as enum ('s', 'xl')`,
    differences: ['changed enum:public.mood labels (breaks)', 'changed enum:public.size labels (breaks)'],
  },
  {
    name: 'a domain has another type, nullability, default, collation, check',
    promised: `create domain a as int; create domain b as int; create domain c as int default 1;
      create domain d as text; create domain e as int check (value > 0); create domain f as int`,
    live: `create domain a as bigint; create domain b as int not null; create domain c as int default 2;
      create domain d as text collate "C"; create domain e as int check (value >= 0);
      create domain f as int constraint c check (value > 0)`,
    differences: [
      'changed domain:public.a type (weakens)',
      'changed domain:public.b nullable (breaks)',
      'changed domain:public.c default (weakens)',
      'changed domain:public.d collation (weakens)',
      'changed domain:public.e constraints (breaks)',
      'changed domain:public.f constraints (breaks)',
    ],
  },
  {
    name: 'a composite type has other attributes',
    promised: 'create type a as (x int, y text); create type b as (x int); create type c as (x int, y int)',
    live: 'create type a as (x int, y varchar(9)); create type b as (x int, z int); create type c as (y int, x int)',
    differences: [
      'changed composite:public.a attributes (breaks)',
      'changed composite:public.b attributes (breaks)',
      'changed composite:public.c attributes (breaks)',
    ],
  },
]

const views: readonly Case[] = [
  {
    name: 'a view is missing, a materialized one too',
    promised: `${chart} create view hits as select id from songs`,
    live: songs,
    differences: ['missing materialized_view:public.chart (breaks)', 'missing view:public.hits (breaks)'],
  },
  {
    name: 'a view more harms nobody, nor do its indexes and triggers',
    promised: `${songs} ${touch}`,
    live: `${chart} ${touch} create unique index chart_id on chart (id); create view hits as select id from songs;
      create trigger touched instead of insert on hits for each row execute function touch()`,
    differences: [
      'unexpected materialized_view:public.chart (harmless)',
      'unexpected index:public.chart.chart_id (harmless)',
      'unexpected view:public.hits (harmless)',
      'unexpected trigger:public.hits.touched (harmless)',
    ],
  },
  {
    name: 'views select something else',
    promised: `${chart} create view hits as select id from songs`,
    live: `${songs} create materialized view chart as select id from songs; create view hits as select id from songs where id > 1`,
    differences: [
      'changed materialized_view:public.chart columns, definition (breaks)',
      'changed view:public.hits definition (weakens)',
    ],
  },
  {
    name: 'a view runs with the rights of its caller',
    since: 15,
    promised: `${songs} create view hits as select id from songs`,
    live: `${songs} create view hits with (security_invoker) as select id from songs`,
    differences: ['changed view:public.hits options (breaks)'],
  },
  {
    name: 'a view of every column does not grow with its table',
    promised: `${songs} alter table songs add year int; create view hits as select * from songs`,
    live: `${songs} create view hits as select * from songs; alter table songs add year int`,
    differences: ['changed view:public.hits columns, definition (breaks)'],
  },
  {
    name: 'a view writes nothing: its trigger is missing, another is there',
    promised: `${songs} ${touch} create view hits as select id from songs;
      create trigger a instead of insert on hits for each row execute function touch()`,
    live: `${songs} ${touch} create view hits as select id from songs;
      create trigger b instead of insert on hits for each row execute function touch()`,
    differences: ['missing trigger:public.hits.a (weakens)', 'unexpected trigger:public.hits.b (weakens)'],
  },
]

const routines: readonly Case[] = [
  {
    name: 'functions and procedures are missing',
    promised: `${add} create procedure clean() language sql as ''`,
    live: '',
    differences: [
      'missing function:public.add(integer, integer) (breaks)',
      'missing procedure:public.clean() (breaks)',
    ],
  },
  {
    name: 'functions and procedures more harm nobody',
    promised: '',
    live: `${add} create procedure clean() language sql as ''`,
    differences: [
      'unexpected function:public.add(integer, integer) (harmless)',
      'unexpected procedure:public.clean() (harmless)',
    ],
  },
  {
    name: 'functions and procedures do something else',
    promised: `${add} create procedure clean() language sql as 'select 1'`,
    live: `create function add(a int, b int) returns int language sql immutable as 'select a - b';
      create procedure clean() language sql as 'select 2'`,
    differences: [
      'changed function:public.add(integer, integer) definition (breaks)',
      'changed procedure:public.clean() definition (breaks)',
    ],
  },
  {
    name: 'functions have another result, volatility, security, setting, default',
    promised: `create function a() returns int language sql as 'select 1'; create function b() returns int language sql as 'select 1';
      create function c() returns int language sql as 'select 1'; create function d() returns int language sql as 'select 1';
      create function e(x int) returns int language sql as 'select 1'`,
    live: `create function a() returns bigint language sql as 'select 1'; create function b() returns int language sql stable as 'select 1';
      create function c() returns int language sql security definer as 'select 1';
      create function d() returns int language sql set work_mem = '1MB' as 'select 1';
      create function e(x int default 1) returns int language sql as 'select 1'`,
    differences: [
      'changed function:public.a() definition (breaks)',
      'changed function:public.b() definition (breaks)',
      'changed function:public.c() definition (breaks)',
      'changed function:public.d() definition (breaks)',
      'changed function:public.e(integer) definition (breaks)',
    ],
  },
  {
    name: 'functions of one name are told apart by their arguments',
    promised: `${mood} ${add} create function add(a text, b text) returns text language sql as 'select a || b';
      create function add(variadic a mood[]) returns int language sql as 'select 1'`,
    live: `${mood} ${add} create function add(a text, b text) returns text language sql as 'select b || a';
      create function add(a numeric(9, 2)) returns int language sql as 'select 1'`,
    differences: [
      'unexpected function:public.add(numeric) (harmless)',
      'missing function:public.add(public.mood[]) (breaks)',
      'changed function:public.add(text, text) definition (breaks)',
    ],
  },
  {
    name: 'a procedure stands where a function is promised',
    promised: `create function clean() returns int language sql as 'select 1'`,
    live: `create procedure clean() language sql as 'select 1'`,
    differences: [
      'missing function:public.clean() (breaks)',
      'unexpected procedure:public.clean() (harmless)',
    ],
  },
]

const triggers: readonly Case[] = [
  {
    name: 'a trigger is missing',
    promised: touching,
    live: `${songs} ${touch}`,
    differences: ['missing trigger:public.songs.touched (weakens)'],
  },
  {
    name: 'a trigger more writes more',
    promised: `${songs} ${touch}`,
    live: touching,
    differences: ['unexpected trigger:public.songs.touched (weakens)'],
  },
  {
    name: 'a trigger fires at other times, another under other conditions',
    promised: `${touching} create trigger b before update of title on songs for each row execute function touch()`,
    live: `${songs} ${touch} create trigger touched after insert on songs for each row execute function touch();
      create trigger b before update of title on songs for each row when (new.id > 0) execute function touch()`,
    differences: [
      'changed trigger:public.songs.b definition (weakens)',
      'changed trigger:public.songs.touched definition (weakens)',
    ],
  },
  {
    name: 'triggers are disabled, or fire on replicas as well',
    promised: `${touching} create trigger b before insert on songs for each row execute function touch()`,
    live: `${touching} create trigger b before insert on songs for each row execute function touch();
      alter table songs disable trigger touched; alter table songs enable always trigger b`,
    differences: [
      'changed trigger:public.songs.b enabled (weakens)',
      'changed trigger:public.songs.touched enabled (weakens)',
    ],
  },
  {
    name: 'a foreign key was switched off with the triggers of a table',
    promised: `${songs} create table plays (song int references songs)`,
    live: `${songs} create table plays (song int references songs);
      alter table plays disable trigger all; alter table songs disable trigger all`,
    differences: ['changed constraint:public.plays.plays_song_fkey actionTriggers, checkTriggers (weakens)'],
  },
  {
    name: 'a trigger is disabled on one partition',
    promised: `${touch} create table plays (id int) partition by list (id);
      create table plays_1 partition of plays for values in (1); create table plays_2 partition of plays for values in (2);
      create trigger touched before insert on plays for each row execute function touch()`,
    live: `${touch} create table plays (id int) partition by list (id);
      create table plays_1 partition of plays for values in (1); create table plays_2 partition of plays for values in (2);
      create trigger touched before insert on plays for each row execute function touch();
      alter table plays_2 disable trigger touched`,
    differences: ['changed trigger:public.plays.touched onPartitions (weakens)'],
  },
  {
    name: 'the sequence of an identity column has another name',
    promised: 'create table plays (id int generated always as identity)',
    live: 'create table plays (id int generated always as identity (sequence name numbers))',
    differences: ['changed column:public.plays.id identitySequence (weakens)'],
  },
  {
    name: 'a NOT NULL constraint has another name',
    since: 18,
    promised: 'create table plays (id int constraint known not null)',
    live: 'create table plays (id int not null)',
    differences: ['changed column:public.plays.id notNullName (harmless)'],
  },
  {
    name: 'disabling all triggers for a load of data was never undone',
    promised: touching,
    live: `${touching} alter table songs disable trigger all`,
    differences: ['changed trigger:public.songs.touched enabled (weakens)'],
  },
]

const policies: readonly Case[] = [
  {
    name: 'a policy is missing, another is more',
    promised: seen,
    live: `${songs} create policy all_seen on songs using (true)`,
    differences: [
      'unexpected policy:public.songs.all_seen (harmless)',
      'missing policy:public.songs.seen (weakens)',
    ],
  },
  {
    name: 'a policy has another command, role, condition, and restricts',
    promised: `${songs} create policy a on songs for select using (true); create policy b on songs to pg_monitor;
      create policy c on songs using (id > 0) with check (id > 0); create policy d on songs using (true)`,
    live: `${songs} create policy a on songs for delete using (true); create policy b on songs to pg_monitor, pg_read_all_stats;
      create policy c on songs using (id > 1) with check (id > 1); create policy d on songs as restrictive using (true)`,
    differences: [
      'changed policy:public.songs.a command (weakens)',
      'changed policy:public.songs.b roles (weakens)',
      'changed policy:public.songs.c using, withCheck (weakens)',
      'changed policy:public.songs.d permissive (weakens)',
    ],
  },
]

const long = 'x'.repeat(63)
const umlauts = `${'ü'.repeat(31)}x`

const names: readonly Case[] = [
  {
    name: 'names with dots, quotes, spaces, colons, parentheses and capitals are kept apart',
    promised: `create schema "a.b"; create table "a.b"."c""d" ("e.f" int, "G h:i" int, "j(k)" int); create table public."c""d" (l int);
      create function "My f"("a.b"."c""d") returns int language sql as 'select 1'`,
    live: `create schema "a.b"; create schema a; create table a."b.c""d" ("e.f" int); create table "a.b"."c""d" ("e" int)`,
    differences: [
      'missing column:"a.b"."c""d"."G h:i" (breaks)',
      'missing column:"a.b"."c""d"."e.f" (breaks)',
      'missing column:"a.b"."c""d"."j(k)" (breaks)',
      'unexpected column:"a.b"."c""d".e (harmless)',
      'unexpected schema:a (harmless)',
      'unexpected table:a."b.c""d" (harmless)',
      'unexpected column:a."b.c""d"."e.f" (harmless)',
      'missing function:public."My f"("a.b"."c""d") (breaks)',
      'missing table:public."c""d" (breaks)',
      'missing column:public."c""d".l (breaks)',
    ],
  },
  {
    name: 'names of 63 bytes are whole, and longer ones what PostgreSQL made of them',
    promised: `create table ${long} (${umlauts} int); create index ${'i'.repeat(70)} on ${long} (${umlauts})`,
    live: `create table ${long} (${umlauts} text)`,
    differences: [
      `changed column:public.${long}."${umlauts}" type (breaks)`,
      `missing index:public.${long}.${'i'.repeat(63)} (slows)`,
    ],
  },
  {
    name: 'words of SQL are names like others',
    promised: 'create table "order" ("select" int, "user" int default 1)',
    live: 'create table "order" ("select" int)',
    differences: ['missing column:public.order.user (breaks)'],
  },
  {
    name: 'names that differ in case only are two',
    promised: 'create table "Songs" (id int)',
    live: 'create table songs (id int)',
    differences: [
      'missing table:public."Songs" (breaks)',
      'missing column:public."Songs".id (breaks)',
      'unexpected table:public.songs (harmless)',
      'unexpected column:public.songs.id (harmless)',
    ],
  },
]

const leftOut: readonly Case[] = [
  {
    name: "Knex's own tables and ours are left out with all that belongs to them",
    promised: '',
    live: `create table knex_migrations (id serial primary key, name varchar(255)); create index i on knex_migrations (name);
      create policy p on knex_migrations using (true); create trigger t before update on knex_migrations
      for each row execute function suppress_redundant_updates_trigger();
      create table knex_migrations_lock (index serial primary key, is_locked int);
      create table schemagate_ledger (id bigint generated always as identity primary key, revision text not null)`,
    differences: [],
  },
  {
    name: 'temporary objects of the session are left out',
    promised: songs,
    live: `${songs} create temp table songs (id int); create temp view v as select 1; create temp sequence s`,
    differences: [],
  },
  {
    name: 'rows, what was found about them, comments and the order of columns are no part of the catalog',
    promised: songs,
    live: `create table songs (title text not null, gone int, id int primary key); alter table songs drop gone;
      insert into songs values ('Hey', 1); comment on table songs is 'x'; analyze songs`,
    differences: [],
  },
]

const spellings: readonly Case[] = [
  {
    name: 'types have several names',
    promised: `create table songs (a int, b varchar(9), c timestamptz, d bool, e decimal(9, 2), f float8, g char(3), h int[])`,
    live: `CREATE TABLE public."songs" ("a" INT4, b CHARACTER VARYING(9), c timestamp with time zone, d boolean, e numeric(9,2),
      f double precision, g character(3), h integer array)`,
    differences: [],
  },
  {
    name: 'serial is an integer, a sequence and a default',
    promised: 'create table songs (id serial primary key)',
    live: `create sequence songs_id_seq as int; create table songs (id int not null default nextval('songs_id_seq'));
      alter sequence songs_id_seq owned by songs.id; alter table songs add constraint songs_pkey primary key (id)`,
    differences: [],
  },
  {
    name: 'expressions are compared as PostgreSQL prints them',
    promised: `create table songs (a text default 'x' check (a in ('x', 'y')), b int default 1 + 1 check (b between 1 and 9), c interval default '90 min')`,
    live: `create table songs (a text default 'x'::text, b int default (1+1), c interval default '1 hour 30 minutes');
      alter table songs add constraint songs_a_check check (a = any (array['x', 'y'])), add check (b >= 1 and b <= 9)`,
    differences: [],
  },
  {
    name: 'views, indexes and policies are compared as PostgreSQL prints them',
    promised: `${songs} create view hits as select * from songs where title like 'a%'; create index i on songs (lower(title)); create policy p on songs`,
    live: `${songs} CREATE VIEW hits(id, title) AS SELECT songs.id, songs.title FROM public.songs WHERE songs.title ~~ 'a%';
      create index i on public.songs using btree (lower(title) asc nulls last); create policy p on songs as permissive for all to public`,
    differences: [],
  },
  {
    name: 'a type made in one statement or in several is the same',
    promised: `create type pair as (a int, c text); create type mood as enum ('sad', 'fine', 'ok')`,
    live: `create type pair as (a int, b int); alter type pair add attribute c text, drop attribute b;
      create type mood as enum ('bad', 'ok'); alter type mood rename value 'bad' to 'sad'; alter type mood add value 'fine' before 'ok'`,
    differences: [],
  },
  {
    name: 'a table made in one statement or in several is the same',
    promised: `create table bands (id int primary key); create table songs (id int generated always as identity primary key,
      band int not null references bands on delete cascade, title text unique)`,
    live: `create table songs (title text); create table bands (id int); alter table bands add primary key (id);
      alter table songs add band int, add id int not null, alter id add generated always as identity; alter table songs alter band set not null;
      alter table songs add constraint songs_band_fkey foreign key (band) references bands (id) on update no action on delete cascade,
      add constraint songs_title_key unique (title), add primary key (id)`,
    differences: [],
  },
]

export const cases: readonly Case[] = [
  schemas,
  tables,
  columns,
  constraints,
  indexes,
  sequences,
  types,
  views,
  routines,
  triggers,
  policies,
  names,
  leftOut,
  spellings,
].flat()
