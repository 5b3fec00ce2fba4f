import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

const routines: readonly DdlCase[] = [
  {
    name: 'a routine with a new body is replaced in place',
    from: `create function f(a integer, b text default 'x, (y') returns integer language sql as 'select 1';
      create view v as select f(1);
      create procedure p(a integer) language sql as 'select 1'`,
    to: `create function f(a integer, b text default 'y') returns integer language sql as 'select 2';
      create view v as select f(1);
      create procedure p(a integer) language sql as 'select 2'`,
    contains: ['CREATE OR REPLACE FUNCTION public.f', 'CREATE OR REPLACE PROCEDURE public.p'],
    hazards: [
      'what calls public.f(integer, text), and what its body uses, is not recorded by PostgreSQL',
      'what calls public.p(integer), and what its body uses, is not recorded by PostgreSQL',
    ],
  },
  {
    name: 'what was computed or checked with a routine is named when that is replaced in place',
    from: `create function f(a integer) returns integer immutable language sql as 'select $1';
      create function viaf(a integer) returns integer immutable language sql return f(a);
      create domain positive as integer check (f(value) > 0); create domain unused as integer check (f(value) > 0);
      create table t (a integer, b integer generated always as (f(a)) stored, p positive, d integer default f(1),
        constraint above check (f(a) > 0), constraint changed check (f(a) > 0));
      create index plain on t (a); create index computed on t (viaf(a)); create view v as select f(1);
      create table m (a integer) partition by list (f(a)); create materialized view mv as select f(2)`,
    to: `create function f(a integer) returns integer immutable language sql as 'select $1 + 1';
      create function viaf(a integer) returns integer immutable language sql return f(a);
      create domain positive as integer check (f(value) > 0); create domain unused as integer check (f(value) > 0);
      create table t (a integer, b integer generated always as (f(a)) stored, p positive, d integer default f(1),
        constraint above check (f(a) > 0), constraint changed check (f(a) > 1));
      create index plain on t (a); create index computed on t (viaf(a)); create view v as select f(1);
      create table m (a integer) partition by list (f(a)); create materialized view mv as select f(2)`,
    hazards: [
      'ACCESS EXCLUSIVE lock on public.t',
      ...[
        'materialized view public.mv',
        'table public.m',
        'column b on public.t',
        'constraint above on public.t',
        'domain public.positive',
        'index computed on public.t',
      ].map(
        (what) => `keeps what the old public.f(integer) gave: ${what} is neither computed nor checked again`,
      ),
      'what calls public.f(integer), and what its body uses, is not recorded by PostgreSQL',
      'ACCESS EXCLUSIVE lock on public.t',
      'reads all of public.t under a SHARE UPDATE EXCLUSIVE lock',
      'fails when rows violate changed',
    ],
  },
  {
    name: 'a routine with a different result or arguments is recreated',
    from: `create function result() returns integer language sql as 'select 1';
      create function renamed(a integer) returns integer language sql as 'select 1';
      create function less(a integer, b integer default 1) returns integer language sql as 'select 1';
      create function columns(out a integer, out b integer) language sql as 'select 1, 2';
      create view v as select result(), renamed(1)`,
    to: `create function result() returns bigint language sql as 'select 1::bigint';
      create function renamed(b integer) returns integer language sql as 'select 1';
      create function less(a integer, b integer) returns integer language sql as 'select 1';
      create function columns(out a integer, out c integer) language sql as 'select 1, 2';
      create view v as select result(), renamed(1)`,
    contains: [
      'DROP VIEW public.v',
      'DROP FUNCTION public.columns()',
      'DROP FUNCTION public.less(integer, integer)',
      'DROP FUNCTION public.renamed(integer)',
      'DROP FUNCTION public.result()',
      'CREATE OR REPLACE FUNCTION public.result()',
      'CREATE VIEW public.v',
    ],
  },
  {
    name: 'arguments get names and defaults',
    from: `create function f(integer, variadic text[]) returns integer language sql as 'select 1';
      create procedure p(integer, text) language sql as 'select 1';
      create view v as select f(1, 'a', 'b')`,
    to: `create function f(a integer, variadic b text[] default array['DEFAULT', '),']) returns integer
        language sql as 'select 1';
      create procedure p(a integer, "b c" text default 'x') language sql as 'select 1';
      create view v as select f(1, 'a', 'b')`,
    statements: [
      'SET check_function_bodies = off',
      `CREATE OR REPLACE FUNCTION public.f(a integer, VARIADIC b text[] DEFAULT ARRAY['DEFAULT'::text, '),'::text])
 RETURNS integer
 LANGUAGE sql
AS $function$select 1$function$`,
      `CREATE OR REPLACE PROCEDURE public.p(IN a integer, IN "b c" text DEFAULT 'x'::text)
 LANGUAGE sql
AS $procedure$select 1$procedure$`,
    ],
  },
  {
    name: 'what calls a routine that gives way to another of its name is made after it, again',
    setup: 'create table songs (plays integer)',
    from: `create function f(integer) returns integer immutable language sql as 'select 1';
      alter table songs add rate integer default f(1), add twice integer generated always as (f(plays)) stored,
        add check (f(plays) > 0);
      create index songs_f on songs (f(plays)); create view v as select f(plays) as rate from songs;
      create domain d as integer default f(1) check (f(value) > 0);
      create function g() returns integer begin atomic select f(1); end;
      create rule r as on delete to songs where f(old.plays) > 1 do instead nothing;
      create policy p on songs using (f(plays) > 0)`,
    to: `create function f(integer, other integer default 2) returns integer immutable language sql as 'select 2';
      alter table songs add rate integer default f(1, 7), add twice integer generated always as (f(plays, 7)) stored,
        add check (f(plays, 7) > 0);
      create index songs_f on songs (f(plays, 7)); create view v as select f(plays) as rate, 1 as other from songs;
      create domain d as integer default f(1, 7) check (f(value, 7) > 0);
      create function g() returns integer begin atomic select f(1) + 1; end;
      create rule r as on delete to songs where f(old.plays) > 2 do instead nothing;
      create policy p on songs using (f(plays) > 3)`,
    ownDatabases: true,
  },
  {
    name: 'routines with quoted bodies are created after the routines that they call',
    from: '',
    to: `create function last(integer) returns integer language sql immutable as 'select 1';
      create function "B b"(integer) returns integer language sql immutable as 'select last($1)';
      create function a(integer) returns integer language sql immutable as 'select "B b"($1)';
      create function even(integer) returns boolean language plpgsql as 'begin return not odd($1 - 1); end';
      create function odd(integer) returns boolean language plpgsql as 'begin return not even($1 - 1); end';
      create table songs (id integer, a integer generated always as (a(id)) stored)`,
    contains: ['FUNCTION public.last(', 'FUNCTION public."B b"(', 'FUNCTION public.a(', 'CREATE TABLE'],
  },
  {
    name: 'a window function becomes an ordinary one',
    from: `create function w() returns bigint language internal as 'window_row_number' window`,
    to: `create function w() returns bigint language internal as 'pg_backend_pid'`,
    contains: ['DROP FUNCTION public.w()'],
  },
  {
    name: 'arguments of all kinds, and a body that PostgreSQL parses',
    from: `create function keep(variadic "odd, name" integer[] default array[1, 2]) returns integer language sql as 'select 1'`,
    to: `create function keep(variadic "odd, name" integer[] default array[1, 2]) returns integer language sql as 'select 2';
      create table songs (id integer, title text default ' DEFAULT ');
      create function atomic(in a integer, inout b text default ', ', out c integer)
        begin atomic select title, id from songs where id = a; end;
      create function rows() returns table (id integer, title text) language sql as 'select * from songs';
      create procedure odd(inout a integer, out b integer) language plpgsql as 'begin a := 1; end';
      create function "Odd ""name"" ("("A" integer) returns setof songs language plpgsql as 'begin end'`,
  },
  {
    name: 'a function becomes a procedure',
    from: `create function f(a integer) returns void language sql as 'select 1'`,
    to: `create procedure f(a integer) language sql as 'select 1'`,
    contains: ['DROP FUNCTION public.f(integer)', 'CREATE OR REPLACE PROCEDURE public.f'],
  },
]

