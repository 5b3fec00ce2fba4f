import type { MigrationData } from '../support/project.js'

/**
 * The second of three revisions, which does something to its transaction, its session or its process, and the whole truth
 * afterwards. 001_songs and 003_likes create a table each, and all three share a transaction unless this one asks for none.
 */
export interface HostileMigration {
  readonly name: string
  readonly hostile: MigrationData
  /** What the error says first, null where `migrate` succeeds. */
  readonly error: string | null
  /** What is warned of, in order. */
  readonly warnings?: readonly string[]
  /** What Knex has recorded. */
  readonly recorded: readonly string[]
  /** Our own ledger of the revision and the one before it. Those outside a transaction are marked with `*`. */
  readonly ledger: readonly string[]
  readonly tables: readonly string[]
  /** What is recorded after the same migrations run again, where the migration was corrected if it failed. */
  readonly next: readonly string[]
}

const code = (body: string, config = ''): MigrationData => ({
  code: `${config}export async function up(knex) {\n  ${body}\n}\nexport async function down() {}\n`,
})
const albums = 'create table albums (id int)'
const artists = 'create table artists (id int)'
const createAlbums = `await knex.raw('${albums}')`
const outside = 'export const config = { transaction: false }\n'
const withoutTransaction = (...up: readonly string[]): MigrationData => ({ up, transaction: false })

const all = ['001_songs', '002_hostile', '003_likes']

/** It succeeded, in its transaction. */
const applied = {
  error: null,
  recorded: all,
  ledger: ['001_songs started', '001_songs applied', '002_hostile started', '002_hostile applied'],
  tables: ['albums', 'likes', 'songs'],
  next: all,
} as const

/** It succeeded outside the transaction that it was given. */
const appliedOutside = {
  ...applied,
  ledger: ['001_songs started', '001_songs applied', '002_hostile started', '002_hostile applied*'],
} as const

const committed =
  '002_hostile committed the transaction it was given: it was verified and recorded outside of one, and what it did before a failure would have stayed. Say so in the migration: export const config = { transaction: false }'

/** Nothing of the run is left. */
const rolledBack = {
  recorded: [],
  ledger: ['001_songs started', '002_hostile started', '001_songs undone', '002_hostile failed'],
  tables: [],
  next: all,
} as const

/** It left its transaction by a ROLLBACK, and 001_songs is gone with that. */
const leftByRollback = {
  ...rolledBack,
  ledger: ['001_songs started', '002_hostile started', '001_songs undone', '002_hostile failed*'],
} as const

/** It failed outside a transaction, begun there or left by a COMMIT. */
const failedOutside = {
  recorded: ['001_songs'],
  tables: ['albums', 'songs'],
  next: all,
} as const
const failedAfterCommit = {
  ...failedOutside,
  ledger: ['001_songs started', '001_songs applied', '002_hostile started', '002_hostile failed*'],
} as const
const failedWithoutTransaction = {
  ...failedOutside,
  ledger: ['001_songs started', '001_songs applied', '002_hostile started*', '002_hostile failed*'],
} as const

const failed = '002_hostile failed.'
const hadCommitted = `${failed} It had committed the transaction it was given: what it did before that stays.`
const rolledItBack = `${failed} It rolled back the transaction that it was given (ROLLBACK). What it did before that is gone, what it did after that outside a transaction stays.`
const wasRolledBack = 'Its transaction was rolled back.'
const runsOutside = 'It runs outside a transaction: what it did before stays.'
const releasedLock =
  'It released the migration lock, which keeps other processes from running the same revision.'
const lostRecords = 'It removed the records of applied revisions from knex_migrations, which would run again.'
const notice = (what: string): string => `left ${what} behind; the session was set back`

