import t from 'tap'
import {
  type Activity,
  type Blocker,
  describeActivity,
  describeBlocker,
  shortenQuery,
} from '../../src/core/progress/session-activity.js'
import {
  formatApplicationName,
  type SessionName,
  parseApplicationName,
} from '../../src/postgres/connection/application-name.js'
import { describeLockHolder, type LockHolder } from '../../src/postgres/locks/lock-holders.js'

t.test('a query of others is one short line without their data', async (t) => {
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
/** What a role sees of the sessions of another one. */
const hidden: Blocker = { ...blocker, address: null, state: null, since: null, query: null }
const idle: Activity = { known: true, statement: null, work: null, waits: null, blockers: [] }
const work = { command: 'CREATE INDEX', relation: 'songs', phase: 'building index', percent: 43 }

t.test('what a session does reads as people say it', async (t) => {
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
  for (const [activity, words] of activities) t.equal(describeActivity(activity), words)
})

t.test('the name of a session says who it is and where it stands, in 63 bytes', async (t) => {
  const names: readonly (readonly [SessionName, string])[] = [
    [
      { host: 'shop-7d9f8c6b5-x2x7k', release: '1a2b3c4d5e6f', revision: '20261120_add_invoice' },
      'schemagate shop-7d9f8c6b5-x2x7k 1a2b3c4d 20261120_add_invoice',
    ],
    [{ host: 'shop-1', release: null, revision: null }, 'schemagate shop-1 - -'],
    [{ host: null, release: '', revision: 'waiting' }, 'schemagate - - waiting'],
    [{ host: 'mücke\n1', release: 'v 1', revision: '001 "a"' }, 'schemagate m_cke_1 v_1 001_"a"'],
    [
      { host: `${'a'.repeat(40)}z`, release: null, revision: `2026_${'b'.repeat(80)}` },
      `schemagate ${'a'.repeat(23)}z - 2026_${'b'.repeat(20)}`,
    ],
    [
      { host: 'shop-1', release: null, revision: `2026_${'b'.repeat(80)}` },
      `schemagate shop-1 - 2026_${'b'.repeat(38)}`,
    ],
    [{ host: `${'a'.repeat(80)}z`, release: null, revision: '001' }, `schemagate ${'a'.repeat(45)}z - 001`],
  ]
  for (const [name, text] of names) {
    t.equal(formatApplicationName(name), text)
    t.ok(text.length <= 63)
    t.equal(formatApplicationName(parseApplicationName(text) ?? name), text, 'and it can be read back')
  }
  for (const other of ['', 'psql', 'schemagate replica-1', 'schemagate  - -', 'my schemagate a b c'])
    t.equal(parseApplicationName(other), null)
})

t.test('whoever holds the lock is described', async (t) => {
  const holder: LockHolder = {
    pid: 4711,
    application: 'schemagate shop-7d9-x2x7k 1a2b3c4 20261120_add_invoice',
    user: 'app',
    address: '10.0.0.7',
    connected: new Date('2026-11-21T09:00:00Z'),
    since: new Date('2026-11-21T09:14:02.123Z'),
  }
  const holders: readonly (readonly [Partial<LockHolder>, string])[] = [
    [
      {},
      'shop-7d9-x2x7k, release 1a2b3c4, at 20261120_add_invoice, since 2026-11-21T09:14:02Z (user app, pid 4711, from 10.0.0.7)',
    ],
    [
      { application: 'schemagate shop-1 - -', address: null },
      'shop-1, since 2026-11-21T09:14:02Z (user app, pid 4711)',
    ],
    [
      { application: 'schemagate - 1a waiting', since: null, address: null },
      'schemagate, release 1a (user app, pid 4711)',
    ],
    [
      { application: 'psql' },
      'psql (user app, pid 4711, from 10.0.0.7, connected since 2026-11-21T09:00:00Z)',
    ],
    [{ application: '', address: null, connected: null }, 'a session (user app, pid 4711)'],
  ]
  for (const [found, words] of holders) t.equal(describeLockHolder({ ...holder, ...found }), words)
})