const aggregates: readonly DdlCase[] = [
  {
    name: 'aggregates of all kinds',
    from: '',
    to: `create function add(state bigint, value integer) returns bigint language sql immutable as 'select 1::bigint';
      create function subtract(state bigint, value integer) returns bigint language sql immutable as 'select 1::bigint';
      create function combine(a bigint, b bigint) returns bigint language sql immutable as 'select a';
      create function finish(state bigint, value integer) returns text language sql immutable as 'select ''x''';
      create function count_any(state bigint) returns bigint language sql as 'select state + 1';
      create aggregate total(integer) (sfunc = add, stype = bigint, sspace = 16, finalfunc = finish, finalfunc_extra,
        finalfunc_modify = shareable, combinefunc = combine, initcond = '0', msfunc = add, minvfunc = subtract,
        mstype = bigint, msspace = 32, minitcond = '1', mfinalfunc = finish, mfinalfunc_extra,
        mfinalfunc_modify = read_write, parallel = safe);
      create aggregate everything(*) (sfunc = count_any, stype = bigint, initcond = '0');
      create aggregate smallest(named integer) (sfunc = int4smaller, stype = integer, sortop = <);
      create aggregate middle(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal,
        finalfunc = percentile_disc_final, finalfunc_extra);
      create aggregate ranked(variadic "any" order by variadic "any") (sfunc = ordered_set_transition_multi,
        stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical);
      comment on aggregate everything(*) is 'all';
      comment on aggregate middle(float8 order by anyelement) is 'median';
      comment on aggregate ranked(variadic "any" order by variadic "any") is 'rank'`,
  },
  {
    name: 'an aggregate with the same result is replaced in place',
    from: `create aggregate smallest(integer) (sfunc = int4smaller, stype = integer);
      create aggregate other(integer) (sfunc = int4smaller, stype = integer);
      create view v as select smallest(1), other(2)`,
    to: `create aggregate smallest(integer) (sfunc = int4larger, stype = integer, sortop = >);
      create aggregate other(integer) (sfunc = int8inc_any, stype = bigint, initcond = '0');
      create view v as select smallest(1), other(2)`,
    contains: [
      'DROP VIEW public.v',
      'DROP AGGREGATE public.other(integer)',
      'CREATE OR REPLACE AGGREGATE public.smallest(integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >)',
      'CREATE AGGREGATE public.other(integer)',
      'CREATE VIEW public.v',
    ],
  },
]

