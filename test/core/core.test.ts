import t from 'tap'
import { describeStanding, standingOf } from '../../src/core/history/completion.js'
import {
  assess,
  decide,
  type Decision,
  type Evidence,
  findingsOf,
  type Policy,
  type Situation,
} from '../../src/core/history/decision.js'
import { describeHistoryChange, historyChanges, type Texts } from '../../src/core/history/file-changes.js'
import { compareHistory, type Position } from '../../src/core/history/history.js'
import type { Owner, Ownership } from '../../src/core/history/ownership.js'
import {
  annotationRules,
  assessImpact,
  impactRules,
  impacts,
  worstImpact,
} from '../../src/core/impact/assess-impact.js'
import { casesOf, judge, type KindRules } from '../../src/core/impact/rule.js'
import {
  type Catalog,
  countKinds,
  type Facts,
  objectKey,
  parseKey,
  quoteName,
  sameFact,
  sameFacts,
  sortKeys,
  tableOf,
} from '../../src/core/model/catalog.js'
import { changeText } from '../../src/core/model/change-digest.js'
import {
  count,
  describeChanges,
  describeCounts,
  describeDifference,
  describeDuration,
  describeFact,
  pluralOf,
  shortened,
} from '../../src/core/model/describe.js'
import { diff, type Difference, type Undetermined } from '../../src/core/model/diff.js'
import { matchesKey, parsePattern } from '../../src/core/model/pattern.js'
import { type Scope, splitIgnored, unmatchedPatterns, withinScope } from '../../src/core/model/scope.js'
import { staleness } from '../../src/core/model/snapshot-staleness.js'
import {
  agreeOn,
  type Changes,
  changesBetween,
  changesOf,
  differencesFrom,
  differencesOf,
  promisedAt,
  type Snapshot,
} from '../../src/core/model/snapshot.js'
import type { Progress, ProgressEvents } from '../../src/core/progress/events.js'
import { repetition } from '../../src/core/progress/heartbeat.js'
import { tell } from '../../src/core/progress/messages.js'
import type { Activity } from '../../src/core/progress/session-activity.js'
import { type ImpactCase, impactCases } from './impact-cases.js'

const songs = 'table:public.songs'
const title = 'column:public.songs.title'
const text: Facts = { type: 'text', nullable: false }

t.test('a name stands in a key as it is if it is plain, else quoted', async (t) => {
  const long = 'é'.repeat(31) + 'x'
  const keys: readonly [string, string][] = [
    [objectKey('schema', ['music']), 'schema:music'],
    [objectKey('table', ['public', 'songs']), 'table:public.songs'],
    [objectKey('column', ['public', 'songs', '_year$2']), 'column:public.songs._year$2'],
    [objectKey('column', ['Music', '2songs', 'größe']), 'column:"Music"."2songs"."größe"'],
    [objectKey('column', ['a.b', 'a"b', 'a:b c']), 'column:"a.b"."a""b"."a:b c"'],
    [objectKey('table', ['public', 'songs (old)\n']), 'table:public."songs (old)\n"'],
    [objectKey('column', ['public', 'songs(1)', 'x(2)']), 'column:public."songs(1)"."x(2)"'],
    [objectKey('table', ['public', '.']), 'table:public."."'],
    [objectKey('table', ['public', '"']), 'table:public.""""'],
    [objectKey('table', ['public', long]), `table:public."${long}"`],
    [objectKey('function', ['public', 'add'], '(integer, text)'), 'function:public.add(integer, text)'],
    [objectKey('function', ['public', 'now'], '()'), 'function:public.now()'],
    [
      objectKey('function', ['public', 'My "f"'], '(public."My.Type", "char")'),
      'function:public."My ""f"""(public."My.Type", "char")',
    ],
  ]
  for (const [key, expected] of keys) t.equal(key, expected)
  t.equal(new Set(keys.map(([key]) => key)).size, keys.length)
})

t.test('a key comes apart into kind and names, and names the table it belongs to', async (t) => {
  const parts: readonly [string, string, readonly string[], string | null][] = [
    ['schema:music', 'schema', ['music'], null],
    [songs, 'table', ['public', 'songs'], null],
    [title, 'column', ['public', 'songs', 'title'], songs],
    ['column:"a.b"."a""b"."a:b c"', 'column', ['"a.b"', '"a""b"', '"a:b c"'], 'table:"a.b"."a""b"'],
    [
      'column:public."songs(1)"."x(2)"',
      'column',
      ['public', '"songs(1)"', '"x(2)"'],
      'table:public."songs(1)"',
    ],
    ['function:public.add(public.mood, numeric)', 'function', ['public', 'add(public.mood, numeric)'], null],
    ['function:public."My.f"(public."My.Type")', 'function', ['public', '"My.f"(public."My.Type")'], null],
    ['schema:', 'schema', [], null],
  ]
  for (const [key, kind, names, table] of parts) {
    t.strictSame(parseKey(key), { kind, names }, key)
    t.equal(tableOf(key), table, key)
  }
  t.equal(quoteName('a"b'), '"a""b"')
})

t.test('keys are in reading order: schema by schema, a table before what belongs to it', async (t) => {
  const ordered = [
    'extension:citext',
    'schema:music',
    'table:music.songs',
    'column:music.songs.id',
    'column:music.songs.title',
    'constraint:music.songs.songs_pkey',
    'index:music.songs.songs_title',
    'enum:music.songs_kind',
    'schema:public',
    'function:public.add(integer)',
    'table:public.songs',
    'column:public.songs.id',
  ]
  t.strictSame(sortKeys([...ordered].sort()), ordered)
  t.strictSame(sortKeys(ordered.toReversed()), ordered)
  t.strictSame(countKinds(ordered), {
    extension: 1,
    schema: 2,
    table: 2,
    column: 3,
    constraint: 1,
    index: 1,
    enum: 1,
    function: 1,
  })
})

t.test('facts are the same if text, number, list and absence are', async (t) => {
  t.ok(sameFact(undefined, undefined))
  t.ok(sameFact(['sad', 'ok'], ['sad', 'ok']))
  t.notOk(sameFact(['sad', 'ok'], ['ok', 'sad']))
  t.notOk(sameFact('1', 1))
  t.notOk(sameFact(false, undefined))
  t.ok(sameFacts({ type: 'text', nullable: true }, { nullable: true, type: 'text' }))
  t.notOk(sameFacts({ type: 'text' }, { type: 'text', default: `''::text` }))
  t.notOk(sameFacts({ type: 'text', default: `''::text` }, { type: 'text' }))
})

t.test('diff says what is missing, unexpected and changed, in reading order', async (t) => {
  const expected: Catalog = {
    [songs]: {},
    [title]: text,
    'column:public.songs.year': { type: 'integer', nullable: true, default: '2000' },
    'enum:public.mood': { labels: ['sad', 'ok'] },
  }
  const actual: Catalog = {
    'enum:public.mood': { labels: ['sad', 'ok', 'happy'] },
    'column:public.songs.year': { nullable: false, type: 'bigint' },
    'column:public.songs.plays': { type: 'integer', nullable: false },
    [songs]: {},
  }
  t.strictSame(diff(expected, actual), [
    {
      change: 'changed',
      key: 'enum:public.mood',
      facts: ['labels'],
      expected: { labels: ['sad', 'ok'] },
      actual: { labels: ['sad', 'ok', 'happy'] },
    },
    {
      change: 'unexpected',
      key: 'column:public.songs.plays',
      actual: { type: 'integer', nullable: false },
    },
    { change: 'missing', key: title, expected: text },
    {
      change: 'changed',
      key: 'column:public.songs.year',
      facts: ['default', 'nullable', 'type'],
      expected: { type: 'integer', nullable: true, default: '2000' },
      actual: { nullable: false, type: 'bigint' },
    },
  ])
  t.strictSame(diff(expected, expected), [])
  t.strictSame(diff({}, {}), [])
  t.strictSame(
    diff(expected, actual, { 'column:public.songs.year': ['default', 'nullable', 'type'] }).length,
    3,
  )
  t.strictSame(
    diff({ [title]: text }, {}, { [title]: ['type', 'nullable'] }),
    [{ change: 'missing', key: title, expected: text }],
    'that an object exists is always determined',
  )
})