const transactions: readonly HostileMigration[] = [
  {
    name: 'a pasted dump',
    hostile: `SET statement_timeout = 0; SELECT pg_catalog.set_config('search_path', '', false);
      BEGIN; CREATE TABLE public.albums (id integer NOT NULL); COMMIT;`,
    ...appliedOutside,
    warnings: ['there is already a transaction in progress', notice('search_path ""'), committed],
  },
  { name: 'COMMIT at the end', hostile: [albums, 'commit'], ...appliedOutside, warnings: [committed] },
  {
    name: 'COMMIT in the middle',
    hostile: [albums, 'commit', artists],
    ...appliedOutside,
    warnings: [committed],
    tables: ['albums', 'artists', 'likes', 'songs'],
  },
  {
    name: 'COMMIT and BEGIN',
    hostile: [albums, 'commit', 'begin', artists],
    ...appliedOutside,
    warnings: [committed],
    tables: ['albums', 'artists', 'likes', 'songs'],
  },
  {
    name: 'COMMIT AND CHAIN',
    hostile: [albums, 'commit and chain'],
    ...appliedOutside,
    warnings: [committed],
  },
  {
    name: 'COMMIT, then an error',
    hostile: [albums, 'commit', 'select broken'],
    ...failedAfterCommit,
    error: hadCommitted,
    warnings: ['there is no transaction in progress'],
  },
  {
    name: 'COMMIT and BEGIN, then an error',
    hostile: [albums, 'commit', 'begin', artists, 'select broken'],
    ...failedAfterCommit,
    error: hadCommitted,
  },
  {
    name: 'COMMIT, then something thrown',
    hostile: code(`${createAlbums}\n  await knex.raw('commit')\n  throw new Error('no artists')`),
    ...failedAfterCommit,
    error: hadCommitted,
    warnings: ['there is no transaction in progress'],
  },
  {
    name: 'ROLLBACK at the end',
    hostile: [albums, 'rollback'],
    ...leftByRollback,
    error: rolledItBack,
    warnings: ['there is no transaction in progress'],
  },
  {
    name: 'ROLLBACK at the beginning',
    hostile: ['rollback', albums],
    ...leftByRollback,
    tables: ['albums'],
    error: rolledItBack,
    warnings: ['there is no transaction in progress'],
  },
  {
    name: 'ROLLBACK and BEGIN',
    hostile: ['rollback', 'begin', albums],
    ...leftByRollback,
    error: rolledItBack,
  },
  {
    name: 'ROLLBACK, then an error',
    hostile: ['rollback', albums, 'select broken'],
    ...leftByRollback,
    tables: ['albums'],
    error: `${failed} What it did before that is gone, what it did after that outside a transaction stays.`,
    warnings: ['there is no transaction in progress'],
  },
  {
    name: 'an error that is caught',
    hostile: code(`await knex.raw('select broken').catch(() => {})`),
    ...rolledBack,
    error: `${failed} It went on after a statement had failed: PostgreSQL ignored everything that followed in its transaction. ${wasRolledBack}`,
    warnings: ['there is no transaction in progress'],
  },
  {
    name: 'SET TRANSACTION READ ONLY',
    hostile: [albums, 'set transaction read only'],
    ...rolledBack,
    error: `${failed} It made its transaction read-only, so that it cannot be recorded. ${wasRolledBack}`,
  },
  {
    name: 'BEGIN without an end, outside a transaction',
    hostile: withoutTransaction('begin', albums),
    ...failedWithoutTransaction,
    tables: ['songs'],
    error: `${failed} It began a transaction that it did not end. That was rolled back. ${runsOutside}`,
  },
  {
    name: 'a transaction that failed, outside a transaction',
    hostile: withoutTransaction(albums, 'begin', 'select broken'),
    ...failedWithoutTransaction,
    error: `${failed} ${runsOutside}`,
  },
]

const knexMethods: readonly HostileMigration[] = [
  {
    name: 'knex.commit()',
    hostile: code(`${createAlbums}\n  await knex.commit()`),
    ...rolledBack,
    error: `${failed} ${wasRolledBack}`,
  },
  {
    name: 'knex.rollback()',
    hostile: code(`${createAlbums}\n  await knex.rollback()`),
    ...rolledBack,
    error: `${failed} ${wasRolledBack}`,
  },
  {
    name: 'knex.destroy(), outside a transaction',
    hostile: code(`${createAlbums}\n  await knex.destroy()`, outside),
    ...failedWithoutTransaction,
    error: `${failed} ${runsOutside}`,
  },
  {
    name: 'statements that are not awaited',
    hostile: code(`knex.raw('${albums}').then(() => knex.raw('${artists}')).then(() => {})`),
    ...applied,
    tables: ['albums', 'artists', 'likes', 'songs'],
    warnings: ['up ended before 1 of its statements; they were waited for. It should await them'],
  },
  {
    name: 'a statement after its end',
    hostile:
      code(`${createAlbums}\n  setImmediate(() => setImmediate(() => setImmediate(() => setImmediate(() =>
      knex.raw('${artists}').catch(() => {})))))`),
    ...applied,
    warnings: ['002_hostile sent a statement after it had ended; it was not run'],
  },
]

