import t from 'tap'
import type { Facts } from '../../src/core/model/catalog.js'
import { mergeSnapshots, type SnapshotVersions } from '../../src/core/model/snapshot-merge.js'
import type { Changes, Snapshot, SnapshotRevision } from '../../src/core/model/snapshot.js'
import { conflictingVersions, hasConflictMarkers } from '../../src/snapshot/conflict-markers.js'

const entry = (revision: string, changes: Changes, checksum = 'sha256:1'): SnapshotRevision => ({
  revision,
  file: `${revision}.js`,
  checksum,
  changes,
})
const snapshot = (...revisions: readonly SnapshotRevision[]): Snapshot => ({
  postgres: 18,
  base: {},
  revisions,
})
const column = (position: number): Facts => ({ type: 'text', $position: position })

const songs = entry('001', { 'table:public.songs': {}, 'column:public.songs.id': column(1) })
const plays = entry('002', { 'table:public.plays': {} })
const moods = entry('003', { 'enum:public.mood': {} })
const title = entry('004', { 'column:public.songs.title': column(2) })
const year = entry('005', { 'column:public.songs.year': column(2) })
const base = snapshot(songs)

interface ConflictCase extends Partial<SnapshotVersions> {
  readonly name: string
  readonly reasons: readonly string[]
}

const conflicts: readonly ConflictCase[] = [
  {
    name: 'two servers',
    theirs: { ...snapshot(songs, moods), postgres: 17 },
    reasons: ['one was made on PostgreSQL 18, one on 17'],
  },
  {
    name: 'two empty databases',
    theirs: { ...snapshot(songs, moods), base: { 'extension:plpgsql': {} } },
    reasons: ['they were made in different empty databases'],
  },
  {
    name: 'an earlier format',
    theirs: { ...snapshot(songs, moods), format: 2 },
    reasons: ['an earlier version of schemagate wrote one of them'],
  },
  { name: 'a revision is removed', theirs: snapshot(moods), reasons: ['one branch has removed 001'] },
  {
    name: 'another order',
    base: snapshot(songs, plays),
    ours: snapshot(songs, plays, moods),
    theirs: snapshot(plays, songs),
    reasons: ['001 is at different places'],
  },
  {
    name: 'a revision promises something else',
    theirs: snapshot(entry('001', { 'table:public.songs': {} }), moods),
    reasons: ['001 does not promise the same'],
  },
  {
    name: 'both have edited it',
    ours: snapshot({ ...songs, checksum: 'sha256:2' }),
    theirs: snapshot({ ...songs, checksum: 'sha256:3' }),
    reasons: ['both have edited 001'],
  },
  {
    name: 'what acts on all that comes after it',
    theirs: snapshot(songs, entry('009', { 'event_trigger:audit': {} })),
    reasons: ['event_trigger:audit bears on what the other branch does'],
  },
  {
    name: 'what the other needs',
    ours: snapshot(songs, entry('002', { 'function:public.now_utc()': null })),
    theirs: snapshot(
      songs,
      entry('003', {
        'column:public.songs.at': { ...column(2), $defaultNeeds: ['function:public.now_utc()'] },
      }),
    ),
    reasons: ['column:public.songs.at needs function:public.now_utc(), which the other branch changes'],
  },
  {
    name: 'columns that are gone again have taken numbers',
    ours: snapshot(songs, title),
    theirs: snapshot(songs, entry('005', { 'column:public.songs.year': column(3) })),
    reasons: ['the columns of public.songs are numbered differently'],
  },
]

t.test('what only a replay can tell', async (t) => {
  for (const { name, reasons, ...versions } of conflicts)
    t.strictSame(
      mergeSnapshots({ base, ours: snapshot(songs, plays), theirs: snapshot(songs, moods), ...versions }),
      { status: 'conflict', reasons },
      name,
    )
})

t.test('what is certain', async (t) => {
  const merges: readonly (readonly [name: string, versions: SnapshotVersions, merged: Snapshot])[] = [
    [
      'in the order of the files',
      { base, ours: snapshot(songs, moods), theirs: snapshot(songs, plays) },
      snapshot(songs, plays, moods),
    ],
    [
      'a file that both have added',
      { base: null, ours: snapshot(songs, moods), theirs: snapshot(songs, plays) },
      snapshot(songs, plays, moods),
    ],
    [
      'a text that one has edited',
      { base, ours: snapshot(songs, plays), theirs: snapshot({ ...songs, checksum: 'sha256:2' }) },
      snapshot({ ...songs, checksum: 'sha256:2' }, plays),
    ],
    [
      'columns get the numbers of their order',
      { base, ours: snapshot(songs, year), theirs: snapshot(songs, title) },
      snapshot(songs, title, entry('005', { 'column:public.songs.year': column(3) })),
    ],
  ]
  for (const [name, versions, merged] of merges)
    t.strictSame(mergeSnapshots(versions), { status: 'merged', snapshot: merged }, name)
})

t.test('both versions of a text in conflict', async (t) => {
  const text = 'a\n<<<<<<< HEAD\nb\n||||||| 1234\nold\n=======\nc\nd\n>>>>>>> theirs\ne\n'
  t.strictSame(conflictingVersions(text), ['a\nb\ne\n', 'a\nc\nd\ne\n'])
  t.strictSame(conflictingVersions('a\n=======\n'), ['a\n=======\n', 'a\n=======\n'])
  t.strictSame([text, '{}'].map(hasConflictMarkers), [true, false])
})