t.test('the position follows from the revisions of the build and those recorded', async (t) => {
  const build = ['001', '002', '003']
  const positions: readonly [Position, readonly string[], boolean, Partial<Record<string, unknown>>][] = [
    ['empty', [], false, { current: null, applied: [], pending: build, unknown: [] }],
    ['unmanaged', [], true, { current: null, applied: [], pending: build, unknown: [] }],
    ['behind', ['001'], true, { current: '001', applied: ['001'], pending: ['002', '003'], unknown: [] }],
    [
      'behind',
      ['003', '001'],
      true,
      { current: '003', applied: ['001', '003'], pending: ['002'], unknown: [] },
    ],
    ['current', build, true, { current: '003', applied: build, pending: [], unknown: [] }],
    ['current', build, false, { current: '003', applied: build, pending: [], unknown: [] }],
    [
      'ahead',
      [...build, '005', '004'],
      true,
      { current: '004', applied: build, pending: [], unknown: ['005', '004'] },
    ],
    [
      'diverged',
      ['001', '002', '00x'],
      true,
      { current: '00x', applied: ['001', '002'], pending: ['003'], unknown: ['00x'] },
    ],
    [
      'behind',
      ['001', '00x', '002'],
      true,
      { current: '002', applied: ['001', '002'], pending: ['003'], unknown: ['00x'] },
    ],
    ['current', ['00x', ...build], true, { current: '003', applied: build, pending: [], unknown: ['00x'] }],
    ['foreign', ['a', 'b'], true, { current: 'b', applied: [], pending: build, unknown: ['a', 'b'] }],
  ]
  for (const [position, revisions, hasTables, lists] of positions)
    t.strictSame(
      compareHistory(build, { revisions, hasTables }),
      { position, head: '003', ...lists },
      position,
    )
})

/** The texts of 001 to 003, each as it was recorded on PostgreSQL 18; `2:a` to `2:c` are their changes. */
const unchanged: Texts = {
  sources: [
    { revision: '001', file: '001.js', checksum: '1' },
    { revision: '002', file: '002.js', checksum: '2' },
    { revision: '003', file: '003.js', checksum: '3' },
  ],
  recorded: new Map([
    ['001', { event: 'applied', checksum: '1', detail: { file: '001.js', changes: '2:a', postgres: 18 } }],
    ['002', { event: 'stamped', checksum: '2', detail: { file: '002.js', changes: '2:b', postgres: 18 } }],
    ['003', { event: 'repaired', checksum: '3', detail: { file: '003.js', changes: '2:c', postgres: 18 } }],
  ]),
  promiseOf: (revision) => ({
    changes: { '001': '2:a', '002': '2:b', '003': '2:c' }[revision] ?? '',
    postgres: 18,
  }),
  rename: (was, is) => `${was} -> ${is}`,
}

/** With the text of 002 recorded so; without an argument nothing is on record of it. */
function recordedAs(text?: Partial<ReturnType<Texts['recorded']['get']>>): Texts {
  const recorded = new Map(unchanged.recorded)
  const last = recorded.get('002')
  recorded.delete('002')
  if (last !== undefined && text !== undefined) recorded.set('002', { ...last, ...text })
  return { ...unchanged, recorded }
}

/** The same text under other names: those recorded, and what is on record of each. */
function renamedFrom(...names: readonly string[]): Texts {
  const text = { event: 'applied', checksum: '2', detail: { file: 'x.js' } }
  return { ...unchanged, recorded: new Map(names.map((name) => [name, text])) }
}

const twins: Texts = {
  ...renamedFrom('x', 'y'),
  sources: unchanged.sources.map((source) => ({ ...source, checksum: '2' })),
}

const was18 = { file: '002.js', changes: '2:b', postgres: 18 }

/** What is recorded, the texts, and what happened to the folder. */
const histories: readonly [string, readonly string[], Texts | null, readonly string[]][] = [
  ['nothing', ['001', '002', '003'], unchanged, []],
  ['nothing, where nothing is recorded', [], unchanged, []],
  ['nothing that is known of, where plain Knex recorded it', ['001', '002', '003'], recordedAs(), []],
  [
    'another text that makes the same change',
    ['001', '002', '003'],
    recordedAs({ checksum: '?' }),
    ['002  edited, with the same change to the catalog'],
  ],
  [
    'another text that makes another change',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, changes: '2:?' } }),
    ['002  edited, with another change to the catalog'],
  ],
  [
    'another text, and no snapshot then',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { file: '002.js' } }),
    ['002  edited; what it changed then is not on record'],
  ],
  [
    'another text, recorded on another major version',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, changes: '2:?', postgres: 17 } }),
    ['002  edited; what it changed then is not on record'],
  ],
  [
    'another text, recorded with a snapshot of another format',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, changes: '1:?' } }),
    ['002  edited; what it changed then is not on record'],
  ],
  [
    'another text, and no snapshot now',
    ['001', '002'],
    { ...recordedAs({ checksum: '?' }), promiseOf: () => null },
    ['002  edited; what it changed then is not on record'],
  ],
  [
    'another text in another file, which is what it was built to or from',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, file: '002.ts' } }),
    [],
  ],
  [
    'another text before it failed: not what was recorded',
    ['001', '002'],
    recordedAs({ event: 'failed', checksum: '?' }),
    [],
  ],
  ['another text, not recorded', ['001'], recordedAs({ checksum: '?' }), []],
  ['renamed', ['001', 'x', '003'], renamedFrom('x'), ['x  renamed to 002']],
  [
    'renamed, to another place',
    ['001', '003', 'x'],
    renamedFrom('x'),
    ['x  renamed to 002', '002  recorded after 003'],
  ],
  ['two of one text renamed', ['001', 'x', 'y'], twins, ['x  renamed to 002', 'y  renamed to 003']],
  ['two of one text, one of them in this build', ['001', '002', 'x', 'y'], twins, ['x  renamed to 003']],
  ['deleted', ['001', 'x', '002'], unchanged, ['x  not in this build']],
  [
    'deleted before all others',
    ['x', 'y', '001'],
    unchanged,
    ['x  not in this build', 'y  not in this build'],
  ],
  ['nothing: a newer build', ['001', '002', '003', 'x'], unchanged, []],
  ["nothing: another project's", ['x', 'y'], unchanged, []],
  ['reordered', ['001', '003', '002'], null, ['002  recorded after 003']],
  ['reordered all', ['003', '002', '001'], null, ['002  recorded after 003', '001  recorded after 003']],
  ['added below', ['002'], null, ['001  pending, and comes before 002']],
  [
    'added below, two of them',
    ['003'],
    null,
    ['001  pending, and comes before 003', '002  pending, and comes before 003'],
  ],
  [
    'deleted, reordered and added below',
    ['003', 'x', '001'],
    null,
    ['x  not in this build', '001  recorded after 003', '002  pending, and comes before 003'],
  ],
]

t.test('what happened to the folder follows from the build and what is on record', async (t) => {
  for (const [name, recorded, texts, changes] of histories)
    t.strictSame(
      historyChanges({ build: ['001', '002', '003'], recorded, texts }).map(describeHistoryChange),
      changes,
      name,
    )
})

const snapshot: Snapshot = {
  postgres: 18,
  base: { 'schema:public': {}, 'extension:plpgsql': { schema: 'pg_catalog' } },
  revisions: [
    {
      revision: '001',
      file: '001.js',
      checksum: 'sha256:1',
      changes: {
        [songs]: {},
        [title]: { type: 'text', nullable: true },
        'column:public.songs.token': { type: 'text', nullable: false },
      },
      undetermined: { 'column:public.songs.token': ['default'] },
    },
    { revision: '002', file: '002.js', checksum: 'sha256:2', changes: { [title]: text } },
    {
      revision: '003',
      file: '003.js',
      checksum: 'sha256:3',
      changes: { 'column:public.songs.token': null, 'extension:plpgsql': null },
    },
  ],
}