const enums: readonly DdlCase[] = [
  {
    name: 'labels are added at their positions',
    from: `create type mood as enum ('b', 'd'); create type empty as enum ()`,
    to: `create type mood as enum ('it''s', 'a', 'b', 'c', 'd', 'e', 'f'); create type empty as enum ('x', 'y')`,
    statements: [
      `ALTER TYPE public.empty ADD VALUE 'x'`,
      `ALTER TYPE public.empty ADD VALUE 'y'`,
      `ALTER TYPE public.mood ADD VALUE 'it''s' BEFORE 'b'`,
      `ALTER TYPE public.mood ADD VALUE 'a' AFTER 'it''s'`,
      `ALTER TYPE public.mood ADD VALUE 'c' AFTER 'b'`,
      `ALTER TYPE public.mood ADD VALUE 'e'`,
      `ALTER TYPE public.mood ADD VALUE 'f'`,
    ],
    hazards: Array.from({ length: 7 }, () => 'runs only outside a transaction'),
  },
  {
    name: 'labels are removed and moved while columns have the type',
    from: `create type mood as enum ('a', 'b', 'c');
      create table songs (mood mood not null default 'a', moods mood[] default '{a,c}');
      insert into songs values (default, default);
      create view v as select mood from songs;
      create function f(m mood) returns mood language sql as 'select m'`,
    to: `create type mood as enum ('c', 'a');
      create table songs (mood mood not null default 'a', moods mood[] default '{a}');
      create view v as select mood from songs;
      create function f(m mood) returns mood language sql as 'select m'`,
    contains: ['RENAME TO', `CREATE TYPE public.mood AS ENUM ('c', 'a')`, 'TYPE public.mood', 'DROP TYPE'],
  },
]

const domains: readonly DdlCase[] = [
  {
    name: 'domains with all their properties',
    from: '',
    to: `create domain plain as numeric(10,2)[];
      create domain full_of as text collate "C" default 'it''s' not null constraint "No X" check (value <> 'x')
        check (length(value) > 1);
      create domain above as full_of;
      alter domain plain add constraint later check (cardinality(value) > 1) not valid`,
    hazards: [],
  },
  {
    name: 'a domain is altered and stored values are validated',
    setup: `create function fine(integer) returns boolean language sql as 'select true'`,
    from: `create domain score as integer default 1 constraint old check (value > 0) constraint kept check (value < 100);
      comment on constraint kept on domain score is 'kept';
      create domain strict as integer constraint done check (value > 1);
      create table songs (score score, strict strict)`,
    to: `create domain score as integer not null constraint kept check (value < 50) constraint sound check (fine(value));
      comment on constraint kept on domain score is 'kept';
      create domain strict as integer default 3;
      alter domain strict add constraint done check (value > 1) not valid;
      create table songs (score score, strict strict)`,
    statements: [
      'ALTER DOMAIN public.score DROP CONSTRAINT kept',
      'ALTER DOMAIN public.score DROP CONSTRAINT old',
      'ALTER DOMAIN public.strict DROP CONSTRAINT done',
      'ALTER DOMAIN public.score ADD CONSTRAINT kept CHECK ((VALUE < 50)) NOT VALID',
      'ALTER DOMAIN public.score VALIDATE CONSTRAINT kept',
      `COMMENT ON CONSTRAINT kept ON DOMAIN public.score IS 'kept'`,
      'ALTER DOMAIN public.score ADD CONSTRAINT sound CHECK (public.fine(VALUE)) NOT VALID',
      'ALTER DOMAIN public.score VALIDATE CONSTRAINT sound',
      'ALTER DOMAIN public.score DROP DEFAULT',
      'ALTER DOMAIN public.score SET NOT NULL',
      'ALTER DOMAIN public.strict ADD CONSTRAINT done CHECK ((VALUE > 1)) NOT VALID',
      'ALTER DOMAIN public.strict SET DEFAULT 3',
    ],
    hazards: [
      'reads all of public.songs under a SHARE lock',
      'fails when a stored value does not satisfy kept in public.songs',
      'reads all of public.songs under a SHARE lock',
      'fails when a stored value does not satisfy sound in public.songs',
      'reads all of public.songs under a SHARE lock',
      'fails when null is stored in public.songs',
    ],
  },
  {
    name: 'a function in the check of a domain is recreated',
    from: `create function fine(a integer) returns boolean language sql as 'select true';
      create domain score as integer default 1 check (fine(value));
      comment on constraint score_check on domain score is 'it''s fine';
      create table songs (score score)`,
    to: `create function fine(b integer) returns boolean language sql as 'select true';
      create domain score as integer default 1 check (fine(value));
      comment on constraint score_check on domain score is 'it''s fine';
      create table songs (score score)`,
    contains: [
      'ALTER DOMAIN public.score DROP CONSTRAINT score_check',
      'DROP FUNCTION public.fine(integer)',
      'CREATE OR REPLACE FUNCTION public.fine',
      'ALTER DOMAIN public.score ADD CONSTRAINT score_check',
      'ALTER DOMAIN public.score VALIDATE CONSTRAINT score_check',
    ],
  },
  {
    name: 'the base type of a domain changes',
    from: `create domain score as integer; create table songs (id integer, score score default 1)`,
    to: `create domain score as bigint check (value > 0); create table songs (id integer, score score default 1)`,
    contains: ['CREATE DOMAIN public.score AS bigint CONSTRAINT score_check CHECK ((VALUE > 0))'],
  },
  {
    name: 'a domain inside an array is recreated for a new check',
    from: `create domain score as integer; create table songs (scores score[])`,
    to: `create domain score as integer check (value > 0); create table songs (scores score[])`,
    contains: ['CREATE DOMAIN public.score AS integer CONSTRAINT score_check CHECK ((VALUE > 0))', 'score[]'],
  },
]

