import type { Case } from './cases.js'

const songs = 'create table songs (id int primary key, title text);'
const loose = 'create table songs (id int, title text);'
const events = `create table events (day date not null, id int, primary key (day, id)) partition by range (day);`
const month = (name: string, from: string, to: string) =>
  `create table ${name} partition of events for values from ('${from}') to ('${to}');`
const may = month('events_p2026_05', '2026-05-01', '2026-06-01')
const june = month('events_p2026_06', '2026-06-01', '2026-07-01')
const july = month('events_p2026_07', '2026-07-01', '2026-08-01')
const tool = (schema: string, name: string) =>
  `create schema if not exists ${schema}; create function ${schema}.${name}() returns trigger language plpgsql as 'begin return null; end';`
const trigger = (name: string, timing: string, called: string) =>
  `create trigger ${name} ${timing} insert or update or delete on songs for each row execute function ${called}();`

const partsOf = (partition: string) =>
  ['', 'column', 'column', 'constraint'].map((kind, index) =>
    kind === ''
      ? `table:public.${partition}`
      : `${kind}:public.${partition}.${['', 'day', 'id', `${partition}_pkey`][index]}`,
  )
const missing = (partition: string, impact: string) =>
  partsOf(partition).map((key) => `missing ${key} (${impact})`)
const unexpected = (partition: string) => partsOf(partition).map((key) => `unexpected ${key} (harmless)`)

