import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

/** Trees of tables: what is a partition, and what is a table of its own. */
const plays = 'create table plays (day int not null, song int) partition by range (day);'
const one = 'create table plays_1 partition of plays for values from (0) to (5);'
const two = 'create table plays_2 partition of plays for values from (5) to (9);'
const apart = 'create table plays_1 (day int not null, song int);'
const songs = 'create table songs (id int primary key);'
const touched = (table: string): string =>
  `create trigger touched after insert on ${table} for each row execute function suppress_redundant_updates_trigger();`

const indexes: readonly DdlCase[] = [
  {
    name: 'the index of a parent goes, that of a partition stays',
    from: `${plays} ${one} create index plays_song on plays (song)`,
    to: `${plays} ${one} create index plays_1_song_idx on plays_1 (song)`,
    statements: [
      'DROP INDEX public.plays_song',
      'CREATE INDEX CONCURRENTLY plays_1_song_idx ON public.plays_1 USING btree (song)',
    ],
    ownDatabases: true,
  },
  {
    name: 'another index of the partition belongs to that of the parent',
    from: `${plays} ${one} create index other on plays_1 (song); create index plays_song on plays (song)`,
    to: `${plays} ${one} create index plays_song on plays (song)`,
    ownDatabases: true,
  },
  {
    name: 'the index of a parent that lacks one of a partition',
    from: `${plays} ${one} create index plays_song on only plays (song)`,
    to: `${plays} ${one} create index plays_song on plays (song)`,
    ownDatabases: true,
  },
  {
    name: 'a primary key of a partition is attached to an index of the parent',
    from: `${plays} ${one} alter table plays_1 add primary key (day)`,
    to: `${plays} ${one} alter table plays_1 add primary key (day); create unique index plays_day on plays (day)`,
    statements: [
      'CREATE UNIQUE INDEX plays_day ON ONLY public.plays USING btree (day)',
      'ALTER INDEX public.plays_day ATTACH PARTITION public.plays_1_pkey',
    ],
    ownDatabases: true,
  },
  {
    name: 'a table with an equal index of its own is attached',
    from: `${plays} ${apart} create index other on plays_1 (song); create index plays_song on plays (song)`,
    to: `${plays} ${one} create index plays_song on plays (song); create index other on plays_1 (song)`,
    ownDatabases: true,
  },
  {
    name: 'a detached partition keeps no index or key',
    from: `${plays} ${one} create index plays_song on plays (song); alter table plays add primary key (day)`,
    to: `${plays} ${apart} create index plays_song on plays (song); alter table plays add primary key (day)`,
    ownDatabases: true,
  },
  {
    name: 'a unique index of a tree becomes a constraint of the same name',
    from: `${plays} ${one} create unique index plays_day on plays (day)`,
    to: `${plays} ${one} alter table plays add constraint plays_day unique (day)`,
    ownDatabases: true,
  },
  {
    name: 'a unique index that a foreign key needs becomes a constraint of the same name',
    from: `create table songs (id int); create unique index songs_id on songs (id);
      create table covers (song int); alter table covers add constraint known foreign key (song) references songs (id) not valid`,
    to: `create table songs (id int, constraint songs_id unique (id));
      create table covers (song int, constraint known foreign key (song) references songs (id))`,
    ownDatabases: true,
  },
]

