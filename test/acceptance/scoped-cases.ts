/** A promise, a live database, and what of their differences is in scope. */
export interface ScopedCase {
  readonly name: string
  readonly promised: string
  readonly live: string
  readonly comments?: true
  readonly grants?: true
  readonly ignore?: readonly string[]
  /** What is left, in reading order, whatever it means: `changed table:public.songs comment`. */
  readonly differences: readonly string[]
  /** By pattern, in the order of `ignore`: the objects whose difference is left out. */
  readonly ignored?: readonly (readonly string[])[]
}

const songs = 'create table songs (id int primary key, title text not null);'
const events = 'create table events (day date not null) partition by range (day);'
const january = `create table events_p1 partition of events for values from ('2026-01-01') to ('2026-02-01');`
const commented = `${songs} comment on table songs is 'all'; comment on column songs.title is 'as printed';`
const granted = `${songs} grant select on songs to pg_monitor; grant update (title) on songs to pg_monitor;
  alter default privileges grant select on tables to pg_monitor;`

const onDatabase = (comment: string): string =>
  `do $$ begin execute format('comment on database %I is %L', current_database(), '${comment}'); end $$;`

export const scopedCases: readonly ScopedCase[] = [
  {
    name: 'the comment of the database is compared where comments are, and one was promised',
    promised: onDatabase('promised'),
    live: onDatabase('live'),
    comments: true,
    differences: ['changed database_comment:database value'],
  },
  {
    name: 'a comment of the database that nobody promised',
    promised: '',
    live: onDatabase('live'),
    comments: true,
    differences: [],
  },
  {
    name: 'partitions that a job makes are ignored with all that belongs to them',
    promised: events,
    live: `${events} ${january} create index on events_p1 (day); alter table events_p1 add check (day > '2025-01-01');
      create table plays (id int not null)`,
    ignore: ['table:public.events_p*'],
    differences: ['unexpected table:public.plays', 'unexpected column:public.plays.id'],
    ignored: [
      [
        'table:public.events_p1',
        'column:public.events_p1.day',
        'constraint:public.events_p1.events_p1_day_check',
        'index:public.events_p1.events_p1_day_idx',
      ],
    ],
  },
  {
    name: 'a table that is ignored takes the sequence of its column with it',
    promised: 'create table "Jobs" (id serial)',
    live: 'create sequence jobs_seq',
    ignore: ['table:public."Jobs"'],
    differences: ['unexpected sequence:public.jobs_seq'],
    ignored: [['table:public."Jobs"', 'column:public."Jobs".id', 'sequence:public."Jobs_id_seq"']],
  },
  {
    name: 'a schema is ignored with everything in it, promised or not',
    promised: `create schema audit; create table audit.log (id int);
      create function audit.note(a text, b int) returns int language sql as 'select 1'; ${songs}`,
    live: `create schema audit; create type audit.mood as enum ('sad'); create view audit.v as select 1 as one`,
    ignore: ['schema:audit'],
    differences: [
      'missing table:public.songs',
      'missing column:public.songs.id',
      'missing column:public.songs.title',
      'missing constraint:public.songs.songs_pkey',
    ],
    ignored: [
      [
        'table:audit.log',
        'column:audit.log.id',
        'enum:audit.mood',
        'function:audit.note(text, integer)',
        'view:audit.v',
      ],
    ],
  },
  {
    name: 'one object of a table is ignored, and no other',
    promised: `${songs} create index songs_a on songs (title); create index songs_b on songs (id)`,
    live: `${songs} alter table songs alter title drop not null`,
    ignore: ['index:public.songs.songs_a', 'column:*.*.t*'],
    differences: ['missing index:public.songs.songs_b'],
    ignored: [['index:public.songs.songs_a'], ['column:public.songs.title']],
  },
  {
    name: 'a view and a table of like names are told apart by what they have',
    promised: '',
    live: `${songs} create view hits as select 1 as one; create rule quiet as on update to hits do instead nothing;
      create rule loud as on update to songs do also select 1`,
    ignore: ['view:public.*'],
    differences: [
      'unexpected table:public.songs',
      'unexpected column:public.songs.id',
      'unexpected column:public.songs.title',
      'unexpected constraint:public.songs.songs_pkey',
      'unexpected rule:public.songs.loud',
    ],
    ignored: [['view:public.hits', 'rule:public.hits.quiet']],
  },
  {
    name: 'comments are not compared',
    promised: songs,
    live: commented,
    differences: [],
  },
  {
    name: 'comments are compared when asked for',
    promised: songs,
    live: commented,
    comments: true,
    differences: ['changed table:public.songs comment', 'changed column:public.songs.title comment'],
  },
  {
    name: 'grants are not compared, and default privileges are not there',
    promised: songs,
    live: granted,
    differences: [],
  },
  {
    name: 'grants are compared when asked for, and can be ignored as anything else',
    promised: songs,
    live: granted,
    grants: true,
    ignore: ['*:"tables by OWNER"', 'column:public.songs.*'],
    differences: ['changed table:public.songs grants'],
    ignored: [['default_privileges:"tables by OWNER"'], ['column:public.songs.title']],
  },
]