t.test('folding the snapshot gives the promised catalog at any revision', async (t) => {
  t.strictSame(promisedAt(snapshot, []), {
    catalog: {},
    undetermined: {},
    tolerated: new Set(['schema:public', 'extension:plpgsql']),
  })
  t.strictSame(promisedAt(snapshot, ['001']), {
    catalog: {
      [songs]: {},
      [title]: { type: 'text', nullable: true },
      'column:public.songs.token': { type: 'text', nullable: false },
    },
    undetermined: { 'column:public.songs.token': ['default'] },
    tolerated: new Set(['schema:public', 'extension:plpgsql']),
  })
  t.strictSame(
    promisedAt(snapshot, ['003', '001', '002', 'one the snapshot lacks']),
    {
      catalog: { [songs]: {}, [title]: text },
      undetermined: {},
      tolerated: new Set(['schema:public']),
    },
    'in the order of the snapshot',
  )
})

t.test('what a revision sets anew is determined again', async (t) => {
  const changes = { 'column:public.songs.token': { type: 'text', nullable: false, default: `''::text` } }
  const again = { revision: '004', file: null, checksum: null, changes }
  const { undetermined } = promisedAt({ ...snapshot, revisions: [...snapshot.revisions, again] }, [
    '001',
    '004',
  ])
  t.strictSame(undetermined, {})
})

t.test('the base is neither promised nor unexpected until a revision touches it', async (t) => {
  const live: Catalog = { [songs]: {}, [title]: text, 'schema:music': {} }
  const unexpected: Difference = { change: 'unexpected', key: 'schema:music', actual: {} }
  t.strictSame(differencesFrom(promisedAt(snapshot, ['001', '002', '003']), live), [unexpected])
  t.strictSame(differencesFrom(promisedAt(snapshot, ['001', '002', '003']), { ...live, ...snapshot.base }), [
    unexpected,
    { change: 'unexpected', key: 'extension:plpgsql', actual: { schema: 'pg_catalog' } },
  ])
})

t.test('a fact that is not determined is not compared, the others of its object are', async (t) => {
  const promised = promisedAt(snapshot, ['001'])
  const token = { type: 'text', nullable: false, default: `'ab12'::text` }
  const live: Catalog = { ...promised.catalog, 'column:public.songs.token': token }
  t.strictSame(differencesFrom(promised, live), [])
  const changed = { ...live, 'column:public.songs.token': { ...token, nullable: true } }
  t.strictSame(
    differencesFrom(promised, changed).map((found) => (found.change === 'changed' ? found.facts : [])),
    [['nullable']],
  )
})

t.test('the objects of one revision are compared and no others', async (t) => {
  const promised = promisedAt(snapshot, ['001', '002'])
  const live: Catalog = { [title]: { type: 'text', nullable: true }, 'schema:music': {} }
  t.strictSame(differencesOf(promised, live, [title]), [
    {
      change: 'changed',
      key: title,
      facts: ['nullable'],
      expected: text,
      actual: { type: 'text', nullable: true },
    },
  ])
  t.strictSame(differencesOf(promised, live, ['schema:music']), [
    { change: 'unexpected', key: 'schema:music', actual: {} },
  ])
  t.strictSame(differencesOf(promised, live, []), [])
})

t.test('what a revision changes is what is made, made otherwise, or gone', async (t) => {
  const before: Catalog = { [songs]: {}, [title]: text, 'index:public.songs.old': { unique: false } }
  const after: Catalog = {
    [songs]: {},
    [title]: { type: 'text', nullable: true },
    'enum:public.mood': { labels: [] },
  }
  const changes = changesBetween(before, after)
  t.strictSame(Object.entries(changes), [
    ['enum:public.mood', { labels: [] }],
    [title, { type: 'text', nullable: true }],
    ['index:public.songs.old', null],
  ])
  t.strictSame(changesBetween(after, after), {})
})

t.test('what a revision changes was there before it, or is new', async (t) => {
  t.strictSame(changesOf(snapshot, '002'), { changes: { [title]: text }, existing: new Set([title]) })
  t.strictSame(changesOf(snapshot, '001')?.existing, new Set())
  t.strictSame(
    changesOf(snapshot, '003')?.existing,
    new Set(['column:public.songs.token', 'extension:plpgsql']),
    'in an earlier revision or in the base',
  )
  const again: Snapshot = {
    ...snapshot,
    revisions: [
      ...snapshot.revisions,
      { revision: '004', file: null, checksum: null, changes: { 'extension:plpgsql': {}, [songs]: {} } },
    ],
  }
  t.strictSame(changesOf(again, '004')?.existing, new Set([songs]), 'what was dropped is made anew')
  t.equal(changesOf(snapshot, '005'), null)
})

t.test('two replays agree on what both have, and on which facts differ', async (t) => {
  const same = { [songs]: {}, [title]: text, 'index:public.songs.old': null }
  const first = {
    ...same,
    'column:public.songs.token': { type: 'text', nullable: false, default: `'6f1c'::text` },
    'column:public.songs.note': { type: 'text', nullable: true, default: `'a'::text` },
    'table:public.songs_1763': {},
  }
  const second = {
    ...same,
    'column:public.songs.token': { type: 'text', nullable: false, default: `'ab12'::text` },
    'column:public.songs.note': { type: 'text', nullable: true },
    'table:public.songs_1764': {},
  }
  t.strictSame(agreeOn(first, second), {
    changes: {
      ...same,
      'column:public.songs.token': first['column:public.songs.token'],
      'column:public.songs.note': first['column:public.songs.note'],
    },
    undetermined: { 'column:public.songs.token': ['default'], 'column:public.songs.note': ['default'] },
  })
  t.strictSame(agreeOn(same, same), { changes: same })
})

t.test('the text of a change is the same for the same change', async (t) => {
  const base = { 'schema:public': {}, [songs]: { owner: 'app' } }
  const textOf = (changes: Changes, undetermined?: Undetermined): string | null => {
    const revision = { revision: '002', file: null, checksum: null, changes }
    const first = { revision: '001', file: null, checksum: null, changes: { [title]: text } }
    const second = undetermined === undefined ? revision : { ...revision, undetermined }
    return changeText({ postgres: 18, base, revisions: [first, second] }, '002')
  }
  const artist = 'column:public.songs.artist'
  const change = { [artist]: { type: 'text', nullable: true }, [title]: null }
  const same: readonly [string, Changes, Undetermined?][] = [
    ['in another order', { [title]: null, [artist]: { nullable: true, type: 'text' } }],
    ['with structure', { ...change, [artist]: { type: 'text', nullable: true, $position: 7 } }],
    [
      'with comments and grants',
      { ...change, [artist]: { type: 'text', nullable: true, comment: 'who', owner: 'me' } },
    ],
    ['with an object that only has another owner', { ...change, [songs]: { owner: 'me' } }],
    ['with default privileges', { ...change, 'default_privileges:app': { grants: [] } }],
    [
      'with what differs at every replay',
      { ...change, [artist]: { type: 'text', nullable: true, default: '42' } },
      { [artist]: ['default'] },
    ],
  ]
  for (const [name, other, undetermined] of same) t.equal(textOf(other, undetermined), textOf(change), name)
  const others: readonly [string, Changes][] = [
    ['less', { [title]: null }],
    ['another fact', { ...change, [artist]: { type: 'text', nullable: false } }],
    ['made, not dropped', { ...change, [title]: { type: 'int' } }],
    ['nothing', {}],
  ]
  for (const [name, other] of others) t.not(textOf(other), textOf(change), name)
  t.equal(changeText(snapshot, '00x'), null, 'a revision the snapshot lacks')
})

t.test('a snapshot is stale if a migration is new, removed, edited or at another place', async (t) => {
  const source = (n: number) => ({ revision: `00${n}`, file: `00${n}.js`, checksum: `sha256:${n}` })
  const [one, two, three, four] = [source(1), source(2), source(3), source(4)]
  const sources = [one, two, three]
  t.strictSame(staleness(snapshot, sources), [])
  t.strictSame(staleness(snapshot, [...sources, four]), [{ why: 'new', revision: '004' }])
  t.strictSame(staleness(snapshot, [one, three]), [{ why: 'removed', revision: '002' }])
  t.strictSame(staleness(snapshot, [one, { ...two, checksum: 'sha256:x' }, three]), [
    { why: 'edited', revision: '002' },
  ])
  t.strictSame(staleness(snapshot, [one, three, { ...two, checksum: 'sha256:x' }]), [
    { why: 'edited', revision: '002' },
    { why: 'reordered', revision: '003' },
  ])
  t.strictSame(staleness(snapshot, [one, { ...two, checksum: 'sha256:x' }, four]), [
    { why: 'edited', revision: '002' },
    { why: 'new', revision: '004' },
    { why: 'removed', revision: '003' },
  ])
  t.strictSame(
    staleness(snapshot, [{ ...one, file: '001.ts', checksum: 'sha256:x' }, two, three]),
    [],
    'a file built from another has another text',
  )
  t.strictSame(
    staleness(snapshot, [{ ...one, file: null, checksum: null }, two, three]),
    [],
    'a migration source without files has no text to compare',
  )
})

