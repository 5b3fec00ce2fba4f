import t from 'tap'
import { type Position } from '../../src/core/history/history.js'
import type { Progress, ProgressEvents } from '../../src/core/progress/events.js'
import { createRepetitionCheck } from '../../src/core/progress/heartbeat.js'
import { formatProgress } from '../../src/core/progress/messages.js'
import {
  type Activity,
  type Blocker,
  describeActivity,
  describeBlocker,
  shortenQuery,
} from '../../src/core/progress/session-activity.js'
import { excerptStatement } from '../../src/core/progress/statement-excerpt.js'
import { title, text } from './songs.js'

const history = (position: Position) => ({
  position,
  current: '002',
  head: '003',
  applied: ['001', '002'],
  pending: ['003'],
  unknown: ['x', 'y'],
})
const inspected = (position: Position): Progress<'inspected'> => ({
  event: 'inspected',
  database: 'app@db:5432/shop',
  history: history(position),
  server: '18.1',
})
const embedded = {
  event: 'embedded started',
  database: 'postgres@127.0.0.1:5433/schemagate',
  directory: '.schemagate/postgres',
  takenPort: null,
  because: '',
} as const

const blocked: Activity = {
  known: true,
  statement: null,
  work: null,
  waits: 'a lock',
  blockers: [
    {
      pid: 7,
      user: 'app',
      application: 'shop',
      address: null,
      state: 'active',
      since: null,
      query: null,
      holds: null,
    },
  ],
}

/** Messages of every event. An event without one here does not compile. */
const result = { revision: '002', number: 2, total: 3, duration: 31 }

const nothing = { current: null, head: null, applied: [], pending: [], unknown: [] } as const

