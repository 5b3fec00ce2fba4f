import type { MigrationChanges, Migrations } from '../support/project.js'

/** A command, and what comes of it. */
export interface Step {
  /** SQL of somebody else, before it. */
  readonly sql?: string
  /** Migrations that are changed before it, with the snapshot. */
  readonly rebuild?: MigrationChanges
  readonly run: string
  readonly exit: number
  /** What it prints or its error, all of it; of what is said elsewhere, a part. */
  readonly says: string | RegExp
  /** What is shown before it is confirmed. */
  readonly shows?: string
  /** What is told meanwhile. */
  readonly tells?: RegExp
}

/** A migration that is killed at a certain point, and the commands that follow. */
export interface KillCase {
  readonly name: string
  readonly migrations: Migrations
  /** False: there is none. */
  readonly snapshot?: false
  /** The last revision applied before that; none where it is null. */
  readonly from: string | null
  /** What it waits for when it is killed; null where nobody is. */
  readonly killed: 'a lock' | 'a transaction' | null
  readonly steps: readonly Step[]
}

const songs = 'create table songs (id int primary key, title text not null)'
const held = 'select pg_advisory_lock_shared(1)'
const outside = (...up: readonly string[]) => ({ up, transaction: false })
const repaired = 'repair --confirm production'
const atHead = /^app@db:5432\/songs is current, at \S+\. Applied: \d+\. Verified: \d/

