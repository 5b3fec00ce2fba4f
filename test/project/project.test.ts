import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import { type KnexConnection } from '../../src/project/knexfile-connection.js'
import type { KnexProject } from '../../src/project/knex-project.js'
import { loadProject, type ProjectLocation } from '../../src/project/knexfile.js'
import { listMigrations, type Migration } from '../../src/project/migration-files.js'
import { createRevisionFinder, ledgerName, revisionOf } from '../../src/project/revision-name.js'
import { knexMigrationSource } from '../../src/project/migration-source.js'
import { findKnex } from '../../src/project/project-knex.js'

const withoutLoad = ({ revision, file, path, knexName, checksum }: Migration) => ({
  revision,
  file,
  path,
  knexName,
  checksum,
})

type Files = Readonly<Record<string, string | Readonly<Record<string, string>>>>

const migration = 'export const up = async () => {}\n'

/** The project in a folder with these files. Paths in what is found begin where the folder is. */
async function load(
  t: Test,
  files: Files,
  location: Partial<ProjectLocation> = {},
): Promise<{ readonly root: string; readonly project: KnexProject }> {
  const root = t.testdir(files)
  const project = await loadProject({
    root,
    directories: null,
    knexfile: null,
    sections: ['production', 'development'],
    ...location,
  })
  return { root, project }
}

async function refusal(attempt: Promise<unknown>, root = '/songs'): Promise<string> {
  try {
    await attempt
  } catch (error) {
    if (error instanceof SchemaError) return describeError(error).replaceAll(root, '/songs')
    throw error
  }
  return 'accepted'
}

/** What is read of the settings, without where they were found and which database they name. */
const settingsOf = (project: KnexProject) => {
  const { knexfile: _, environments: __, connection: ___, ...rest } = project
  return rest
}

const defaults = (root: string): KnexProject => ({
  knexfile: null,
  environments: [],
  directories: [join(root, 'migrations')],
  ownDirectories: [join(root, 'migrations')],
  sourceDirectories: [join(root, 'migrations')],
  sortDirsSeparately: false,
  loadExtensions: ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'],
  tableName: 'knex_migrations',
  schemaName: null,
  searchPath: [],
  disableTransactions: false,
  source: null,
  recordsRevisions: false,
  hooks: { beforeAll: null, beforeEach: null, afterEach: null, afterAll: null },
  connection: { kind: 'none' },
  afterCreate: null,
  seeds: {
    isNamed: false,
    directories: [join(root, 'seeds')],
    loadExtensions: ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'],
    recursive: false,
    sortDirsSeparately: false,
    specific: null,
    source: null,
  },
  template: { extension: null, stub: null, variables: {} },
  settings: {},
})

t.test('without a knexfile a project is what Knex takes for granted', async (t) => {
  const { root, project } = await load(t, {})
  t.strictSame(project, defaults(root))
})

const settings = `{ client: 'pg', migrations: { tableName: 'steps' } }`
const knexfiles: Readonly<Record<string, Files>> = {
  'ES module, default export': { 'knexfile.js': `export default ${settings}` },
  'ES module, sections by name': { 'knexfile.mjs': `export const development = ${settings}` },
  'ES module, a function': { 'knexfile.js': `export default () => (${settings})` },
  'ES module, an async function': { 'knexfile.js': `export default async () => (${settings})` },
  CommonJS: { 'knexfile.cjs': `module.exports = ${settings}` },
  'CommonJS in a project of CommonJS': {
    'package.json': '{ "type": "commonjs" }',
    'knexfile.js': `module.exports = { production: ${settings} }`,
  },
  'CommonJS, a function': { 'knexfile.cjs': `module.exports = () => (${settings})` },
  'CommonJS made from an ES module': {
    'knexfile.cjs': `exports.__esModule = true; exports.default = ${settings}`,
  },
  'CommonJS made from an ES module, a function': {
    'knexfile.cjs': `exports.__esModule = true; exports.default = () => (${settings})`,
  },
  TypeScript: {
    'knexfile.ts': `import type { Knex } from 'knex'\nconst config: Knex.Config = ${settings}\nexport default config`,
  },
  'TypeScript, sections': {
    'knexfile.mts': `const config: Record<string, object> = { production: ${settings} }\nexport default config`,
  },
}