const messages: {
  readonly [E in keyof ProgressEvents]: readonly (readonly [Progress<E>, string])[]
} = {
  connecting: [
    [
      { event: 'connecting', database: 'app@db:5432/shop', environment: 'production' },
      'info | connecting | app@db:5432/shop, environment production',
    ],
  ],
  'waiting for database': [
    [
      { event: 'waiting for database', reason: 'Nobody answers at db:5432.', waited: 1_500 },
      'warn | waiting | Nobody answers at db:5432. Trying again, for 1.5 s so far.',
    ],
  ],
  'embedded started': [
    [
      { ...embedded, fresh: true, startedHere: true },
      'info | embedded | PostgreSQL created and started at postgres@127.0.0.1:5433/schemagate, data in .schemagate/postgres',
    ],
    [
      { ...embedded, fresh: false, startedHere: true, takenPort: 5432 },
      'info | embedded | PostgreSQL started at postgres@127.0.0.1:5433/schemagate, data in .schemagate/postgres; port 5432 is taken',
    ],
    [
      { ...embedded, fresh: false, startedHere: false },
      'info | embedded | PostgreSQL is already running at postgres@127.0.0.1:5433/schemagate, data in .schemagate/postgres',
    ],
    [
      { ...embedded, fresh: false, startedHere: true, because: 'no database is configured' },
      'info | embedded | PostgreSQL started at postgres@127.0.0.1:5433/schemagate, data in .schemagate/postgres; no database is configured',
    ],
  ],
  inspected: [
    [inspected('empty'), 'info | database | app@db:5432/shop (PostgreSQL 18.1) is empty: 1 revision pending'],
    [
      inspected('behind'),
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is behind: at 002, 1 revision pending up to 003',
    ],
    [inspected('current'), 'info | database | app@db:5432/shop (PostgreSQL 18.1) is current: at head, 003'],
    [
      inspected('ahead'),
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is ahead: 2 revisions that this build does not know, up to 002',
    ],
    [
      inspected('diverged'),
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is diverged: 1 revision pending, 2 revisions unknown',
    ],
    [
      inspected('foreign'),
      "info | database | app@db:5432/shop (PostgreSQL 18.1) is another project's: none of its 2 revisions is in this build",
    ],
    [
      { ...inspected('unmanaged'), history: { ...nothing, position: 'unmanaged', models: 'models:a.sql' } },
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is without revisions, for models:a.sql',
    ],
    [
      { ...inspected('empty'), history: { ...nothing, position: 'empty', models: 'models:a.sql' } },
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is empty, to be built from models:a.sql',
    ],
    [
      inspected('unmanaged'),
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is unmanaged: it has tables, but no record of any migration',
    ],
  ],
  'snapshot elsewhere': [
    [
      { event: 'snapshot elsewhere', directory: '/shop/migrations' },
      'info | snapshot | is that in /shop/migrations',
    ],
  ],
  'snapshot stale': [
    [
      { event: 'snapshot stale', stale: [], missing: true },
      'info | snapshot | there is none yet: making it from the migrations',
    ],
    [
      { event: 'snapshot stale', stale: [{ why: 'new', revision: '003' }], missing: false },
      'info | snapshot | 1 revision differs from the migrations: making it again',
    ],
  ],
  replaying: [
    [
      { event: 'replaying', revisions: 12, after: 0, where: 'a new database on app@db:5432' },
      'info | replaying | 12 revisions, twice, in a new database on app@db:5432',
    ],
    [
      { event: 'replaying', revisions: 1, after: 12, where: 'a new database on app@db:5432' },
      'info | replaying | 1 revision, twice, in a new database on app@db:5432, after the 12 of the snapshot',
    ],
  ],
  'replaying all': [
    [
      { event: 'replaying all', why: '002_rows may depend on rows' },
      'info | replaying | all revisions, not the new ones alone: 002_rows may depend on rows',
    ],
  ],
  'revision promised': [
    [
      {
        event: 'revision promised',
        revision: '003',
        changes: {
          'table:public.songs': {},
          'column:public.songs.id': {},
          'column:public.bands.name': {},
          'index:public.bands.bands_name': null,
        },
        existing: new Set(['column:public.bands.name', 'index:public.bands.bands_name']),
      },
      'info | promised | 003  + table public.songs (1 column); ~ column public.bands.name; - index public.bands.bands_name',
    ],
    [
      { event: 'revision promised', revision: '003', changes: {}, existing: new Set() },
      'info | promised | 003  no change to the catalog',
    ],
  ],
  'hazard foreseen': [
    [
      {
        event: 'hazard foreseen',
        revision: '002_wide',
        hazard: 'table-rewrite',
        text: 'rewrites public.songs',
      },
      'warn | hazard | 002_wide: rewrites public.songs (table-rewrite)',
    ],
  ],
  'backed up': [
    [
      { event: 'backed up', name: '/backups/a.dump', size: 2048, sha256: 'abc', duration: 9 },
      'info | backup | /backups/a.dump, 2 kB in 9 ms, sha256 abc',
    ],
  ],
  'ledger sequence advanced': [
    [
      { event: 'ledger sequence advanced', sequence: 'public.knex_migrations_id_seq', value: 7 },
      'warn | ledger | public.knex_migrations_id_seq was behind the rows of its table, as after a restore; it was set to 7',
    ],
  ],
  'abandoned lock ended': [
    [
      { event: 'abandoned lock ended', holder: 'replica-1 (user app, pid 7)' },
      'warn | lock | the process that held the migration lock has sent nothing for a minute, and its session was ended: replica-1 (user app, pid 7)',
    ],
  ],
  'promises empty': [
    [
      { event: 'promises empty', revisions: ['002 ran ALTER TABLE'] },
      'warn | no promise | 1 revision changed nothing in the catalog, so nothing is promised of it: 002 ran ALTER TABLE',
    ],
    [
      { event: 'promises empty', revisions: ['002 ran DO', '003 ran no statement'] },
      'warn | no promise | 2 revisions changed nothing in the catalog, so nothing is promised of them: 002 ran DO; 003 ran no statement',
    ],
  ],
  'scratch role made': [
    [
      { event: 'scratch role made', role: 'reader' },
      'info | replaying | from the start: role reader was missing on the scratch server, and is there until the end',
    ],
  ],
  'connection redirected': [
    [
      { event: 'connection redirected', address: 'app@db:5432/songs' },
      'warn | replaying | a migration connects to app@db:5432/songs by itself; in a replay that leads to the scratch database',
    ],
  ],
  'replay repeated': [
    [
      { event: 'replay repeated', missed: ['view:public.titles'] },
      'info | replaying | again, and slower: what changed view:public.titles could not be seen on the way',
    ],
  ],
  'names differ': [
    [
      {
        event: 'names differ',
        objects: [{ revision: '002_days', key: 'table:public.day_20261130', pattern: 'table:public.day_2*' }],
      },
      'warn | no promise | another name at every replay, so nothing is promised of table:public.day_20261130; VERIFY_IGNORE=table:public.day_2* leaves what is there out of verify',
    ],
  ],
  'scratch leftover': [
    [
      { event: 'scratch leftover', name: 'role reader', reason: 'it owns a table' },
      'warn | scratch | role reader was made by a migration and stays on the scratch server: it owns a table',
    ],
  ],
  'snapshot written': [
    [
      {
        event: 'snapshot written',
        file: 'schema.snapshot.json',
        revisions: 1,
        objects: 1_204,
        duration: 640,
      },
      'info | snapshot | schema.snapshot.json: 1 revision, 1,204 objects, in 640 ms',
    ],
  ],
  'snapshot unavailable': [
    [
      { event: 'snapshot unavailable', reason: 'There is no scratch database.' },
      'warn | unverified | No snapshot could be made: There is no scratch database.',
    ],
  ],
  'waiting for lock': [
    [
      { event: 'waiting for lock', lock: 'migration', holder: 'replica-2 (pid 7)', waited: 61_000 },
      'warn | waiting | for the migration lock, held by replica-2 (pid 7), for 1 min 1 s so far',
    ],
    [
      { event: 'waiting for lock', lock: 'migration', holder: null, waited: 20 },
      'warn | waiting | for the migration lock, held by a session that just ended, for 20 ms so far',
    ],
    [
      { event: 'waiting for lock', lock: 'tables', holder: 'psql (pid 7)', waited: 20 },
      'warn | waiting | for tables, locked by psql (pid 7), for 20 ms so far',
    ],
  ],
  'interrupted before': [
    [
      {
        event: 'interrupted before',
        revision: '002',
        host: 'replica-2',
        since: '2026-11-20 10:00',
        standing: null,
      },
      'warn | interrupted | 002 was started by replica-2 at 2026-11-20 10:00 and never finished: its process was killed or lost its connection. Its transaction was rolled back, and it runs again.',
    ],
    [
      {
        event: 'interrupted before',
        revision: '002',
        host: 'replica-2',
        since: '2026-11-20 10:00',
        standing: { kind: 'unapplied', done: [], invalid: [], open: ['table:public.plays'] },
      },
      'warn | interrupted | 002 was started by replica-2 at 2026-11-20 10:00 and never finished: its process was killed or lost its connection. It ran without a transaction (not applied). It runs again: what it did to rows may be done twice.',
    ],
    [
      {
        event: 'interrupted before',
        revision: '002',
        host: 'replica-2',
        since: '2026-11-20 10:00',
        standing: { kind: 'unknown', why: 'there is no snapshot' },
      },
      'warn | interrupted | 002 was started by replica-2 at 2026-11-20 10:00 and never finished: its process was killed or lost its connection. It ran without a transaction (how far it got is unknown: there is no snapshot). It runs again: what it did to rows may be done twice.',
    ],
  ],
  identified: [
    [
      { event: 'identified', identity: { id: '0d0e', service: 'songs', environment: 'demo' } },
      'info | identity | the database belongs to service "songs" in environment "demo" from now on',
    ],
  ],
  'knex lock freed': [
    [
      { event: 'knex lock freed' },
      "warn | knex lock | a killed process left Knex's lock row set; it was freed, because no other process holds the migration lock",
    ],
  ],
  repairing: [
    [
      { event: 'repairing', what: 'DROP INDEX CONCURRENTLY public.songs_title' },
      'info | repairing | DROP INDEX CONCURRENTLY public.songs_title',
    ],
  ],
  'repair running': [
    [
      {
        event: 'repair running',
        what: 'REINDEX INDEX CONCURRENTLY public.songs_title',
        elapsed: 70_000,
        doing: 'building index, 43 %',
        activity: blocked,
        repeated: false,
      },
      'warn | running | REINDEX INDEX CONCURRENTLY public.songs_title is still running after 1 min 10 s: building index, 43 %',
    ],
    [
      {
        event: 'repair running',
        what: 'REINDEX INDEX CONCURRENTLY public.songs_title',
        elapsed: 75_000,
        doing: 'building index, 44 %',
        activity: blocked,
        repeated: true,
      },
      'debug | running | REINDEX INDEX CONCURRENTLY public.songs_title is still running after 1 min 15 s: building index, 44 %',
    ],
  ],
  'revision started': [
    [{ event: 'revision started', revision: '002', number: 1, total: 2 }, 'debug | migrating | 002 (1 of 2)'],
  ],
  'revision running': [
    [
      {
        event: 'revision running',
        revision: '002',
        elapsed: 5_000,
        doing: 'update songs set plays = 0',
        activity: { known: false, reason: 'here only the message counts' },
        repeated: false,
      },
      'info | running | 002 is still running after 5.0 s: update songs set plays = 0',
    ],
  ],
  'revision blocked': [
    [
      {
        event: 'revision blocked',
        revision: '002',
        reason: 'deadlock detected',
        blockers: [],
        along: [],
        delay: 510,
      },
      'warn | blocked | 002 was rolled back (deadlock detected); begins again in 510 ms. Blocked by sessions that ended before they could be seen',
    ],
    [
      {
        event: 'revision blocked',
        revision: '002',
        reason: 'deadlock detected',
        blockers: [],
        along: ['000', '001'],
        delay: 510,
      },
      'warn | blocked | 002 was rolled back, and with it 000, 001 (deadlock detected); begins again in 510 ms. Blocked by sessions that ended before they could be seen',
    ],
  ],
  notice: [
    [
      {
        event: 'notice',
        revision: '002',
        severity: 'NOTICE',
        message: 'relation "a" already exists, skipping',
      },
      'info | notice | relation "a" already exists, skipping (002)',
    ],
    [
      { event: 'notice', revision: null, severity: 'WARNING', message: 'there is no transaction' },
      'warn | warning | there is no transaction',
    ],
  ],
  'revision ran': [
    [
      { event: 'revision ran', ...result, shared: true, changes: { [title]: text } },
      'info | ran | 002 (2 of 3)  31 ms  + 1 column',
    ],
    [{ event: 'revision ran', ...result, shared: false, changes: null }, 'debug | ran | 002 (2 of 3)  31 ms'],
  ],
  'revision applied': [
    [
      { event: 'revision applied', ...result, shared: false, changes: { [title]: text } },
      'info | migrated | 002 (2 of 3)  31 ms  + 1 column',
    ],
    [
      {
        event: 'revision applied',
        ...result,
        shared: false,
        changes: { [title]: text },
        existing: new Set([title]),
      },
      'info | migrated | 002 (2 of 3)  31 ms  ~ 1 column',
    ],
    [
      { event: 'revision applied', ...result, shared: true, changes: null },
      'debug | migrated | 002 (2 of 3)  31 ms',
    ],
  ],
  'revision reverted': [
    [
      { event: 'revision reverted', revision: '002', number: 1, total: 2, duration: 31 },
      'info | reverted | 002 (1 of 2)  31 ms',
    ],
  ],
  'transaction ended': [
    [
      { event: 'transaction ended', revision: '002' },
      'warn | transaction | 002 committed the transaction it was given: it was verified and recorded outside of one, and what it did before a failure would have stayed. Say so in the migration: export const config = { transaction: false }',
    ],
  ],
  'process ended': [
    [
      { event: 'process ended', revision: '002', exit: 0 },
      'error | failed | SCHEMA_MIGRATION_FAILED: the process ended with exit code 0 while 002 ran. What was not committed is rolled back; the next run says where it stands.',
    ],
  ],
  'knex loaded': [
    [
      {
        event: 'knex loaded',
        version: '0.95.15',
        pg: '8.7.3',
        folder: '/shop/node_modules/knex',
        bundled: false,
      },
      'info | knex | 0.95.15 with pg 8.7.3, in /shop/node_modules/knex',
    ],
    [
      { event: 'knex loaded', version: '3.3.0', pg: null, folder: '/shop/node_modules/knex', bundled: true },
      'debug | knex | 3.3.0, in /shop/node_modules/knex',
    ],
  ],
  'drift before': [
    [
      { event: 'drift before', differences: 2 },
      'warn | drift | 2 differences from the promise before migrating; they are judged afterwards',
    ],
  ],
  note: [
    [
      { event: 'note', text: 'the extension citext is elsewhere' },
      'info | note | the extension citext is elsewhere',
    ],
  ],
  migrated: [
    [{ event: 'migrated', revisions: 0, duration: 5 }, 'info | migrated | nothing was pending'],
    [{ event: 'migrated', revisions: 2, duration: 1_200 }, 'info | migrated | 2 revisions applied in 1.2 s'],
  ],
  'model added': [
    [
      { event: 'model added', source: 'models:schema.sql', sql: 'create table songs (\n  id int\n)' },
      'info | adding | create table songs ( id int )  (models:schema.sql)',
    ],
  ],
  built: [
    [
      { event: 'built', source: 'snapshot', statements: 2, revisions: 3, duration: 9 },
      'info | built | from snapshot: 2 statements in 9 ms, 3 revisions recorded',
    ],
    [
      { event: 'built', source: 'models:schema.sql', statements: 1, revisions: 0, duration: 9 },
      'info | built | from models:schema.sql: 1 statement in 9 ms',
    ],
  ],
  seeded: [[{ event: 'seeded', files: ['a.ts'], duration: 9 }, 'info | seeded | 1 file in 9 ms']],
  verified: [
    [
      { event: 'verified', compared: { table: 2, column: 9 }, differences: 0, ignored: 0 },
      'info | verified | 2 tables, 9 columns: as promised',
    ],
    [
      { event: 'verified', compared: { table: 2 }, differences: 1, ignored: 0 },
      'warn | verified | 2 tables: 1 difference',
    ],
    [
      { event: 'verified', compared: { table: 2 }, differences: 0, ignored: 1 },
      'info | verified | 2 tables: as promised, 1 difference ignored',
    ],
    [
      { event: 'verified', compared: { table: 2 }, differences: 1, ignored: 1_200 },
      'warn | verified | 2 tables: 1 difference, 1,200 differences ignored',
    ],
  ],
  decided: [
    [
      {
        event: 'decided',
        decision: { action: 'serve', situations: [] },
        consequence: 'as decided',
        lines: [],
      },
      'debug | gate | open',
    ],
    [
      {
        event: 'decided',
        decision: { action: 'serve', situations: [] },
        consequence: 'as decided',
        lines: ['One.', 'Two.'],
      },
      'info | note | One. Two.',
    ],
    [
      {
        event: 'decided',
        decision: { action: 'warn', situations: [] },
        consequence: 'as decided',
        lines: ['One.', 'Two.'],
      },
      'warn | warning | One. Two.',
    ],
    [
      {
        event: 'decided',
        decision: { action: 'refuse', situations: [] },
        consequence: 'as decided',
        lines: ['One.'],
      },
      'warn | refused | One.',
    ],
    [
      {
        event: 'decided',
        decision: { action: 'refuse', situations: [] },
        consequence: 'goes on serving',
        lines: ['One.'],
      },
      'warn | warning | One. A start would refuse; this process goes on serving.',
    ],
  ],
  'gate opened': [[{ event: 'gate opened', after: 61_500 }, 'info | gate | open after 1 min 2 s']],
  listening: [
    [
      { event: 'listening', address: 'http://127.0.0.1:8000', what: 'the service' },
      'info | listening | http://127.0.0.1:8000  the service',
    ],
  ],
  'database lost': [
    [
      { event: 'database lost', reason: 'Connection terminated' },
      'error | database | lost: Connection terminated',
    ],
  ],
  'database back': [[{ event: 'database back', lostFor: 8_100 }, 'info | database | is back after 8.1 s']],
  'check failing': [
    [
      { event: 'check failing', reason: 'permission denied' },
      'error | database | answers, but cannot be verified: permission denied',
    ],
  ],
  'check working': [
    [{ event: 'check working', failedFor: 8_100 }, 'info | database | can be verified again after 8.1 s'],
  ],
  stopping: [
    [
      { event: 'stopping', signal: 'SIGTERM' },
      'info | stopping | SIGTERM: finishing or rolling back what has begun',
    ],
  ],
  draining: [
    [{ event: 'draining', signal: 'SIGTERM', delay: 0 }, 'info | stopping | SIGTERM: no longer ready'],
    [
      { event: 'draining', signal: 'SIGTERM', delay: 5_000 },
      'info | stopping | SIGTERM: no longer ready, still serving for 5.0 s',
    ],
  ],
}