export const killCases: readonly KillCase[] = [
  {
    name: 'killed between two statements outside a transaction',
    migrations: {
      '001_songs': songs,
      '002_half': outside('create table plays (id int)', held, 'create table likes (id int)'),
      '003_more': 'create table more (id int)',
    },
    from: '001_songs',
    killed: 'a lock',
    steps: [
      {
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_half was interrupted outside a transaction, and is applied in part. Nothing was run.

  database      app@db:5432/songs
  interrupted   002_half, started by replica-1 at then
  pending       002_half  applied in part
                    done       table:public.plays
                               column:public.plays.id
                    not done   table:public.likes
                               column:public.likes.id
                003_more  not applied

Do one of:
  schemagate diff database snapshot@002_half --sql    writes what completes its objects, not its rows; schemagate repair records it then
  schemagate diff database snapshot@001_songs --sql   writes what removes the part that is there; schemagate migrate runs it again then
  correct the migration                               to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        run: 'status',
        exit: 7,
        says: `database     app@db:5432/songs  (environment production, PostgreSQL)
identity     service songs, environment production  (uuid, since then)
position     behind
current      001_songs
head         003_more
applied      1 revision
pending      002_half
             003_more
interrupted  002_half, started by replica-1 at then
               applied in part
                 done       table:public.plays
                            column:public.plays.id
                 not done   table:public.likes
                            column:public.likes.id
               schemagate repair shows how to resolve it
verified     2 harmless
gate         refuse: 002_half was interrupted outside a transaction, and is applied in part. Nothing would be run.`,
      },
      {
        run: repaired,
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_half was interrupted outside a transaction, and is applied in part. Nothing was done: none of it is safe to repair automatically.

  database      app@db:5432/songs
  interrupted   002_half, started by replica-1 at then
  pending       002_half  applied in part
                    done       table:public.plays
                               column:public.plays.id
                    not done   table:public.likes
                               column:public.likes.id

Do one of:
  schemagate diff database snapshot@002_half --sql    writes what completes its objects, not its rows; schemagate repair records it then
  schemagate diff database snapshot@001_songs --sql   writes what removes the part that is there; schemagate migrate runs it again then
  correct the migration                               to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        run: 'diff database snapshot@002_half --sql',
        exit: 4,
        says: `-- proven: run in a scratch database on PostgreSQL, and read again

-- to undo it: 1 statement, which --undo proves and prints, but only before this has run
--   undoing it loses the rows of public.likes

CREATE TABLE public.likes (
  id integer
);`,
      },
      {
        sql: 'create table likes (id int)',
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: recorded 002_half.
Still pending: 003_more. schemagate migrate applies them.`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  recorded   002_half  applied in full, but not recorded
               all its objects are there; whether it wrote all its rows, the catalog does not say`,
      },
      { run: 'migrate', exit: 0, says: atHead },
    ],
  },
  {
    name: 'killed between two statements, and the part is taken back',
    migrations: {
      '001_songs': songs,
      '002_half': outside('create table plays (id int)', held, 'create table likes (id int)'),
    },
    from: '001_songs',
    killed: 'a lock',
    steps: [
      {
        run: 'diff database snapshot@001_songs --sql',
        exit: 4,
        says: /^-- proven: [^]*\n-- data loss: the rows of public\.plays\n-- ACCESS EXCLUSIVE lock on public\.plays: readers and writers wait\nDROP TABLE public\.plays;$/,
      },
      {
        sql: 'drop table plays',
        run: 'status',
        exit: 0,
        says: `database     app@db:5432/songs  (environment production, PostgreSQL)
identity     service songs, environment production  (uuid, since then)
position     behind
current      001_songs
head         002_half
applied      1 revision
pending      002_half
interrupted  002_half, started by replica-1 at then
               not applied
verified     as promised
gate         migrate: 1 revision would be applied.`,
      },
      {
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: freed Knex's lock row.
Still pending: 002_half. schemagate migrate applies them.`,
        shows: `The following will be repaired.

  database      app@db:5432/songs  (environment production)
  Knex's lock   taken although no process holds the migration lock: freed`,
      },
      {
        run: 'migrate',
        exit: 0,
        says: atHead,
        tells:
          /^002_half was started by replica-1 at then and never finished: .*\. It ran without a transaction \(not applied\)\. It runs again: what it did to rows may be done twice\.$/m,
      },
    ],
  },
  {
    name: 'killed between two statements of the first revision, which is then corrected',
    migrations: {
      '001_half': outside('create table songs (id int)', held, 'create table plays (id int)'),
    },
    from: null,
    killed: 'a lock',
    steps: [
      {
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 001_half was interrupted outside a transaction, and is applied in part. Nothing was run.

  database      app@db:5432/songs
  interrupted   001_half, started by replica-1 at then
  pending       001_half  applied in part
                    done       table:public.songs
                               column:public.songs.id
                    not done   table:public.plays
                               column:public.plays.id

Do one of:
  schemagate diff database snapshot@001_half --sql   writes what completes its objects, not its rows; schemagate repair records it then
  correct the migration                              to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        rebuild: {
          '001_half': outside('create table if not exists songs (id int)', 'create table plays (id int)'),
        },
        run: 'migrate',
        exit: 0,
        says: atHead,
        tells: /001_half was started .* It ran without a transaction \(applied in part\)\. It runs again: /m,
      },
    ],
  },
  {
    name: 'killed after all statements and before the record',
    migrations: {
      '001_songs': songs,
      '002_plays': outside('create table plays (id int)', held),
      '003_more': 'create table more (id int)',
    },
    from: '001_songs',
    killed: 'a lock',
    steps: [
      {
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_plays was interrupted outside a transaction, and is applied in full, but not recorded. Nothing was run.

  database      app@db:5432/songs
  interrupted   002_plays, started by replica-1 at then
  pending       002_plays  applied in full, but not recorded
                  all its objects are there; whether it wrote all its rows, the catalog does not say
                003_more  not applied

Do one of:
  schemagate repair       records 002_plays
  correct the migration   to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        run: 'repair',
        exit: 2,
        says: `SCHEMA_NOT_CONFIRMED: The environment "production" is protected: its name must be typed, but there is no terminal to type it on. Nothing was done.

Do one of:
  --confirm production   does it without asking`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  recorded   002_plays  applied in full, but not recorded
               all its objects are there; whether it wrote all its rows, the catalog does not say`,
      },
      {
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: recorded 002_plays.
Still pending: 003_more. schemagate migrate applies them.`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  recorded   002_plays  applied in full, but not recorded
               all its objects are there; whether it wrote all its rows, the catalog does not say`,
      },
      {
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: nothing to repair.
Still pending: 003_more. schemagate migrate applies them.`,
      },
      { run: 'migrate', exit: 0, says: atHead },
    ],
  },
  {
    name: 'CREATE INDEX CONCURRENTLY killed while it waits for a transaction of somebody else',
    migrations: {
      '001_songs': songs,
      '002_index': outside('create index concurrently songs_title on songs (title)'),
      '003_more': 'create table more (id int)',
    },
    from: '001_songs',
    killed: 'a transaction',
    steps: [
      {
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_index was interrupted outside a transaction, and left an invalid index behind. Nothing was run.

  database      app@db:5432/songs
  interrupted   002_index, started by replica-1 at then
  pending       002_index  left an invalid index behind
                    not valid  index:public.songs.songs_title
                003_more  not applied

Do one of:
  schemagate repair       builds the invalid index again, then records 002_index
  correct the migration   to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        run: 'status',
        exit: 7,
        says: `database     app@db:5432/songs  (environment production, PostgreSQL)
identity     service songs, environment production  (uuid, since then)
position     behind
current      001_songs
head         003_more
applied      1 revision
pending      002_index
             003_more
interrupted  002_index, started by replica-1 at then
               left an invalid index behind
                 not valid  index:public.songs.songs_title
               schemagate repair shows how to resolve it
verified     1 harmless
gate         refuse: 002_index was interrupted outside a transaction, and left an invalid index behind. Nothing would be run.`,
      },
      {
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: repaired index:public.songs.songs_title; recorded 002_index.
Still pending: 003_more. schemagate migrate applies them.`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  indexes    index:public.songs.songs_title  (left by 002_index)
               REINDEX INDEX CONCURRENTLY public.songs_title
  recorded   002_index  once its index is valid: all its other changes are there`,
      },
      { run: 'migrate', exit: 0, says: atHead },
    ],
  },
  {
    name: 'killed in the middle of more than an index',
    migrations: {
      '001_songs': songs,
      '002_much': outside(
        'alter table songs add plays int',
        'create index concurrently songs_title on songs (title)',
        'alter table songs add likes int',
      ),
    },
    from: '001_songs',
    killed: 'a transaction',
    steps: [
      {
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_much was interrupted outside a transaction, and is applied in part. Nothing was run.

  database      app@db:5432/songs
  interrupted   002_much, started by replica-1 at then
  pending       002_much  applied in part
                    done       column:public.songs.plays
                    not valid  index:public.songs.songs_title
                    not done   column:public.songs.likes

Do one of:
  schemagate repair                                   builds the invalid index again
  schemagate diff database snapshot@002_much --sql    writes what completes its objects, not its rows; schemagate repair records it then
  schemagate diff database snapshot@001_songs --sql   writes what removes the part that is there; schemagate migrate runs it again then
  correct the migration                               to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        run: repaired,
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_much was interrupted outside a transaction, and is applied in part. What is safe was done: repaired index:public.songs.songs_title.

  database      app@db:5432/songs
  interrupted   002_much, started by replica-1 at then
  pending       002_much  applied in part
                    done       column:public.songs.plays
                               index:public.songs.songs_title
                    not done   column:public.songs.likes

Do one of:
  schemagate diff database snapshot@002_much --sql    writes what completes its objects, not its rows; schemagate repair records it then
  schemagate diff database snapshot@001_songs --sql   writes what removes the part that is there; schemagate migrate runs it again then
  correct the migration                               to go on from what is there, then schemagate snapshot: a changed file runs again`,
        shows: `The following will be repaired.

  database     app@db:5432/songs  (environment production)
  indexes      index:public.songs.songs_title  (left by 002_much)
                 REINDEX INDEX CONCURRENTLY public.songs_title
  unresolved   002_much  applied in part
                   done       column:public.songs.plays
                   not valid  index:public.songs.songs_title
                   not done   column:public.songs.likes`,
      },
      {
        sql: 'alter table songs add likes int',
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: recorded 002_much.`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  recorded   002_much  applied in full, but not recorded
               all its objects are there; whether it wrote all its rows, the catalog does not say`,
      },
      { run: 'migrate', exit: 0, says: atHead },
    ],
  },
  {
    name: 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS on duplicates',
    migrations: {
      '001_songs': songs,
      '002_unique': outside('create unique index concurrently if not exists songs_title on songs (title)'),
    },
    from: '001_songs',
    killed: null,
    steps: [
      {
        sql: `insert into songs values (1, 'a'), (2, 'a')`,
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_MIGRATION_FAILED: 002_unique failed. It runs outside a transaction: what it did before stays.

  database         app@db:5432/songs
  file             /songs/migrations/002_unique.js
  sqlstate         23505
  message          could not create unique index "songs_title"
  detail           Key (title)=(…) is duplicated.
  statement        create unique index concurrently if not exists songs_title on songs (title)
  at               migrations/002_unique.js:4
                     3 | export async function up(knex) {
                   > 4 |   await knex.raw("create unique index concurrently if not exists songs_title on songs (title)")
                     5 | }
  stayed applied   none of this run
  already done     nothing
  not valid        index:public.songs.songs_title
  not done         nothing

Do one of:
  correct the rows        that the constraint does not allow; then run it again
  schemagate repair       once the cause is gone: builds the invalid index again
  correct the migration   then run it again; what is applied is not run again`,
      },
      {
        run: 'migrate',
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_unique failed before outside a transaction, and left an invalid index behind. Nothing was run.

  database   app@db:5432/songs
  pending    002_unique  left an invalid index behind
                 not valid  index:public.songs.songs_title

Do one of:
  schemagate repair       builds the invalid index again, then records 002_unique
  correct the migration   to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        run: repaired,
        exit: 7,
        says: `SCHEMA_REPAIR_FAILED: An index could not be built again. No row was changed, and nothing was recorded: the index stays invalid, and what was repaired before stays repaired.

  database    app@db:5432/songs
  statement   REINDEX INDEX CONCURRENTLY public.songs_title
  sqlstate    23505
  message     could not create unique index "songs_title_ccnew"
  detail      Key (title)=(…) is duplicated.
  repaired    nothing

Do one of:
  remove the cause    usually rows that are duplicates by a unique index
  schemagate repair   drops what this attempt left, and builds it again`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  indexes    index:public.songs.songs_title  (left by 002_unique)
               REINDEX INDEX CONCURRENTLY public.songs_title
  recorded   002_unique  once its index is valid: all its other changes are there`,
      },
      {
        sql: 'delete from songs where id = 2',
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: repaired index:public.songs.songs_title_ccnew; repaired index:public.songs.songs_title; recorded 002_unique.`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  indexes    index:public.songs.songs_title_ccnew  (left by REINDEX CONCURRENTLY, not promised)
               DROP INDEX CONCURRENTLY public.songs_title_ccnew
             index:public.songs.songs_title  (left by 002_unique)
               REINDEX INDEX CONCURRENTLY public.songs_title
  recorded   002_unique  once its index is valid: all its other changes are there`,
      },
      { run: 'migrate', exit: 0, says: atHead },
    ],
  },
  {
    name: 'what failed is not recorded, though all its objects are there',
    migrations: {
      '001_songs': songs,
      '002_titles': outside(
        'create table if not exists titles (title text primary key)',
        'insert into titles select title from songs',
      ),
    },
    from: '001_songs',
    killed: null,
    steps: [
      {
        sql: `insert into songs values (1, 'a'), (2, 'a')`,
        run: 'migrate',
        exit: 7,
        says: /^SCHEMA_MIGRATION_FAILED: 002_titles failed\..*\n {2}not done +nothing\n/s,
      },
      {
        run: repaired,
        exit: 7,
        says: `SCHEMA_HALF_APPLIED: 002_titles failed before outside a transaction, and is applied in full, but not recorded. Nothing was done: none of it is safe to repair automatically.

  database   app@db:5432/songs
  pending    002_titles  applied in full, but not recorded
               all its objects are there; whether it wrote all its rows, the catalog does not say

Do one of:
  schemagate stamp 002_titles   records what is there; what it did to rows, the catalog does not say
  correct the migration         to go on from what is there, then schemagate snapshot: a changed file runs again`,
      },
      {
        sql: 'delete from songs where id = 2',
        rebuild: {
          '002_titles': outside(
            'create table if not exists titles (title text primary key)',
            'insert into titles select title from songs on conflict do nothing',
          ),
        },
        run: 'migrate',
        exit: 0,
        says: atHead,
      },
    ],
  },
  {
    name: "plain Knex's lock row that a killed process left",
    migrations: { '001_songs': songs },
    from: '001_songs',
    killed: null,
    steps: [
      { run: repaired, exit: 0, says: `app@db:5432/songs: nothing to repair.` },
      {
        sql: 'update knex_migrations_lock set is_locked = 1',
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: freed Knex's lock row.`,
        shows: `The following will be repaired.

  database      app@db:5432/songs  (environment production)
  Knex's lock   taken although no process holds the migration lock: freed`,
      },
      { run: repaired, exit: 0, says: `app@db:5432/songs: nothing to repair.` },
    ],
  },
  {
    name: 'indexes of applied revisions that are not valid, and what REINDEX left',
    migrations: {
      '001_songs': [
        songs,
        'create unique index "songs Title" on songs (lower(title)) where id > 0',
        `comment on index "songs Title" is 'no two of them'`,
        'create index songs_length on songs (length(title))',
        `comment on index songs_length is 'of characters'`,
      ],
    },
    from: '001_songs',
    killed: null,
    steps: [
      {
        sql: `create index songs_title_ccnew on songs (title);
          create index mine on songs (title);
          drop index songs_length;
          create index songs_length on songs (octet_length(title));
          update pg_index set indisvalid = false where indrelid = 'songs'::regclass and not indisprimary`,
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: repaired index:public.songs.songs_title_ccnew; repaired index:public.songs."songs Title"; repaired index:public.songs.songs_length.`,
        shows: `The following will be repaired.

  database   app@db:5432/songs  (environment production)
  indexes    index:public.songs.songs_title_ccnew  (left by REINDEX CONCURRENTLY, not promised)
               DROP INDEX CONCURRENTLY public.songs_title_ccnew
             index:public.songs."songs Title"  (promised to be valid)
               REINDEX INDEX CONCURRENTLY public."songs Title"
             index:public.songs.songs_length  (promised to be valid)
               DROP INDEX CONCURRENTLY public.songs_length
               CREATE INDEX CONCURRENTLY songs_length ON public.songs USING btree (length(title))
               COMMENT ON INDEX public.songs_length IS 'of characters'`,
      },
      { sql: 'drop index mine', run: 'verify', exit: 0, says: /as promised$/ },
    ],
  },
  {
    name: 'indexes of a partitioned table that are not valid',
    migrations: {
      '001_events': [
        'create table events (id int not null, at date not null) partition by range (at)',
        `create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01')`,
        'create index events_at on events (at)',
      ],
    },
    from: '001_events',
    killed: null,
    steps: [
      {
        sql: `update pg_index set indisvalid = false
          where indexrelid in ('events_at'::regclass, 'events_2026_at_idx'::regclass)`,
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: repaired index:public.events_2026.events_2026_at_idx.
Left alone: index:public.events.events_at, because its table is partitioned: it is valid once an index of each partition is attached to it.`,
        shows: `The following will be repaired.

  database     app@db:5432/songs  (environment production)
  indexes      index:public.events_2026.events_2026_at_idx  (promised to be valid)
                 REINDEX INDEX CONCURRENTLY public.events_2026_at_idx
  left alone   index:public.events.events_at  (its table is partitioned: it is valid once an index of each partition is attached to it)`,
      },
      {
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: nothing to repair.
Left alone: index:public.events.events_at, because its table is partitioned: it is valid once an index of each partition is attached to it.`,
      },
    ],
  },
  {
    name: 'nothing can be told of a revision that changes rows only',
    migrations: {
      '001_songs': songs,
      '002_rows': outside(`insert into songs values (1, 'a') on conflict do nothing`, held),
    },
    from: '001_songs',
    killed: 'a lock',
    steps: [
      {
        run: 'migrate',
        exit: 0,
        says: atHead,
        tells:
          /It ran without a transaction \(how far it got is unknown: it changes nothing in the catalog\)\. It runs again/,
      },
    ],
  },
  {
    name: 'nothing can be told without a snapshot',
    migrations: {
      '001_songs': songs,
      '002_plays': outside('create table if not exists plays (id int)', held),
    },
    snapshot: false,
    from: '001_songs',
    killed: 'a lock',
    steps: [
      {
        run: repaired,
        exit: 0,
        says: `app@db:5432/songs: freed Knex's lock row.
There is no snapshot, so it is unknown what else an interrupted migration left.
Still pending: 002_plays. schemagate migrate applies them.`,
        shows: `The following will be repaired.

  database      app@db:5432/songs  (environment production)
  Knex's lock   taken although no process holds the migration lock: freed`,
      },
      {
        run: 'migrate',
        exit: 0,
        says: /WARNING: NOTHING WAS VERIFIED: there is no snapshot\.$/,
        tells:
          /It ran without a transaction \(how far it got is unknown: there is no snapshot\)\. It runs again/,
      },
    ],
  },
]