t.test('a knexfile is read in every form that Knex reads', async (t) => {
  for (const [name, files] of Object.entries(knexfiles))
    await t.test(name, async (t) => {
      const { root, project } = await load(t, files)
      t.strictSame(settingsOf(project), settingsOf({ ...defaults(root), tableName: 'steps' }))
    })
})

t.test('the settings of migrations are those of the knexfile, beside which its paths begin', async (t) => {
  const { root, project } = await load(
    t,
    {
      config: {
        'knexfile.js': `export default {
          client: 'pg',
          connection: { host: 'db', port: 6432, user: 'app', password: 'a/b', database: 'songs' },
          searchPath: 'music',
          wrapIdentifier: null,
          pool: { max: 50 },
          migrations: {
            directory: ['../steps', './more'], sortDirsSeparately: true, loadExtensions: '.js', tableName: 'steps',
            schemaName: 'record', disableTransactions: true,
          },
        }`,
      },
    },
    { knexfile: join(t.testdirName, 'config/knexfile.js') },
  )
  const directories = [join(root, 'steps'), join(root, 'config/more')]
  t.strictSame(project, {
    ...defaults(root),
    knexfile: join(root, 'config/knexfile.js'),
    seeds: { ...defaults(root).seeds, directories: [join(root, 'config/seeds')] },
    directories,
    ownDirectories: directories,
    sourceDirectories: [join(root, 'config/migrations')],
    sortDirsSeparately: true,
    loadExtensions: ['.js'],
    tableName: 'steps',
    schemaName: 'record',
    searchPath: ['music'],
    disableTransactions: true,
    source: null,
    connection: {
      kind: 'settings',
      settings: { host: 'db', port: 6432, user: 'app', password: 'a/b', database: 'songs' },
    },
    settings: { searchPath: 'music', wrapIdentifier: null },
  })
})

t.test('the connection of a knexfile is read in every form, and what cannot be used says why', async (t) => {
  const url = 'postgres://app@db/songs'
  const unset = 'an environment variable may not be set'
  const unusable = (why: string): KnexConnection => ({ kind: 'unusable', why })
  const forms: readonly (readonly [string, KnexConnection])[] = [
    [`connection: '${url}'`, { kind: 'url', url }],
    [`connection: { connectionString: '${url}' }`, { kind: 'url', url }],
    [
      `connection: { connectionString: '${url}', ssl: true }`,
      { kind: 'settings', settings: { connectionString: url, ssl: true } },
    ],
    [`connection: { database: 'songs' }`, { kind: 'settings', settings: { database: 'songs' } }],
    [``, { kind: 'none' }],
    [`connection: undefined`, unusable(`it is undefined; ${unset}`)],
    [`connection: null`, unusable(`it is null; ${unset}`)],
    [`connection: ' '`, unusable(`it is empty; ${unset}`)],
    [`connection: 5432`, unusable('it is a number')],
    [
      `connection: { connectionString: undefined, ssl: true }`,
      unusable(`its connectionString is undefined; ${unset}`),
    ],
    [`connection: { connectionString: '' }`, unusable(`its connectionString is empty; ${unset}`)],
    [
      `connection: { database: 'songs', binary: true }`,
      unusable('its setting binary would change how every value is read'),
    ],
    [
      `connectionPool: {}`,
      unusable('connectionPool is a pool of the application; connection is what is used'),
    ],
  ]
  for (const [index, [text, expected]] of forms.entries()) {
    const name = `knexfile${index}.js`
    const { project } = await load(
      t,
      { [name]: `export default { client: 'pg', ${text} }` },
      { knexfile: join(t.testdirName, name) },
    )
    t.strictSame(project.connection, expected, text)
  }
})

t.test('the section is that of the environment, else the whole', async (t) => {
  const { root } = await load(t, {
    'knexfile.js': `export default {
      development: { migrations: { tableName: 'a' } }, staging: { migrations: { tableName: 'b' } },
      migrations: { tableName: 'c' },
    }`,
  })
  const found = async (...sections: readonly string[]): Promise<string> =>
    (await loadProject({ root, directories: null, knexfile: null, sections })).tableName
  t.equal(await found('staging', 'development'), 'b')
  t.equal(await found('production', 'development'), 'c', 'the whole file, as Knex')
  t.equal(await found('production'), 'c')
  t.equal(await found(), 'c')
})

