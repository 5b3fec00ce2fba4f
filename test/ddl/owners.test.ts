import t from 'tap'
import { type DdlCase, testDdlCases } from '../support/ddl-cases.js'

/** Objects with an owner and privileges, by their name in GRANT. */
const objects: readonly (readonly [name: string, create: string, privilege: string])[] = [
  ['table songs', 'create table songs (title text)', 'select'],
  ['sequence numbers', 'create sequence numbers', 'usage'],
  ['function count()', `create function count() returns integer language sql as 'select 1'`, 'execute'],
  ['schema music', 'create schema music', 'usage'],
  ['type mood', `create type mood as enum ('glad')`, 'usage'],
]

const cases = objects.flatMap(([name, create, privilege]): readonly DdlCase[] => {
  const grant = `grant ${privilege} on ${name} to`
  return [
    {
      name: `the owner of a ${name} and a role with privileges change places`,
      from: `${create}; alter ${name} owner to pg_monitor; ${grant} pg_read_all_stats`,
      to: `${create}; alter ${name} owner to pg_read_all_stats; ${grant} pg_monitor`,
    },
    {
      name: `a role with a grant option becomes the owner of a ${name}`,
      from: `${create}; alter ${name} owner to pg_monitor; ${grant} pg_read_all_stats with grant option`,
      to: `${create}; alter ${name} owner to pg_read_all_stats`,
    },
  ]
})

testDdlCases(t, [
  ...cases,
  {
    name: 'a sequence follows its table to the new owner, and then has its privileges',
    from: `create table songs (id serial); alter table songs owner to pg_monitor;
      grant usage on sequence songs_id_seq to pg_read_all_stats; grant select (id) on songs to pg_read_all_stats`,
    to: `create table songs (id serial); alter table songs owner to pg_read_all_stats;
      grant usage on sequence songs_id_seq to pg_monitor; grant select (id) on songs to pg_monitor`,
  },
  {
    name: 'privileges on a column that its table gets a new owner with',
    from: 'create table songs (title text, day int)',
    to: `create table songs (title text, day int); grant insert (title), update (day) on songs to pg_monitor with grant option;
      alter table songs owner to pg_monitor`,
  },
  {
    name: 'a role with privileges on columns becomes the owner of the table',
    from: `create table songs (title text, day int); alter table songs owner to pg_monitor;
      grant select (title) on songs to pg_read_all_stats; grant update (day) on songs to pg_read_all_stats with grant option`,
    to: `create table songs (title text, day int); alter table songs owner to pg_read_all_stats;
      grant select (day) on songs to pg_monitor`,
  },
  {
    name: 'a new table with privileges on a column for its owner',
    from: '',
    to: `create table songs (title text, day int); alter table songs owner to pg_monitor;
      grant insert (title) on songs to pg_monitor; grant select (day) on songs to pg_read_all_stats`,
  },
])