const keys: readonly DdlCase[] = [
  {
    name: 'exclusion constraints of a tree, of a new partition and of one partition',
    since: 17,
    from: `${plays} ${one} alter table plays_1 add exclude using btree (day with =);
      create table notes (day int, exclude using btree (day with =)) partition by range (day)`,
    to: `${plays} ${one} alter table plays add exclude using btree (day with =);
      create table notes (day int, exclude using btree (day with =)) partition by range (day);
      create table notes_1 partition of notes default`,
  },
  {
    name: 'keys without overlaps of a tree, of a new partition, and of one that is detached',
    since: 18,
    from: `create extension btree_gist; create table plays (song int, days daterange) partition by list (song);
      create table plays_1 partition of plays for values in (1);
      create table notes (song int, days daterange, unique (song, days without overlaps)) partition by list (song);
      create table notes_1 partition of notes for values in (1)`,
    to: `create extension btree_gist; create table plays (song int, days daterange, primary key (song, days without overlaps)) partition by list (song);
      create table plays_1 partition of plays for values in (1); create table plays_2 partition of plays default;
      create table notes (song int, days daterange, unique (song, days without overlaps)) partition by list (song);
      create table notes_1 (song int, days daterange, unique (song, days without overlaps))`,
  },
  {
    name: 'a key without overlaps of a tree whose column gets a new type, and one with another name',
    since: 18,
    from: `create extension btree_gist; create table plays (song int, k int, days daterange, unique (song, k, days without overlaps)) partition by list (k);
      create table plays_1 partition of plays for values in (1); create table notes (a int, b daterange, constraint n primary key (a, b without overlaps));
      create table more (a int, b daterange, foreign key (a, period b) references notes (a, period b))`,
    to: `create extension btree_gist; create table plays (song bigint, k int, days daterange, unique (song, k, days without overlaps)) partition by list (k);
      create table plays_1 partition of plays for values in (1); create table notes (a bigint, b daterange, constraint o primary key (a, b without overlaps));
      create table more (a bigint, b daterange, foreign key (a, period b) references notes (a, period b))`,
  },
  {
    name: 'a foreign key leads to a new partitioned table',
    from: '',
    to: `${plays} ${one} alter table plays add primary key (day); create table notes (day int references plays)`,
  },
  {
    name: 'a foreign key to the new key of a tree with two levels',
    from: `create table plays (day int, song int) partition by range (day);
      create table plays_1 partition of plays for values from (0) to (5) partition by list (song);
      create table plays_1_rest partition of plays_1 default; create table notes (day int, song int)`,
    to: `create table plays (day int, song int, unique (day, song)) partition by range (day);
      create table plays_1 partition of plays for values from (0) to (5) partition by list (song);
      create table plays_1_rest partition of plays_1 default;
      create table notes (day int, song int, foreign key (day, song) references plays (day, song))`,
    ownDatabases: true,
  },
  {
    name: 'a partition that foreign keys lead to is dropped',
    from: `${plays} ${one} ${two} alter table plays add primary key (day); create table notes (day int references plays)`,
    to: `${plays} ${one} alter table plays add primary key (day); create table notes (day int references plays)`,
    statements: ['ALTER TABLE public.plays DETACH PARTITION public.plays_2', 'DROP TABLE public.plays_2'],
    ownDatabases: true,
  },
  {
    name: 'a partitioned table refers to itself',
    from: '',
    to: `${plays} ${one} alter table plays add primary key (day), add foreign key (song) references plays`,
  },
  {
    name: 'a detached partition keeps no check, foreign key or trigger',
    from: `${songs} ${plays} ${one} ${touched('plays')}
      alter table plays add check (song > 0), add foreign key (song) references songs`,
    to: `${songs} ${plays} ${apart} ${touched('plays')}
      alter table plays add check (song > 0), add foreign key (song) references songs`,
  },
  {
    name: 'the foreign key of a partition is adopted, under its own name or not',
    from: `${songs} ${plays} ${one} alter table plays_1 add constraint own foreign key (song) references songs`,
    to: `${songs} ${plays} ${one} alter table plays add constraint all_of foreign key (song) references songs;
      alter table plays_1 add constraint own foreign key (song) references songs`,
  },
  {
    name: 'a check of a partition goes with that of the parent',
    from: `${plays} ${one} alter table plays_1 add constraint positive check (song > 0)`,
    to: `${plays} ${one} alter table plays add constraint positive check (song > 0)`,
  },
  {
    name: 'a check of a parent that is not valid is valid in a partition',
    from: `${plays} ${one} alter table plays add constraint positive check (song > 0) not valid`,
    to: `${plays} alter table plays add constraint positive check (song > 0) not valid; ${one}`,
  },
  {
    name: 'a trigger is disabled on a new partition of a partition',
    from: '',
    to: `create table plays (day int, song int) partition by range (day);
      create table plays_1 partition of plays for values from (0) to (5) partition by list (song);
      create table plays_1_rest partition of plays_1 default;
      ${touched('plays')} alter table plays_1_rest disable trigger touched`,
  },
]

