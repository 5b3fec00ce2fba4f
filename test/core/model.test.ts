import t from 'tap'
import { impactRules } from '../../src/core/impact/assess-impact.js'
import {
  type Catalog,
  countByKind,
  type Facts,
  objectKey,
  parseKey,
  quoteName,
  sameFact,
  sameFacts,
  sortKeys,
  tableKeyOf,
} from '../../src/core/model/catalog.js'
import { canonicalChange } from '../../src/core/model/change-digest.js'
import {
  describeChangedFact,
  describeChanges,
  describeDifference,
  describeFact,
} from '../../src/core/model/describe.js'
import { diff, type Difference, type UndeterminedFacts } from '../../src/core/model/diff.js'
import { matchesKey, parsePattern } from '../../src/core/model/pattern.js'
import { createPromiseLookup } from '../../src/postgres/verify/promise-lookup.js'
import { splitIgnored, unmatchedPatterns, limitToScope } from '../../src/core/model/scope.js'
import { findStaleRevisions } from '../../src/core/model/snapshot-staleness.js'
import {
  mergeReplays,
  type Changes,
  changesBetween,
  changesOf,
  diffAgainstPromise,
  diffKeysAgainstPromise,
  pickKeys,
  promisedCatalogAt,
  type Snapshot,
} from '../../src/core/model/snapshot.js'
import {
  formatCount,
  describeCounts,
  describeDuration,
  pluralOfKind,
  shortenList,
} from '../../src/core/text/format.js'
import { songs, title, text, snapshot, scopeOf } from './songs.js'

