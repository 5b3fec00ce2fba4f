import t from 'tap'
import { parseLastEvents } from '../../src/postgres/ledger/ledger.js'

t.test('an event by the name that an earlier release wrote is read by its name of today', async (t) => {
  const row = (revision: string, event: string) => ({ revision, event, host: 'replica-1', at: '2026-11-20' })
  const { last } = parseLastEvents([row('001_songs', 'rolled back'), row('002_plays', 'failed')])
  t.strictSame(
    [...last].map(([revision, { event }]) => [revision, event]),
    [
      ['001_songs', 'undone'],
      ['002_plays', 'failed'],
    ],
  )
})
