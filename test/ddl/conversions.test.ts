import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

/** A type, what a column of it is changed to, a value, and what may be lost without an error. */
type Conversion = readonly [from: string, to: string, value: string, lost: string | null]

const time = 'the time of day'
const zone = 'the time zone'
const second = 'fractions of seconds'
const keys = 'the order and the duplicates of keys'
const moment = '2024-02-03 10:11:12.345678+02'

const conversions: readonly Conversion[] = [
  ['numeric(10,4)', 'numeric(10,2)', '1.2345', 'digits'],
  ['numeric(10,2)', 'numeric(12,4)', '1.25', null],
  ['numeric', 'numeric(10,2)', '1.2345', 'digits'],
  ['numeric', 'integer', '1.5', 'digits'],
  ['numeric(6,0)', 'integer', '123456', null],
  ['numeric', 'double precision', '1.2345678901234567890', 'digits'],
  ['numeric', 'money', '1.239', 'digits'],
  ['double precision', 'integer', '2.5', 'digits'],
  ['double precision', 'real', '123456789.123', 'digits'],
  ['double precision', 'numeric', '0.12345678901234567', 'digits'],
  ['real', 'double precision', '0.1', null],
  ['integer', 'real', '16777217', 'digits'],
  ['integer', 'double precision', '16777217', null],
  ['bigint', 'double precision', '9007199254740993', 'digits'],
  ['bigint', 'integer', '7', null],
  ['integer', 'boolean', '7', 'all numbers but 0 and 1'],
  ['smallint', 'boolean', '7', 'all numbers but 0 and 1'],
  ['bigint', 'boolean', '7', 'all numbers but 0 and 1'],
  ['boolean', 'bigint', 'true', null],
  ['boolean[]', 'smallint[]', '{t,NULL}', null],
  ['integer', 'bit(4)', '77', 'bits'],
  ['timestamp', 'date', moment, time],
  ['timestamptz', 'date', moment, `${time} and ${zone}`],
  ['timestamptz', 'time', moment, `the date and ${zone}`],
  ['timestamptz', 'timetz', moment, 'the date'],
  ['timestamptz', 'timestamp', moment, zone],
  ['timestamp', 'timestamptz', moment, null],
  ['timestamp', 'timestamp(0)', moment, second],
  ['timestamp(0)', 'timestamp(3)', moment, null],
  ['timestamptz', 'timestamptz(3)', moment, second],
  ['timetz', 'time', '10:11:12+05', zone],
  ['time', 'time(0)', '10:11:12.345', second],
  ['date', 'timestamp', '2024-02-03', null],
  ['interval', 'time', '3 days 04:05', 'the days'],
  ['interval', 'interval(0)', '04:05:06.789', second],
  ['interval', 'interval day to hour', '04:05:06.789', second],
  ['interval year to month', 'interval day to second(2)', '1 year 2 months', null],
  ['interval day to second(2)', 'interval year to month', '3 days', second],
  ['json', 'jsonb', '{"b": 1, "a": 2, "b": 3}', keys],
  ['jsonb', 'json', '{"a": 2}', null],
  ['text', 'jsonb', '{"b": 1, "a": 2, "b": 3}', keys],
  ['inet', 'cidr', '10.0.0.1/32', 'the bits of the host'],
  ['cidr', 'inet', '10.0.0.0/8', null],
  ['text', 'name', 'abc', 'the characters after the first 63 bytes'],
  ['text[]', 'name', '{a}', 'the characters after the first 63 bytes'],
  ['text', '"char"', 'abc', 'the characters after the first'],
  ['name', '"char"', 'abc', 'the characters after the first'],
  ['text', 'date', '2024-02-03 10:11', time],
  ['text', 'numeric(10,2)', '1.239', 'digits'],
  ['text', 'numeric', '1.239', null],
  ['text', 'varchar(3)', 'abc', null],
  ['text', 'character(5)', 'ab  ', 'blanks at the end'],
  ['text', 'bit(3)', '101', null],
  ['integer', 'varchar(3)', '123', null],
  ['text[]', 'varchar(3)[]', '{abc}', null],
  ['text[]', 'jsonb', '{"a b",NULL}', null],
  ['integer[]', 'json', '{{1,2},{3,4}}', null],
  ['timestamp[]', 'date[]', `{"${moment}"}`, time],
  ['bit(4)', 'bit varying(4)', '1010', null],
  ['int4range', 'int8range', '[1,9)', null],
  ['int8range[]', 'numrange[]', '{"[1,9)",empty}', null],
  ['datemultirange', 'tsmultirange', '{[2024-02-03,2024-02-05)}', null],
  ['macaddr', 'macaddr8', '08:00:2b:01:02:03', null],
  ['jsonb', 'integer', '7.5', 'digits'],
  ['jsonb', 'numeric', '7.5', null],
  ['jsonb', 'numeric(4,1)', '7.25', 'digits'],
  ['jsonb', 'boolean', 'true', null],
  ['uuid', 'jsonb', '5f0c6a52-6a3c-4a51-9a3c-0c1f4a7f2b11', null],
  ['regclass', 'oid', 'pg_class', null],
  ['bigint', 'regtype', '23', null],
  ['int4range', 'int4multirange', '[1,3)', null],
  ['polygon', 'path', '((0,0),(1,1),(1,0))', null],
  ['polygon', 'circle', '((0,0),(1,1),(1,0))', 'the shape'],
  ['point', 'box', '(1,2)', null],
]