/** One table, view and materialized view are promised; every kind stands in one of them or alone. */
const promisedHere: Catalog = { [songs]: {}, 'materialized_view:public.charts': {}, 'view:public.hits': {} }
const ofTables = ['column', 'constraint', 'index', 'trigger', 'rule', 'policy']

function meaningOf(kind: string, [expected, actual]: ImpactCase, table = 'public.songs'): string {
  const key = `${kind}:${ofTables.includes(kind) ? table : 'public'}.x`
  const [found] = diff(expected === null ? {} : { [key]: expected }, actual === null ? {} : { [key]: actual })
  if (found === undefined) return 'no difference'
  const { impact, reason, ...difference } = assessImpact(found, promisedHere)
  t.strictSame(difference, found)
  return `${impact}: ${reason}`
}

t.test('what a difference means follows from its kind, change and facts', async (t) => {
  for (const [kind, cases] of Object.entries(impactCases))
    for (const each of cases) t.equal(meaningOf(kind, each), each[2], `${kind} ${JSON.stringify(each)}`)
  t.strictSame(
    Object.keys(impactCases).sort(),
    [...Object.keys(impactRules), 'color'].sort(),
    'every kind is here',
  )
})

/** What each rule says to each row, whatever else differs there. */
function verdictsOn({ missing, unexpected, changed }: KindRules, cases: readonly ImpactCase[]) {
  return cases.flatMap(([was, is]) => {
    if (was === null) return is === null ? [] : [judge(unexpected, is)]
    if (is === null) return [judge(missing, was)]
    return Object.entries(changed)
      .filter(([fact]) => !sameFact(was[fact], is[fact]))
      .map(([fact, rule]) => judge(rule, { expected: was[fact], actual: is[fact], was, is }))
  })
}

t.test('every case of the table of impacts applies to some row', async (t) => {
  for (const [kind, rules] of Object.entries(impactRules)) {
    const said = new Set(verdictsOn(rules, impactCases[kind] ?? []).map(String))
    const all = [rules.missing, rules.unexpected]
      .flatMap(casesOf)
      .concat(Object.values(rules.changed).flatMap(casesOf))
    const unsaid = all.filter(([when, verdict]) => when !== null && !said.has(String(verdict)))
    t.strictSame(unsaid, [], kind)
  }
})

t.test('a fact of which nothing is known breaks, whatever else differs', async (t) => {
  t.equal(meaningOf('table', [{}, { color: 'red' }, '']), 'breaks: nothing is known about this fact')
  t.equal(
    meaningOf('table', [{}, { color: 'red', comment: 'a' }, '']),
    'breaks: nothing is known about this fact',
  )
  t.equal(meaningOf('table', [{}, { $needs: ['a'] }, '']), 'no difference')
})

t.test('what belongs to a table this build does not know is harmless', async (t) => {
  const unused = 'harmless: this build does not use it'
  for (const [kind, facts] of [
    ['column', { nullable: false }],
    ['constraint', { type: 'unique' }],
    ['index', { unique: true }],
    ['trigger', {}],
    ['policy', { permissive: false }],
  ] as const) {
    t.equal(meaningOf(kind, [null, facts, ''], 'public.bands'), unused)
    t.not(meaningOf(kind, [null, facts, ''], 'public.hits'), unused)
    t.not(meaningOf(kind, [null, facts, ''], 'public.charts'), unused)
  }
  t.equal(
    meaningOf('constraint', [null, { type: 'foreign key' }, ''], 'public.bands'),
    'harmless: this build does not use the table; deleting what it refers to may be refused',
  )
})

t.test('comments and grants are the facts that mean something in every kind', async (t) => {
  const annotated = Object.fromEntries(Object.keys(annotationRules).map((fact) => [fact, 'a']))
  t.strictSame(withinScope({ [songs]: annotated }, { comments: false, grants: false }), { [songs]: {} })
  t.strictSame(withinScope({ [songs]: annotated }, { comments: true, grants: true }), { [songs]: annotated })
})

t.test('the worst impact counts', async (t) => {
  const found = impacts.map((impact) => ({
    change: 'missing' as const,
    key: songs,
    expected: {},
    impact,
    reason: '',
  }))
  t.equal(worstImpact([]), null)
  for (const [index, impact] of impacts.entries()) {
    t.equal(worstImpact(found.slice(index)), impact)
    t.equal(worstImpact(found.slice(index).toReversed()), impact)
  }
})

/** Kinds whose names are not those of other kinds, whatever is known of their impact. */
const oddKinds = ['operator', 'server', 'user_mapping', 'default_privileges']

const scopeOf = (...patterns: readonly string[]): Scope => ({
  comments: false,
  grants: false,
  ignore: patterns.map((text) => {
    const parsed = parsePattern(text, [...Object.keys(impactRules), ...oddKinds])
    if (parsed.status === 'faulty') throw new Error(`${parsed.why}: ${text}`)
    return { pattern: parsed.pattern, reason: null }
  }),
})

/** A pattern, the keys it names, and keys it does not. */
const patterns: readonly [string, readonly string[], readonly string[]][] = [
  [
    'schema:audit',
    ['schema:audit'],
    ['schema:audits', 'schema:"Audit"', 'table:audit.log', 'extension:audit'],
  ],
  ['schema:*', ['schema:audit', 'schema:"a.b"'], ['table:audit.log']],
  ['*:audit', ['schema:audit', 'extension:audit'], ['table:audit.audit']],
  [
    'table:public.events_p*',
    ['table:public.events_p1', 'table:public.events_p', 'table:public."events_p.1"'],
    ['table:public.events', 'table:music.events_p1', 'view:public.events_p1', 'column:public.events_p1.id'],
  ],
  ['table:*.*_tmp', ['table:public.a_tmp', 'table:"A"."b_tmp"'], ['table:public.tmp', 'table:public.a_tmp2']],
  ['index:public.songs.*', ['index:public.songs.i'], ['index:public.plays.i', 'index:public.songs']],
  ['column:public.*.old_*', ['column:public.songs.old_id'], ['column:public.songs.gold_id']],
  ['table:public.Songs-*', ['table:public."Songs-1"'], ['table:public.songs', 'table:public."songs-1"']],
  ['table:public."Songs (*"', ['table:public."Songs (*"'], ['table:public."Songs (1"']],
  ['table:public."Songs ("*', ['table:public."Songs (*"', 'table:public."Songs ("'], ['table:public.songs']],
  ['table:public."a""b.c"', ['table:public."a""b.c"'], ['table:public."a""b"', 'column:public."a""b".c']],
  ['table:public.a$b', ['table:public.a$b'], ['table:public.a']],
  [
    'function:public.add',
    ['function:public.add()', 'function:public.add(integer, public."my.t")'],
    ['function:public.adds()', 'procedure:public.add()'],
  ],
  ['function:public.add(integer,*)', ['function:public.add(integer, text)'], ['function:public.add(text)']],
  [
    'operator:public."*"',
    ['operator:public."*"(integer, integer)'],
    ['operator:public."**"(integer, integer)'],
  ],
]

t.test('a pattern names objects by kind and names; a key is a pattern for its object alone', async (t) => {
  const all = patterns.flatMap(([, named, others]) => [...named, ...others])
  for (const [text, named, others] of patterns)
    for (const { pattern } of scopeOf(text).ignore) {
      t.strictSame(
        named,
        [...named, ...others].filter((key) => matchesKey(pattern, key)),
        text,
      )
    }
  for (const key of new Set(all))
    for (const { pattern } of scopeOf(key).ignore)
      t.strictSame(
        [...new Set(all)].filter((other) => matchesKey(pattern, other)),
        [key],
        key,
      )
})

