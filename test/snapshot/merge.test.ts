import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { snapshotFileName } from '../../src/snapshot/file.js'
import { buildOnce } from '../support/build.js'
import { call, type Called } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { uncounted } from '../support/process.js'

const main = join(await buildOnce(), 'dist/cli/main.js')
const file = `migrations/${snapshotFileName}`

type Migrations = Readonly<Record<string, string>>

const songs = 'create table songs (id int primary key, title text)'

/** What was there when the branches parted. */
const base: Migrations = { '001_songs': songs, '003_artists': 'create table artists (id int primary key)' }

const branches = {
  plays: { '004_plays': 'create table plays (song int references songs (id), at timestamptz default now())' },
  moods: { '005_moods': `create type mood as enum ('calm'); create table moods (id serial, mood mood)` },
  year: {
    '006_year': 'alter table songs add year int; create index songs_year on songs (year)',
    '007_length': 'alter table songs add length int; alter table songs alter year set not null',
  },
  /** Comes before what is there. */
  genre: { '002_genre': 'alter table songs add genre text, add subgenre text' },
  sameYear: { '008_year': 'alter table songs add year int' },
  all: { '009_all': 'create view all_songs as select * from songs' },
  title: { '010_title': 'alter table songs alter title type varchar(200)' },
  titleIndex: { '011_title_index': 'create index songs_title on songs (title)' },
  indexName: { '012_names': 'create table names (id int); create index songs_year on names (id)' },
  rows: { '013_rows': `insert into artists values (1)` },
  edited: { '001_songs': `${songs} /* of artists */` },
  nothing: { '014_nothing': 'create table if not exists songs (id int)' },
} as const satisfies Readonly<Record<string, Migrations>>

type Branch = keyof typeof branches

interface MergeCase {
  readonly name: string
  /** Merged one after the other. */
  readonly merge: readonly Branch[]
  /** Why the last one is not merged; absent where it is. */
  readonly because?: RegExp
  /** The exit code of the replay that the error asks for. Default: 0. */
  readonly replay?: number
}

const cases: readonly MergeCase[] = [
  { name: 'different tables', merge: ['plays', 'moods'] },
  { name: 'three branches', merge: ['moods', 'plays', 'year'] },
  { name: 'one that comes before what is there', merge: ['plays', 'genre'] },
  { name: 'columns of one table, the later ones first', merge: ['year', 'genre'] },
  { name: 'columns of one table, in order', merge: ['genre', 'year', 'moods'] },
  { name: 'an index on a table that gets columns', merge: ['year', 'titleIndex'] },
  { name: 'rows only', merge: ['rows', 'year'] },
  { name: 'an edited text', merge: ['edited', 'plays'] },
  { name: 'a text that the other has edited', merge: ['plays', 'edited'] },
  {
    name: 'one column twice',
    merge: ['year', 'sameYear'],
    because: /because +both change column:public\.songs\.year\n/,
    replay: 7,
  },
  {
    name: 'a view of all columns',
    merge: ['year', 'all'],
    because:
      /because +view:public\.all_songs needs column:public\.songs\.id, and the other branch changes what that belongs to\n/,
  },
  {
    name: 'an index on a column that gets another type',
    merge: ['titleIndex', 'title'],
    because: /because +both change what column:public\.songs\.title belongs to\n/,
  },
  {
    name: 'one name on two tables',
    merge: ['year', 'indexName'],
    because: /because +both give the name of index:public\.songs\.songs_year\n/,
    replay: 7,
  },
]

interface Repository {
  readonly root: string
  /** Runs git with these words and one more, and returns its exit code and what it says. */
  readonly git: (line: string, more?: string) => Promise<{ readonly exit: unknown; readonly text: string }>
  readonly read: () => Promise<string>
  /** Runs the command line of schemagate in this process. */
  readonly schemagate: (line: string) => Promise<Called>
}

const identity = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
}
const gitEnv = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  ...identity,
  ...uncounted,
}

function repositoryIn(root: string, url: string): Repository {
  const git = (line: string, more?: string) =>
    new Promise<{ exit: unknown; text: string }>((resolve) => {
      execFile(
        'git',
        [...line.split(' '), ...(more === undefined ? [] : [more])],
        { cwd: root, env: gitEnv },
        (error, stdout, stderr) => resolve({ exit: error?.code ?? 0, text: `${stdout}${stderr}` }),
      )
    })
  return {
    root,
    git,
    read: () => readFile(join(root, file), 'utf8'),
    schemagate: (line) =>
      call(line.split(' '), { root, env: { DATABASE_URL: url, SCRATCH_DATABASE_URL: url } }),
  }
}

const moduleOf = (sql: string): string => `export const up = (knex) => knex.raw(${JSON.stringify(sql)})\n`

