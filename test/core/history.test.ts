import t from 'tap'
import { describeCompletion, assessCompletion } from '../../src/core/history/completion.js'
import { assess, decide, type AssessmentInput, findingsOf } from '../../src/core/history/decision.js'
import {
  describeHistoryChange,
  findHistoryChanges,
  type MigrationTexts,
} from '../../src/core/history/file-changes.js'
import { compareHistory, type Position } from '../../src/core/history/history.js'
import type { Owner, Ownership } from '../../src/core/history/ownership.js'
import { type Decision, type Policy, type Situation } from '../../src/core/history/policy.js'
import { type Catalog, type Facts } from '../../src/core/model/catalog.js'
import { type UndeterminedFacts } from '../../src/core/model/diff.js'
import { type Scope } from '../../src/core/model/scope.js'
import { type Changes, promisedCatalogAt, type Snapshot } from '../../src/core/model/snapshot.js'
import { songs, title, text, snapshot, scopeOf } from './songs.js'

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

/** The texts of 001 to 003 as they were recorded on PostgreSQL 18; `2:a` to `2:c` are their catalog changes. */
const unchanged: MigrationTexts = {
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
  promisedChangeOf: (revision) => ({
    changes: { '001': '2:a', '002': '2:b', '003': '2:c' }[revision] ?? '',
    postgres: 18,
  }),
  renameStatement: (was, is) => `${was} -> ${is}`,
}

/** The texts with this record of 002; without an argument it has none. */
function recordedAs(text?: Partial<ReturnType<MigrationTexts['recorded']['get']>>): MigrationTexts {
  const recorded = new Map(unchanged.recorded)
  const last = recorded.get('002')
  recorded.delete('002')
  if (last !== undefined && text !== undefined) recorded.set('002', { ...last, ...text })
  return { ...unchanged, recorded }
}

/** The text of 002, recorded under these names. */
function renamedFrom(...names: readonly string[]): MigrationTexts {
  const text = { event: 'applied', checksum: '2', detail: { file: 'x.js' } }
  return { ...unchanged, recorded: new Map(names.map((name) => [name, text])) }
}

const twins: MigrationTexts = {
  ...renamedFrom('x', 'y'),
  sources: unchanged.sources.map((source) => ({ ...source, checksum: '2' })),
}

const was18 = { file: '002.js', changes: '2:b', postgres: 18 }

/** The recorded revisions, the texts, and how the folder changed. */
const folderChanges: readonly [string, readonly string[], MigrationTexts | null, readonly string[]][] = [
  ['nothing', ['001', '002', '003'], unchanged, []],
  ['nothing, if nothing is recorded', [], unchanged, []],
  ['nothing, if plain Knex recorded it', ['001', '002', '003'], recordedAs(), []],
  [
    'edited, with the same catalog change',
    ['001', '002', '003'],
    recordedAs({ checksum: '?' }),
    ['002  edited, with the same change to the catalog'],
  ],
  [
    'edited, with a different catalog change',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, changes: '2:?' } }),
    ['002  edited, with a different change to the catalog'],
  ],
  [
    'edited, and there was no snapshot when it was recorded',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { file: '002.js' } }),
    ['002  edited; what it changed before is not recorded'],
  ],
  [
    'edited, recorded on a different major version',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, changes: '2:?', postgres: 17 } }),
    ['002  edited; what it changed before is not recorded'],
  ],
  [
    'edited, recorded with a snapshot of a different format',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, changes: '1:?' } }),
    ['002  edited; what it changed before is not recorded'],
  ],
  [
    'edited, and there is no snapshot now',
    ['001', '002'],
    { ...recordedAs({ checksum: '?' }), promisedChangeOf: () => null },
    ['002  edited; what it changed before is not recorded'],
  ],
  [
    'a different text in a file of a different name, which was built from it',
    ['001', '002'],
    recordedAs({ checksum: '?', detail: { ...was18, file: '002.ts' } }),
    [],
  ],
  [
    'edited after it failed: that text was not recorded',
    ['001', '002'],
    recordedAs({ event: 'failed', checksum: '?' }),
    [],
  ],
  ['edited, not recorded', ['001'], recordedAs({ checksum: '?' }), []],
  ['renamed', ['001', 'x', '003'], renamedFrom('x'), ['x  renamed to 002']],
  [
    'renamed, at a different position',
    ['001', '003', 'x'],
    renamedFrom('x'),
    ['x  renamed to 002', '002  recorded after 003'],
  ],
  [
    'two with the same text, both renamed',
    ['001', 'x', 'y'],
    twins,
    ['x  renamed to 002', 'y  renamed to 003'],
  ],
  [
    'two with the same text, one of them in this build',
    ['001', '002', 'x', 'y'],
    twins,
    ['x  renamed to 003'],
  ],
  ['deleted', ['001', 'x', '002'], unchanged, ['x  not in this build']],
  [
    'deleted before all others',
    ['x', 'y', '001'],
    unchanged,
    ['x  not in this build', 'y  not in this build'],
  ],
  ['nothing: a newer build', ['001', '002', '003', 'x'], unchanged, []],
  ['nothing: a different project', ['x', 'y'], unchanged, []],
  ['reordered', ['001', '003', '002'], null, ['002  recorded after 003']],
  ['all reordered', ['003', '002', '001'], null, ['002  recorded after 003', '001  recorded after 003']],
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