const composites: readonly DdlCase[] = [
  {
    name: 'attributes are added and dropped while columns have the type',
    from: `create type part as (a integer, b text collate "C", "The C" numeric(4,1));
      create table songs (part part);
      create view v as select (part).b from songs`,
    to: `create type part as (b text collate "C", "The C" numeric(4,1), d timestamp(3) with time zone);
      create table songs (part part);
      create view v as select (part).b from songs`,
    contains: [
      'ALTER TYPE public.part DROP ATTRIBUTE a',
      'ALTER TYPE public.part ADD ATTRIBUTE d timestamp(3) with time zone',
    ],
  },
  {
    name: 'the type of an attribute changes',
    from: `create type part as (a integer, b text);
      create type whole as (p part);
      create function f(p part) returns integer begin atomic select p.a; end;
      create view v as select (null::part).a`,
    to: `create type part as (a bigint, b text);
      create type whole as (p part);
      create function f(p part) returns integer begin atomic select p.a; end;
      create view v as select (null::part).a`,
    contains: [
      'DROP VIEW public.v',
      'ALTER TYPE public.part ALTER ATTRIBUTE a TYPE bigint',
      'CREATE VIEW public.v',
    ],
    hazards: [
      'ACCESS EXCLUSIVE lock on public.v',
      'what calls public.f(public.part), and what its body uses, is not recorded by PostgreSQL',
      'what calls public.f(public.part), and what its body uses, is not recorded by PostgreSQL',
    ],
  },
  {
    name: 'a stored attribute gets a new type, and others come and go',
    from: `create type part as (a integer, b text, c date); create table songs (id int, part part, parts part[]);
      create index on songs (((part).a)); create view v as select (part).c, (part).b from songs;
      create function f(part) returns text language sql as 'select ($1).b'`,
    to: `create type part as (a bigint, b varchar(9), d date, "e F" numeric(4,1)); create table songs (id int, part part, parts part[]);
      create index on songs (((part).a)); create view v as select (part).d, (part).b from songs;
      create function f(part) returns text language sql as 'select ($1).b'`,
    rows: `insert into songs values (1, '(1,x,2020-01-01)', '{"(2,y,)"}')`,
    thereAfter: `do $$begin assert (select parts = array[row(2, 'y', null, null)::part] and part = row(1, 'x', null, null)::part from songs); end$$`,
    losses: ['the values of c stored in public.songs'],
    ownDatabases: true,
  },
  {
    name: 'attributes of types that are not there yet are refused where another one gets a new type',
    from: 'create type part as (a integer); create table songs (part part)',
    to: `create type mood as enum ('sad'); create type part as (a bigint, m mood); create table songs (part part)`,
    refused: ['composite:public.part'],
  },
  {
    name: 'stored attributes in a different order, one dropped, one new, one of a new type',
    from: `create type mood as enum ('a', 'b'); create type part as ("X y" integer, b text, m mood, gone date, n integer[]);
      create table songs (id integer, p part not null, "P q" part default row(5, 'five', 'b', null, '{5}'))`,
    to: `create type mood as enum ('b', 'a'); create type part as (n integer[], b varchar(9), more text, m mood, "X y" bigint);
      create table songs (id integer, p part not null, "P q" part default row('{5}', 'five', 'x', 'b', 5))`,
    rows: `insert into songs values (1, row(1, 'one', 'a', '2024-02-03', '{1,2}'), null), (2, row(2, null, 'b', null, null), row(null, null, null, null, null))`,
    thereAfter: `do $$begin
      assert (select (p).b = 'one' and ("P q") is not distinct from null and (p)."X y" = 1 and (p).m = 'a' and (p).n = '{1,2}' from songs where id = 1);
      assert (select "P q" is distinct from null and (p)."X y" = 2 from songs where id = 2);
    end$$`,
    losses: ['the values of gone stored in public.songs'],
    lossesBack: ['the values of more stored in public.songs'],
  },
  {
    name: 'attributes in a different order of values of a domain',
    from: `create type part as (a integer, b text); create domain "D" as part check ((value).a > 0); create table songs (id integer, d "D")`,
    to: `create type part as (b text, a integer); create domain "D" as part check ((value).a > 0); create table songs (id integer, d "D")`,
    rows: `insert into songs values (1, row(7, 'x')), (2, null)`,
    thereAfter: `do $$begin assert (select (d).a = 7 and (d).b = 'x' from songs where id = 1); end$$`,
    losses: [],
  },
  {
    name: 'attributes in a different order are refused where an array stores them',
    from: `create type part as (a text, b text); create table songs (parts part[])`,
    to: `create type part as (b text, a text); create table songs (parts part[])`,
    refused: ['composite:public.part'],
  },
  {
    name: 'attributes of a type with typed tables',
    from: `create type part as (b text, a integer); create table songs of part`,
    to: `create type part as (b text, c integer); create table songs of part`,
    contains: [
      'ALTER TYPE public.part DROP ATTRIBUTE a CASCADE',
      'ALTER TYPE public.part ADD ATTRIBUTE c integer CASCADE',
    ],
    hazards: [
      'ACCESS EXCLUSIVE lock on public.songs',
      'data loss: the values of a stored in public.songs',
      'ACCESS EXCLUSIVE lock on public.songs',
    ],
  },
  {
    name: 'attributes in a different order, and an attribute of a stored type with a new type',
    from: `create type moved as (a integer, b text);
      create type part as (a integer, b text); create table songs (part part)`,
    to: `create type moved as (b text, a integer);
      create type part as (a bigint, b text); create table songs (part part)`,
    contains: ['DROP TYPE public.moved', 'CREATE TYPE public.part AS (a bigint, b text)'],
  },
]