t.test('a text that is no pattern says why', async (t) => {
  const faulty: readonly [string, string][] = [
    ['', 'kind missing'],
    ['public.songs', 'kind missing'],
    [':public.songs', 'kind missing'],
    ['tabel:public.songs', 'kind unknown'],
    ['Table:public.songs', 'kind unknown'],
    ['tab*:public.songs', 'kind unknown'],
    ['table:', 'names malformed'],
    ['table:public.', 'names malformed'],
    ['table:.songs', 'names malformed'],
    ['table:public..songs', 'names malformed'],
    ['table:a.b.c.d', 'names malformed'],
    ['table:public."songs', 'names malformed'],
    ['table:public.""', 'names malformed'],
    ['table:public.my songs', 'names malformed'],
    ['function:public.add(integer', 'names malformed'],
    ['function:public.add(integer).x', 'names malformed'],
  ]
  for (const [text, why] of faulty) t.match(parsePattern(text, Object.keys(impactRules)), { why }, text)
})

t.test('a pattern covers what belongs to the object', async (t) => {
  const expected: Catalog = {
    [songs]: {},
    'view:public.hits': {},
    'sequence:public.order_id_seq': { ownedBy: 'public."order".id' },
  }
  const actual: Catalog = {
    'schema:audit': {},
    'table:audit.log': {},
    'column:audit.log.id': {},
    'function:audit.note(text)': {},
    'table:public.order': {},
    [title]: {},
    'trigger:public.hits.noted': {},
    'user_mapping:audit.app': {},
    'default_privileges:"tables in audit by OWNER"': { schema: 'audit' },
    'default_privileges:"tables by OWNER"': {},
  }
  const inAudit = ['column:audit.log.id', 'function:audit.note(text)', 'table:audit.log']
  const covered: readonly [string, readonly string[]][] = [
    ['schema:audit', [...inAudit, 'default_privileges:"tables in audit by OWNER"', 'schema:audit']],
    ['table:audit.*', ['column:audit.log.id', 'table:audit.log']],
    [songs, [title, songs]],
    ['table:public.hits', []],
    ['view:public.hits', ['trigger:public.hits.noted', 'view:public.hits']],
    ['table:public.order', ['sequence:public.order_id_seq', 'table:public.order']],
    ['column:public.order.*', ['sequence:public.order_id_seq']],
    ['trigger:public.gone.*', []],
    ['server:audit', ['user_mapping:audit.app']],
    ['*:audit.*', [...inAudit, 'user_mapping:audit.app']],
  ]
  const all = diff(expected, actual)
  const split = (...texts: readonly string[]) =>
    splitIgnored(all, { scope: scopeOf(...texts), expected, actual })
  for (const [text, objects] of covered) {
    const { kept, ignored } = split(text)
    const found = ignored.map(({ pattern, objects }) => [pattern, [...objects].sort()])
    t.strictSame(found, [[text, [...objects].sort()]])
    t.strictSame(
      kept,
      all.filter(({ key }) => !objects.includes(key)),
    )
  }
  const counts = split('table:audit.log', 'schema:audit').ignored.map(({ objects }) => objects.length)
  t.strictSame(counts, [2, 3], 'each counts once, for the first pattern that covers it')
  const misspelled = ['table:songs', 'view:*.songs']
  t.strictSame(
    unmatchedPatterns(scopeOf('schema:audit', 'view:public.*', ...misspelled), [expected, actual]),
    misspelled,
  )
})

t.test('without its relation in either catalog, what belongs to one may belong to any kind', async (t) => {
  const actual: Catalog = { [title]: text }
  const { ignored } = splitIgnored(diff({}, actual), {
    scope: scopeOf('table:public.*'),
    expected: {},
    actual,
  })
  t.match(ignored, [{ objects: [title] }])
})

t.test('comments, owners and grants are out of scope until they are asked for', async (t) => {
  const plain: Catalog = { [songs]: { unlogged: true }, [title]: text }
  const granted = { owner: 'app', grants: ['PUBLIC: SELECT'] }
  const privileges: Catalog = { 'default_privileges:"tables by OWNER"': { grants: ['PUBLIC: SELECT'] } }
  const commented = { [songs]: { unlogged: true, comment: 'all of them' }, [title]: text }
  const whole: Catalog = { [songs]: { ...commented[songs], ...granted }, [title]: text, ...privileges }
  const [neither, both] = [
    { comments: false, grants: false },
    { comments: true, grants: true },
  ]
  t.strictSame(withinScope(whole, neither), plain)
  t.equal(withinScope(plain, neither), plain, 'nothing is copied where nothing is to be removed')
  t.equal(withinScope(whole, both), whole)
  t.strictSame(withinScope(whole, { ...neither, comments: true }), commented)
  t.strictSame(withinScope(whole, { ...both, comments: false }), {
    ...whole,
    [songs]: { unlogged: true, ...granted },
  })
})

t.test('structure is never compared, and no difference has it', async (t) => {
  const structured: Facts = { ...text, $position: 2, $needs: ['schema:music'] }
  t.strictSame(diff({ [title]: text }, { [title]: structured }), [])
  t.strictSame(diff({ [title]: { ...structured, $position: 3 } }, { [title]: structured }), [])
  t.strictSame(
    diff({ [title]: structured, [songs]: { $a: 1 } }, { [title]: { ...structured, type: 'int' } }),
    [
      { change: 'missing', key: songs, expected: {} },
      { change: 'changed', key: title, facts: ['type'], expected: text, actual: { ...text, type: 'int' } },
    ],
  )
  t.strictSame(diff({}, { [title]: structured }), [{ change: 'unexpected', key: title, actual: text }])
})

const build = ['001', '002', '003']
const asPromised: Catalog = { [songs]: {}, [title]: text }
const atHead = { revisions: build, hasTables: true }
const songsInDemo = { service: 'songs', environment: 'demo' }
const ownership: Ownership = {
  identity: { id: '0d0e', since: '2026-11-21T08:00:00.000Z', ...songsInDemo },
  expected: songsInDemo,
}
const ownedBy = (owner: Partial<Owner>) => ({
  ownership: { ...ownership, expected: { ...songsInDemo, ...owner } },
})
const evidence: Evidence = { build, recorded: atHead, ownership, live: asPromised, snapshot }

t.test('an assessment is position and verification at the revisions that are applied', async (t) => {
  t.strictSame(assess(evidence), {
    ownership,
    history: { position: 'current', current: '003', head: '003', applied: build, pending: [], unknown: [] },
    changed: [],
    verification: { status: 'verified', findings: [], ignored: [], compared: { table: 1, column: 1 } },
  })
  const behind = assess({
    ...evidence,
    recorded: { revisions: ['001'], hasTables: true },
    live: { [songs]: {}, [title]: text },
  })
  t.strictSame(behind.verification, {
    status: 'verified',
    findings: [
      {
        change: 'changed',
        key: title,
        facts: ['nullable'],
        expected: { type: 'text', nullable: true },
        actual: text,
        impact: 'breaks',
        reason: 'inserts of null fail',
      },
      {
        change: 'missing',
        key: 'column:public.songs.token',
        expected: { type: 'text', nullable: false },
        impact: 'breaks',
        reason: 'queries that name it fail',
      },
    ],
    ignored: [],
    compared: { table: 1, column: 2 },
  })
  t.strictSame(findingsOf(behind).length, 2)
  const without = assess({ ...evidence, snapshot: null })
  t.strictSame(without.verification, { status: 'unverified', why: 'there is no snapshot' })
  t.strictSame(findingsOf(without), [])
})

t.test('what is ignored is counted, and decides nothing', async (t) => {
  const live = { [songs]: {}, 'schema:audit': {} }
  const ignoring = assess({ ...evidence, live, scope: scopeOf(songs, 'schema:nothing') })
  t.match(ignoring.verification, {
    findings: [{ change: 'unexpected', key: 'schema:audit' }],
    ignored: [
      { pattern: songs, reason: null, objects: [title] },
      { pattern: 'schema:nothing', reason: null, objects: [] },
    ],
    compared: { table: 1, column: 1 },
  })
  t.equal(decide(assess({ ...evidence, live }), byDefault).action, 'refuse')
  t.equal(decide(ignoring, byDefault).action, 'serve')
})

