import { createRequire } from 'node:module'
import { join } from 'node:path'
import knex from 'knex'
import t, { type Test } from 'tap'
import { knexMigrationSource } from '../../src/project/migration-source.js'
import { call } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import { type Environment, run } from '../support/process.js'

const knexCli = createRequire(import.meta.url).resolve('knex/bin/cli.js')

const tables = ['songs', 'plays', 'likes']
const revisions = tables.map((table, index) => `00${index + 1}_${table}`)

const upTo = (count: number, extension: string): readonly string[] =>
  revisions.slice(0, count).map((revision) => `${revision}${extension}`)

const moduleOf = (table: string): string =>
  `export const up = (knex) => knex.raw('create table ${table} (id int)')
export const down = (knex) => knex.raw('drop table ${table}')\n`
const commonjsOf = (table: string): string => moduleOf(table).replaceAll('export const ', 'exports.')
const typescriptOf = (table: string): string => moduleOf(table).replaceAll('(knex)', '(knex: any)')

const files = (extension: string, textOf: (table: string) => string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    tables.map((table, index) => [`${revisions[index] ?? ''}${extension}`, textOf(table)] as const),
  )

type Folder = Readonly<Record<string, string | Readonly<Record<string, string>>>>

/** A command of schemagate or of plain Knex, or a statement, and what Knex's table records afterwards. */
type Step = readonly [line: string, recorded: readonly string[]]

interface PlainKnexCase {
  readonly name: string
  /** By folder. */
  readonly files: Readonly<Record<string, Folder>>
  /** Whether its knexfile has the source of `knexMigrationSource`. */
  readonly source?: boolean
  /** Runs the command line of Knex; without, its migrator is called in this process. */
  readonly knexEnv?: Environment
  readonly steps: readonly Step[]
}

/** Each goes on with what the other has done. */
const inTurn = (extension: string, first = '001_songs'): readonly Step[] => [
  [`schemagate migrate --to ${first}`, upTo(1, extension)],
  ['knex migrate:up', upTo(2, extension)],
  ['schemagate migrate', upTo(3, extension)],
  ['knex migrate:down', upTo(2, extension)],
  ['schemagate down', upTo(1, extension)],
  ['knex migrate:latest', upTo(3, extension)],
  ['schemagate verify', upTo(3, extension)],
]

const beganByKnex = (extension: string): readonly Step[] => [
  ['knex migrate:up', upTo(1, extension)],
  ['schemagate migrate --to 002_plays', upTo(2, extension)],
  ['knex migrate:latest', upTo(3, extension)],
  ['schemagate down', upTo(2, extension)],
  ['knex migrate:rollback', upTo(1, extension)],
  ['schemagate migrate', upTo(3, extension)],
  ['knex migrate:status', upTo(3, extension)],
]

const compiled = 'dist/migrations'
const sourceUrl = new URL('../../src/project/migration-source.ts', import.meta.url).href
const loadAll = { loadExtensions: ['.js', '.cjs', '.mjs', '.ts'] }
const doubled = ['001_songs.js.js', '002_plays.js', '003_likes.js.js']
const withoutExtension = `sql update knex_migrations set name = regexp_replace(name, '\\.js$', '')`