t.test(
  'folders that are named win over those of a knexfile and a source of its own, and change nothing else',
  async (t) => {
    const source = `{ getMigrations: async () => [], getMigrationName: () => '', getMigration: async () => ({}) }`
    const { root, project } = await load(
      t,
      {
        'knexfile.js': `export default {
        migrations: { tableName: 'steps', schemaName: 'record', migrationSource: ${source} },
      }`,
      },
      { directories: ['/elsewhere'] },
    )
    const expected = { ...defaults(root), directories: ['/elsewhere'], ownDirectories: [] }
    t.strictSame(settingsOf(project), settingsOf({ ...expected, tableName: 'steps', schemaName: 'record' }))
    const without = await loadProject({ root, directories: ['/elsewhere'], knexfile: 'none', sections: [] })
    t.strictSame(
      without,
      { ...defaults(root), directories: ['/elsewhere'] },
      'a knexfile that is not wanted is not read',
    )
  },
)

t.test('a knexfile that cannot be used is refused, and says why', async (t) => {
  const unusable: Readonly<Record<string, readonly [string, string]>> = {
    'a.js': ['export default 7', 'it exports no settings'],
    'b.cjs': ['module.exports = () => null', 'it exports no settings'],
    'c.js': [`throw new Error('DB_HOST is not set')`, 'it could not be loaded: DB_HOST is not set'],
    'd.js': [
      `export default async () => { throw new Error('DB_HOST is not set') }`,
      'it could not be loaded: DB_HOST is not set',
    ],
    'e.cjs': [`throw 'nothing works'`, 'it could not be loaded: nothing works'],
  }
  const root = t.testdir(Object.fromEntries(Object.entries(unusable).map(([name, [text]]) => [name, text])))
  for (const [name, [, why]] of Object.entries(unusable))
    t.equal(
      await refusal(loadProject({ root, directories: null, knexfile: join(root, name), sections: [] }), root),
      `SCHEMA_KNEXFILE_INVALID: The knexfile cannot be used: ${why}.

  knexfile   /songs/${name}

Do one of:
${
  why.startsWith('it could')
    ? `  correct the file   it threw an error; it may need a setting or an environment variable
  --knexfile FILE    names`
    : '  --knexfile FILE   names'
} a different one; none reads no knexfile`,
      name,
    )
  const missing = `throw Object.assign(new Error("Cannot find module 'dotenv'\\nRequire stack:\\n- it.cjs"), { code: 'MODULE_NOT_FOUND' })`
  const importing = t.testdir({ 'it.cjs': missing })
  t.equal(
    await refusal(
      loadProject({ root, directories: null, knexfile: join(importing, 'it.cjs'), sections: [] }),
      importing,
    ),
    `SCHEMA_KNEXFILE_INVALID: The knexfile cannot be used: it could not be loaded: Cannot find module 'dotenv'.

  knexfile   /songs/it.cjs
  error      Cannot find module 'dotenv'
             Require stack:
             - it.cjs

Do one of:
  npm install                   installs the modules that it imports
  NODE_OPTIONS='--import tsx'   resolves path aliases and imports without extension, as tsx does
  --knexfile FILE               names a different one; none reads no knexfile`,
    'a message of several lines',
  )
  const knexfile = join(root, 'none.js')
  t.match(
    await refusal(loadProject({ root, directories: null, knexfile, sections: [] })),
    /^SCHEMA_KNEXFILE_INVALID: The knexfile cannot be used: there is no such file\./,
  )
})

t.test('a knexfile in TypeScript may be named as the JavaScript that it is compiled to', async (t) => {
  const root = t.testdir({ 'it.mts': `export default { searchPath: 'app' }` })
  const { searchPath } = await loadProject({
    root,
    directories: null,
    knexfile: join(root, 'it.mjs'),
    sections: [],
  })
  t.strictSame(searchPath, ['app'])
})