const byDefault: Policy = {
  onBehind: 'migrate',
  onDrift: 'refuse',
  onAhead: 'judge',
  onUnverified: 'warn',
  onOutOfOrder: 'refuse',
  refuseBy: 'exit',
}
const warn: Policy = { ...byDefault, onBehind: 'warn', onDrift: 'warn', onAhead: 'warn' }

const index: Catalog = { 'index:public.songs.i': { unique: false } }
const withIndex: Snapshot = {
  ...snapshot,
  revisions: [...snapshot.revisions, { revision: '000', file: null, checksum: null, changes: index }],
}
const recorded = (...revisions: readonly string[]) => ({ recorded: { revisions, hasTables: true } })
const atOne = { ...recorded('001'), live: promisedAt(snapshot, ['001']).catalog }
const ahead = recorded(...build, '004')
const withoutColumn = { live: { [songs]: {} } }
const unmanaged = { recorded: { revisions: [], hasTables: true } }
const empty = { recorded: { revisions: [], hasTables: false }, live: {} }
const unverified = { snapshot: null }

const atTwo = { live: promisedAt(snapshot, ['001', '002']).catalog }
const atThree = { live: promisedAt(snapshot, ['001', '003']).catalog }
const editedOtherwise = recordedAs({ checksum: '?', detail: { ...was18, changes: '2:?' } })
const editedUnseen = recordedAs({ checksum: '?', detail: { file: '002.js' } })

/** What is found, other than a database as promised; a policy; the decision with its situations. */
const decisions: readonly [Partial<Evidence>, Partial<Policy>, string][] = [
  [{}, {}, 'serve'],
  [{ live: { ...asPromised, ...index } }, {}, 'serve'],

  [atOne, { onBehind: 'migrate' }, 'refuse: behind refuse'],
  [atOne, { onBehind: 'refuse' }, 'refuse: behind refuse'],
  [atOne, { onBehind: 'warn' }, 'warn: behind warn'],
  [empty, { onBehind: 'migrate' }, 'refuse: behind refuse'],
  [empty, { onBehind: 'refuse' }, 'refuse: behind refuse'],
  [empty, { onBehind: 'warn' }, 'warn: behind warn'],

  [withoutColumn, { onDrift: 'refuse' }, 'refuse: drift refuse'],
  [withoutColumn, { onDrift: 'warn' }, 'warn: drift warn'],
  [{ ...atOne, ...withoutColumn }, {}, 'refuse: behind refuse, drift refuse'],
  [{ ...atOne, ...withoutColumn }, { onBehind: 'warn' }, 'refuse: behind warn, drift refuse'],
  [{ ...atOne, ...withoutColumn }, warn, 'warn: behind warn, drift warn'],
  [{ build: [...build, '000'], ...recorded(...build, '000'), snapshot: withIndex }, {}, 'warn: slower warn'],

  [ahead, { onAhead: 'judge' }, 'warn: ahead warn'],
  [{ ...ahead, live: { ...asPromised, ...index } }, { onAhead: 'judge' }, 'warn: ahead warn'],
  [{ ...ahead, ...withoutColumn }, { onAhead: 'judge' }, 'refuse: ahead refuse'],
  [{ ...ahead, ...withoutColumn }, { onAhead: 'warn' }, 'warn: ahead warn'],
  [ahead, { onAhead: 'refuse' }, 'refuse: ahead refuse'],

  [unverified, { onUnverified: 'warn' }, 'warn: unverified warn'],
  [unverified, { onUnverified: 'refuse' }, 'refuse: unverified refuse'],
  [{ ...atOne, ...unverified }, warn, 'warn: behind warn, unverified warn'],
  [{ ...ahead, ...unverified }, { onUnverified: 'refuse' }, 'refuse: ahead warn, unverified refuse'],

  [ownedBy({ service: 'albums' }), {}, 'refuse: another refuse'],
  [{ ...atOne, ...ownedBy({ environment: 'production' }), ...unverified }, warn, 'refuse: another refuse'],
  [{ ...recorded('a'), ...ownedBy({ service: 'albums' }) }, {}, 'refuse: another refuse'],
  [{ ownership: { ...ownership, identity: null } }, {}, 'serve'],

  [{ texts: recordedAs({ checksum: '?' }) }, warn, 'serve: reworded serve'],
  [{ texts: editedOtherwise }, warn, 'refuse: edited refuse'],
  [{ texts: editedOtherwise, ...withoutColumn }, warn, 'refuse: edited refuse, drift warn'],
  [
    { ...atOne, ...recorded('001', '002'), texts: editedOtherwise },
    {},
    'refuse: edited refuse, behind refuse, drift refuse',
  ],
  [{ texts: editedUnseen }, {}, 'warn: editedInDoubt warn'],
  [{ texts: editedUnseen, ...unverified }, {}, 'warn: unverified warn, editedInDoubt warn'],
  [{ ...recorded('001', 'x', '003'), texts: renamedFrom('x') }, warn, 'refuse: renamed refuse'],
  [
    { ...recorded('x'), texts: renamedFrom('x') },
    {},
    'refuse: renamed refuse, outOfOrder refuse, behind refuse',
  ],
  [
    { ...atTwo, ...recorded('001', 'x'), texts: renamedFrom('x') },
    {},
    'refuse: renamed refuse, behind refuse',
  ],
  [
    { ...recorded('001', 'x', '003', 'y'), texts: renamedFrom('x') },
    {},
    'refuse: renamed refuse, ahead warn',
  ],
  [
    { ...recorded('y', '001', 'x', '003'), texts: renamedFrom('x') },
    {},
    'refuse: renamed refuse, deleted warn',
  ],
  [recorded('x', ...build), { onAhead: 'judge' }, 'warn: deleted warn'],
  [{ ...recorded('x', ...build), ...withoutColumn }, { onAhead: 'judge' }, 'refuse: deleted refuse'],
  [{ ...recorded('x', ...build), ...withoutColumn }, { onAhead: 'warn' }, 'warn: deleted warn'],
  [recorded('x', ...build), { onAhead: 'refuse' }, 'refuse: deleted refuse'],
  [{ ...atTwo, ...recorded('x', '001', '002') }, {}, 'refuse: deleted warn, behind refuse'],
  [recorded('x', ...build, 'y'), {}, 'warn: deleted warn, ahead warn'],
  [recorded('001', '003', '002'), {}, 'warn: reordered warn'],
  [recorded('001', '003', '002'), { onOutOfOrder: 'migrate' }, 'serve: reordered serve'],
  [
    { ...atThree, ...recorded('001', '003') },
    { onOutOfOrder: 'refuse' },
    'refuse: outOfOrder refuse, behind refuse',
  ],
  [
    { ...atThree, ...recorded('001', '003') },
    { onOutOfOrder: 'migrate' },
    'refuse: outOfOrder serve, behind refuse',
  ],
  [
    { ...atThree, ...recorded('001', '003') },
    { onOutOfOrder: 'migrate', onBehind: 'warn' },
    'warn: outOfOrder serve, behind warn',
  ],
  [{ ...atThree, ...recorded('001', '003', 'y') }, {}, 'refuse: diverged refuse, outOfOrder refuse'],

  [unmanaged, {}, 'refuse: unmanaged refuse'],
  [{ ...unmanaged, ...withoutColumn }, warn, 'refuse: unmanaged refuse'],
  [recorded('a'), {}, 'refuse: foreign refuse'],
  [{ ...recorded('a'), live: {} }, warn, 'refuse: foreign refuse'],
  [{ ...atOne, ...recorded('001', '00x') }, {}, 'refuse: diverged refuse'],
  [{ ...atOne, ...recorded('001', '00x') }, warn, 'refuse: diverged refuse'],
  [{ ...recorded('001', '00x'), ...withoutColumn }, warn, 'refuse: diverged refuse, drift warn'],
  [{ ...recorded('001', '00x'), ...unverified }, {}, 'refuse: diverged refuse, unverified warn'],
]