t.test('changes of the folder are found by comparing the build with the ledger', async (t) => {
  for (const [name, recorded, texts, changes] of folderChanges)
    t.strictSame(
      findHistoryChanges(['001', '002', '003'], recorded, texts).map(describeHistoryChange),
      changes,
      name,
    )
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
const input: AssessmentInput = { build, recorded: atHead, ownership, live: asPromised, snapshot }

t.test('an assessment is position and verification at the revisions that are applied', async (t) => {
  t.strictSame(assess(input), {
    ownership,
    otherLedgers: [],
    history: { position: 'current', current: '003', head: '003', applied: build, pending: [], unknown: [] },
    changed: [],
    verification: {
      status: 'verified',
      findings: [],
      ignored: [],
      compared: { table: 1, column: 1 },
      notes: [],
    },
  })
  const behind = assess({
    ...input,
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
    notes: [],
  })
  t.strictSame(findingsOf(behind).length, 2)
  const without = assess({ ...input, snapshot: null })
  t.strictSame(without.verification, { status: 'unverified', why: 'there is no snapshot', folders: [] })
  t.strictSame(findingsOf(without), [])
})

t.test('ignored differences are counted and do not affect the decision', async (t) => {
  const live = { [songs]: {}, 'schema:audit': {} }
  const ignoring = assess({ ...input, live, scope: scopeOf(songs, 'schema:nothing') })
  t.match(ignoring.verification, {
    findings: [{ change: 'unexpected', key: 'schema:audit' }],
    ignored: [
      { pattern: songs, reason: null, objects: [title] },
      { pattern: 'schema:nothing', reason: null, objects: [] },
    ],
    compared: { table: 1, column: 1 },
    notes: [],
  })
  t.equal(decide(assess({ ...input, live }), byDefault).action, 'refuse')
  t.equal(decide(ignoring, byDefault).action, 'serve')
})

const byDefault: Policy = {
  onBehind: 'migrate',
  onDrift: 'refuse',
  onAhead: 'judge',
  onUnverified: 'warn',
  onOutOfOrder: 'refuse',
  onDriftWhileServing: 'warn',
  onHazard: 'allow',
  refuseBy: 'exit',
}
const warn: Policy = { ...byDefault, onBehind: 'warn', onDrift: 'warn', onAhead: 'warn' }

const index: Catalog = { 'index:public.songs.i': { unique: false } }
const withIndex: Snapshot = {
  ...snapshot,
  revisions: [...snapshot.revisions, { revision: '000', file: null, checksum: null, changes: index }],
}
const recorded = (...revisions: readonly string[]) => ({ recorded: { revisions, hasTables: true } })
const atOne = { ...recorded('001'), live: promisedCatalogAt(snapshot, ['001']).catalog }
const ahead = recorded(...build, '004')
const withoutColumn = { live: { [songs]: {} } }
const unmanaged = { recorded: { revisions: [], hasTables: true } }
const empty = { recorded: { revisions: [], hasTables: false }, live: {} }
const unverified = { snapshot: null }

const atTwo = { live: promisedCatalogAt(snapshot, ['001', '002']).catalog }
const atThree = { live: promisedCatalogAt(snapshot, ['001', '003']).catalog }
const editedOtherwise = recordedAs({ checksum: '?', detail: { ...was18, changes: '2:?' } })
const editedUnseen = recordedAs({ checksum: '?', detail: { file: '002.js' } })

/** Without recorded revisions, from models that have a table with a column. */
const modelled = {
  ...unmanaged,
  models: '001',
  live: atOne.live,
}

/** How the database differs from one that is as promised, a policy, and the decision with its situations. */
const decisions: readonly [Partial<AssessmentInput>, Partial<Policy>, string][] = [
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
  [{ ...atOne, ...unverified }, warn, 'warn: unverified warn, behind warn'],
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

  [modelled, {}, 'serve: fromModels serve'],
  [{ ...modelled, live: {} }, {}, 'warn: lacksModels warn, fromModels serve'],
  [{ ...modelled, live: {} }, { onBehind: 'refuse' }, 'refuse: lacksModels refuse, fromModels serve'],
  [{ ...modelled, live: {}, recorded: empty.recorded }, {}, 'warn: lacksModels warn, fromModels serve'],
  [{ ...modelled, live: { ...atOne.live, ...index } }, {}, 'warn: differsFromModels warn, fromModels serve'],
  [{ ...modelled, ...unverified }, {}, 'warn: unverified warn, fromModels serve'],
  [{ ...modelled, ...recorded('001') }, {}, 'refuse: migrated refuse'],
  [{ ...modelled, ...recorded('a') }, {}, 'refuse: foreign refuse'],
  [
    {
      ...modelled,
      ownership: { ...ownership, identity: null },
      live: { ...atOne.live, 'table:public.others': {} },
    },
    {},
    'refuse: unmanaged refuse',
  ],
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

t.test('every situation has an action for every value of its policy, the gravest first', async (t) => {
  for (const [found, policy, decision] of decisions) {
    const assessment = assess({ ...input, ...found })
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
    migrated: true,
    lacksModels: true,
    differsFromModels: true,
    fromModels: true,
  }
  t.strictSame(
    Object.keys(all).filter((situation) => !decided.includes(situation)),
    [],
    'each is here',
  )
})

const plays = 'column:public.songs.plays'
const byTitle = 'index:public.songs.songs_title'
const integer: Facts = { type: 'integer', nullable: true }
const indexed = (valid: boolean): Facts => ({ definition: 'CREATE INDEX …', unique: false, valid })

const revised = (revision: string, changes: Changes, undetermined: UndeterminedFacts = {}) => ({
  revision,
  file: null,
  checksum: null,
  changes,
  undetermined,
})

interface CompletionCase {
  readonly name: string
  /** The revisions after 001, which is recorded. The last one is assessed. */
  readonly revisions: readonly ReturnType<typeof revised>[]
  readonly live: Catalog
  readonly scope?: Scope
  readonly expected: readonly string[]
}

const atFirst: Catalog = { [songs]: {}, [title]: text }

const completions: readonly CompletionCase[] = [
  {
    name: 'none of it is there',
    revisions: [revised('002', { [plays]: integer, [byTitle]: indexed(true) })],
    live: atFirst,
    expected: ['not applied'],
  },
  {
    name: 'all of it is there',
    revisions: [revised('002', { [plays]: integer, [title]: null })],
    live: { [songs]: {}, [plays]: integer },
    expected: ['applied in full, but not recorded'],
  },
  {
    name: 'a part of it is there, and an index of it is invalid',
    revisions: [
      revised('002', { [plays]: integer, [byTitle]: indexed(true), [title]: { ...text, nullable: true } }),
    ],
    live: { ...atFirst, [plays]: integer, [byTitle]: indexed(false) },
    expected: [
      'applied in part',
      `  done       ${plays}`,
      `  not valid  ${byTitle}`,
      `  not done   ${title}`,
    ],
  },
  {
    name: 'only an invalid index is there',
    revisions: [revised('002', { [byTitle]: indexed(true) })],
    live: { ...atFirst, [byTitle]: indexed(false) },
    expected: ['left an invalid index behind', `  not valid  ${byTitle}`],
  },
  {
    name: 'an index that is promised to be invalid is done',
    revisions: [revised('002', { [byTitle]: indexed(false) })],
    live: { ...atFirst, [byTitle]: indexed(false) },
    expected: ['applied in full, but not recorded'],
  },
  {
    name: 'an object that differs from the promise is not done',
    revisions: [revised('002', { [plays]: integer })],
    live: { ...atFirst, [plays]: { ...integer, type: 'text' } },
    expected: ['not applied'],
  },
  {
    name: 'undetermined facts, structure and facts out of scope are not compared',
    revisions: [
      revised(
        '002',
        { [plays]: { ...integer, default: '1', $position: 2, comment: 'x' } },
        { [plays]: ['default'] },
      ),
    ],
    live: { ...atFirst, [plays]: { ...integer, default: '7', $position: 9 } },
    expected: ['applied in full, but not recorded'],
  },
  {
    name: 'an object that a pending revision creates and this one drops is not missing',
    revisions: [
      revised('002', { [plays]: integer }),
      revised('003', { [plays]: null, [byTitle]: indexed(true) }),
    ],
    live: atFirst,
    expected: ['not applied'],
  },
  {
    name: 'an object that a pending revision creates is not part of one that changes it',
    revisions: [
      revised('002', { [plays]: integer }),
      revised('003', { [plays]: { type: 'bigint', nullable: true } }),
    ],
    live: { ...atFirst, [plays]: integer },
    expected: ['not applied'],
  },
  {
    name: 'a change of comments only says nothing if comments are not compared',
    revisions: [revised('002', { [title]: { ...text, comment: 'the title' } })],
    live: atFirst,
    expected: ['how far it got is unknown: it changes nothing in the catalog'],
  },
  {
    name: 'a change of comments counts if comments are compared',
    revisions: [revised('002', { [title]: { ...text, comment: 'the title' } })],
    live: atFirst,
    scope: { comments: true, grants: false, ignore: [] },
    expected: ['not applied'],
  },
]

t.test('the completion of a revision follows from its objects', async (t) => {
  for (const { name, revisions, live, scope, expected } of completions) {
    const first = revised('001', { [songs]: {}, [title]: text })
    const snapshot: Snapshot = { postgres: 18, base: {}, revisions: [first, ...revisions] }
    const input = { snapshot, recorded: ['001'], live, ...(scope ? { scope } : {}) }
    const { revision = '' } = revisions.at(-1) ?? {}
    t.strictSame(describeCompletion(assessCompletion(revision, input)), expected, name)
  }
  const completionWith = (snapshot: Snapshot | null) =>
    describeCompletion(assessCompletion('002', { snapshot, recorded: [], live: {} }))
  t.strictSame(completionWith(null), ['how far it got is unknown: there is no snapshot'])
  t.strictSame(completionWith({ postgres: 18, base: {}, revisions: [] }), [
    'how far it got is unknown: the snapshot does not have it',
  ])
})