/** What is listed of the project in a folder with these files: the names of the files in their order. */
async function listed(t: Test, files: Files, location: Partial<ProjectLocation> = {}) {
  const { root, project } = await load(t, files, location)
  const migrations = await listMigrations(project)
  return migrations.map(({ path }) => path?.slice(root.length + 1))
}

t.test('migrations are the files of every kind of JavaScript, in the order of their names', async (t) => {
  const names = ['001_b.mjs', '002_a.ts', '003_c.cjs', '010_a.js', '01_z.cts', '2_x.mts']
  const others = [
    '.eslintrc.cjs.bak',
    '000_types.d.ts',
    '000.d.mts',
    '004.sql',
    'README.md',
    'schema.snapshot.json',
  ]
  const { root, project } = await load(t, {
    migrations: Object.fromEntries([...others, ...names.toReversed()].map((name) => [name, migration])),
  })
  const migrations = await listMigrations(project)
  t.strictSame(
    migrations.map(withoutLoad),
    names.map((file) => ({
      revision: file.replace(/\.\w+$/, ''),
      file,
      path: join(root, 'migrations', file),
      knexName: file,
      checksum: `sha256:${createHash('sha256').update(migration).digest('hex')}`,
    })),
  )
})

t.test('extensions are those of the project', async (t) => {
  const knexfile = (extensions: string) => `export default { migrations: { loadExtensions: ${extensions} } }`
  const migrations = { '001.js': migration, '002.ts': migration, '003.mjs': migration }
  t.strictSame(await listed(t, { 'knexfile.js': knexfile(`['.ts', '.mjs']`), migrations }), [
    'migrations/002.ts',
    'migrations/003.mjs',
  ])
})

t.test('a .ts and the .js built from it are one migration', async (t) => {
  const migrations = { '001.js': migration, '001.ts': migration, '001.d.ts': '', '002.js': migration }
  t.strictSame(await listed(t, { migrations }), ['migrations/001.ts', 'migrations/002.js'])
})

t.test('migrations of several folders are one list, or one after the other', async (t) => {
  const files = {
    a: { '001.js': migration, '004.js': migration },
    b: { '002.js': migration, '003.js': migration },
  }
  const knexfile = (more: string) => `export default { migrations: { directory: ['b', './a'], ${more} } }`
  t.strictSame(await listed(t, { ...files, 'knexfile.js': knexfile('') }), [
    'a/001.js',
    'b/002.js',
    'b/003.js',
    'a/004.js',
  ])
  const separately = { ...files, 'knexfile.mjs': knexfile('sortDirsSeparately: true') }
  t.strictSame(await listed(t, separately), ['b/002.js', 'b/003.js', 'a/001.js', 'a/004.js'])
})

t.test('two migrations of one name are refused', async (t) => {
  const { root, project } = await load(t, {
    'knexfile.js': `export default { migrations: { directory: ['a', 'b'] } }`,
    a: { '001_songs.js': migration },
    b: { '001_songs.ts': migration },
  })
  t.equal(
    await refusal(listMigrations(project), root),
    `SCHEMA_MIGRATION_UNLOADABLE: Two migrations have the name 001_songs, and the ledger cannot tell them apart. Nothing was done.

  files   /songs/a/001_songs.js
          /songs/b/001_songs.ts

Do one of:
  rename one of them   if it was never applied to a database`,
  )
})

t.test('no migration is an error, never a success', async (t) => {
  const choices = `
Do one of:
  --migrations DIR      names the folder
  schemagate new NAME   writes the first migration`
  const empty = await load(t, { migrations: { 'README.md': '', '001.sql': '' } })
  t.equal(
    await refusal(listMigrations(empty.project), empty.root),
    `SCHEMA_MIGRATIONS_EMPTY: The migrations folder contains no migration. Nothing was done.

  folder   /songs/migrations
${choices}`,
  )
  const gone = await load(t, {
    'knexfile.js': `export default { migrations: { directory: ['./migrations', './gone'] } }`,
    migrations: { '001.js': migration },
  })
  t.equal(
    await refusal(listMigrations(gone.project), gone.root),
    `SCHEMA_MIGRATIONS_EMPTY: The migrations folder cannot be read: ENOENT: no such file or directory, scandir '/songs/gone'. Nothing was done.

  folder   /songs/migrations
           /songs/gone
${choices}`,
  )
})

