import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

const types: Readonly<Record<string, string>> = {
  'an enum': `create type mood as enum ('glad', 'sad')`,
  'a domain': `create domain mood as text check (value in ('glad', 'sad'))`,
  'a composite type': 'create type mood as (low integer)',
  'a range': 'create type mood as range (subtype = integer)',
}

const users = `create table songs (mood mood default null, moods mood[], title text);
  create view moods as select mood from songs; create index on songs (title)`

/** Each kind of type gets the name of each other. */
const kinds = Object.keys(types)
const namesakes = kinds.flatMap((from, index) =>
  kinds.slice(index + 1).map((to): DdlCase => ({
    name: `${from} makes way for ${to} of the same name, with columns of it`,
    from: `${types[from]}; ${users}`,
    to: `${types[to]}; ${users}`,
    ownDatabases: true,
  })),
)

const enums: readonly DdlCase[] = [
  {
    name: 'an enum becomes a domain, and its values stay',
    from: `${types['an enum']}; create table songs (mood mood)`,
    to: `${types['a domain']}; create table songs (mood mood)`,
    rows: `insert into songs values ('glad')`,
    losses: [],
    lossesBack: [],
  },
  {
    name: 'two columns exchange enums that gain labels',
    from: `create type a as enum ('x'); create type b as enum ('y');
      create table songs (one a default 'x', other b default 'y')`,
    to: `create type a as enum ('x', 'z'); create type b as enum ('y0', 'y');
      create table songs (one b default 'y0', other a default 'z')`,
    ownDatabases: true,
  },
  {
    name: 'three columns exchange enums in a cycle',
    from: `create type a as enum ('x'); create type b as enum ('y'); create type c as enum ('w');
      create table songs (one a default 'x', two b default 'y', three c default 'w')`,
    to: `create type a as enum ('x', 'z'); create type b as enum ('y0', 'y'); create type c as enum ('w', 'w1');
      create table songs (one b default 'y0', two c default 'w1', three a default 'z')`,
    ownDatabases: true,
  },
]

/** 62 bytes, the fiftieth of which is in the middle of a character. */
const longName = `${'x'.repeat(49)}éééééé`

const longNames: readonly DdlCase[] = [
  {
    name: 'enums whose names begin with the same fifty bytes are swapped',
    from: `create type ${longName}1 as enum ('a', 'b'); create type ${longName}2 as enum ('c', 'd');
      create table songs (one ${longName}1 default 'a', two ${longName}2)`,
    to: `create type ${longName}1 as enum ('a'); create type ${longName}2 as enum ('d');
      create table songs (one ${longName}1 default 'a', two ${longName}2)`,
    ownDatabases: true,
  },
]

const domains: readonly DdlCase[] = [
  {
    name: 'a domain of another domain, or of a composite type, becomes an enum, and what it was made of goes',
    from: `create domain title as text; create domain kind as title; create type pair as (one integer);
      create domain mood as pair check ((value).one > 0); create table songs (kind kind, moods mood)`,
    to: `create type kind as enum ('a'); create type mood as enum ('b'); create table songs (kind kind, moods mood)`,
    rows: `insert into songs values ('a', null)`,
    losses: [],
    ownDatabases: true,
  },
  {
    name: 'a domain of numbers does not become one of lists of numbers by way of text',
    from: 'create domain mood as integer; create table songs (mood mood)',
    to: 'create domain mood as integer[]; create table songs (mood mood)',
    refused: ['column:public.songs.mood', 'domain:public.mood'],
  },
]

/** What uses a collation, by what it is about. */
const collated: Readonly<Record<string, string>> = {
  'a column with a key': 'create table songs (title text collate sorted unique, plays integer)',
  'an index': 'create table songs (title text); create index on songs (title collate sorted)',
  'a domain': 'create domain title as text collate sorted; create table songs (title title)',
  'a generated column': `create table songs (title text collate sorted,
    loud text collate sorted generated always as (upper(title)) stored unique)`,
  'a composite type': 'create type track as (title text collate sorted); create table songs (track track)',
  'a view and a default': `create table songs (title text collate sorted default 'a');
    create view titles as select title, title || 'x' collate sorted as more from songs`,
}

const collations = Object.entries(collated).map(([name, sql]): DdlCase => ({
  name: `a collation changes under ${name}`,
  from: `create collation sorted (provider = icu, locale = 'und', deterministic = false); ${sql}`,
  to: `create collation sorted (provider = icu, locale = 'de'); ${sql}`,
  rows: `insert into songs (${/track track/.test(sql) ? 'track' : 'title'}) values (${/track track/.test(sql) ? `row('b')` : `'b'`})`,
  losses: [],
  lossesBack: [],
  ownDatabases: true,
}))

/** What can have the name of each other, and what uses it and changes with it. */
const relations: Readonly<Record<string, string>> = {
  'a table': 'create table songs (title text)',
  'a view': `create view songs as select 'a'::text as title`,
  'a materialized view': `create materialized view songs as select 'a'::text as title`,
  'a composite type': 'create type songs as (title text)',
}

const relationKinds = Object.keys(relations)
const relationNamesakes = relationKinds.flatMap((from, index) =>
  relationKinds.slice(index + 1).map((to): DdlCase => ({
    name: `${from} makes way for ${to} of the same name, and the functions of it change`,
    from: `${relations[from]}; create function loud(songs) returns text language sql as 'select $1.title';
      create function one() returns songs language sql as 'select null::songs';
      create function title(s songs) returns text begin atomic select (s).title; end`,
    to: `${relations[to]}; create function loud(songs) returns text language sql as 'select upper($1.title)';
      create function one() returns songs language sql stable as 'select null::songs';
      create function title(s songs) returns text begin atomic select lower((s).title); end`,
  })),
)

testDdlCases(t, [
  ...namesakes,
  ...relationNamesakes,
  ...enums,
  ...domains,
  ...longNames,
  ...collations,
  {
    name: 'the collation of a partition key is refused',
    from: `create collation sorted (provider = icu, locale = 'und');
      create table songs (title text collate sorted) partition by list (title)`,
    to: `create collation sorted (provider = icu, locale = 'de');
      create table songs (title text collate sorted) partition by list (title)`,
    refused: ['table:public.songs', 'column:public.songs.title', 'collation:public.sorted'],
  },
])
