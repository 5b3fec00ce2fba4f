import t from 'tap'
import { defectsOf, type Evidence } from './books.js'
import { createBag, createRandom } from './random.js'

const refused = { status: 500, text: 'no', from: 5_000, took: 10 }
const line = (level: number, time: number): string => `${JSON.stringify({ level, time, msg: 'away' })}\n`

/** A soak with a fault from 10 s to 20 s, after which everything is as it should be. */
const balanced: Evidence = {
  faults: [
    {
      name: 'network cut',
      disturbs: 'everybody',
      window: { from: 10_000, to: 20_000 },
      recovery: 100,
      defect: null,
    },
    {
      name: 'service killed',
      disturbs: 'the mortal',
      window: { from: 30_000, to: 40_000 },
      recovery: 100,
      defect: null,
    },
  ],
  pasts: [
    {
      service: 'steady',
      asked: 'SIGTERM',
      ended: { exit: 0, stdout: line(50, 15_000) + line(30, 1), stderr: '' },
    },
    { service: 'mortal', asked: 'SIGKILL', ended: { exit: 'SIGKILL', stdout: '', stderr: '' } },
  ],
  sent: [
    { instance: '0-0', id: '1' },
    { instance: '0-1', id: null },
    { instance: '0-2', id: null },
  ],
  stored: [
    { instance: '0-0', id: '1', current: '0-0' },
    { instance: '0-1', id: '2', current: '0-1' },
  ],
  failures: [
    { service: 'steady', what: 'report', answer: { ...refused, from: 9_995 } },
    { service: 'mortal', what: 'report', answer: { ...refused, from: 35_000 } },
  ],
  probes: { times: [1, 2, 3], wrong: [], unready: [{ service: 'steady', at: 12_000, text: 'lost' }] },
  samples: Array.from({ length: 100 }, () => ({ memory: 100, files: 30 })),
  connections: { most: 11, left: 0 },
}

const [cut, killed] = balanced.faults
const [steady] = balanced.pasts

const withLog = (stdout: string) => ({
  pasts: steady === undefined ? [] : [{ ...steady, ended: { ...steady.ended, stdout } }],
})
const withEnd = (exit: number, stderr = '') => ({
  pasts: [{ service: 'steady', asked: 'SIGTERM' as const, ended: { exit, stdout: '', stderr } }],
})

const wrongs: readonly (readonly [string, Partial<Evidence>, RegExp])[] = [
  ['a report is lost', { stored: [] }, /^1 acknowledged reports are lost\n    0-0$/],
  [
    'a report is there under another id',
    { stored: [{ instance: '0-0', id: '3', current: '0-0' }] },
    /^1 acknowledged reports are lost/,
  ],
  [
    'a report is there twice',
    { stored: [...balanced.stored, { instance: '0-1', id: '3', current: '0-1' }] },
    /^1 reports are stored more than once\n    0-1$/,
  ],
  [
    'a report was never sent',
    { stored: [...balanced.stored, { instance: '9-9', id: '3', current: '9-9' }] },
    /^1 reports are stored that nobody sent so\n    9-9$/,
  ],
  [
    'a report is not what was sent',
    { stored: [{ instance: '0-0', id: '1', current: '0-1' }] },
    /^1 reports are stored that nobody sent so/,
  ],
  [
    'a request failed without a fault',
    { failures: [{ service: 'steady', what: 'report', answer: refused }] },
    /^1 requests failed without a fault\n    report to steady: 500 no$/,
  ],
  [
    'a request failed while another service was killed',
    { failures: [{ service: 'steady', what: 'list', answer: { ...refused, from: 35_000 } }] },
    /^1 requests failed without a fault/,
  ],
  [
    'a fault was not over',
    { faults: [cut, killed].flatMap((fault) => (fault ? [{ ...fault, defect: 'never ready' }] : [])) },
    /^network cut: never ready$/,
  ],
  ['an error is in the log', withLog(line(50, 25_000)), /^1 errors in the log of steady without a fault/],
  ['it failed during a fault', withLog(line(60, 15_000)), /^1 errors in the log of steady/],
  ['it ended badly', withEnd(1), /^steady ended with 1 on SIGTERM$/],
  ['it was warned', withEnd(0, 'a leak'), /^steady wrote to stderr: a leak$/],
  [
    'a probe was wrong',
    { probes: { ...balanced.probes, wrong: ['live: 503'] } },
    /^1 answers to probes are wrong/,
  ],
  [
    'a service turned unready though no request failed',
    { probes: { ...balanced.probes, unready: [{ service: 'steady', at: 25_000, text: 'drift' }] } },
    /^1 unready answers that no request deserved\n    steady: drift$/,
  ],
  [
    'probes are slow',
    { probes: { ...balanced.probes, times: [101, 101] } },
    /^101 milliseconds for 99 % of the probes/,
  ],
  ['no probe was answered', { probes: { ...balanced.probes, times: [] } }, /^no probe was answered$/],
  ['nothing was acknowledged', { sent: [], stored: [] }, /^no report was acknowledged$/],
  [
    'memory grows',
    { samples: Array.from({ length: 100 }, (_, index) => ({ memory: 100 + 2 * index, files: 30 })) },
    /^274 MB of memory at the end, more than 234$/,
  ],
  [
    'files stay open',
    { samples: Array.from({ length: 100 }, (_, index) => ({ memory: 100, files: 30 + index })) },
    /^117 open files at the end, more than 79$/,
  ],
  ['connections are too many', { connections: { most: 13, left: 0 } }, /^13 connections of a process/],
  ['connections are left', { connections: { most: 1, left: 2 } }, /^2 connections left at the end/],
]

t.test('the books of a soak', async (t) => {
  t.strictSame(defectsOf(balanced), [])
  for (const [name, change, defect] of wrongs) t.match(defectsOf({ ...balanced, ...change })[0], defect, name)
})

t.test('a bag has each thing as often as its weight says, in an order of the seed', async (t) => {
  const things = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 3 },
  ]
  const drawn = (seed: number): readonly string[] => {
    const draw = createBag(things, createRandom(seed))
    return Array.from({ length: 40 }, () => draw()?.name ?? '')
  }
  t.strictSame(drawn(1), drawn(1))
  t.notSame(drawn(1), drawn(2))
  t.equal(drawn(1).filter((name) => name === 'a').length, 10)
})
