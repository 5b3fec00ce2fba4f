import t from 'tap'
import type { Difference } from '../../src/core/model/diff.js'
import { ignoreSettingFor } from '../../src/core/model/partition-patterns.js'

const partition = (key: string, parent = 'public.events'): Difference => ({
  change: 'missing',
  key,
  expected: { partition: 'DEFAULT', parents: [parent] },
})
const part = (key: string): Difference => ({ change: 'missing', key, expected: {} })

t.test('the setting covers partitions and what belongs to them, and not their parent', async (t) => {
  for (const [differences, setting] of [
    [
      [partition('table:public.events_p2026_05'), part('column:public.events_p2026_05.id')],
      'table:public.events_p*',
    ],
    [
      [partition('table:public.events_p2026_05'), partition('table:public.events_p2027_01')],
      'table:public.events_p*',
    ],
    [[partition('table:public.events_20260501')], 'table:public.events_*'],
    [[partition('table:public.events2026')], 'table:public.events2026'],
    [
      [partition('table:public.events_a'), partition('table:archive.events_b')],
      'table:public.events_a*,table:archive.events_b*',
    ],
    [[partition('table:public."Events_2026"', 'public."Events"')], 'table:public."Events_"*'],
    [
      [partition('table:public.a_1'), partition('table:public.b_1', 'public.b')],
      'table:public.a_*,table:public.b_*',
    ],
  ] as const)
    t.equal(ignoreSettingFor(differences), `VERIFY_IGNORE=${setting}`)
  for (const differences of [
    [],
    [part('table:public.songs')],
    [partition('table:public.events_p1'), part('column:public.songs.id')],
  ])
    t.equal(ignoreSettingFor(differences), null)
})