function inWords({ action, situations }: Decision): string {
  const because = situations.map((found) => `${found.situation} ${found.action}`).join(', ')
  return because === '' ? action : `${action}: ${because}`
}

t.test('every situation has an answer for every value of its policy, the gravest first', async (t) => {
  for (const [found, policy, decision] of decisions) {
    const assessment = assess({ ...evidence, ...found })
    t.equal(
      inWords(decide(assessment, { ...byDefault, ...policy })),
      decision,
      JSON.stringify([found, policy]),
    )
  }
  const decided = decisions.map(([, , decision]) => decision).join()
  const all: Readonly<Record<Situation, true>> = {
    another: true,
    foreign: true,
    unmanaged: true,
    diverged: true,
    ahead: true,
    behind: true,
    drift: true,
    slower: true,
    unverified: true,
    renamed: true,
    edited: true,
    editedInDoubt: true,
    reworded: true,
    deleted: true,
    reordered: true,
    outOfOrder: true,
  }
  t.strictSame(
    Object.keys(all).filter((situation) => !decided.includes(situation)),
    [],
    'each is here',
  )
})

/** A word for people for each kind, several of them. */
const kindsInWords = [
  'schemas',
  'extensions',
  'tables',
  'foreign tables',
  'columns',
  'constraints',
  'indexes',
  'triggers',
  'rules',
  'policies',
  'extended statistics',
  'views',
  'materialized views',
  'sequences',
  'functions',
  'procedures',
  'aggregates',
  'enums',
  'domains',
  'composite types',
  'range types',
  'base types',
  'collations',
  'operators',
  'operator families',
  'operator classes',
  'casts',
  'conversions',
  'text search parsers',
  'text search templates',
  'text search dictionaries',
  'text search configurations',
  'languages',
  'transforms',
  'access methods',
  'event triggers',
  'foreign data wrappers',
  'foreign servers',
  'user mappings',
  'publications',
  'subscriptions',
  'default privileges',
]

t.test('numbers and times read as people say them', async (t) => {
  t.strictSame(
    [count(0, 'revision'), count(1, 'revision'), count(2, 'revision'), count(12_345, 'difference')],
    ['0 revisions', '1 revision', '2 revisions', '12,345 differences'],
  )
  t.strictSame(
    [count(1, 'index'), count(1, 'materialized_view'), count(2, 'statistics'), count(1, 'server')],
    ['1 index', '1 materialized view', '2 extended statistics', '1 foreign server'],
  )
  t.strictSame(Object.keys(impactRules).map(pluralOf), kindsInWords)
  const durations: readonly [number, string][] = [
    [0, '0 ms'],
    [12.6, '13 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1_000, '1.0 s'],
    [12_345, '12.3 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 0 s'],
    [60_000, '1 min 0 s'],
    [119_400, '1 min 59 s'],
    [119_600, '2 min 0 s'],
    [185_000, '3 min 5 s'],
    [7_200_000, '120 min 0 s'],
  ]
  for (const [milliseconds, said] of durations) t.equal(describeDuration(milliseconds), said)
})

t.test('of a long list the first and the last are said', async (t) => {
  const lines = Array.from({ length: 13 }, (_, index) => `${index + 1}`)
  t.strictSame(shortened(lines.slice(0, 12)), lines.slice(0, 12))
  t.strictSame(shortened(lines), ['1', '2', '3', '4', '5', '… 3 more', '9', '10', '11', '12', '13'])
})

t.test('what a revision changes is said by kind', async (t) => {
  t.equal(describeCounts({}), 'nothing')
  t.equal(describeCounts({ table: 2, column: 9, index: 1 }), '2 tables, 9 columns, 1 index')
  t.equal(describeChanges({}), 'no change to the catalog')
  t.equal(describeChanges({ [songs]: {}, [title]: text }), '+ 1 table, 1 column')
  t.equal(describeChanges({ [songs]: null, [title]: null }), '- 1 table, 1 column')
  t.equal(describeChanges({ [title]: text, 'policy:public.songs.p': null }), '+ 1 column; - 1 policy')
  t.equal(
    describeChanges({ [songs]: {}, [title]: text, 'policy:public.songs.p': null }, new Set([title])),
    '+ 1 table; ~ 1 column; - 1 policy',
  )
})

t.test('a difference is said with expected and actual', async (t) => {
  t.strictSame(describeDifference({ change: 'missing', key: title, expected: text }), [
    'missing column:public.songs.title',
    '    expected  type text, nullable false',
  ])
  t.strictSame(
    describeDifference({ change: 'unexpected', key: 'enum:public.mood', actual: { labels: ['a', 'b'] } }),
    ['unexpected enum:public.mood', '    actual    labels a, b'],
  )
  t.strictSame(describeDifference({ change: 'missing', key: 'schema:music', expected: {} }), [
    'missing schema:music',
  ])
  t.strictSame(
    describeDifference({
      change: 'changed',
      key: title,
      facts: ['default', 'type'],
      expected: { type: 'text', nullable: true },
      actual: { type: 'character varying(9)', nullable: true, default: `'a'` },
    }),
    [
      'changed column:public.songs.title',
      '  default',
      '    expected  none',
      `    actual    'a'`,
      '  type',
      '    expected  text',
      '    actual    character varying(9)',
    ],
  )
  t.equal(describeFact(' SELECT id,\n    title\n   FROM songs;'), 'SELECT id, title FROM songs;')
})

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

/** Every event, told; one without words here does not compile. */
const told: {
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
      { ...embedded, fresh: false, startedHere: true },
      'info | embedded | PostgreSQL started at postgres@127.0.0.1:5433/schemagate, data in .schemagate/postgres',
    ],
    [
      { ...embedded, fresh: false, startedHere: false },
      'info | embedded | PostgreSQL runs already at postgres@127.0.0.1:5433/schemagate, data in .schemagate/postgres',
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
      inspected('unmanaged'),
      'info | database | app@db:5432/shop (PostgreSQL 18.1) is unmanaged: it has tables, but no record of any migration',
    ],
  ],
  'snapshot stale': [
    [{ event: 'snapshot stale', stale: [], missing: true }, 'info | snapshot | there is none yet, making it'],
    [
      { event: 'snapshot stale', stale: [{ why: 'new', revision: '003' }], missing: false },
      'info | snapshot | 1 revision not as in the migrations, making it anew',
    ],
  ],
  replaying: [
    [
      { event: 'replaying', revisions: 12, where: 'a new database on app@db:5432' },
      'info | replaying | 12 revisions, twice, in a new database on app@db:5432',
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
      'warn | interrupted | 002 was started by replica-2 at 2026-11-20 10:00 and never ended: its process was killed or lost its connection. Its transaction was rolled back, and it runs again.',
    ],
    [
      {
        event: 'interrupted before',
        revision: '002',
        host: 'replica-2',
        since: '2026-11-20 10:00',
        standing: { kind: 'not applied', done: [], invalid: [], open: ['table:public.plays'] },
      },
      'warn | interrupted | 002 was started by replica-2 at 2026-11-20 10:00 and never ended: its process was killed or lost its connection. It ran without a transaction (not applied). It runs again: what it did to rows may be done twice.',
    ],
    [
      {
        event: 'interrupted before',
        revision: '002',
        host: 'replica-2',
        since: '2026-11-20 10:00',
        standing: { kind: 'untold', why: 'there is no snapshot' },
      },
      'warn | interrupted | 002 was started by replica-2 at 2026-11-20 10:00 and never ended: its process was killed or lost its connection. It ran without a transaction (how far it came cannot be told: there is no snapshot). It runs again: what it did to rows may be done twice.',
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
      "warn | knex lock | a killed process had left Knex's lock row taken; freed, because nobody else holds the migration lock",
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
      'warn | running | REINDEX INDEX CONCURRENTLY public.songs_title still runs, for 1 min 10 s so far: building index, 43 %',
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
      'debug | running | REINDEX INDEX CONCURRENTLY public.songs_title still runs, for 1 min 15 s so far: building index, 44 %',
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
        activity: { known: false, reason: 'here only the words count' },
        repeated: false,
      },
      'info | running | 002 still runs, for 5.0 s so far: update songs set plays = 0',
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
      'warn | blocked | 002 was rolled back (deadlock detected); begins again in 510 ms. Blocked by others that were gone before they could be seen',
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
      'warn | blocked | 002 was rolled back, and with it 000, 001 (deadlock detected); begins again in 510 ms. Blocked by others that were gone before they could be seen',
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
  'revision applied': [
    [
      { event: 'revision applied', revision: '002', duration: 31, changes: { [title]: text } },
      'info | migrated | 002  31 ms  + 1 column',
    ],
    [
      {
        event: 'revision applied',
        revision: '002',
        duration: 31,
        changes: { [title]: text },
        existing: new Set([title]),
      },
      'info | migrated | 002  31 ms  ~ 1 column',
    ],
    [
      { event: 'revision applied', revision: '002', duration: 31, changes: null },
      'info | migrated | 002  31 ms',
    ],
  ],
  'revision reverted': [
    [{ event: 'revision reverted', revision: '002', duration: 31 }, 'info | reverted | 002  31 ms'],
  ],
  'drift before': [
    [
      { event: 'drift before', differences: 2 },
      'warn | drift | 2 differences from the promise before anything is migrated; they are judged after',
    ],
  ],
  migrated: [
    [{ event: 'migrated', revisions: 0, duration: 5 }, 'info | migrated | nothing was pending'],
    [{ event: 'migrated', revisions: 2, duration: 1_200 }, 'info | migrated | 2 revisions applied in 1.2 s'],
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
    [{ event: 'decided', decision: { action: 'serve', situations: [] }, lines: [] }, 'debug | gate | open'],
    [
      { event: 'decided', decision: { action: 'serve', situations: [] }, lines: ['One.', 'Two.'] },
      'info | note | One. Two.',
    ],
    [
      { event: 'decided', decision: { action: 'warn', situations: [] }, lines: ['One.', 'Two.'] },
      'warn | warning | One. Two.',
    ],
    [
      { event: 'decided', decision: { action: 'refuse', situations: [] }, lines: ['One.'] },
      'warn | refused | One.',
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
      'error | database | answers, and cannot be verified: permission denied',
    ],
  ],
  'check working': [
    [{ event: 'check working', failedFor: 8_100 }, 'info | database | can be verified again after 8.1 s'],
  ],
  stopping: [
    [
      { event: 'stopping', signal: 'SIGTERM' },
      'info | stopping | SIGTERM: what has begun is taken back or finished first',
    ],
  ],
  draining: [
    [{ event: 'draining', signal: 'SIGTERM', delay: 0 }, 'info | stopping | SIGTERM: not ready any more'],
    [
      { event: 'draining', signal: 'SIGTERM', delay: 5_000 },
      'info | stopping | SIGTERM: not ready any more, still serving for 5.0 s',
    ],
  ],
}