/** The functions of a base type, which name the type before it exists. */
function functionsOf(type: string): string {
  return `create function ${type}_in(cstring) returns ${type} language internal immutable strict as 'textin';
    create function ${type}_out(${type}) returns cstring language internal immutable strict as 'textout';`
}

const shells: readonly DdlCase[] = [
  {
    name: 'a range type with functions of its own',
    from: '',
    to: `create type moments;
      create function canonical(moments) returns moments language internal immutable strict as 'int4range_canonical';
      create function apart(integer, integer) returns float8 language sql immutable as 'select 1.0::float8';
      create type moments as range (subtype = integer, subtype_diff = apart, canonical = canonical,
        multirange_type_name = many_moments);
      create type words as range (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
      create table songs (at moments, during many_moments)`,
    contains: ['CREATE TYPE public.moments', 'CREATE OR REPLACE FUNCTION public.canonical', 'AS RANGE'],
  },
  {
    name: 'a changed range type inside of domains, composite types and their arrays',
    from: `create type words as range (subtype = text); create domain few as words check (not isempty(value));
      create type verse as (words words, place integer); create domain "L" as verse; create table songs (few few, line verse, all_ few[], l "L")`,
    to: `create type words as range (subtype = text, collation = "C"); create domain few as words check (not isempty(value));
      create type verse as (words words, place integer); create domain "L" as verse; create table songs (few few, line verse, all_ few[], l "L")`,
    rows: `insert into songs values ('[a,b)', '("[a,b)",1)', '{"[a,b)"}', '("[c,d)",2)')`,
    thereAfter: `do $$begin assert (select few = '[a,b)' and (line).place = 1 and all_[1] = '[a,b)' from songs); end$$`,
    losses: [],
  },
  {
    name: 'a range type with functions that take it is refused while columns have types that are made of it',
    from: `create type moments; create function canonical(moments) returns moments language internal immutable strict as 'int4range_canonical';
      create type moments as range (subtype = integer, canonical = canonical); create domain few as moments; create table songs (few few)`,
    to: 'create type moments as range (subtype = integer); create domain few as moments; create table songs (few few)',
    refused: ['range:public.moments', 'function:public.canonical(public.moments)'],
  },
  {
    name: 'another name of a multirange type, also in quotes, and a subtype that is replaced too',
    from: `create type "E" as enum ('a', 'b', 'c'); create type "R" as range (subtype = "E"); create type r as range (subtype = integer, multirange_type_name = "Rs");
      create table songs (a "R", b "R_multirange", c r, d "Rs", e "Rs"[])`,
    to: `create type "E" as enum ('c', 'b'); create type "R" as range (subtype = "E"); create type r as range (subtype = integer);
      create table songs (a "R", b "R_multirange", c r, d r_multirange, e r_multirange[])`,
    rows: `insert into songs values ('[b,b]', '{[b,b]}', '[1,2)', '{[1,2)}', '{"{[3,4)}"}')`,
    losses: [],
  },
  {
    name: 'columns of a changed range type',
    from: `create type words as range (subtype = text); create table songs (words words not null, check (not isempty(words)))`,
    to: `create type words as range (subtype = text, collation = "C"); create table songs (words words not null, check (words <> 'empty'))`,
    rows: `insert into songs values ('[a,b)'), ('(,)')`,
    thereAfter: `do $$begin assert (select count(*) = 1 from songs where words = '[a,b)'); end$$`,
    losses: [],
    contains: [
      'ALTER FUNCTION public.words(text, text) RENAME TO words__replaced',
      'ALTER TYPE public.words_multirange RENAME TO words_multirange__replaced',
      'ALTER TYPE public.words RENAME TO words__replaced',
      'CREATE TYPE public.words',
      'ALTER COLUMN words TYPE public.words USING words::text::public.words',
      'DROP TYPE public.words__replaced',
    ],
  },
  {
    name: 'arrays, multiranges, defaults, views, routines, indexes and children of a changed range type',
    from: `create type scores as range (subtype = integer, multirange_type_name = many_scores);
      create table songs (id integer primary key, s scores default '[1,2)', a scores[] default '{}', m many_scores, exclude using gist (s with &&));
      create table covers (x integer) inherits (songs); create index on songs using gist (m); create index on covers (s);
      create function wide(scores) returns scores language sql immutable as 'select $1';
      create view widest as select wide(s), a from songs; create policy narrow on songs using (not isempty(s))`,
    to: `create function apart(integer, integer) returns float8 language sql immutable as 'select 1.0::float8';
      create type scores as range (subtype = integer, subtype_diff = apart, multirange_type_name = many_scores);
      create table songs (id integer primary key, s scores default '[2,3)', a scores[] default '{}', m many_scores, exclude using gist (s with &&));
      create table covers (x integer) inherits (songs); create index on songs using gist (m); create index on covers (s);
      create function wide(scores) returns scores language sql immutable as 'select $1';
      create view widest as select wide(s), a from songs; create policy narrow on songs using (not isempty(s))`,
    rows: `insert into songs values (1, '[1,5)', '{"[1,2)"}', '{[1,2),[4,5)}'); insert into covers values (2, '[7,8)', null, '{}', 3)`,
    ownDatabases: true,
  },
  {
    name: 'an enum inside of a range type of columns loses a label',
    from: `create type mood as enum ('sad', 'glad', 'mad'); create type moods as range (subtype = mood); create table songs (m moods, n mood, o moods[])`,
    to: `create type mood as enum ('sad', 'glad'); create type moods as range (subtype = mood); create table songs (m moods, n mood, o moods[])`,
    rows: `insert into songs values ('[sad,glad]', 'sad', '{"[sad,sad]"}')`,
  },
  {
    name: 'a range type that no column keeps is recreated',
    from: `create type words as range (subtype = text); create table songs (id int, a words, b words[])`,
    to: `create type words as range (subtype = text, collation = "C"); create table songs (id int, a text, c words)`,
    statements: [
      'ALTER TABLE public.songs DROP COLUMN b',
      'ALTER FUNCTION public.words(text, text) RENAME TO words__replaced',
      'ALTER FUNCTION public.words(text, text, text) RENAME TO words__replaced',
      'ALTER FUNCTION public.words_multirange() RENAME TO words_multirange__replaced',
      'ALTER FUNCTION public.words_multirange(public.words) RENAME TO words_multirange__replaced',
      'ALTER FUNCTION public.words_multirange(public.words[]) RENAME TO words_multirange__replaced',
      'ALTER TYPE public.words_multirange RENAME TO words_multirange__replaced',
      'ALTER TYPE public.words RENAME TO words__replaced',
      'ALTER TABLE public.songs ALTER COLUMN a TYPE text USING a::text',
      `CREATE TYPE public.words AS RANGE (SUBTYPE = text, COLLATION = "C")`,
      'ALTER TABLE public.songs ADD COLUMN c public.words',
      'DROP TYPE public.words__replaced',
    ],
  },
  {
    name: 'base types with their functions',
    from: 'create type to_come',
    to: `create type small;
      create function small_in(cstring) returns small language internal immutable strict as 'int4in';
      create function small_out(small) returns cstring language internal immutable strict as 'int4out';
      create type small (input = small_in, output = small_out, like = integer, category = 'N', preferred,
        default = '7', delimiter = ';');
      create type big; ${functionsOf('big')}
      create type big (input = big_in, output = big_out, storage = extended, collatable = true);
      create function one() returns small language sql as 'select null::small';
      create table songs (small small, big big[])`,
  },
  {
    name: 'a base type is altered',
    setup: `create type big; ${functionsOf('big')}
      create function big_send(big) returns bytea language internal stable strict as 'textsend'`,
    from: `create type big (input = big_in, output = big_out, storage = main);
      create type unused; ${functionsOf('unused')}
      create type unused (input = unused_in, output = unused_out, storage = main);
      create table songs (big big)`,
    to: `create type big (input = big_in, output = big_out, send = big_send, storage = main);
      create type unused; ${functionsOf('unused')}
      create type unused (input = unused_in, output = unused_out, storage = extended);
      create table songs (big big)`,
    statements: [
      'ALTER TYPE public.big SET (SEND = public.big_send)',
      'ALTER TYPE public.unused SET (STORAGE = extended)',
    ],
  },
  {
    name: 'a change of a base type that PostgreSQL cannot make is refused while columns have the type',
    setup: `create type big; ${functionsOf('big')}`,
    from: `create type big (input = big_in, output = big_out, storage = main); create table songs (big big)`,
    to: `create type big (input = big_in, output = big_out, category = 'X'); create table songs (big big)`,
    refused: ['base_type:public.big'],
  },
  {
    name: 'an unused base type is recreated with its functions',
    setup: `create type big; ${functionsOf('big')}`,
    from: `create type big (input = big_in, output = big_out)`,
    to: `create type big (input = big_in, output = big_out, category = 'X')`,
    contains: [
      'DROP TYPE public.big CASCADE',
      'CREATE TYPE public.big',
      'CREATE OR REPLACE FUNCTION public.big_in',
    ],
  },
]