const media = 'create table media (id int, size int);'
const covers = 'create table covers () inherits (media);'

const columns: readonly DdlCase[] = [
  {
    name: 'the identity of a partition is that of the parent',
    from: '',
    to: `create table plays (id int generated always as identity, song int) partition by list (song);
      create table plays_1 partition of plays for values in (1);
      create table plays_2 partition of plays for values in (2) partition by range (id);
      create table plays_2_rest partition of plays_2 default`,
    compact: true,
  },
  {
    name: 'a partition with identity becomes a table with one of its own',
    from: `create table plays (id int generated always as identity, song int) partition by list (song);
      create table plays_1 partition of plays for values in (1)`,
    to: `create table plays (id int generated always as identity, song int) partition by list (song);
      create table plays_1 (id int generated always as identity, song int)`,
    since: 17,
  },
  {
    name: 'the type of an inherited column that is also declared',
    from: 'create table media (id int default 1); create table covers (id int default 2) inherits (media)',
    to: 'create table media (id bigint default 1); create table covers (id bigint default 3) inherits (media)',
  },
  {
    name: 'an inherited column becomes the own one of the child, with its values',
    from: `${media} ${covers}`,
    to: 'create table media (id int); create table covers (size int) inherits (media)',
    statements: ['ALTER TABLE ONLY public.media DROP COLUMN size'],
    hazards: [
      'data loss: the values of public.media.size',
      'ACCESS EXCLUSIVE lock on public.media',
      'ACCESS EXCLUSIVE lock on public.covers',
    ],
  },
  {
    name: 'an inherited column that is not null becomes the own one of children, not null or not',
    from: `create table media (id int, size int not null); ${covers} create table sleeves () inherits (media)`,
    to: `create table media (id int); create table covers (size int) inherits (media);
      create table sleeves (size int not null) inherits (media)`,
  },
  {
    name: 'a column of the second parent goes',
    from: `${media} create table files (id int, path text); create table covers () inherits (media, files)`,
    to: `${media} create table files (id int); create table covers () inherits (media, files)`,
    statements: ['ALTER TABLE public.files DROP COLUMN path'],
  },
  {
    name: 'a column is no longer generated, below a parent that gets another place',
    from: `create table media (id int, size int generated always as (id) stored); create table covers () inherits (media)`,
    to: `create table files (id int); create table media (id int, size int); create table covers () inherits (files, media)`,
  },
  {
    name: 'a dropped column is lost in the children as well',
    from: `${media} ${covers}`,
    to: `create table media (id int); ${covers}`,
    statements: ['ALTER TABLE public.media DROP COLUMN size'],
    hazards: [
      'data loss: the values of public.media.size',
      'data loss: the values of public.covers.size',
      'ACCESS EXCLUSIVE lock on public.media',
      'ACCESS EXCLUSIVE lock on public.covers',
    ],
  },
  {
    name: 'the order of parents and a type change',
    from: `${media} create table files (id int, path text); create table covers () inherits (media, files)`,
    to: `create table media (id bigint, size int); create table files (id bigint, path text); create table covers () inherits (files, media)`,
  },
  {
    name: 'a default of the parent, and none of the child',
    from: `${media} ${covers} create table sleeves (id int default 7) inherits (media)`,
    to: `create table media (id int default 1, size int); ${covers} alter table covers alter id drop default;
      create table sleeves (id int default 7) inherits (media)`,
  },
  {
    name: 'checks that a child has as well',
    from: `${media} ${covers}`,
    to: `${media} create table covers (constraint positive check (id > 0)) inherits (media);
      alter table media add constraint positive check (id > 0)`,
  },
  {
    name: 'one more parent, and a check of both',
    from: `${media} create table files (id int); ${covers}`,
    to: `${media} create table files (id int); create table covers () inherits (media, files);
      alter table media add constraint positive check (id > 0); alter table files add constraint positive check (id > 0)`,
  },
  {
    name: 'a parent and its child have statistics targets of their own',
    from: '',
    to: `${media} ${covers} alter table media alter id set statistics 5; alter table covers alter id set statistics 6`,
  },
  {
    name: 'a parent no longer has NOT NULL, the child has',
    from: `create table media (id int not null, size int); ${covers}`,
    to: `${media} create table covers (id int not null) inherits (media)`,
  },
  {
    name: 'NOT NULL that is not valid on a parent is valid on its child',
    from: `${media} ${covers}`,
    to: `${media} alter table media add constraint known not null id not valid; ${covers}`,
    since: 18,
  },
  {
    name: 'a new type below a NOT NULL that the child has as well, and its child',
    from: `create table media (id int not null); create table covers (id int not null) inherits (media);
      create table sleeves (id int not null) inherits (covers)`,
    to: `create table media (id bigint not null); create table covers (id bigint not null) inherits (media);
      create table sleeves (id bigint not null) inherits (covers)`,
  },
  {
    name: 'a new type, and the NOT NULL of the parent goes, that of the child does not or does',
    from: `create table media (id int not null); create table covers (id int not null) inherits (media);
      create table files (id int not null); create table sleeves (id int not null) inherits (files)`,
    to: `create table media (id bigint); create table covers (id bigint not null) inherits (media);
      create table files (id bigint); create table sleeves () inherits (files)`,
  },
  {
    name: 'a parent gets the NOT NULL that its child has under a name of its own',
    from: 'create table media (id int); create table covers (id int constraint known not null) inherits (media)',
    to: 'create table media (id int not null); create table covers (id int constraint known not null) inherits (media)',
    since: 18,
  },
  {
    name: 'a child computes a generated column otherwise, as its parent does, and again',
    since: 17,
    from: `create table media (id int, twice int generated always as (id * 2) stored);
      create table covers (twice int generated always as (id + id) stored) inherits (media);
      create table files (id int); create table sleeves () inherits (files);
      create table sites (id int, twice int); create table pages () inherits (sites)`,
    to: `create table media (id int, twice int generated always as (id * 2) stored); create table covers () inherits (media);
      create table files (id int, twice int generated always as (id * 2) stored);
      create table sleeves (twice int generated always as (id + id) stored) inherits (files);
      create table sites (id int, twice int generated always as (id * 2) stored);
      create table pages (twice int generated always as (id + id) stored) inherits (sites)`,
  },
  {
    name: 'a parent computes a generated column otherwise, its child as before or as the parent',
    since: 18,
    from: `create table media (id int, twice int generated always as (id * 2) stored, more int generated always as (id + 1) virtual);
      create table covers (twice int generated always as (id + id) stored) inherits (media);
      create table sleeves (more int generated always as (id + 2) virtual) inherits (media)`,
    to: `create table media (id int, twice int generated always as (id * 3) stored, more int generated always as (id + 3) virtual);
      create table covers (twice int generated always as (id + id) stored) inherits (media);
      create table sleeves (more int generated always as (id + 2) virtual) inherits (media)`,
  },
  {
    name: 'the NOT NULL of a parent gets another name, and the child has one of its own',
    from: `create table media (id int constraint one not null); create table covers (id int constraint own not null) inherits (media)`,
    to: `create table media (id int constraint other not null); create table covers (id int constraint own not null) inherits (media)`,
    since: 18,
  },
  {
    name: 'constraints that are not valid on a parent, before and after its child',
    from: '',
    to: `${media} alter table media add constraint positive check (id > 0) not valid; ${covers}
      alter table media add constraint small check (size > 0) not valid`,
    compact: true,
  },
]