t.test('a checksum is of the text, whatever its line ends and byte-order mark', async (t) => {
  const text = 'export const up = async () => {\n  // ü\n}\n'
  const { project } = await load(t, {
    migrations: {
      '001.js': text,
      '002.js': text.replaceAll('\n', '\r\n'),
      '003.js': `\uFEFF${text}`,
      '004.js': `\uFEFF${text.replaceAll('\n', '\r\n')}`,
      '005.js': text.replaceAll('\n', '\r'),
      '006.js': `${text}\n`,
    },
  })
  const checksums = (await listMigrations(project)).map(({ checksum }) => checksum)
  const [first] = checksums
  t.strictSame(
    checksums.map((checksum) => checksum === first),
    [true, true, true, true, true, false],
  )
  t.match(first, /^sha256:[0-9a-f]{64}$/)
})

const up = `async () => 'up'`
const down = `async () => 'down'`
const config = '{ transaction: false }'

/** What is loaded: results of up and down, null where there is no down, and whether it wants a transaction. */
const forms: Readonly<Record<string, readonly [string, readonly unknown[]]>> = {
  '001_esm.js': [
    `export const config = ${config}; export const up = ${up}; export const down = ${down}`,
    ['up', 'down', false],
  ],
  '002_default.mjs': [
    `export default { up: ${up}, down: ${down}, config: ${config} }`,
    ['up', 'down', false],
  ],
  '003_exports.cjs': [
    `exports.config = { transaction: true }; exports.up = ${up}; exports.down = ${down}`,
    ['up', 'down', true],
  ],
  '004_module.cjs': [
    `module.exports = { up: ${up}, down: ${down}, config: ${config} }`,
    ['up', 'down', false],
  ],
  '005_transpiled.cjs': [
    `exports.__esModule = true; exports.default = { up: ${up}, config: ${config} }`,
    ['up', null, false],
  ],
  '006_typed.ts': [
    `import type { Knex } from 'knex'\nexport async function up(knex: Knex): Promise<string> { return 'up' }`,
    ['up', null, null],
  ],
  '007_typed.cts': [`exports.up = async (): Promise<string> => 'up'`, ['up', null, null]],
  '008_class.js': [
    `class Songs { word = 'up'; async up() { return this.word } }; export default new Songs()`,
    ['up', null, null],
  ],
  '009_both.js': [`export const up = ${up}; export default 'songs'`, ['up', null, null]],
  '010_config.js': [
    `export const up = ${up}; export const config = { transaction: 'no' }`,
    ['up', null, null],
  ],
}

t.test('a migration is loaded in every form that Knex loads, and some that it does not', async (t) => {
  const files = Object.entries(forms).map(([name, [text]]) => [name, text])
  const { project } = await load(t, { migrations: Object.fromEntries(files) })
  const { default: knex } = await import('knex')
  const unused = knex({ client: 'pg' })
  t.teardown(() => unused.destroy())
  for (const migration of await listMigrations(project)) {
    const { up, down, transaction } = await migration.load()
    const done = [await up(unused), down === null ? null : await down(unused), transaction]
    t.strictSame(done, forms[migration.file ?? '']?.[1], `${migration.file}`)
  }
})

t.test('a migration that cannot be loaded is refused, and says why', async (t) => {
  const broken: Readonly<Record<string, readonly [string, string]>> = {
    '001_none.js': [
      'export const down = async () => {}',
      `SCHEMA_MIGRATION_UNLOADABLE: Migration 001_none exports no up function. Nothing was done.

Do one of:
  export async function up(knex) { … }   is what a migration needs`,
    ],
    '002_throws.js': [
      `throw new Error('SONGS is not set')`,
      `SCHEMA_MIGRATION_UNLOADABLE: A migration file could not be loaded. Nothing was done.

  file    /songs/migrations/002_throws.js
  error   SONGS is not set

Do one of:
  correct the file   it threw an error; it may need a setting or an environment variable`,
    ],
    '003_imports.cjs': [
      `throw Object.assign(new Error("Cannot find module 'songs'"), { code: 'MODULE_NOT_FOUND' })`,
      `SCHEMA_MIGRATION_UNLOADABLE: A migration file could not be loaded. Nothing was done.

  file    /songs/migrations/003_imports.cjs
  error   Cannot find module 'songs'

Do one of:
  npm install                   installs the modules that it imports
  NODE_OPTIONS='--import tsx'   resolves path aliases and imports without extension, as tsx does`,
    ],
  }
  const files = Object.entries(broken).map(([name, [text]]) => [name, text])
  const { root, project } = await load(t, { migrations: Object.fromEntries(files) })
  for (const migration of await listMigrations(project))
    t.equal(await refusal(migration.load(), root), broken[migration.file ?? '']?.[1], `${migration.file}`)
})