t.test('long work is reported now and then, and whenever its blockers change', async (t) => {
  const isRepeated = createRepetitionCheck()
  const free = { ...blocked, blockers: [] }
  const minutes = [...Array(36).keys()].map((index) => (index + 1) * 5_000)
  const news = minutes.filter((elapsed) => !isRepeated(elapsed, elapsed === 75_000 ? blocked : free))
  t.strictSame(
    news.map((elapsed) => elapsed / 1_000),
    [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 75, 80, 110, 140, 170],
  )
})

t.test('every event has a message', async (t) => {
  for (const [progress, line] of Object.values(messages).flat()) {
    const { level, label, text } = formatProgress(progress)
    t.equal(`${level} | ${label} | ${text}`, line)
  }
})

t.test('a query is shortened to one line without its data', async (t) => {
  const queries: readonly (readonly [string, string])[] = [
    ['select 1', 'select 1'],
    [
      "update  users\n  set password = 'se''cret' where id = 1",
      "update users set password = '…' where id = 1",
    ],
    ["select E'it\\'s', 'b'", "select E'…', '…'"],
    ["select 'cut off by track_activity_query_si", "select '…'"],
    ['do $$ begin perform 1; end $$', "do '…'"],
    ["select $a$ $$ 'x' $a$, $1", "select '…', $1"],
    ['select $a$ cut off', "select '…'"],
    [`select ${'a, '.repeat(50)}b`, `select ${'a, '.repeat(24)}…`],
  ]
  for (const [query, short] of queries) t.equal(shortenQuery(query), short)
})