/** What tools, providers and other teams do to a database: none of it is drift unless requests of this build would notice. */
export const othersCases: readonly Case[] = [
  {
    name: 'a publication of tables with a key',
    promised: songs,
    live: `${songs} create publication cdc for all tables; create publication one for table songs;`,
    differences: ['unexpected publication:cdc (harmless)', 'unexpected publication:one (harmless)'],
  },
  {
    name: 'publications by which updates fail',
    promised: loose,
    live: `${loose} create publication cdc for all tables; create publication one for table songs;
      create publication only_new for table songs with (publish = 'insert');`,
    differences: [
      'unexpected publication:cdc (weakens)',
      'unexpected publication:one (weakens)',
      'unexpected publication:only_new (harmless)',
    ],
  },
  {
    name: 'a publication of tables with a full replica identity, as CDC tools demand it',
    promised: loose,
    live: `${loose} alter table songs replica identity full; create publication cdc for all tables;`,
    differences: [
      'unexpected publication:cdc (harmless)',
      'changed table:public.songs replicaIdentity (slows)',
    ],
  },
  {
    name: 'a publication of a table whose replica identity lost its index',
    promised:
      'create table songs (id int not null); create unique index i on songs (id); alter table songs replica identity using index i',
    live: `create table songs (id int not null); create unique index i on songs (id); alter table songs replica identity using index i;
      drop index i; create publication cdc for all tables`,
    differences: [
      'unexpected publication:cdc (weakens)',
      'changed table:public.songs replicaIdentity (breaks)',
      'missing index:public.songs.i (weakens)',
    ],
  },
  {
    name: 'a publication of a key that may be deferred',
    promised: 'create table songs (id int primary key deferrable)',
    live: 'create table songs (id int primary key deferrable); create publication cdc for all tables',
    differences: ['unexpected publication:cdc (weakens)'],
  },
  {
    name: 'a publication of partitions, of which one has no key',
    promised: `create table logs (day date) partition by range (day); create table logs_1 partition of logs for values from ('2026-01-01') to ('2026-02-01');
      alter table logs_1 add constraint k unique (day)`,
    live: `create table logs (day date) partition by range (day); create table logs_1 partition of logs for values from ('2026-01-01') to ('2026-02-01');
      alter table logs_1 add constraint k unique (day); create publication cdc for table logs`,
    differences: ['unexpected publication:cdc (weakens)'],
  },
  {
    name: 'a publication of the tables of a schema, and of one that this build does not know',
    promised: songs,
    live: `${songs} create schema theirs; create table theirs.loose (id int); create publication a for tables in schema public;
      create publication b for tables in schema theirs`,
    since: 15,
    differences: [
      'unexpected publication:a (harmless)',
      'unexpected publication:b (harmless)',
      'unexpected schema:theirs (harmless)',
      'unexpected table:theirs.loose (harmless)',
      'unexpected column:theirs.loose.id (harmless)',
    ],
  },
  {
    name: 'a publication with a list of columns, with and without the key',
    promised: songs,
    live: `${songs} create publication a for table songs (id); create publication b for table songs (title);`,
    since: 15,
    differences: ['unexpected publication:a (harmless)', 'unexpected publication:b (weakens)'],
  },
  {
    name: 'triggers of tools, and one that is nobody knows what',
    promised: songs,
    live: `${songs} ${tool('repack', 'repack_trigger')} ${tool('audit', 'if_modified_func')} ${tool('ours', 'change')}
      ${trigger('repack_trigger', 'after', 'repack.repack_trigger')} ${trigger('audit', 'after', 'audit.if_modified_func')}
      ${trigger('sets', 'before', 'audit.if_modified_func')} ${trigger('unknown', 'after', 'ours.change')}`,
    differences: [
      'unexpected schema:audit (harmless)',
      'unexpected function:audit.if_modified_func() (harmless)',
      'unexpected schema:ours (harmless)',
      'unexpected function:ours.change() (harmless)',
      'unexpected trigger:public.songs.audit (harmless)',
      'unexpected trigger:public.songs.repack_trigger (harmless)',
      'unexpected trigger:public.songs.sets (weakens)',
      'unexpected trigger:public.songs.unknown (weakens)',
      'unexpected schema:repack (harmless)',
      'unexpected function:repack.repack_trigger() (harmless)',
    ],
  },
  {
    name: 'a policy without row security, and with it',
    promised: `${songs} create table plays (id int); alter table plays enable row level security;`,
    live: `${songs} create table plays (id int); alter table plays enable row level security;
      create policy p on songs using (true); create policy p on plays using (true);`,
    differences: [
      'unexpected policy:public.plays.p (weakens)',
      'unexpected policy:public.songs.p (harmless)',
    ],
  },
  {
    name: 'partitions that were made while the service runs',
    promised: `${events} ${may}`,
    live: `${events} ${may} ${june} ${july}`,
    differences: [...unexpected('events_p2026_06'), ...unexpected('events_p2026_07')],
  },
  {
    name: 'the oldest partitions are dropped and detached',
    promised: `${events} ${may} ${june}`,
    live: `${events} ${may} ${june} ${july} drop table events_p2026_05; alter table events detach partition events_p2026_06;`,
    differences: [
      ...missing('events_p2026_05', 'harmless'),
      'changed table:public.events_p2026_06 parents, partition (harmless)',
      'changed constraint:public.events_p2026_06.events_p2026_06_pkey parent (harmless)',
      ...unexpected('events_p2026_07'),
    ],
  },
  {
    name: 'the newest partition is dropped, and one in between',
    promised: `${events} ${may} ${june} ${july}`,
    live: `${events} ${may}`,
    differences: ['events_p2026_06', 'events_p2026_07'].flatMap((name) => [
      `missing table:public.${name} (breaks)`,
      `missing column:public.${name}.day (breaks)`,
      `missing column:public.${name}.id (breaks)`,
      `missing constraint:public.${name}.${name}_pkey (weakens)`,
    ]),
  },
  {
    name: 'any partition is dropped where a default one takes its rows',
    promised: `${events} ${may} ${june} create table events_rest partition of events default;`,
    live: `${events} ${may} create table events_rest partition of events default;`,
    differences: missing('events_p2026_06', 'harmless'),
  },
  {
    name: 'partitions of numbers',
    promised: `create table n (id bigint) partition by range (id); create table n_9 partition of n for values from (9) to (20);
      create table n_20 partition of n for values from (20) to (100);`,
    live: `create table n (id bigint) partition by range (id); create table n_9 partition of n for values from (9) to (20);
      create table n_20 partition of n for values from (20) to (100); create table n_100 partition of n for values from (100) to (1000);
      drop table n_9`,
    differences: [
      'unexpected table:public.n_100 (harmless)',
      'unexpected column:public.n_100.id (harmless)',
      'missing table:public.n_9 (harmless)',
      'missing column:public.n_9.id (harmless)',
    ],
  },
  {
    name: 'the partition of a list',
    promised: `create table l (id text) partition by list (id); create table l_a partition of l for values in ('a'); create table l_b partition of l for values in ('b')`,
    live: `create table l (id text) partition by list (id); create table l_b partition of l for values in ('b')`,
    differences: ['missing table:public.l_a (breaks)', 'missing column:public.l_a.id (breaks)'],
  },
  {
    name: 'a unique index that repeats one, and a new one',
    promised: songs,
    live: `${songs} create unique index again on songs (id); create unique index more on songs (title);`,
    differences: [
      'unexpected index:public.songs.again (harmless)',
      'unexpected index:public.songs.more (breaks)',
    ],
  },
  {
    name: 'a table that an extension keeps beside a promised one',
    promised: songs,
    live: `${songs} create extension citext; create schema _chunks; create table _chunks.c_1 () inherits (songs);
      alter extension citext add schema _chunks; create table by_hand () inherits (songs);`,
    differences: [
      'unexpected table:_chunks.c_1 (harmless)',
      'unexpected column:_chunks.c_1.id (harmless)',
      'unexpected column:_chunks.c_1.title (harmless)',
      'unexpected extension:citext (harmless)',
      'unexpected table:public.by_hand (weakens)',
      'unexpected column:public.by_hand.id (harmless)',
      'unexpected column:public.by_hand.title (harmless)',
    ],
  },
  {
    name: 'tenants in schemas of their own',
    promised: songs,
    live: `${songs} create schema tenant_1; create type tenant_1.mood as enum ('ok'); create table tenant_1.plays (id serial primary key, song int references songs);`,
    differences: [
      'unexpected schema:tenant_1 (harmless)',
      'unexpected enum:tenant_1.mood (harmless)',
      'unexpected table:tenant_1.plays (harmless)',
      'unexpected column:tenant_1.plays.id (harmless)',
      'unexpected column:tenant_1.plays.song (harmless)',
      'unexpected constraint:tenant_1.plays.plays_pkey (harmless)',
      'unexpected constraint:tenant_1.plays.plays_song_fkey (harmless)',
      'unexpected sequence:tenant_1.plays_id_seq (harmless)',
    ],
  },
]