/** Columns that get a new type only while the tables are apart. */
const parted: readonly DdlCase[] = [
  {
    name: 'a column from two parents gets a new type',
    from: `create table songs (id int not null, title text default 'a'); create table tracks (no int default 5, id int);
      create table covers (by text, check (id > 0)) inherits (songs, tracks); create index on covers (id); create view known as select id from covers`,
    to: `create table songs (id bigint not null, title text default 'b'); create table tracks (no bigint default 6, id bigint);
      create table covers (by text, at date, check (id > 0)) inherits (songs, tracks); create index on covers (id);
      create view known as select id from covers`,
    rows: "insert into covers values (1, 'b', 2, 'c')",
    losses: [],
    contains: [
      'covers NO INHERIT public.songs',
      'covers NO INHERIT public.tracks',
      'covers INHERIT public.songs',
      'covers INHERIT public.tracks',
    ],
    ownDatabases: true,
  },
  {
    name: 'a column from two parents and one above them, with checks, a new column and children of its own',
    from: `create table works (id int, constraint known check (id > 0)); create table songs () inherits (works);
      create table tracks (id int); create table covers () inherits (songs, tracks); create table late () inherits (covers)`,
    to: `create table works (id numeric, at date not null default '2001-01-01', constraint known check (id > 1)); create table songs () inherits (works);
      create table tracks (id numeric, side text); create table covers () inherits (songs, tracks); create table late () inherits (covers)`,
  },
  {
    name: 'a column from one table above two parents follows it',
    from: `create table works (id int); create table songs () inherits (works); create table tracks () inherits (works);
      create table covers () inherits (songs, tracks)`,
    to: `create table works (id bigint); create table songs () inherits (works); create table tracks () inherits (works);
      create table covers () inherits (songs, tracks)`,
    statements: ['ALTER TABLE public.works ALTER COLUMN id TYPE bigint'],
  },
  {
    name: 'a primary key whose children have their own gets a new type',
    from: `create table songs (id int primary key, title text); create table covers (primary key (id)) inherits (songs);
      create table late (constraint at not null id) inherits (covers); create table notes (cover int references covers)`,
    to: `create table songs (id bigint primary key, title varchar(9)); create table covers (primary key (id)) inherits (songs);
      create table late (constraint at not null id) inherits (covers); create table notes (cover bigint references covers)`,
    rows: 'insert into covers values (1); insert into late values (2); insert into notes values (1)',
    since: 18,
  },
  {
    name: 'children of a primary key with a new type lose their keys, and one its parent',
    from: `create table songs (id int primary key); create table covers (primary key (id)) inherits (songs);
      create table late (primary key (id), by text) inherits (songs)`,
    to: `create table songs (id bigint primary key); create table covers () inherits (songs);
      create table late (id bigint primary key, by text)`,
  },
  {
    name: 'a column from two parents has an enum that loses a label, and a domain of another type',
    from: `create type mood as enum ('sad', 'glad'); create domain score as int; create table songs (m mood default 'sad', s score);
      create table tracks (m mood, s score); create table covers () inherits (songs, tracks)`,
    to: `create type mood as enum ('sad', 'mad'); create domain score as bigint; create table songs (m mood default 'mad', s score);
      create table tracks (m mood, s score); create table covers () inherits (songs, tracks)`,
    rows: "insert into covers values ('sad', 3)",
  },
  {
    name: 'a new parent has a column whose type changes',
    from: 'create table songs (id int); create table tracks (no int, id int); create table covers () inherits (songs)',
    to: 'create table songs (id bigint); create table tracks (no bigint, id bigint); create table covers () inherits (songs, tracks)',
  },
]