t.test('a source of the project is asked, and needs no folder', async (t) => {
  const { project } = await load(t, {
    'knexfile.js': `class Source {
        names = ['002_b.ts', '001_a']
        async getMigrations(extensions) { return [...this.names, String(extensions.length)] }
        getMigrationName(name) { return name }
        async getMigration(name) { return { up: async () => name, config: ${config} } }
      }
      export default { migrations: { migrationSource: new Source() } }`,
  })
  t.strictSame(project.directories, [])
  const migrations = await listMigrations(project)
  t.strictSame(
    migrations.map(withoutLoad),
    ['002_b.ts', '001_a', '6'].map((knexName) => ({
      revision: knexName.replace(/\.ts$/, ''),
      file: null,
      path: null,
      knexName,
      checksum: null,
    })),
    'in its own order',
  )
  t.match(await migrations[0]?.load(), { down: null, transaction: false })
  const none = { ...knexMigrationSource(), getMigrations: async () => [] }
  t.equal(
    await refusal(listMigrations({ ...project, source: none })),
    `SCHEMA_MIGRATIONS_EMPTY: The migration source of the knexfile lists no migration. Nothing was done.

Do one of:
  --migrations DIR   names a folder to read instead`,
  )
})

t.test('our source for a knexfile gives plain Knex the same migrations, and us its folders', async (t) => {
  const ours = new URL('../../src/project/migration-source.ts', import.meta.url).href
  const { root, project } = await load(t, {
    'knexfile.js': `import { knexMigrationSource } from '${ours}'
      const migrationSource = knexMigrationSource(new URL('steps', import.meta.url).pathname)
      export default { migrations: { migrationSource, tableName: 'steps' } }`,
    steps: {
      '001.js': `export const up = async () => {}; export const down = async () => {}; export const config = ${config}`,
      '002.js': migration,
    },
  })
  const directories = [join(root, 'steps')]
  t.strictSame(
    settingsOf(project),
    settingsOf({
      ...defaults(root),
      directories,
      ownDirectories: directories,
      tableName: 'steps',
      recordsRevisions: true,
    }),
  )
  t.strictSame(
    (await listMigrations(project)).map(({ knexName }) => knexName),
    ['001', '002'],
    'we record them as plain Knex does',
  )
  const source = knexMigrationSource(join(root, 'steps'))
  const migrations = await source.getMigrations([])
  t.strictSame(
    migrations.map((migration) => source.getMigrationName(migration)),
    ['001', '002'],
  )
  const steps = await Promise.all(migrations.map((migration) => source.getMigration(migration)))
  t.strictSame(
    steps.map((step) => ('config' in step ? step.config : undefined)),
    [{ transaction: false }, undefined],
  )
  const { default: knex } = await import('knex')
  const unused = knex({ client: 'pg' })
  t.teardown(() => unused.destroy())
  t.strictSame(await Promise.all(steps.map(({ up }) => up(unused))), [undefined, undefined])
  t.equal(await steps[0]?.down?.(unused), undefined)
  await t.rejects(Promise.resolve(steps[1]?.down?.(unused)), { message: '002 has no down function' })
})

