import t from 'tap'
import {
  formatApplicationName,
  type SessionName,
  parseApplicationName,
} from '../../src/postgres/connection/application-name.js'
import { describeLockHolder, type LockHolder } from '../../src/postgres/locks/lock-holders.js'

t.test('the application name has the process and its progress, in at most 63 bytes', async (t) => {
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

t.test('the holder of the lock is described', async (t) => {
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
  for (const [found, text] of holders) t.equal(describeLockHolder({ ...holder, ...found }), text)
})
