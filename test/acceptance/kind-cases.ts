import type { Case } from './cases.js'

const songs = 'create table songs (id int primary key, title text not null);'
const same = `create function same(int, text) returns boolean language sql immutable as 'select $1::text = $2';
  create function other(int, text) returns boolean language sql immutable as 'select $1::text <> $2';`
const far = 'create foreign data wrapper elsewhere; create server far foreign data wrapper elsewhere;'
const watch = `create function watched() returns event_trigger language plpgsql as 'begin end';`
const label = (functions: string): string =>
  ['a', 'b', 'c'].map((name) => functions.replaceAll('label', `label_${name}`)).join('\n')
const labels = label(`create type label;
  create function label_in(cstring) returns label language internal strict immutable as 'textin';
  create function label_out(label) returns cstring language internal strict immutable as 'textout';`)
const labelOf = (name: string, more = ''): string =>
  `create type label_${name} (input = label_${name}_in, output = label_${name}_out${more});`

const inDatabase = (change: string): string =>
  `do $$ begin execute format('alter ${change}', current_database()); end $$;`

/** Of each kind that few migrations make: one object is missing, one unexpected, one changed. */
export const kindCases: readonly Case[] = [
  {
    name: 'foreign data',
    promised: `${far} create foreign data wrapper a; create server s_a foreign data wrapper elsewhere;
      create user mapping for public server s_a; create user mapping for public server far options (user 'a');
      create foreign table t_a (id int) server far; create foreign table t_c (id int) server far options (at 'a')`,
    live: `create foreign data wrapper elsewhere options (debug 'true'); create foreign data wrapper b;
      create server far version '2' foreign data wrapper elsewhere; create server s_b foreign data wrapper elsewhere;
      create user mapping for public server s_b; create user mapping for public server far options (user 'b', password 'x');
      create foreign table t_b (id int) server far; create foreign table t_c (id int) server far options (at 'c')`,
    differences: [
      'missing foreign_data_wrapper:a (breaks)',
      'unexpected foreign_data_wrapper:b (harmless)',
      'changed foreign_data_wrapper:elsewhere options (breaks)',
      'changed server:far version (breaks)',
      'changed user_mapping:far.public options (breaks)',
      'missing foreign_table:public.t_a (breaks)',
      'missing column:public.t_a.id (breaks)',
      'unexpected foreign_table:public.t_b (harmless)',
      'unexpected column:public.t_b.id (harmless)',
      'changed foreign_table:public.t_c options (breaks)',
      'missing server:s_a (breaks)',
      'missing user_mapping:s_a.public (breaks)',
      'unexpected server:s_b (harmless)',
      'unexpected user_mapping:s_b.public (harmless)',
    ],
  },
  {
    name: 'settings of the database and of roles',
    promised: `${inDatabase('database %I set work_mem = 8192')} ${inDatabase('database %I set lock_timeout = 10')}
      create role test_a; ${inDatabase('role test_a in database %I set work_mem = 8192')}
      ${inDatabase('role test_a in database %I set lock_timeout = 10')}`,
    live: `${inDatabase('database %I set geqo = off')} ${inDatabase('database %I set lock_timeout = 20')}
      create role test_a; ${inDatabase('role test_a in database %I set geqo = off')}
      ${inDatabase('role test_a in database %I set lock_timeout = 20')}`,
    differences: [
      'unexpected database_setting:geqo (harmless)',
      'changed database_setting:lock_timeout value (weakens)',
      'unexpected role_setting:test_a.geqo (harmless)',
      'changed role_setting:test_a.lock_timeout value (weakens)',
      'missing role_setting:test_a.work_mem (weakens)',
      'missing database_setting:work_mem (weakens)',
    ],
  },
  {
    name: 'replication',
    promised: `${songs} create publication p_a; create publication p_c for table songs with (publish = 'insert');
      create subscription s_a connection 'dbname=x' publication a with (connect = false, slot_name = none);
      create subscription s_c connection 'dbname=x' publication a with (connect = false, slot_name = none)`,
    live: `${songs} create publication p_b for all tables; create publication p_c for table songs with (publish = 'update');
      create subscription s_b connection 'dbname=x' publication a with (connect = false, slot_name = none);
      create subscription s_c connection 'dbname=y' publication a, b with (connect = false, slot_name = none)`,
    differences: [
      'missing publication:p_a (weakens)',
      'unexpected publication:p_b (harmless)',
      'changed publication:p_c publish (weakens)',
      'missing subscription:s_a (weakens)',
      'unexpected subscription:s_b (weakens)',
      'changed subscription:s_c publications (weakens)',
    ],
  },
  {
    name: 'rules, event triggers and extended statistics',
    promised: `${songs} ${watch} create rule a as on delete to songs do instead nothing; create rule c as on update to songs do nothing;
      create statistics s_a on id, title from songs; create statistics s_c on id, title from songs;
      create event trigger e_a on ddl_command_end execute function watched();
      create event trigger e_c on ddl_command_end execute function watched()`,
    live: `${songs} ${watch} create rule b as on insert to songs do nothing; create rule c as on update to songs do instead nothing;
      create statistics s_b on id, title from songs; create statistics s_c (ndistinct) on id, title from songs;
      create event trigger e_b on ddl_command_end execute function watched();
      create event trigger e_c on sql_drop execute function watched()`,
    differences: [
      'missing event_trigger:e_a (weakens)',
      'unexpected event_trigger:e_b (harmless)',
      'changed event_trigger:e_c event (weakens)',
      'missing statistics:public.s_a (slows)',
      'unexpected statistics:public.s_b (harmless)',
      'changed statistics:public.s_c definition (slows)',
      'missing rule:public.songs.a (weakens)',
      'unexpected rule:public.songs.b (weakens)',
      'changed rule:public.songs.c definition (weakens)',
    ],
  },
  {
    name: 'aggregates, ranges, base types and collations',
    promised: `${labels} ${labelOf('a')} ${labelOf('c')}
      create aggregate a(int) (sfunc = int4pl, stype = int); create aggregate c(int) (sfunc = int4pl, stype = int);
      create type r_a as range (subtype = int4); create type r_c as range (subtype = text);
      create collation l_a from "C"; create collation l_c from "C"`,
    live: `${labels} ${labelOf('b')} ${labelOf('c', ', internallength = 8')}
      create aggregate b(int) (sfunc = int4pl, stype = int); create aggregate c(int) (sfunc = int4pl, stype = int, initcond = '1');
      create type r_b as range (subtype = int4); create type r_c as range (subtype = text, collation = "C");
      create collation l_b from "C"; create collation l_c (locale = 'POSIX')`,
    differences: [
      'missing aggregate:public.a(integer) (breaks)',
      'unexpected aggregate:public.b(integer) (harmless)',
      'changed aggregate:public.c(integer) initial (weakens)',
      'missing collation:public.l_a (breaks)',
      'unexpected collation:public.l_b (harmless)',
      'changed collation:public.l_c locale (weakens)',
      'changed base_type:public.label_a input, output, shell (breaks)',
      'changed base_type:public.label_b input, output, shell (breaks)',
      'changed base_type:public.label_c length (breaks)',
      'missing range:public.r_a (breaks)',
      'unexpected range:public.r_b (harmless)',
      'changed range:public.r_c collation (weakens)',
    ],
  },
  {
    name: 'types that are only announced',
    promised: 'create type a',
    live: 'create type b',
    differences: ['missing base_type:public.a (breaks)', 'unexpected base_type:public.b (harmless)'],
  },
  {
    name: 'operators, their families and classes, and casts',
    promised: `${same} create operator =-= (function = same, leftarg = int, rightarg = text);
      create operator =+= (function = same, leftarg = int, rightarg = text);
      create operator family f_a using btree; create operator family f_c using hash;
      create operator class c_a for type int using hash as operator 1 =, function 1 hashint4(int);
      create operator class c_c for type int using btree as operator 1 <, function 1 btint4cmp(int, int);
      create type pair as (a int); create type trio as (a int);
      create cast (pair as text) with inout; create cast (trio as text) with inout as implicit`,
    live: `${same} create operator =*= (function = same, leftarg = int, rightarg = text);
      create operator =+= (function = other, leftarg = int, rightarg = text);
      create operator family f_b using btree; create operator family f_c using hash;
      alter operator family f_c using hash add operator 1 =(int, bigint);
      create operator class c_b for type int using hash as operator 1 =, function 1 hashint4(int);
      create operator class c_c for type int using btree as operator 1 >, function 1 btint4cmp(int, int);
      create type pair as (a int); create type trio as (a int);
      create cast (text as pair) with inout as implicit; create cast (trio as text) with inout`,
    differences: [
      'missing cast:"public.pair AS text" (breaks)',
      'changed cast:"public.trio AS text" context (breaks)',
      'unexpected cast:"text AS public.pair" (weakens)',
      'unexpected operator:public."=*="(integer, text) (harmless)',
      'changed operator:public."=+="(integer, text) function (weakens)',
      'missing operator:public."=-="(integer, text) (breaks)',
      'missing operator_class:public.c_a(hash) (slows)',
      'missing operator_family:public.c_a(hash) (slows)',
      'unexpected operator_class:public.c_b(hash) (harmless)',
      'unexpected operator_family:public.c_b(hash) (harmless)',
      'changed operator_class:public.c_c(btree) operators (weakens)',
      'missing operator_family:public.f_a(btree) (slows)',
      'unexpected operator_family:public.f_b(btree) (harmless)',
      'changed operator_family:public.f_c(hash) members (harmless)',
    ],
  },
  {
    name: 'languages, transforms, access methods and conversions',
    promised: `create language l_a handler plpgsql_call_handler; create trusted language l_c handler plpgsql_call_handler;
      create transform for int language sql (from sql with function prsd_lextype(internal));
      create transform for date language sql (from sql with function prsd_lextype(internal));
      create access method m_a type table handler heap_tableam_handler; create access method m_c type index handler bthandler;
      create conversion v_a for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
      create conversion v_c for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
    live: `create language l_b handler plpgsql_call_handler; create language l_c handler plpgsql_call_handler;
      create transform for text language sql (from sql with function prsd_lextype(internal));
      create transform for date language sql (to sql with function date_recv(internal));
      create access method m_b type table handler heap_tableam_handler; create access method m_c type index handler hashhandler;
      create conversion v_b for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
      create default conversion v_c for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
    differences: [
      'changed transform:"date LANGUAGE sql" fromSql, toSql (breaks)',
      'missing transform:"integer LANGUAGE sql" (breaks)',
      'unexpected transform:"text LANGUAGE sql" (weakens)',
      'missing language:l_a (breaks)',
      'unexpected language:l_b (harmless)',
      'changed language:l_c trusted (breaks)',
      'missing access_method:m_a (breaks)',
      'unexpected access_method:m_b (harmless)',
      'changed access_method:m_c handler (weakens)',
      'missing conversion:public.v_a (breaks)',
      'unexpected conversion:public.v_b (harmless)',
      'changed conversion:public.v_c default (weakens)',
    ],
  },
  {
    name: 'text search',
    promised: textSearch('a', {
      headline: '',
      lexize: 'dsimple_lexize',
      stopwords: 'english',
      words: 'asciiword',
    }),
    live: textSearch('b', {
      headline: ', headline = prsd_headline',
      lexize: 'dsynonym_lexize',
      stopwords: 'french',
      words: 'asciiword, word',
    }),
    differences: [
      'missing text_search_configuration:public.c_a (breaks)',
      'unexpected text_search_configuration:public.c_b (harmless)',
      'changed text_search_configuration:public.c_c mappings (weakens)',
      'missing text_search_dictionary:public.d_a (breaks)',
      'unexpected text_search_dictionary:public.d_b (harmless)',
      'changed text_search_dictionary:public.d_c options (weakens)',
      'missing text_search_parser:public.p_a (breaks)',
      'unexpected text_search_parser:public.p_b (harmless)',
      'changed text_search_parser:public.p_c headline (weakens)',
      'missing text_search_template:public.t_a (breaks)',
      'unexpected text_search_template:public.t_b (harmless)',
      'changed text_search_template:public.t_c lexize (weakens)',
    ],
  },
]

interface Search {
  readonly headline: string
  readonly lexize: string
  readonly stopwords: string
  readonly words: string
}

/** A parser, template, dictionary and configuration of one name, and one of each as described. */
function textSearch(name: string, { headline, lexize, stopwords, words }: Search): string {
  const parser = 'start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype'
  return `create text search parser p_${name} (${parser}); create text search parser p_c (${parser}${headline});
    create text search template t_${name} (lexize = dsimple_lexize);
    create text search template t_c (init = dsimple_init, lexize = ${lexize});
    create text search dictionary d_${name} (template = simple);
    create text search dictionary d_c (template = simple, stopwords = ${stopwords});
    create text search configuration c_${name} (parser = default); create text search configuration c_c (parser = default);
    alter text search configuration c_c add mapping for ${words} with simple`
}