const operators: readonly DdlCase[] = [
  {
    name: 'operators that link to each other and to themselves',
    from: '',
    to: `create function same(text, integer) returns boolean language sql immutable as 'select true';
      create function same(integer, text) returns boolean language sql immutable as 'select true';
      create operator === (function = same, leftarg = text, rightarg = integer, commutator = ===, negator = !==,
        restrict = eqsel, join = eqjoinsel, hashes, merges);
      create operator !== (function = same, leftarg = text, rightarg = integer);
      create operator === (function = same, leftarg = integer, rightarg = text);
      create function one(text) returns boolean language sql immutable as 'select true';
      create operator !!! (function = one, rightarg = text);
      create operator ~~~ (function = texteq, leftarg = text, rightarg = text, commutator = ~~~);
      comment on operator !!! (none, text) is 'not'`,
  },
  {
    name: 'one operator is altered, one recreated',
    from: `create operator === (function = texteq, leftarg = text, rightarg = text, restrict = eqsel);
      create operator ~~~ (function = texteq, leftarg = text, rightarg = text);
      create view v as select 'a'::text operator(public.~~~) 'b'`,
    to: `create operator === (function = texteq, leftarg = text, rightarg = text, join = eqjoinsel);
      create operator ~~~ (function = textne, leftarg = text, rightarg = text);
      create view v as select 'a'::text operator(public.~~~) 'b'`,
    statements: [
      'DROP VIEW public.v',
      'DROP OPERATOR public.~~~ (text, text)',
      'ALTER OPERATOR public.=== (text, text) SET (RESTRICT = NONE, JOIN = eqjoinsel)',
      'CREATE OPERATOR public.~~~ (FUNCTION = textne, LEFTARG = text, RIGHTARG = text)',
      `CREATE VIEW public.v AS\n SELECT ('a'::text OPERATOR(public.~~~) 'b'::text) AS "?column?"`,
    ],
  },
  {
    name: 'shell operators',
    from: `create schema other;
      create operator === (function = texteq, leftarg = text, rightarg = text, commutator = operator(other.<<<));
      create operator !== (function = textne, leftarg = text, rightarg = text, negator = ===)`,
    to: `create operator === (function = texteq, leftarg = text, rightarg = text);
      create operator !== (function = textne, leftarg = text, rightarg = text)`,
    contains: [
      'DROP OPERATOR public.=== (text, text)',
      'DROP OPERATOR IF EXISTS other.<<< (text, text)',
      'DROP SCHEMA other',
      'CREATE OPERATOR public.===',
    ],
  },
  {
    name: 'links between operators are added and removed',
    from: `create operator === (function = texteq, leftarg = text, rightarg = text);
      create operator <<< (function = text_lt, leftarg = text, rightarg = text);
      create operator >>> (function = text_gt, leftarg = text, rightarg = text)`,
    to: `create operator === (function = texteq, leftarg = text, rightarg = text, negator = !==);
      create operator !== (function = textne, leftarg = text, rightarg = text, negator = ===);
      create operator <<< (function = text_lt, leftarg = text, rightarg = text, commutator = >>>);
      create operator >>> (function = text_gt, leftarg = text, rightarg = text, commutator = <<<)`,
  },
  {
    name: 'operator classes and families',
    from: '',
    to: `create operator family numbers using btree;
      create operator class by_size for type integer using btree family numbers as
        operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(integer, integer);
      alter operator family numbers using btree add operator 1 < (integer, bigint),
        function 1 (integer, bigint) btint48cmp(integer, bigint);
      create operator class own for type text using btree as
        operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 bttextcmp(text, text);
      create operator class standard default for type money using hash as operator 1 =, function 1 hashint8(bigint);
      create operator class kept for type point using gist as
        operator 11 |>> (point, point), operator 15 <-> (point, point) for order by float_ops,
        function 1 gist_point_consistent(internal, point, smallint, oid, internal),
        function 2 gist_box_union(internal, internal), function 3 gist_point_compress(internal),
        function 5 gist_box_penalty(internal, internal, internal), function 6 gist_box_picksplit(internal, internal),
        function 7 gist_box_same(box, box, internal), function 8 gist_point_distance(internal, point, smallint, oid, internal),
        storage box;
      create table songs (title text);
      create index songs_title on songs (title own);
      comment on operator class own using btree is 'own';
      comment on operator family numbers using btree is 'numbers'`,
  },
  {
    name: 'the members of an operator family and an operator class change',
    ownDatabases: true,
    setup: 'create table songs (title text)',
    from: `create operator family numbers using btree;
      alter operator family numbers using btree add operator 1 < (integer, bigint), operator 3 = (integer, bigint);
      create operator class own for type text using btree as operator 1 <, operator 2 <=, operator 3 =,
        operator 4 >=, operator 5 >, function 1 bttextcmp(text, text);
      create index songs_title on songs (title own)`,
    to: `create operator family numbers using btree;
      alter operator family numbers using btree add operator 3 = (integer, bigint),
        function 1 (integer, bigint) btint48cmp(integer, bigint);
      create operator class own for type text using btree as operator 1 ~<~, operator 2 ~<=~, operator 3 =,
        operator 4 ~>=~, operator 5 ~>~, function 1 bttext_pattern_cmp(text, text);
      create index songs_title on songs (title own)`,
    contains: [
      'ALTER OPERATOR FAMILY public.numbers USING btree DROP OPERATOR 1 (integer,bigint)',
      'ALTER OPERATOR FAMILY public.numbers USING btree ADD FUNCTION 1 (integer, bigint) btint48cmp(integer,bigint)',
    ],
  },
  {
    name: 'casts',
    from: `create type part as (a integer);
      create type mood as enum ('a');
      create function part(integer) returns part language sql as 'select null::part';
      create cast (integer as part) with function part(integer);
      create cast (part as text) with inout as implicit`,
    to: `create type part as (a integer);
      create type mood as enum ('a');
      create function part(integer) returns part language sql as 'select null::part';
      create cast (integer as part) with function part(integer) as assignment;
      create cast (mood as text) with inout as implicit;
      create cast (xml as json) without function;
      comment on cast (mood as text) is 'words'`,
    contains: ['DROP CAST (integer AS public.part)', 'DROP CAST (public.part AS text)'],
  },
]