t.test('a statement is shown with the position that PostgreSQL names', async (t) => {
  const columns = Array.from({ length: 30 }, (_, index) => `c${index} int`).join(', ')
  const cases: readonly (readonly [sql: string, position: number | null, shown: readonly string[]])[] = [
    ['select nope', 8, ['select nope', '       ^']],
    ["select 'secret', nope", 18, ["select '…', nope", '            ^']],
    ["select 'secret'::int", 8, ["select '…'::int", '       ^']],
    ["select 'secret'", 10, ["select '…'"]],
    ['select 🎵, nope', 11, ['select 🎵, nope', '           ^']],
    ['select 1;\n\n\tselect nope', 20, ['select 1; select nope', 'line 3: select nope', '               ^']],
    [
      `create table t (${columns}, wrong tipe)`,
      columns.length + 25,
      [
        `${`create table t (${columns}`.slice(0, 79)}…`,
        `line 1: …${`create table t (${columns}, wrong tipe)`.slice(-80)}`,
        `${' '.repeat(8 + 1 + 75)}^`,
      ],
    ],
    ['select 1', null, ['select 1']],
  ]
  for (const [sql, position, shown] of cases) t.strictSame(excerptStatement(sql, position), shown)
})

const blocker: Blocker = {
  pid: 7,
  user: 'app',
  application: 'shop',
  address: '10.0.0.7',
  state: 'idle in transaction',
  since: '2026-11-21T09:14:02.000Z',
  query: 'select 1',
  holds: 'AccessShareLock on songs',
}
/** A session of a different role, as a role without privileges sees it. */
const hidden: Blocker = { ...blocker, address: null, state: null, since: null, query: null }
const idle: Activity = { known: true, statement: null, work: null, waits: null, blockers: [] }
const work = { command: 'CREATE INDEX', relation: 'songs', phase: 'building index', percent: 43 }

t.test('the activity of a session is described in a sentence', async (t) => {
  t.equal(
    describeBlocker(blocker),
    'pid 7 (user app, shop, from 10.0.0.7, idle in transaction since 2026-11-21T09:14:02.000Z, holds AccessShareLock on songs): select 1',
  )
  t.equal(describeBlocker(hidden), 'pid 7 (user app, shop, holds AccessShareLock on songs)')
  t.equal(
    describeBlocker({
      ...hidden,
      user: null,
      application: 'autovacuum worker',
      state: 'active',
      holds: null,
    }),
    'pid 7 (autovacuum worker, active)',
  )
  t.equal(describeBlocker({ ...hidden, pid: 0 }), 'a prepared transaction (pg_prepared_xacts lists them)')
  const activities: readonly (readonly [Activity, string])[] = [
    [{ known: false, reason: 'it has just begun' }, 'its activity is unknown: it has just begun'],
    [idle, 'between two statements'],
    [{ ...idle, statement: 'update songs' }, 'update songs'],
    [
      { ...idle, statement: 'update songs', waits: 'IO DataFileRead' },
      'update songs; waits for IO DataFileRead',
    ],
    [{ ...idle, statement: 'create index on songs', work }, 'CREATE INDEX on songs: building index, 43 %'],
    [{ ...idle, work: { ...work, relation: null, percent: null } }, 'CREATE INDEX: building index'],
    [
      { ...idle, statement: 'drop table songs', waits: 'a lock', blockers: [hidden, { ...hidden, pid: 8 }] },
      'drop table songs; waits for a lock, held by pid 7 (user app, shop, holds AccessShareLock on songs); pid 8 (user app, shop, holds AccessShareLock on songs)',
    ],
  ]
  for (const [activity, sentence] of activities) t.equal(describeActivity(activity), sentence)
})