const plays = 'column:public.songs.plays'
const byTitle = 'index:public.songs.songs_title'
const integer: Facts = { type: 'integer', nullable: true }
const indexed = (valid: boolean): Facts => ({ definition: 'CREATE INDEX …', unique: false, valid })

const revised = (revision: string, changes: Changes, undetermined: Undetermined = {}) => ({
  revision,
  file: null,
  checksum: null,
  changes,
  undetermined,
})

interface StandingCase {
  readonly name: string
  /** The revisions after 001, which is recorded; the last one is asked about. */
  readonly revisions: readonly ReturnType<typeof revised>[]
  readonly live: Catalog
  readonly scope?: Scope
  readonly standing: readonly string[]
}

const atFirst: Catalog = { [songs]: {}, [title]: text }

const standings: readonly StandingCase[] = [
  {
    name: 'nothing of it is there',
    revisions: [revised('002', { [plays]: integer, [byTitle]: indexed(true) })],
    live: atFirst,
    standing: ['not applied'],
  },
  {
    name: 'all of it is there',
    revisions: [revised('002', { [plays]: integer, [title]: null })],
    live: { [songs]: {}, [plays]: integer },
    standing: ['applied in full, but not recorded'],
  },
  {
    name: 'a part of it is there, and not all of that is valid',
    revisions: [
      revised('002', { [plays]: integer, [byTitle]: indexed(true), [title]: { ...text, nullable: true } }),
    ],
    live: { ...atFirst, [plays]: integer, [byTitle]: indexed(false) },
    standing: [
      'applied in part',
      `  done       ${plays}`,
      `  not valid  ${byTitle}`,
      `  not done   ${title}`,
    ],
  },
  {
    name: 'an invalid index is all that is there',
    revisions: [revised('002', { [byTitle]: indexed(true) })],
    live: { ...atFirst, [byTitle]: indexed(false) },
    standing: ['left an invalid index behind', `  not valid  ${byTitle}`],
  },
  {
    name: 'an index that is promised to be invalid is done',
    revisions: [revised('002', { [byTitle]: indexed(false) })],
    live: { ...atFirst, [byTitle]: indexed(false) },
    standing: ['applied in full, but not recorded'],
  },
  {
    name: 'an object that is there and otherwise than promised is not done',
    revisions: [revised('002', { [plays]: integer })],
    live: { ...atFirst, [plays]: { ...integer, type: 'text' } },
    standing: ['not applied'],
  },
  {
    name: 'what differs at every replay, structure and what is out of scope are not compared',
    revisions: [
      revised(
        '002',
        { [plays]: { ...integer, default: '1', $position: 2, comment: 'x' } },
        { [plays]: ['default'] },
      ),
    ],
    live: { ...atFirst, [plays]: { ...integer, default: '7', $position: 9 } },
    standing: ['applied in full, but not recorded'],
  },
  {
    name: 'what another pending revision makes is not missed where this one takes it away',
    revisions: [
      revised('002', { [plays]: integer }),
      revised('003', { [plays]: null, [byTitle]: indexed(true) }),
    ],
    live: atFirst,
    standing: ['not applied'],
  },
  {
    name: 'what another pending revision makes is not taken for a part of one that changes it',
    revisions: [
      revised('002', { [plays]: integer }),
      revised('003', { [plays]: { type: 'bigint', nullable: true } }),
    ],
    live: { ...atFirst, [plays]: integer },
    standing: ['not applied'],
  },
  {
    name: 'a change that only comments tell says nothing where comments are not compared',
    revisions: [revised('002', { [title]: { ...text, comment: 'the title' } })],
    live: atFirst,
    standing: ['how far it came cannot be told: it changes nothing in the catalog'],
  },
  {
    name: 'and it does where they are',
    revisions: [revised('002', { [title]: { ...text, comment: 'the title' } })],
    live: atFirst,
    scope: { comments: true, grants: false, ignore: [] },
    standing: ['not applied'],
  },
]

t.test('how far a revision came follows from its objects', async (t) => {
  for (const { name, revisions, live, scope, standing } of standings) {
    const first = revised('001', { [songs]: {}, [title]: text })
    const snapshot: Snapshot = { postgres: 18, base: {}, revisions: [first, ...revisions] }
    const bearings = { snapshot, recorded: ['001'], live, ...(scope ? { scope } : {}) }
    const { revision = '' } = revisions.at(-1) ?? {}
    t.strictSame(describeStanding(standingOf(revision, bearings)), standing, name)
  }
  const untold = (snapshot: Snapshot | null) =>
    describeStanding(standingOf('002', { snapshot, recorded: [], live: {} }))
  t.strictSame(untold(null), ['how far it came cannot be told: there is no snapshot'])
  t.strictSame(untold({ postgres: 18, base: {}, revisions: [] }), [
    'how far it came cannot be told: the snapshot does not have it',
  ])
})

t.test('what takes hours is told now and then, and whenever somebody else is in the way', async (t) => {
  const isRepeated = repetition()
  const free = { ...blocked, blockers: [] }
  const minutes = [...Array(36).keys()].map((index) => (index + 1) * 5_000)
  const told = minutes.filter((elapsed) => !isRepeated(elapsed, elapsed === 75_000 ? blocked : free))
  t.strictSame(
    told.map((elapsed) => elapsed / 1_000),
    [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 75, 80, 110, 140, 170],
  )
})

t.test('every event is told in words', async (t) => {
  for (const [progress, line] of Object.values(told).flat()) {
    const { level, label, text } = tell(progress)
    t.equal(`${level} | ${label} | ${text}`, line)
  }
})