const others: readonly DdlCase[] = [
  {
    name: 'names that must be quoted',
    from: '',
    to: `create schema "S x";
      create type "S x"."T ""y" as ("A a" integer, "b.c" "char");
      create type "S x"."E" as enum ('A''"', E'b\\c');
      create domain "S x"."D d" as "S x"."E" default 'A''"' constraint "C c" check (value <> E'b\\c');
      create function "S x"."F(" (a "S x"."T ""y", variadic "v V" "S x"."E"[]) returns setof "S x"."T ""y"
        language sql as 'select $1';
      create function "S x"."O"("S x"."E", "S x"."E") returns boolean language sql as 'select true';
      create aggregate "S x"."G g"("S x"."E") (sfunc = enum_larger, stype = "S x"."E");
      create operator "S x".<#> (function = "S x"."O", leftarg = "S x"."E", rightarg = "S x"."E",
        commutator = operator("S x".<#>));
      create type "S x"."R" as range (subtype = "S x"."E", multirange_type_name = "S x"."M R");
      create cast ("S x"."T ""y" as text) with inout;
      create table "S x"."T" (a "S x"."D d", b "S x"."T ""y", c "S x"."R", d "S x"."M R", e "S x"."E"[]);
      create collation "S x"."Co" (locale = 'C');
      create text search configuration "S x"."Ts" (copy = english);
      create operator family "S x"."Of" using gin`,
  },
  {
    name: 'collations',
    from: `create collation changed (provider = icu, locale = 'de')`,
    to: `create collation changed (provider = icu, locale = 'de', deterministic = false);
      create collation "It's" (provider = icu, locale = 'de-u-co-phonebk');
      create collation mixed (lc_collate = 'C', lc_ctype = 'POSIX');
      create collation plain (locale = 'C');
      create table songs (title text collate plain);
      comment on collation plain is 'bytes'`,
  },
  {
    name: 'conversions, transforms, languages and access methods',
    from: `create language other handler plpgsql_call_handler`,
    to: `create trusted language other handler plpgsql_call_handler inline plpgsql_inline_handler
        validator plpgsql_validator;
      create conversion "to" for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;
      create default conversion back for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
      create access method heaps type table handler heap_tableam_handler;
      create access method trees type index handler bthandler;
      create type part as (a integer);
      create function part_from(internal) returns internal language internal immutable strict as 'varchar_support';
      create transform for part language plpgsql (from sql with function part_from(internal));
      comment on transform for part language plpgsql is 'part'`,
    contains: [
      'CREATE OR REPLACE TRUSTED LANGUAGE other HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler',
    ],
  },
  {
    name: 'text search of all kinds',
    from: '',
    to: `create text search parser words (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
        lextypes = prsd_lextype, headline = prsd_headline);
      create text search template like_simple (init = dsimple_init, lexize = dsimple_lexize);
      create text search dictionary "Plain" (template = like_simple, stopwords = english, accept = false);
      create text search configuration search (parser = words);
      alter text search configuration search add mapping for asciiword, word with "Plain", english_stem;
      alter text search configuration search add mapping for url with simple;
      create table songs (title text, found tsvector generated always as (to_tsvector('search', title)) stored);
      comment on text search configuration search is 'search'`,
    contains: [
      `ALTER TEXT SEARCH CONFIGURATION public.search ADD MAPPING FOR asciiword, word WITH public."Plain", english_stem`,
    ],
  },
  {
    name: 'dictionaries and mappings change',
    from: `create text search dictionary d (template = simple, stopwords = 'english', accept = false);
      create text search dictionary other (template = simple);
      create text search configuration c (parser = default);
      alter text search configuration c add mapping for asciiword, word with d, other;
      alter text search configuration c add mapping for email with simple`,
    to: `create text search dictionary d (template = simple, accept = true);
      create text search configuration c (parser = default);
      alter text search configuration c add mapping for asciiword with d;
      alter text search configuration c add mapping for word with d;
      alter text search configuration c add mapping for url with simple`,
    contains: [
      'ALTER TEXT SEARCH DICTIONARY public.d (stopwords, accept =',
      'ALTER TEXT SEARCH CONFIGURATION public.c DROP MAPPING FOR email',
      'ALTER TEXT SEARCH CONFIGURATION public.c ALTER MAPPING FOR asciiword, word WITH public.d',
      'ALTER TEXT SEARCH CONFIGURATION public.c ADD MAPPING FOR url WITH simple',
    ],
  },
]

testDdlCases(t, [
  ...routines,
  ...aggregates,
  ...enums,
  ...domains,
  ...composites,
  ...shells,
  ...operators,
  ...others,
])
