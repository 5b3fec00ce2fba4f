import t from 'tap'
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
} from '../../src/core/catalog.js'
import {
  assess,
  type Assessment,
  decide,
  type Decision,
  type Evidence,
  findingsOf,
  type Policy,
  type Situation,
} from '../../src/core/decision.js'
import { diff, type Difference } from '../../src/core/diff.js'
import { compareHistory, type Position } from '../../src/core/history.js'
import { assessImpact, type Impact, impactRules, impacts, worstImpact } from '../../src/core/impact.js'
import { type Level, tell } from '../../src/core/narrative.js'
import type { Progress, ProgressEvents } from '../../src/core/progress.js'
import {
  agreeOn,
  changesBetween,
  differencesFrom,
  differencesOf,
  promisedAt,
  type Snapshot,
} from '../../src/core/snapshot.js'
import { staleness } from '../../src/core/staleness.js'
import {
  count,
  describeChanges,
  describeCounts,
  describeDifference,
  describeDuration,
  describeFact,
  pluralOf,
} from '../../src/core/words.js'

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
    [
      'function:public.add(public.mood, numeric)',
      'function',
      ['public', 'add(public.mood, numeric)'],
      null,
    ],
    [
      'function:public."My.f"(public."My.Type")',
      'function',
      ['public', '"My.f"(public."My.Type")'],
      null,
    ],
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
  t.strictSame(diff(expected, actual, { 'column:public.songs.year': ['default', 'nullable', 'type'] }).length, 3)
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
      ['001', '00x', '002'],
      true,
      { current: '00x', applied: ['001', '002'], pending: ['003'], unknown: ['00x'] },
    ],
    ['foreign', ['a', 'b'], true, { current: 'b', applied: [], pending: build, unknown: ['a', 'b'] }],
  ]
  for (const [position, revisions, hasTables, lists] of positions)
    t.strictSame(compareHistory(build, { revisions, hasTables }), { position, head: '003', ...lists }, position)
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
        'column:public.songs.token': { type: 'text', nullable: false, default: `'6f1c'::text` },
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
      'column:public.songs.token': { type: 'text', nullable: false, default: `'6f1c'::text` },
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
  const { undetermined } = promisedAt({ ...snapshot, revisions: [...snapshot.revisions, again] }, ['001', '004'])
  t.strictSame(undetermined, {})
})

t.test('the base is neither promised nor unexpected until a revision touches it', async (t) => {
  const live: Catalog = { [songs]: {}, [title]: text, 'schema:music': {} }
  const unexpected: Difference = { change: 'unexpected', key: 'schema:music', actual: {} }
  t.strictSame(differencesFrom(promisedAt(snapshot, ['001', '002', '003']), live), [unexpected])
  t.strictSame(
    differencesFrom(promisedAt(snapshot, ['001', '002', '003']), { ...live, ...snapshot.base }),
    [{ change: 'unexpected', key: 'extension:plpgsql', actual: { schema: 'pg_catalog' } }, unexpected],
  )
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
  const after: Catalog = { [songs]: {}, [title]: { type: 'text', nullable: true }, 'enum:public.mood': { labels: [] } }
  const changes = changesBetween(before, after)
  t.strictSame(Object.entries(changes), [
    ['enum:public.mood', { labels: [] }],
    [title, { type: 'text', nullable: true }],
    ['index:public.songs.old', null],
  ])
  t.strictSame(changesBetween(after, after), {})
})

t.test('two replays agree on what both have; facts that differ are not determined', async (t) => {
  const first = {
    [songs]: {},
    [title]: text,
    'column:public.songs.token': { type: 'text', nullable: false, default: `'6f1c'::text` },
    'column:public.songs.note': { type: 'text', nullable: true, default: `'a'::text` },
    'index:public.songs.old': null,
    'table:public.songs_1763': {},
  }
  const second = {
    ...first,
    'column:public.songs.token': { type: 'text', nullable: false, default: `'ab12'::text` },
    'column:public.songs.note': { type: 'text', nullable: true },
  }
  const { 'table:public.songs_1763': _, ...both } = first
  const { 'table:public.songs_1763': __, ...again } = second
  t.strictSame(agreeOn(first, again), {
    changes: both,
    undetermined: { 'column:public.songs.token': ['default'], 'column:public.songs.note': ['default'] },
  })
  t.strictSame(agreeOn({ [title]: text }, { [title]: text }), { changes: { [title]: text } })
})

