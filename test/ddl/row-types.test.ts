import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

const typed: readonly DdlCase[] = [
  {
    name: 'a table gets a type that gains an attribute, and gives it up',
    from: 'create type track as (length integer); create table songs (length integer)',
    to: 'create type track as (length integer, name text); create table songs of track',
    rows: 'insert into songs values (1)',
    losses: [],
    lossesBack: ['the values of public.songs.name', 'the values of name stored in public.songs'],
  },
  {
    name: 'a table of a type becomes one of its own, and its type changes',
    from: 'create type track as (length integer); create table songs of track',
    to: 'create type track as (length integer, name text); create table songs (length integer)',
    rows: 'insert into songs values (1)',
    contains: ['NOT OF', 'ADD ATTRIBUTE name'],
  },
  {
    name: 'a table gets another type',
    from: `create type short as (length integer); create type long as (length integer, name text);
      create table songs of short`,
    to: `create type short as (length integer); create type long as (length integer, name text);
      create table songs of long (length with options not null default 5 primary key)`,
    ownDatabases: true,
  },
  {
    name: 'a table whose columns are in another order than its new type is refused',
    from: 'create table songs (name text, length integer)',
    to: 'create type track as (length integer, name text); create table songs of track',
    refused: ['table:public.songs'],
  },
]

const stored: readonly DdlCase[] = [
  {
    name: 'a column that stores rows of a table allows what does not rewrite them',
    from: 'create table songs (title text); create table charts (best songs)',
    to: 'create table songs (title text not null, plays integer, check (plays > 0)); create table charts (best songs)',
    rows: `insert into charts values (row('a')::songs)`,
    lossesBack: [
      'the values of public.songs.plays',
      'the values of public.songs.plays in the rows that public.charts.best stores',
    ],
  },
  {
    name: 'and refuses a new type, a value for existing rows and another way to store them',
    from: `create table songs (title varchar(9)); create table albums (id integer); create table covers (id integer);
      create type pair as (song songs, album albums); create domain pairs as pair[];
      create table charts (best pairs, worst covers)`,
    to: `create table songs (title text); create unlogged table albums (id integer);
      create table covers (id integer, name text default 'x');
      create type pair as (song songs, album albums); create domain pairs as pair[];
      create table charts (best pairs, worst covers)`,
    refused: ['table:public.albums', 'column:public.covers.name', 'column:public.songs.title'],
  },
]

testDdlCases(t, [...typed, ...stored])