async function write({ root }: Repository, migrations: Migrations): Promise<void> {
  for (const [revision, sql] of Object.entries(migrations))
    await writeFile(join(root, 'migrations', `${revision}.js`), moduleOf(sql))
}

/** A commit on a new branch with these migrations and the snapshot of them. */
async function commit(t: Test, repository: Repository, name: string, migrations: Migrations): Promise<void> {
  await repository.git(`checkout -q -b ${name} ${name === 'main' ? '' : 'main'}`.trim())
  await write(repository, migrations)
  t.match(await repository.schemagate('snapshot --accept-empty'), { exit: 0 })
  await repository.git('add .')
  t.match(await repository.git(`commit -q -m ${name}`), { exit: 0 })
}

/** The repository with all branches; the tests merge in clones of it. */
async function createOrigin(t: Test, url: string): Promise<string> {
  const root = t.testdir({
    origin: {
      'package.json': '{ "name": "songs", "type": "module" }\n',
      '.gitattributes': 'schema.snapshot.json merge=schemagate\n',
      migrations: {},
    },
  })
  const repository = repositoryIn(join(root, 'origin'), url)
  await repository.git('init -q')
  await commit(t, repository, 'main', base)
  for (const [name, migrations] of Object.entries(branches)) await commit(t, repository, name, migrations)
  return root
}

t.test('branches that add migrations', async (t) => {
  const url = await createDatabase(t)
  const root = await createOrigin(t, url)
  let clones = 0
  const clone = async ({ driver }: { readonly driver: boolean }): Promise<Repository> => {
    const name = `clone-${(clones += 1)}`
    await repositoryIn(root, url).git(`clone -q origin ${name}`)
    const repository = repositoryIn(join(root, name), url)
    await repository.git('checkout -q -B main origin/main')
    const command = [process.execPath, main, 'snapshot', '--merge', '%O', '%A', '%B'].join(' ')
    if (driver) await repository.git('config merge.schemagate.driver', command)
    return repository
  }
  const isThatOfAReplay = async (t: Test, repository: Repository): Promise<void> => {
    const merged = await repository.read()
    t.match(await repository.schemagate('snapshot --accept-empty'), { exit: 0 })
    t.equal(merged, await repository.read(), 'byte for byte what a replay makes')
  }

  for (const { name, merge, because, replay = 0 } of cases)
    t.test(name, async (t) => {
      const repository = await clone({ driver: true })
      const merging = merge.map((branch) => `merge -q --no-edit origin/${branch}`)
      const last = merging.pop() ?? ''
      for (const line of merging) t.match(await repository.git(line), { exit: 0 })
      const { exit, text } = await repository.git(last)
      if (because === undefined) {
        t.equal(exit, 0, text)
        await isThatOfAReplay(t, repository)
        return
      }
      t.equal(exit, 1)
      t.match(
        text,
        /^SCHEMA_SNAPSHOT_STALE: Only a replay can tell what the migrations of both branches do together\./m,
      )
      t.match(text, because)
      t.match(await repository.schemagate('snapshot'), { exit: replay })
      if (replay === 0) t.match(await repository.schemagate('snapshot --check'), { exit: 0 })
    })

  t.test('a branch that is rebased', async (t) => {
    const repository = await clone({ driver: true })
    await repository.git('merge -q --no-edit origin/plays')
    await repository.git('merge -q --no-edit origin/genre')
    await repository.git('checkout -q year')
    const { exit, text } = await repository.git('rebase -q main')
    t.equal(exit, 0, text)
    await isThatOfAReplay(t, repository)
  })

  for (const style of ['merge', 'diff3'])
    t.test(`without the driver, and conflicts as ${style} writes them`, async (t) => {
      const repository = await clone({ driver: false })
      await repository.git('config merge.conflictStyle', style)
      await repository.git('merge -q --no-edit origin/nothing')
      t.match(await repository.git('merge -q --no-edit origin/plays'), { exit: 1 })
      const refused = await repository.schemagate('status')
      t.equal(refused.exit, 4)
      t.equal(
        refused.text.replace(repository.root, '/songs'),
        `SCHEMA_SNAPSHOT_INVALID: The snapshot cannot be read: it has the conflict markers of a merge. Nothing was verified.

  file   /songs/${file}

Do one of:
  schemagate snapshot   makes it again from the migrations`,
      )
      t.match(await repository.schemagate('snapshot'), { exit: 0 }, 'what is empty was accepted before')
      t.match(await repository.schemagate('snapshot --check'), { exit: 0 })
      await repository.git('add .')
      t.match(await repository.git('commit -q --no-edit'), { exit: 0 })
    })

  t.test('only a merge names files, and it names three', async (t) => {
    const { schemagate } = await clone({ driver: false })
    for (const line of ['snapshot a', 'snapshot --merge', 'snapshot --merge a b'])
      t.match(await schemagate(line), { exit: 2, text: /^SCHEMA_USAGE: Only a merge names files/ })
  })
})