const cases: readonly PlainKnexCase[] = [
  { name: '.js', files: { migrations: files('.js', moduleOf) }, knexEnv: {}, steps: inTurn('.js') },
  { name: '.cjs', files: { migrations: files('.cjs', commonjsOf) }, steps: inTurn('.cjs') },
  {
    name: '.mjs',
    files: { migrations: files('.mjs', moduleOf) },
    steps: inTurn('.mjs'),
  },
  {
    name: '.ts',
    files: { migrations: files('.ts', typescriptOf) },
    knexEnv: { NODE_OPTIONS: `--import ${import.meta.resolve('tsx')}` },
    steps: inTurn('.ts'),
  },
  { name: 'began by plain Knex', files: { migrations: files('.js', moduleOf) }, steps: beganByKnex('.js') },
  {
    name: 'began by init',
    files: { migrations: files('.js', moduleOf) },
    knexEnv: {},
    steps: [
      ['schemagate init', upTo(3, '.js')],
      ['knex migrate:list', upTo(3, '.js')],
      ['knex migrate:down', upTo(2, '.js')],
      ['knex migrate:latest', upTo(3, '.js')],
      ['schemagate verify', upTo(3, '.js')],
    ],
  },
  {
    name: 'began by stamp',
    files: { migrations: files('.js', moduleOf) },
    knexEnv: {},
    steps: [
      ['sql create table songs (id int); create table plays (id int)', []],
      ['schemagate stamp 002_plays', upTo(2, '.js')],
      ['knex migrate:list', upTo(2, '.js')],
      ['knex migrate:latest', upTo(3, '.js')],
      ['schemagate verify', upTo(3, '.js')],
      ['knex migrate:rollback --all', []],
    ],
  },
  {
    name: 'began by compiled migrations, with the sources too',
    files: { migrations: files('.ts', typescriptOf), dist: { migrations: files('.js', moduleOf) } },
    steps: [
      [`schemagate migrate --to 001_songs --migrations ${compiled}`, upTo(1, '.js')],
      ['schemagate migrate --to 002_plays', upTo(2, '.js')],
      [`knex migrate:latest --migrations-directory ${compiled}`, upTo(3, '.js')],
      ['schemagate down', upTo(2, '.js')],
      [`knex migrate:down --migrations-directory ${compiled}`, upTo(1, '.js')],
    ],
  },
  {
    name: 'began by plain Knex with the sources, compiled too',
    files: { migrations: files('.ts', typescriptOf), dist: { migrations: files('.js', moduleOf) } },
    steps: [
      ['knex migrate:up', upTo(1, '.ts')],
      [`schemagate migrate --to 002_plays --migrations ${compiled}`, upTo(2, '.ts')],
      ['knex migrate:latest', upTo(3, '.ts')],
      [`schemagate down --migrations ${compiled}`, upTo(2, '.ts')],
      ['knex migrate:down', upTo(1, '.ts')],
    ],
  },
  {
    name: 'two extensions',
    files: { migrations: files('.js.js', moduleOf) },
    steps: [...inTurn('.js.js', '001_songs.js'), ['schemagate status', upTo(3, '.js.js')]],
  },
  {
    name: 'two extensions, built by init',
    files: { migrations: files('.js.js', moduleOf) },
    steps: [
      ['schemagate init', upTo(3, '.js.js')],
      ['schemagate verify', upTo(3, '.js.js')],
      ['knex migrate:down', upTo(2, '.js.js')],
      ['schemagate down', upTo(1, '.js.js')],
      ['schemagate migrate', upTo(3, '.js.js')],
    ],
  },
  {
    name: 'some with two extensions, began by plain Knex',
    files: {
      migrations: Object.fromEntries(tables.map((table, at) => [doubled[at] ?? '', moduleOf(table)])),
    },
    steps: [
      ['knex migrate:up', doubled.slice(0, 1)],
      ['schemagate migrate', doubled],
      ['knex migrate:list', doubled],
      ['schemagate down', doubled.slice(0, 2)],
      ['knex migrate:rollback --all', []],
    ],
  },
  {
    name: 'a ledger without extensions goes on without',
    files: { migrations: files('.js.js', moduleOf) },
    steps: [
      ['schemagate migrate --to 002_plays.js', upTo(2, '.js.js')],
      [withoutExtension, upTo(2, '.js')],
      ['schemagate migrate', upTo(3, '.js')],
      ['schemagate verify', upTo(3, '.js')],
      ['schemagate down', upTo(2, '.js')],
    ],
  },
  {
    name: 'a source that gives plain Knex names without extension',
    files: { migrations: files('.ts', typescriptOf) },
    source: true,
    steps: inTurn(''),
  },
]

const knexfileOf = (url: string, source: boolean): string =>
  source
    ? `import { knexMigrationSource } from '${sourceUrl}'
export default { migrations: { migrationSource: knexMigrationSource(new URL('migrations', import.meta.url).pathname) } }\n`
    : `export default { client: 'pg', connection: '${url}', migrations: ${JSON.stringify(loadAll)} }\n`

interface Place {
  readonly root: string
  readonly url: string
  readonly source: boolean
  readonly knexEnv: Environment | null
}

/** Runs a line, and returns what it says where it failed. */
async function failureOf(t: Test, line: string, place: Place): Promise<string> {
  const [program = '', ...words] = line.split(' ')
  const { root, url, knexEnv } = place
  if (program === 'sql') await query(url, words.join(' '))
  if (program === 'schemagate') {
    const { exit, text } = await call(words, { root, env: { DATABASE_URL: url, SCRATCH_DATABASE_URL: url } })
    return exit === 0 ? '' : text
  }
  if (program !== 'knex') return ''
  if (knexEnv === null) return callKnex(words, place).then(() => '', String)
  const { exit, stdout, stderr } = await run(t, words, { cwd: root, env: knexEnv, entry: knexCli })
  return exit === 0 ? '' : `${stdout}${stderr}`
}

/** Does with the migrator of Knex what its command line does. */
async function callKnex(
  [command, option, value = 'migrations']: readonly string[],
  { root, url, source }: Place,
) {
  const directory = join(root, value)
  const migrations = source ? { migrationSource: knexMigrationSource(directory) } : { directory, ...loadAll }
  const instance = knex({ client: 'pg', connection: url, migrations })
  const { migrate } = instance
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    'migrate:up': () => migrate.up(),
    'migrate:down': () => migrate.down(),
    'migrate:latest': () => migrate.latest(),
    'migrate:list': () => migrate.list(),
    'migrate:rollback': () => migrate.rollback({}, option === '--all'),
  }
  await calls[command ?? '']?.().finally(() => instance.destroy())
}

async function recordedIn(url: string): Promise<readonly unknown[]> {
  const [found] = await query(url, `select to_regclass('knex_migrations') is not null as present`)
  if (found?.['present'] !== true) return []
  return (await query(url, 'select name from knex_migrations order by id')).map(({ name }) => name)
}

for (const { name, files: folders, source = false, knexEnv = null, steps } of cases)
  t.test(name, async (t) => {
    const url = await createDatabase(t)
    const root = t.testdir({
      'package.json': '{ "name": "songs", "type": "module" }\n',
      'knexfile.js': knexfileOf(url, source),
      ...folders,
    })
    const place = { root, url, source, knexEnv }
    t.equal(await failureOf(t, 'schemagate snapshot', place), '')
    for (const [line, recorded] of steps) {
      t.equal(await failureOf(t, line, place), '', line)
      t.strictSame(await recordedIn(url), recorded, `recorded after ${line}`)
    }
  })
