import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

/** A table with a column that PostgreSQL may have to drop and add, and with what it drops with it. */
const unidentified =
  'changes what identifies a row of public.songs for replication; while nothing does, UPDATE and DELETE fail if it is published'

const songs = (column: string, parts: string): string =>
  `create table songs (title text not null, loud text ${column}); ${parts}`

const upper = 'generated always as (upper(title)) stored'
const lower = 'generated always as (lower(title)) stored'
const virtual = 'generated always as (lower(title)) virtual'

const insert = `insert into songs (title) values ('Low')`

/** What is on a column, by what it is about. */
const onColumn: Readonly<Record<string, string>> = {
  'an index that the table is clustered on': `create index songs_loud on songs (loud);
    alter table songs cluster on songs_loud; comment on index songs_loud is 'by poster'`,
  'an index on an expression, with a statistics target': `create index songs_loud on songs ((loud || '!')) where loud <> '';
    alter index songs_loud alter column 1 set statistics 44`,
  'the index that is the replica identity': `alter table songs alter column loud set not null;
    create unique index songs_loud on songs (title, loud); alter table songs replica identity using index songs_loud`,
  'a primary key and a foreign key to it': `alter table songs add constraint songs_key primary key (loud);
    create table plays (song text references songs)`,
  'a quoted name': `alter table songs rename column loud to "Loud it is";
    create index songs_loud on songs ("Loud it is"); alter table songs add unique ("Loud it is")`,
  'a check, also of another column': `alter table songs add check (loud <> ''), add check (title <> 'loud')`,
  'an exclusion constraint': 'alter table songs add exclude using btree (loud with =)',
  'statistics of several columns': `create statistics songs_statistics on title, loud from songs;
    alter statistics songs_statistics set statistics 9`,
  'an inherited column with an index': `create table covers () inherits (songs); create index on covers (loud)`,
  'a comment, a grant and settings': `comment on column songs.loud is 'for posters'; grant select (loud) on songs to public;
    alter table songs alter column loud set statistics 7, alter column loud set (n_distinct = 3)`,
  'a policy, a trigger, a rule, a view and a publication': `create policy loudly on songs using (loud <> '');
    create trigger unchanged before update of loud on songs for each row
      execute function suppress_redundant_updates_trigger();
    create rule kept as on delete to songs where old.loud = '' do nothing;
    create view titles as select loud from songs; create publication louds for table songs (title, loud)`,
}

const stored = Object.entries(onColumn).map(([name, parts]): DdlCase => ({
  name: `a stored column with another expression keeps ${name}`,
  from: songs(upper, parts),
  to: songs(lower, parts),
  rows: insert,
  backAfter: insert.replace('Low', 'High'),
  losses: [],
  ownDatabases: true,
}))

const plain = Object.entries(onColumn)
  .filter(([name]) => name !== 'an inherited column with an index')
  .map(([name, parts]): DdlCase => ({
    name: `a plain column that becomes a stored one keeps ${name}`,
    from: songs(upper, parts),
    to: songs(`default 'none'`, parts),
    rows: insert,
    losses: [],
    lossesBack: [`the values of public.songs.${name === 'a quoted name' ? '"Loud it is"' : 'loud'}`],
    ownDatabases: true,
  }))