t.test('a snapshot is stale if a migration is new, removed, edited or at another place', async (t) => {
  const sources = [1, 2, 3].map((n) => ({ revision: `00${n}`, file: `00${n}.js`, checksum: `sha256:${n}` }))
  const [one = missing(), two = missing(), three = missing()] = sources
  const four = { revision: '004', file: '004.js', checksum: 'sha256:4' }
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

function missing(): never {
  throw new Error('there is none')
}

/** A difference in words, and what it must mean. The catalog expected is `songs` with nothing in it. */
const meanings: readonly [string, Impact, string][] = [
  ['missing schema:music', 'breaks', 'code that uses it fails'],
  ['missing extension:citext', 'breaks', 'code that uses it fails'],
  ['missing domain:public.email', 'breaks', 'code that uses it fails'],
  ['missing composite:public.pair', 'breaks', 'code that uses it fails'],
  ['missing view:public.hits', 'breaks', 'code that uses it fails'],
  ['missing materialized_view:public.hits', 'breaks', 'code that uses it fails'],
  ['missing function:public.add(integer)', 'breaks', 'code that uses it fails'],
  ['missing procedure:public.clean()', 'breaks', 'code that uses it fails'],
  ['missing enum:public.mood', 'breaks', 'code that uses it fails'],
  ['missing table:public.songs', 'breaks', 'queries on it fail'],
  ['missing column:public.songs.title', 'breaks', 'queries that name it fail'],
  ['missing constraint:public.songs.c', 'weakens', 'rows that it forbids can be stored'],
  ['missing index:public.songs.i unique=false', 'slows', 'queries that need it scan the table'],
  ['missing index:public.songs.i unique=true', 'weakens', 'duplicates can be stored'],
  ['missing sequence:public.s', 'breaks', 'defaults that draw from it fail'],
  ['missing trigger:public.songs.t', 'weakens', 'what it does on writes no longer happens'],
  [
    'missing policy:public.songs.p',
    'weakens',
    'the rows a role sees or may write are not the promised ones',
  ],

  ['unexpected schema:music', 'harmless', 'this build does not use it'],
  ['unexpected function:public.add(integer)', 'harmless', 'this build does not use it'],
  ['unexpected enum:public.mood', 'harmless', 'this build does not use it'],
  ['unexpected sequence:public.s', 'harmless', 'this build does not use it'],
  ['unexpected table:public.bands', 'harmless', 'this build does not use it'],
  ['unexpected column:public.songs.x nullable=true', 'harmless', 'inserts may leave it out'],
  ['unexpected column:public.songs.x nullable=false', 'breaks', 'inserts that do not name it fail'],
  ['unexpected column:public.songs.x nullable=false default=0', 'harmless', 'inserts may leave it out'],
  ['unexpected column:public.songs.x nullable=false identity=always', 'harmless', 'inserts may leave it out'],
  ['unexpected column:public.songs.x nullable=false generated=1', 'harmless', 'inserts may leave it out'],
  ['unexpected constraint:public.songs.c', 'breaks', 'rows that this build may write are refused'],
  ['unexpected index:public.songs.i unique=false', 'harmless', 'this build does not use it'],
  [
    'unexpected index:public.songs.i unique=true',
    'breaks',
    'rows that this build may write are refused as duplicates',
  ],
  ['unexpected trigger:public.songs.t', 'weakens', 'writes do more than promised'],
  [
    'unexpected policy:public.songs.p',
    'weakens',
    'the rows a role sees or may write are not the promised ones',
  ],

  ['unexpected column:public.bands.x nullable=false', 'harmless', 'this build does not use it'],
  ['unexpected constraint:public.bands.c', 'harmless', 'this build does not use it'],
  ['unexpected index:public.bands.i unique=true', 'harmless', 'this build does not use it'],
  ['unexpected trigger:public.bands.t', 'harmless', 'this build does not use it'],
  ['unexpected policy:public.bands.p', 'harmless', 'this build does not use it'],
  [
    'unexpected index:public.charts.i unique=true',
    'breaks',
    'rows that this build may write are refused as duplicates',
  ],
  ['unexpected trigger:public.hits.t', 'weakens', 'writes do more than promised'],

  ['changed view:public.hits definition', 'breaks', 'code built for the promised one may fail'],
  ['changed extension:citext schema', 'breaks', 'code built for the promised one may fail'],
  ['changed table:public.songs rowSecurity=true', 'breaks', 'rows disappear for roles without a policy'],
  ['changed table:public.songs rowSecurity=false', 'weakens', 'rows that policies hid are visible'],
  ['changed table:public.songs forceRowSecurity=true', 'weakens', 'policies apply to other roles than promised'],
  ['changed table:public.songs unlogged=true', 'weakens', 'the table is stored otherwise than promised'],
  [
    'changed column:public.songs.x type',
    'breaks',
    'values of the promised type may not fit or come back in another form',
  ],
  ['changed column:public.songs.x nullable=false', 'breaks', 'inserts of null fail'],
  [
    'changed column:public.songs.x nullable=true',
    'weakens',
    'nulls can be stored where the code expects none',
  ],
  ['changed column:public.songs.x default', 'breaks', 'rows inserted without a value get none'],
  ['changed column:public.songs.x default=1', 'weakens', 'rows inserted without a value get another one'],
  ['changed column:public.songs.x collation=C', 'weakens', 'order and comparison of values differ'],
  ['changed column:public.songs.x identity=always', 'breaks', 'the value is made otherwise than promised'],
  ['changed column:public.songs.x generated', 'breaks', 'the value is made otherwise than promised'],
  [
    'changed column:public.songs.x default=1 nullable=true type=text collation=C',
    'breaks',
    'values of the promised type may not fit or come back in another form',
  ],
  ['changed constraint:public.songs.c valid=false', 'weakens', 'rows stored before it were never checked'],
  ['changed constraint:public.songs.c valid=true', 'harmless', 'it was validated since'],
  ['changed constraint:public.songs.c definition', 'breaks', 'other rows are refused than promised'],
  [
    'changed index:public.songs.i valid=false',
    'weakens',
    'PostgreSQL does not use it for queries, and a unique one enforces nothing on old rows',
  ],
  ['changed index:public.songs.i valid=true', 'harmless', 'it was built since'],
  [
    'changed index:public.songs.i definition unique=true',
    'breaks',
    'rows that this build may write are refused as duplicates',
  ],
  ['changed index:public.songs.i definition unique=false', 'weakens', 'duplicates can be stored'],
  ['changed index:public.songs.i definition', 'slows', 'queries may not be able to use it'],
  ['changed sequence:public.s increment=2', 'weakens', 'it deals other values than promised'],
  ['changed enum:public.mood labels=sad,happy', 'breaks', 'storing a promised label fails'],
  ['changed enum:public.mood labels=sad,glad,ok', 'harmless', 'every promised label is there'],
  ['changed enum:public.mood labels', 'breaks', 'storing a promised label fails'],
  ['changed enum:public.mood other=1', 'breaks', 'code built for the promised one may fail'],
  ['changed trigger:public.songs.t enabled=disabled', 'weakens', 'writes do something else than promised'],
  [
    'changed policy:public.songs.p using=true',
    'weakens',
    'the rows a role sees or may write are not the promised ones',
  ],

  ['missing rule:public.r', 'breaks', 'nothing is known about this kind of object'],
  ['unexpected rule:public.r', 'breaks', 'nothing is known about this kind of object'],
  ['changed rule:public.r definition', 'breaks', 'nothing is known about this kind of object'],
]

function differenceIn(words: string): Difference {
  const [change, key = '', ...pairs] = words.split(' ')
  const facts = Object.fromEntries(pairs.flatMap(factIn))
  if (change === 'missing') return { change, key, expected: facts }
  if (change === 'unexpected') return { change, key, actual: facts }
  const names = pairs.map((pair) => pair.split('=', 1).join())
  return { change: 'changed', key, facts: names, expected: { labels: ['sad', 'ok'] }, actual: facts }
}

function factIn(pair: string): readonly (readonly [string, Facts[string]])[] {
  const [name = '', value] = pair.split('=')
  if (value === undefined) return []
  if (name === 'labels') return [[name, value.split(',')]]
  return [[name, value === 'true' || value === 'false' ? value === 'true' : value]]
}

t.test('what a difference means follows from its kind, change and facts', async (t) => {
  const expected: Catalog = { [songs]: {}, 'materialized_view:public.charts': {}, 'view:public.hits': {} }
  for (const [words, impact, reason] of meanings) {
    const difference = differenceIn(words)
    t.strictSame(assessImpact(difference, expected), { ...difference, impact, reason }, words)
  }
  const kinds = Object.keys(countKinds(meanings.flatMap(([words]) => words.split(' ').slice(1, 2))))
  t.strictSame(kinds.sort(), [...Object.keys(impactRules), 'rule'].sort(), 'every kind is here')
})

t.test('the worst impact counts', async (t) => {
  const found = ([...impacts] as const).map((impact) => ({ ...differenceIn('missing table:public.songs'), impact, reason: '' }))
  t.equal(worstImpact([]), null)
  for (const [index, impact] of impacts.entries()) {
    t.equal(worstImpact(found.slice(index)), impact)
    t.equal(worstImpact(found.slice(index).toReversed()), impact)
  }
})

const build = ['001', '002', '003']
const asPromised: Catalog = { [songs]: {}, [title]: text }
const applied = { revisions: build, hasTables: true }
const evidence: Evidence = { build, recorded: applied, live: asPromised, snapshot }

t.test('an assessment is position and verification at the revisions that are applied', async (t) => {
  t.strictSame(assess(evidence), {
    history: { position: 'current', current: '003', head: '003', applied: build, pending: [], unknown: [] },
    verification: { status: 'verified', findings: [], compared: { table: 1, column: 1 } },
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
        expected: { type: 'text', nullable: false, default: `'6f1c'::text` },
        impact: 'breaks',
        reason: 'queries that name it fail',
      },
    ],
    compared: { table: 1, column: 2 },
  })
  t.strictSame(findingsOf(behind).length, 2)
  const unverified = assess({ ...evidence, snapshot: null })
  t.strictSame(unverified.verification, { status: 'unverified', why: 'there is no snapshot' })
  t.strictSame(findingsOf(unverified), [])
})