const sessions: readonly HostileMigration[] = [
  {
    name: 'SET ROLE',
    hostile: [albums, 'set role pg_monitor'],
    ...applied,
    warnings: [notice('role pg_monitor')],
  },
  {
    name: 'SET SESSION AUTHORIZATION',
    hostile: [albums, 'set session authorization pg_monitor'],
    ...applied,
    warnings: [notice('session authorization pg_monitor')],
  },
  {
    name: 'SET search_path',
    hostile: ['create schema other', 'set search_path = other', 'create table public.albums (id int)'],
    ...applied,
    warnings: [notice('search_path "other"')],
  },
  {
    name: 'SET LOCAL search_path',
    hostile: ['create schema other', 'set local search_path = other', 'create table public.albums (id int)'],
    ...applied,
    warnings: [notice('search_path "other"')],
  },
  {
    name: 'set_config() for the session, outside a transaction',
    hostile: withoutTransaction(
      `select set_config('search_path', '', false)`,
      'create table public.albums (id int)',
    ),
    ...applied,
    ledger: ['001_songs started', '001_songs applied', '002_hostile started*', '002_hostile applied*'],
    warnings: [notice('search_path ""')],
  },
  {
    name: 'SET default_transaction_read_only',
    hostile: [albums, 'set default_transaction_read_only = on'],
    ...applied,
  },
  {
    name: 'SET session_replication_role',
    hostile: [albums, 'set session_replication_role = replica'],
    ...applied,
  },
  { name: 'SET statement_timeout', hostile: [albums, `set statement_timeout = '1ms'`], ...applied },
  { name: 'RESET ALL', hostile: [albums, 'reset all'], ...applied },
  { name: 'a lock that it keeps', hostile: [albums, 'select pg_advisory_lock(4711)'], ...applied },
  {
    name: 'DISCARD ALL, outside a transaction',
    hostile: withoutTransaction(albums, 'discard all'),
    ...failedWithoutTransaction,
    error: `${failed} ${releasedLock} ${runsOutside}`,
  },
  {
    name: 'pg_advisory_unlock_all()',
    hostile: [albums, 'select pg_advisory_unlock_all()'],
    ...rolledBack,
    error: `${failed} ${releasedLock} ${wasRolledBack}`,
  },
  {
    name: 'pg_advisory_unlock_all(), outside a transaction',
    hostile: withoutTransaction(albums, 'select pg_advisory_unlock_all()'),
    ...failedWithoutTransaction,
    error: `${failed} ${releasedLock} ${runsOutside}`,
  },
]

const ledgers: readonly HostileMigration[] = [
  {
    name: 'TRUNCATE knex_migrations',
    hostile: [albums, 'truncate knex_migrations'],
    ...rolledBack,
    error: `${failed} ${lostRecords} ${wasRolledBack}`,
  },
  {
    name: 'DELETE FROM knex_migrations',
    hostile: [albums, `delete from knex_migrations where name = '001_songs.js'`],
    ...rolledBack,
    error: `${failed} ${lostRecords} ${wasRolledBack}`,
  },
  {
    name: 'DROP TABLE knex_migrations',
    hostile: [albums, 'drop table knex_migrations'],
    ...rolledBack,
    error: `${failed} ${lostRecords} ${wasRolledBack}`,
  },
  {
    name: 'DROP TABLE schemagate_ledger',
    hostile: [albums, 'drop table schemagate_ledger'],
    ...rolledBack,
    error: `${failed} ${wasRolledBack}`,
  },
  {
    name: 'DROP SCHEMA public',
    hostile: ['drop schema public cascade', 'create schema public'],
    ...rolledBack,
    error: `${failed} ${lostRecords} ${wasRolledBack}`,
    warnings: ['drop cascades to 4 other objects'],
  },
]

/** The name of what is thrown, its code, and how the error tells it. */
const thrown: readonly (readonly [name: string, body: string, told: string])[] = [
  ['null', 'throw null', 'it threw null, which is no Error'],
  ['undefined', 'throw undefined', 'it threw undefined, which is no Error'],
  ['a text', `throw 'no albums'`, 'it threw "no albums", which is no Error'],
  ['an object', `throw { code: '42P07' }`, 'it threw {"code":"42P07"}, which is no Error'],
  [
    'an object that cannot be printed',
    `throw { toJSON() { throw new Error('no') } }`,
    'it threw an object that cannot be printed, which is no Error',
  ],
  [
    'an error whose message cannot be read',
    `throw Object.defineProperty(new Error(), 'message', { get() { throw new Error('no') } })`,
    'Error without a message',
  ],
  [
    'several errors',
    `throw new AggregateError([new Error('no albums'), new Error('no artists')])`,
    'no albums; no artists',
  ],
  [
    'a message of 5 MB',
    `throw new Error('x'.repeat(5_000_000))`,
    `${'x'.repeat(4_000)} … (5,000,000 characters)`,
  ],
]

/** What is thrown, and what is told of it. */
export const thrownValues = thrown.map(([name, body, told]) => ({
  name: `${name} is thrown`,
  hostile: code(`${createAlbums}\n  ${body}`),
  told,
}))

export const hostileMigrations: readonly HostileMigration[] = [
  ...transactions,
  ...knexMethods,
  ...sessions,
  ...ledgers,
  ...thrownValues.map(({ name, hostile }) => ({
    name,
    hostile,
    ...rolledBack,
    error: `${failed} ${wasRolledBack}`,
  })),
]

/** What removes the migration lock from the session that migrates, in a revision outside a transaction. */
export const lockRemovals: Readonly<Record<string, string>> = {
  'DISCARD ALL': 'discard all',
  'pg_advisory_unlock_all()': 'select pg_advisory_unlock_all()',
  'the end of its own session': 'select pg_terminate_backend(pg_backend_pid())',
}

/** The session holds its lock twice. */
export const singleUnlock = `select pg_advisory_unlock(classid::int8::int4, (objid::int8 - case when objid::int8 > 2147483647 then 4294967296 else 0 end)::int4)
  from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`