const order: readonly DdlCase[] = [
  {
    name: 'a policy reads a view of its own table',
    from: `create table songs (id int); create view known as select id from songs;
      alter table songs enable row level security; create policy reads on songs using (id in (select id from known))`,
    to: '',
  },
  {
    name: 'the check of a domain calls a function that takes the domain',
    from: `create domain code as int; create function is_code(code) returns boolean language sql as 'select true';
      alter domain code add check (is_code(value))`,
    to: '',
  },
  {
    name: 'a default calls a function that reads its own table',
    from: `create table songs (id int, title text); create function next_id() returns int language sql
      begin atomic select max(id) + 1 from songs; end; alter table songs alter id set default next_id()`,
    to: '',
  },
  {
    name: 'a default no longer calls a function that reads its own table, and neither is there any more',
    from: `create table songs (id int, title text); create function next_id() returns int language sql
      begin atomic select max(length(title)) from songs; end; alter table songs alter id set default next_id()`,
    to: 'create table songs (id int, title text)',
  },
  {
    name: 'a composite type makes way for a table of the same name',
    from: 'create type track as (id int); create table songs (best track)',
    to: 'create table track (id int); create table songs (best track)',
    refusedBack: ['column:public.songs.best'],
  },
]

t.jobs = 2
for (const [name, cases] of Object.entries({ indexes, keys, columns, parted, order }))
  t.test(name, async (t2) => testDdlCases(t2, cases))