const ahead = { revisions: [...build, '004'], hasTables: true }
const unlike = (live: Catalog, recorded = applied): Assessment => assess({ ...evidence, live, recorded })
const missingColumn: Catalog = { [songs]: {} }
const slower: Catalog = { ...asPromised, 'index:public.songs.i': { unique: false } }
const withoutIndex: Snapshot = {
  ...snapshot,
  revisions: [...snapshot.revisions, { revision: '003i', file: null, checksum: null, changes: { 'index:public.songs.i': { unique: false } } }],
}

const cases = {
  current: assess(evidence),
  empty: assess({ ...evidence, recorded: { revisions: [], hasTables: false }, live: {} }),
  unmanaged: assess({ ...evidence, recorded: { revisions: [], hasTables: true } }),
  behind: unlike({ ...snapshot.revisions[0]?.changes } as Catalog, { revisions: ['001'], hasTables: true }),
  ahead: unlike(asPromised, ahead),
  'ahead, harmless': unlike(slower, ahead),
  'ahead, breaking': unlike(missingColumn, ahead),
  diverged: unlike(asPromised, { revisions: ['001', '002', '00x'], hasTables: true }),
  foreign: unlike(asPromised, { revisions: ['a'], hasTables: true }),
  drift: unlike(missingColumn),
  harmless: unlike(slower),
  slower: assess({ ...evidence, build: [...build, '003i'], recorded: { revisions: [...build, '003i'], hasTables: true }, snapshot: withoutIndex }),
  'behind with drift': unlike({}, { revisions: ['001'], hasTables: true }),
  unverified: assess({ ...evidence, snapshot: null }),
  'behind, unverified': assess({ ...evidence, snapshot: null, recorded: { revisions: ['001'], hasTables: true } }),
  'ahead, unverified': assess({ ...evidence, snapshot: null, recorded: ahead }),
} satisfies Record<string, Assessment>