const others: readonly DdlCase[] = [
  {
    name: 'a stored column becomes a virtual one',
    since: 18,
    from: songs(upper, `alter table songs add check (loud <> '')`),
    to: songs(virtual, `alter table songs add check (loud <> '')`),
    rows: insert,
    backAfter: insert,
    losses: [],
  },
  {
    name: 'a virtual column becomes a plain one without its values',
    since: 18,
    from: songs(virtual, ''),
    to: songs('', ''),
    rows: insert,
    losses: ['the values of public.songs.loud'],
  },
  {
    name: 'a generated column follows the type of the column that it is made from',
    from: `create table songs (plays integer, twice bigint generated always as (plays * 2) stored unique);
      create index on songs (twice)`,
    to: `create table songs (plays bigint, twice bigint generated always as (plays * 2) stored unique);
      create index on songs (twice)`,
    rows: 'insert into songs values (1)',
    ownDatabases: true,
  },
  {
    name: 'an expression is set where the server can, and the rest stays',
    since: 17,
    from: songs(upper, 'create index on songs (loud)'),
    to: songs(lower, 'create index on songs (loud)'),
    rows: insert,
    statements: ['ALTER TABLE public.songs ALTER COLUMN loud SET EXPRESSION AS (lower(title))'],
    hazards: ['ACCESS EXCLUSIVE lock on public.songs', 'rewrites public.songs'],
  },
  {
    name: 'the expression of a virtual column is set, unless the table has a check or is published',
    since: 18,
    from: `create table a (x integer, y integer generated always as (x) virtual);
      create table b (x integer check (x > 0), y integer generated always as (x) virtual);
      create table c (x integer, y integer generated always as (x) virtual); create publication cs for table c`,
    to: `create table a (x integer, y integer generated always as (-x) virtual);
      create table b (x integer check (x > 0), y integer generated always as (-x) virtual);
      create table c (x integer, y integer generated always as (-x) virtual); create publication cs for table c`,
    contains: [
      'b DROP COLUMN y',
      'c DROP COLUMN y',
      'a ALTER COLUMN y SET EXPRESSION',
      'b ADD COLUMN y',
      'c ADD COLUMN y',
    ],
  },
  {
    name: 'the statistics target of an index on a column with a new type',
    from: `create table songs (plays integer); create index songs_next on songs ((plays + 1));
      alter index songs_next alter column 1 set statistics 44`,
    to: `create table songs (plays bigint); create index songs_next on songs ((plays + 1));
      alter index songs_next alter column 1 set statistics 44`,
  },
  {
    name: 'a generated column becomes a plain one of another type',
    from: `create table songs (plays integer, twice integer generated always as (plays * 2) stored)`,
    to: `create table songs (plays integer, twice text default 'none')`,
    losses: [],
  },
  {
    name: 'the storage and the compression of a column with a new type',
    from: `create table songs (title varchar(5), text text, size text);
      alter table songs alter title set storage external, alter title set compression pglz,
        alter text set storage main, alter size set storage external`,
    to: `create table songs (title text, text varchar collate "C", size bigint);
      alter table songs alter title set storage external, alter title set compression pglz,
        alter text set storage main`,
  },
  {
    name: 'statistics and a publication of a column that is added again after others',
    from: `create table songs (plays integer, twice integer, title text); create statistics known on plays, twice, title from songs;
      create publication partly for table songs (twice, title)`,
    to: `create table songs (plays integer, twice integer generated always as (plays * 2) stored, title text);
      create statistics known on plays, twice, title from songs; create publication partly for table songs (title, plays)`,
  },
  {
    name: 'statistics on expressions and quoted names of a column that is added again',
    from: `create table songs ("B c" integer, a integer, title text);
      create statistics known (mcv) on "B c", a, (lower(title)) from songs; create statistics one on ("B c" + a), a from songs`,
    to: 'create table songs (a integer, title text)',
  },
  {
    name: 'a replica identity outlives its index, and what is between is said',
    from: `create table songs (id integer not null, constraint ids primary key (id));
      alter table songs replica identity using index ids, cluster on ids`,
    to: `create table songs (id integer not null); create unique index ids on songs (id);
      alter table songs replica identity using index ids, cluster on ids`,
    contains: [
      'INDEX CONCURRENTLY ids__new',
      'DROP CONSTRAINT ids',
      'CLUSTER ON',
      'REPLICA IDENTITY USING INDEX ids',
    ],
    hazards: [
      'SHARE UPDATE EXCLUSIVE lock on public.songs',
      'fails when rows are duplicates for ids',
      'runs only outside a transaction',
      'drops the index ids: what needs it reads all of public.songs',
      unidentified,
      'ACCESS EXCLUSIVE lock on public.songs',
      'SHARE UPDATE EXCLUSIVE lock on public.songs',
      unidentified,
      'ACCESS EXCLUSIVE lock on public.songs',
    ],
    ownDatabases: true,
  },
]

testDdlCases(t, [...stored, ...plain, ...others])