/** The ways back that are refused, because there is no cast. */
const withoutWayBack = new Set([
  'time',
  'timetz',
  'jsonb',
  'json',
  'int4multirange',
  'numrange[]',
  'tsmultirange',
])

function caseOf([from, to, value, lost]: Conversion): DdlCase {
  return {
    name: `${from} to ${to}`,
    from: `create table songs (fact ${from})`,
    to: `create table songs (fact ${to})`,
    rows: `insert into songs values ('${value}')`,
    losses: lost === null ? [] : [`${lost} in public.songs.fact`],
    ...(withoutWayBack.has(to) && isOneWay(from) ? { refusedBack: ['column:public.songs.fact'] } : {}),
  }
}

function isOneWay(from: string): boolean {
  return from.endsWith('[]') || ['timestamptz', 'uuid', 'int4range', 'datemultirange'].includes(from)
}

const within: readonly DdlCase[] = [
  {
    name: 'only in UTC a time with a zone is stored as one without; more decimals are no other format',
    from: 'create table songs (a timestamp, b timestamp(3), c time(0), d varbit(3)); create table plays (a timestamptz)',
    to: 'create table songs (a timestamptz, b timestamp, c time, d varbit(5)); create table plays (a timestamp(3))',
    hazards: [
      'data loss: the time zone in public.plays.a',
      'ACCESS EXCLUSIVE lock on public.plays',
      'rewrites public.plays',
      'ACCESS EXCLUSIVE lock on public.songs',
      'rewrites public.songs, unless the TimeZone of the session is UTC',
      ...Array.from({ length: 3 }, () => 'ACCESS EXCLUSIVE lock on public.songs'),
    ],
  },
  {
    name: 'a domain, an array and a composite type lose what is in them',
    from: `create domain price as numeric(10,4); create type track as (length numeric(10,4), name text);
      create table songs (a price, b price[], c track)`,
    to: `create domain price as numeric(10,2); create type track as (length numeric(10,2), name text);
      create table songs (a price, b price[], c track)`,
    rows: `insert into songs values (1.2345, '{1.2345}', '(1.2345,x)')`,
    losses: ['a', 'b', 'c'].map((column) => `digits in public.songs.${column}`),
    lossesBack: [],
  },
  {
    name: 'a typed table loses what its type loses',
    from: 'create type track as (length numeric(10,4)); create table songs of track',
    to: 'create type track as (length numeric(10,2)); create table songs of track',
    rows: 'insert into songs values (1.2345)',
    losses: ['digits of length stored in public.songs'],
    lossesBack: [],
  },
  {
    name: 'a text that is too long for its new type is refused by PostgreSQL, not cut',
    from: 'create domain short as varchar(3); create table songs (a integer, b integer, c text)',
    to: 'create domain short as varchar(3); create table songs (a varchar(3), b short, c short)',
    statements: [
      'ALTER TABLE public.songs ALTER COLUMN a TYPE character varying(3) USING a::text, ALTER COLUMN b TYPE public.short USING b::text, ALTER COLUMN c TYPE public.short',
    ],
    losses: [],
  },
  {
    name: 'a cast of the project, or of the extension of both types, is used',
    setup: `create extension isn; create type point3 as (x int, y int, z int); create type point2 as (x int, y int);
      create function flat(point3) returns point2 language sql immutable as 'select row($1.x, $1.y)::point2';
      create function high(point2) returns point3 language sql immutable as 'select row($1.x, $1.y, 0)::point3'`,
    from: 'create table songs (place point3, number isbn); create cast (point2 as point3) with function high(point2)',
    to: 'create cast (point3 as point2) with function flat(point3); create table songs (place point2, number isbn13)',
    statements: [
      'DROP CAST (public.point2 AS public.point3)',
      'CREATE CAST (public.point3 AS public.point2) WITH FUNCTION public.flat(public.point3)',
      'ALTER TABLE public.songs ALTER COLUMN place TYPE public.point2 USING place::public.point2, ALTER COLUMN number TYPE public.isbn13 USING number::public.isbn13',
    ],
  },
  {
    name: 'an array that becomes JSON has no way back',
    from: 'create table songs (words text[])',
    to: 'create table songs (words jsonb)',
    statements: ['ALTER TABLE public.songs ALTER COLUMN words TYPE jsonb USING to_jsonb(words)'],
    refusedBack: ['column:public.songs.words'],
  },
]

testDdlCases(t, [...conversions.map(caseOf), ...within])