t.test('a key contains plain names unquoted and other names quoted', async (t) => {
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

t.test('a key is parsed into kind and names, and gives the key of its table', async (t) => {
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
    t.equal(tableKeyOf(key), table, key)
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
  t.strictSame(countByKind(ordered), {
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

t.test('diff finds missing, unexpected and changed objects, in reading order', async (t) => {
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

t.test('folding the snapshot gives the promised catalog at any revision', async (t) => {
  t.strictSame(promisedCatalogAt(snapshot, []), {
    catalog: {},
    undetermined: {},
    tolerated: new Set(['schema:public', 'extension:plpgsql']),
  })
  t.strictSame(promisedCatalogAt(snapshot, ['001']), {
    catalog: {
      [songs]: {},
      [title]: { type: 'text', nullable: true },
      'column:public.songs.token': { type: 'text', nullable: false },
    },
    undetermined: { 'column:public.songs.token': ['default'] },
    tolerated: new Set(['schema:public', 'extension:plpgsql']),
  })
  t.strictSame(
    promisedCatalogAt(snapshot, ['003', '001', '002', 'one the snapshot lacks']),
    {
      catalog: { [songs]: {}, [title]: text },
      undetermined: {},
      tolerated: new Set(['schema:public']),
    },
    'in the order of the snapshot',
  )
})

t.test('a fact that a later revision sets is determined again', async (t) => {
  const changes = { 'column:public.songs.token': { type: 'text', nullable: false, default: `''::text` } }
  const again = { revision: '004', file: null, checksum: null, changes }
  const { undetermined } = promisedCatalogAt({ ...snapshot, revisions: [...snapshot.revisions, again] }, [
    '001',
    '004',
  ])
  t.strictSame(undetermined, {})
})

t.test('the base is neither promised nor unexpected until a revision touches it', async (t) => {
  const live: Catalog = { [songs]: {}, [title]: text, 'schema:music': {} }
  const unexpected: Difference = { change: 'unexpected', key: 'schema:music', actual: {} }
  t.strictSame(diffAgainstPromise(promisedCatalogAt(snapshot, ['001', '002', '003']), live), [unexpected])
  t.strictSame(
    diffAgainstPromise(promisedCatalogAt(snapshot, ['001', '002', '003']), { ...live, ...snapshot.base }),
    [unexpected, { change: 'unexpected', key: 'extension:plpgsql', actual: { schema: 'pg_catalog' } }],
  )
})

t.test('a fact that is not determined is not compared, the others of its object are', async (t) => {
  const promised = promisedCatalogAt(snapshot, ['001'])
  const token = { type: 'text', nullable: false, default: `'ab12'::text` }
  const live: Catalog = { ...promised.catalog, 'column:public.songs.token': token }
  t.strictSame(diffAgainstPromise(promised, live), [])
  const changed = { ...live, 'column:public.songs.token': { ...token, nullable: true } }
  t.strictSame(
    diffAgainstPromise(promised, changed).map((found) => (found.change === 'changed' ? found.facts : [])),
    [['nullable']],
  )
})

t.test('only the objects of one revision are compared', async (t) => {
  const promised = promisedCatalogAt(snapshot, ['001', '002'])
  const live: Catalog = { [title]: { type: 'text', nullable: true }, 'schema:music': {} }
  t.strictSame(diffKeysAgainstPromise(promised, live, [title]), [
    {
      change: 'changed',
      key: title,
      facts: ['nullable'],
      expected: text,
      actual: { type: 'text', nullable: true },
    },
  ])
  t.strictSame(diffKeysAgainstPromise(promised, live, ['schema:music']), [
    { change: 'unexpected', key: 'schema:music', actual: {} },
  ])
  t.strictSame(diffKeysAgainstPromise(promised, live, []), [])
})

t.test('the changes of a revision are created, altered and dropped objects', async (t) => {
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

t.test('a changed object existed before the revision or is new', async (t) => {
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
  t.strictSame(changesOf(again, '004')?.existing, new Set([songs]), 'a dropped object is created again')
  t.equal(changesOf(snapshot, '005'), null)
})

t.test('two replays give the common changes and the names of facts that differ', async (t) => {
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
  t.strictSame(mergeReplays(first, second), {
    changes: {
      ...same,
      'column:public.songs.token': first['column:public.songs.token'],
      'column:public.songs.note': first['column:public.songs.note'],
    },
    undetermined: { 'column:public.songs.token': ['default'], 'column:public.songs.note': ['default'] },
  })
  t.strictSame(mergeReplays(same, same), { changes: same })
})

t.test('the text of a change is the same for the same change', async (t) => {
  const base = { 'schema:public': {}, [songs]: { owner: 'app' } }
  const textOf = (changes: Changes, undetermined?: UndeterminedFacts): string | null => {
    const revision = { revision: '002', file: null, checksum: null, changes }
    const first = { revision: '001', file: null, checksum: null, changes: { [title]: text } }
    const second = undetermined === undefined ? revision : { ...revision, undetermined }
    return canonicalChange({ postgres: 18, base, revisions: [first, second] }, '002')
  }
  const artist = 'column:public.songs.artist'
  const change = { [artist]: { type: 'text', nullable: true }, [title]: null }
  const same: readonly [string, Changes, UndeterminedFacts?][] = [
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
  t.equal(canonicalChange(snapshot, '00x'), null, 'a revision the snapshot lacks')
})

t.test('a snapshot is stale if a migration is new, removed, edited or reordered', async (t) => {
  const source = (n: number) => ({ revision: `00${n}`, file: `00${n}.js`, checksum: `sha256:${n}` })
  const [one, two, three, four] = [source(1), source(2), source(3), source(4)]
  const sources = [one, two, three]
  t.strictSame(findStaleRevisions(snapshot, sources), [])
  t.strictSame(findStaleRevisions(snapshot, [...sources, four]), [{ why: 'new', revision: '004' }])
  t.strictSame(findStaleRevisions(snapshot, [one, three]), [{ why: 'removed', revision: '002' }])
  t.strictSame(findStaleRevisions(snapshot, [one, { ...two, checksum: 'sha256:x' }, three]), [
    { why: 'edited', revision: '002' },
  ])
  t.strictSame(findStaleRevisions(snapshot, [one, three, { ...two, checksum: 'sha256:x' }]), [
    { why: 'edited', revision: '002' },
    { why: 'reordered', revision: '003' },
  ])
  t.strictSame(findStaleRevisions(snapshot, [one, { ...two, checksum: 'sha256:x' }, four]), [
    { why: 'edited', revision: '002' },
    { why: 'new', revision: '004' },
    { why: 'removed', revision: '003' },
  ])
  t.strictSame(
    findStaleRevisions(snapshot, [{ ...one, file: '001.ts', checksum: 'sha256:x' }, two, three]),
    [],
    'a file that was built from it has a different text',
  )
  t.strictSame(
    findStaleRevisions(snapshot, [{ ...one, file: null, checksum: null }, two, three]),
    [],
    'a migration source without files has no text to compare',
  )
})

/** A pattern, the keys it matches, and keys it does not match. */
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

t.test('a pattern matches kind and names; a key is a pattern for its object alone', async (t) => {
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

t.test('a text that is not a pattern gives the reason', async (t) => {
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
  const split = (...texts: readonly string[]) => splitIgnored(all, scopeOf(...texts), expected, actual)
  for (const [text, objects] of covered) {
    const { differences, ignored } = split(text)
    const found = ignored.map(({ pattern, objects }) => [pattern, [...objects].sort()])
    t.strictSame(found, [[text, [...objects].sort()]])
    t.strictSame(
      differences,
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

t.test('an object without its relation in either catalog may belong to a relation of any kind', async (t) => {
  const actual: Catalog = { [title]: text }
  const { ignored } = splitIgnored(diff({}, actual), scopeOf('table:public.*'), {}, actual)
  t.match(ignored, [{ objects: [title] }])
})

t.test('comments, owners and grants are out of scope unless the scope has them', async (t) => {
  const plain: Catalog = { [songs]: { unlogged: true }, [title]: text }
  const granted = { owner: 'app', grants: ['PUBLIC: SELECT'] }
  const privileges: Catalog = { 'default_privileges:"tables by OWNER"': { grants: ['PUBLIC: SELECT'] } }
  const commented = { [songs]: { unlogged: true, comment: 'all of them' }, [title]: text }
  const whole: Catalog = { [songs]: { ...commented[songs], ...granted }, [title]: text, ...privileges }
  const [neither, both] = [
    { comments: false, grants: false },
    { comments: true, grants: true },
  ]
  t.strictSame(limitToScope(whole, neither), plain)
  t.equal(limitToScope(plain, neither), plain, 'nothing is copied where nothing is to be removed')
  t.equal(limitToScope(whole, both), whole)
  t.strictSame(limitToScope(whole, { ...neither, comments: true }), commented)
  t.strictSame(limitToScope(whole, { ...both, comments: false }), {
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

/** The plural of every kind, as people read it. */
const kindPlurals = [
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
  'database comments',
  'database settings',
  'role settings',
]

t.test('numbers and durations are formatted for people', async (t) => {
  t.strictSame(
    [
      formatCount(0, 'revision'),
      formatCount(1, 'revision'),
      formatCount(2, 'revision'),
      formatCount(12_345, 'difference'),
    ],
    ['0 revisions', '1 revision', '2 revisions', '12,345 differences'],
  )
  t.strictSame(
    [
      formatCount(1, 'index'),
      formatCount(1, 'materialized_view'),
      formatCount(2, 'statistics'),
      formatCount(1, 'server'),
    ],
    ['1 index', '1 materialized view', '2 extended statistics', '1 foreign server'],
  )
  t.strictSame(Object.keys(impactRules).map(pluralOfKind), kindPlurals)
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

t.test('a long list is shortened to its first and last lines', async (t) => {
  const lines = Array.from({ length: 13 }, (_, index) => `${index + 1}`)
  t.strictSame(shortenList(lines.slice(0, 12)), lines.slice(0, 12))
  t.strictSame(shortenList(lines), ['1', '2', '3', '4', '5', '… 3 more', '9', '10', '11', '12', '13'])
})

t.test('the changes of a revision are described by kind', async (t) => {
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

t.test('a difference is described with expected and actual', async (t) => {
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
  const pairs = [
    ['a b', 'a\u00a0b', '"a b"', '"a\\u00a0b"'],
    ['select 1\nfrom a', 'select 1\r\nfrom a', '"select 1\\nfrom a"', '"select 1\\r\\nfrom a"'],
    ['a', 'a ', '"a"', '"a "'],
    ['\tx', ' x', '"\\tx"', '" x"'],
    ['ab', 'a\u200bb', 'ab', 'a\\u200bb'],
    ['caf\u00e9', 'cafe\u0301', '"caf\\u00e9"', '"cafe\\u0301"'],
    [
      `${'x'.repeat(50)} y${'z'.repeat(50)}`,
      `${'x'.repeat(50)}  y${'z'.repeat(50)}`,
      `…"${'x'.repeat(19)} y${'z'.repeat(39)}"…`,
      `…"${'x'.repeat(19)}  y${'z'.repeat(38)}"…`,
    ],
    ['a b', 'a c', 'a b', 'a c'],
    [undefined, 'none', '"none"', '"none"'],
  ] as const
  for (const [expected, actual, ...shown] of pairs) t.strictSame(describeChangedFact(expected, actual), shown)
  t.strictSame(describeChangedFact(['a, b'], ['a', 'b']), ['"["a, b"]"', '"["a","b"]"'])
  t.equal(describeFact(' SELECT id,\n    title\n   FROM songs;'), 'SELECT id, title FROM songs;')
})

t.test('a lookup that moves on says what a fold from the beginning says', async (t) => {
  const revisions = ['001', '002', '003', '004'].map((revision, index) => ({
    revision,
    file: null,
    checksum: null,
    changes: {
      'table:public.songs': index === 2 ? null : { order: index },
      [`table:public.t${index}`]: { order: index },
      ...(index === 1 && { 'table:public.base': { order: index } }),
    },
    ...(index === 0 && { undetermined: { 'table:public.songs': ['order'] } }),
  }))
  const small = { postgres: 18, base: { 'table:public.base': {}, 'schema:public': {} }, revisions }
  const other = { ...small, revisions: revisions.toReversed() }
  const keys = ['table:public.songs', 'table:public.t0', 'table:public.t1', 'table:public.base']
  const lookUp = createPromiseLookup()
  const calls: readonly (readonly [Snapshot, readonly string[]])[] = [
    [small, []],
    [small, ['001']],
    [small, ['001', '002']],
    [small, ['001', '002', 'unknown', '003']],
    [small, ['001', '002', 'unknown', '003', '003', '004']],
    [small, ['001', '003']],
    [small, ['001', '003', '002']],
    [other, ['001', '003', '002']],
    [other, ['001']],
  ]
  for (const [from, applied] of calls) {
    const { catalog, ...promised } = promisedCatalogAt(from, applied)
    const expected = { ...promised, catalog: pickKeys(catalog, keys) }
    t.strictSame(lookUp(from, applied, keys), expected, applied.join())
  }
})