t.test('a revision is the name without its extension, and is recorded as the ledger records', async (t) => {
  const revisions: readonly (readonly [string, string])[] = [
    ['20251104_add_tags.js', '20251104_add_tags'],
    ['20251104_add_tags.ts', '20251104_add_tags'],
    ['20251104_add_tags.cjs', '20251104_add_tags'],
    ['20251104_add_tags.mts', '20251104_add_tags'],
    ['20251104_add_tags.coffee', '20251104_add_tags'],
    ['20251104_add_tags', '20251104_add_tags'],
    ['20251104_add.node.js.ts', '20251104_add.node.js'],
    ['20251104_v1.2', '20251104_v1.2'],
  ]
  for (const [name, revision] of revisions) t.equal(revisionOf(name), revision)
})

interface NamingCase {
  readonly name: string
  readonly build: readonly string[]
  /** As the ledger has them. */
  readonly recorded: readonly string[]
  /** As the last of the build is recorded. */
  readonly next: string
}

const namings: readonly NamingCase[] = [
  { name: 'nothing is recorded', build: ['001.ts', '002.mjs'], recorded: [], next: '002.mjs' },
  { name: 'no extensions', build: ['001.ts', '002.ts'], recorded: ['001'], next: '002' },
  { name: 'the files', build: ['001.js', '002.js'], recorded: ['001.js'], next: '002.js' },
  { name: 'what they were compiled from', build: ['001.js', '002.js'], recorded: ['001.ts'], next: '002.ts' },
  { name: 'compiled by others', build: ['001.ts', '002.ts'], recorded: ['001.js'], next: '002.js' },
  {
    name: 'the first file in TypeScript',
    build: ['001.js', '002.js', '003.ts'],
    recorded: ['001.js', '002.js'],
    next: '003.ts',
  },
  {
    name: 'some compiled, some not',
    build: ['001.js', '002.js', '003.js'],
    recorded: ['001.js', '002.ts'],
    next: '003.ts',
  },
  {
    name: 'the first compiled CommonJS',
    build: ['001.mjs', '002.cjs'],
    recorded: ['001.mts'],
    next: '002.cts',
  },
  { name: 'a file of another kind', build: ['001.ts', '002.js'], recorded: ['001'], next: '002' },
  { name: 'lost files', build: ['002.js'], recorded: ['001.ts'], next: '002.ts' },
  { name: 'lost files without extension', build: ['002.js'], recorded: ['001'], next: '002' },
  { name: 'two extensions', build: ['001.js.js', '002.js'], recorded: ['001.js.js'], next: '002.js' },
  { name: 'one of two extensions', build: ['001.js.js', '002.js'], recorded: ['001.js'], next: '002' },
]

const named = (file: string) => ({ revision: revisionOf(file), file, knexName: file })

t.test('a ledger goes on as it began, and a new one has the names of the files', async (t) => {
  for (const { name, build, recorded, next } of namings) {
    const migrations = build.map(named)
    const findRevision = createRevisionFinder(migrations)
    const records = recorded.map((each) => ({ name: each, revision: findRevision(each) }))
    t.equal(ledgerName(named(build.at(-1) ?? ''), migrations, records), next, name)
  }
  const source = { revision: '002', file: null, knexName: '002.sql' }
  t.equal(ledgerName(source, [source], [{ name: '001.ts', revision: '001' }]), '002.sql', 'a source')
})

t.test(
  'a recorded name is first that of a file, then a revision, then a file with another extension',
  async (t) => {
    const findRevision = createRevisionFinder(['a.js', 'a.js.js', 'b.js.js', 'c.ts'].map(named))
    const names = ['a', 'a.js', 'a.js.js', 'b.js', 'b.js.ts', 'c.js', 'd.js.js', 'e']
    t.strictSame(names.map(findRevision), ['a', 'a', 'a.js', 'b.js', 'b.js', 'c', 'd.js', 'e'])
  },
)

t.test('the version of pg is found where its exports hide its package.json', async (t) => {
  const packageOf = (version: string, more = {}) => ({
    'package.json': JSON.stringify({ version, main: 'index.js', ...more }),
    'index.js': 'module.exports = () => {}\n',
  })
  const root = t.testdir({
    node_modules: { knex: packageOf('3.1.0'), pg: packageOf('8.16.0', { exports: { '.': './index.js' } }) },
  })
  t.match(findKnex({ knexfile: join(root, 'knexfile.js'), directories: [] }), {
    version: '3.1.0',
    pg: '8.16.0',
  })
})
