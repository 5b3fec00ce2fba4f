import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { originalPosition } from '../../src/project/original-position.js'
import { call } from '../support/command.js'
import { createProject, type Migrations, type Project } from '../support/project.js'

t.jobs = 2

interface FailingCase {
  readonly name: string
  /** The files of the project by path; `migrations/002_fails…` is the one that fails. */
  readonly files: Readonly<Record<string, string>>
  /** The facts of the error about the statement and the lines. */
  readonly told: string
}

const cases: readonly FailingCase[] = [
  {
    name: 'a raw statement of several lines, with the position that PostgreSQL names',
    files: {
      'migrations/002_fails_raw.js': `export async function up(knex) {
  await knex.raw('select 1')
  await knex.raw(\`create table likes (
    id int referneces songs,
    secret text default 'hunter2')\`)
}
`,
    },
    told: `
  statement        create table likes ( id int referneces songs, secret text default '…')
                   line 2: id int referneces songs,
                                  ^
  at               migrations/002_fails_raw.js:3
                     2 |   await knex.raw('select 1')
                   > 3 |   await knex.raw(\`create table likes (
                     4 |     id int referneces songs,`,
  },
  {
    name: 'one of several at once, without its values',
    files: {
      'migrations/002_fails_all.js': `export const up = (knex) =>
  Promise.all([
    knex('songs').insert({ id: 1 }),
    knex('likes').insert({ id: 42, who: 'ann@example.com' }),
  ])
`,
    },
    told: `
  statement        insert into "likes" ("id", "who") values ($1, $2)
                               ^
  at               migrations/002_fails_all.js:4
                     3 |     knex('songs').insert({ id: 1 }),
                   > 4 |     knex('likes').insert({ id: 42, who: '…' }),
                     5 |   ])`,
  },
  {
    name: 'a helper in another file, through CommonJS',
    files: {
      'lib/indexes.cjs': `exports.addIndex = async (knex, table) => {
  await knex.raw('select 1')
\tawait knex.raw(\`create index on \${table} (id)\`)
}
`,
      'migrations/002_fails_helper.cjs': `const { addIndex } = require('../lib/indexes.cjs')
exports.up = async (knex) => {
  await addIndex(knex, 'likes')
}
exports.down = () => {}
`,
    },
    told: `
  statement        create index on likes (id)
  at               lib/indexes.cjs:3
                     2 |   await knex.raw('select 1')
                   > 3 |   await knex.raw(\`create index on \${table} (id)\`)
                     4 | }
  called at        migrations/002_fails_helper.cjs:3
                     2 | exports.up = async (knex) => {
                   > 3 |   await addIndex(knex, '…')
                     4 | }`,
  },
  {
    name: 'the schema builder, in a transaction of its own',
    files: {
      'migrations/002_fails_schema.js': `export async function up(knex) {
  await knex.transaction(async (inner) => {
    await inner.schema
      .alterTable('songs', (table) => {
        table.dropColumn('plays')
      })
  })
}
`,
    },
    told: `
  statement        alter table "songs" drop column "plays"
  at               migrations/002_fails_schema.js:3
                     2 |   await knex.transaction(async (inner) => {
                   > 3 |     await inner.schema
                     4 |       .alterTable('songs', (table) => {`,
  },
  {
    name: 'code that is wrong by itself, in a callback of the builder',
    files: {
      'migrations/002_fails_code.js': `export const up = (knex) =>
  knex.schema.alterTable('songs', (table) => {
    table.integer('plays').nonsense()
  })
`,
    },
    told: `
  at               migrations/002_fails_code.js:3
                     2 |   knex.schema.alterTable('songs', (table) => {
                   > 3 |     table.integer('plays').nonsense()
                     4 |   })`,
  },
  {
    name: 'an error of its own that keeps the cause',
    files: {
      'migrations/002_fails_cause.js': `export const up = (knex) =>
  knex.raw("select 'x' from likes; -- https://ann:hunter2@example.com").catch((cause) => {
    throw new Error('likes are missing', { cause })
  })
`,
    },
    told: `
  statement        select '…' from likes; -- https://***@example.com
                                   ^
  at               migrations/002_fails_cause.js:2
                     1 | export const up = (knex) =>
                   > 2 |   knex.raw("select '…' from likes; -- https://***@example.com").catch((cause) => {
                     3 |     throw new Error('likes are missing', { cause })`,
  },
  {
    name: 'what PostgreSQL checks at the end of the transaction',
    files: {
      'migrations/002_fails_commit.js': `export const up = (knex) =>
  knex.raw(\`create table likes (id int references songs deferrable initially deferred);
    insert into likes values (1)\`)
`,
    },
    told: `
  statement        COMMIT;`,
  },
]

const songs = { '001_songs': 'create table songs (id int primary key)' }

async function failingProject(t: Parameters<typeof createProject>[0]): Promise<Project> {
  const project = await createProject(t, songs, { snapshot: false, files: { lib: {}, seeds: {} } })
  await project.migrate()
  return project
}

async function writeFiles({ root }: Project, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text)
}

/** The facts of an error from the statement or the line on. */
function originOf(text: string): string {
  return /\n {2}(?:statement|at) [^]*?(?=\n {2}(?:stayed|rolled|reverted)|\n\n)/.exec(text)?.[0] ?? text
}

t.test('a migration that fails names the statement and the line', async (t) => {
  const project = await failingProject(t)
  for (const { name, files, told } of cases)
    await t.test(name, async (t) => {
      await writeFiles(project, files)
      const env = { ...project.env, ON_UNVERIFIED: 'warn' }
      const { exit, text } = await call(['migrate'], { root: project.root, env })
      t.equal(exit, 7)
      t.equal(originOf(text), told)
      for (const path of Object.keys(files)) await rm(join(project.root, path))
    })
})

const typescript = `interface Song {
  readonly id: number
}

export async function up(knex: import('knex').Knex): Promise<void> {
  const song: Song = { id: 1 }
  await knex('likes').insert(song)
}

export const down = (): void => {}
`

const toldOfTypeScript = `
  statement        insert into "likes" ("id") values ($1)
                               ^
  at               migrations/002_fails.ts:7
                     6 |   const song: Song = { id: 1 }
                   > 7 |   await knex('likes').insert(song)
                     8 | }`

t.test('lines of TypeScript are those of its source', async (t) => {
  const project = await failingProject(t)
  const compiled = ts.transpileModule(typescript, {
    fileName: '002_fails.ts',
    compilerOptions: {
      sourceMap: true,
      sourceRoot: '',
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
    },
  })
  const env = { ON_UNVERIFIED: 'warn' }
  await writeFiles(project, { 'migrations/002_fails.ts': typescript })
  const direct = await project.run('migrate', env)
  t.equal(originOf(direct.stderr), toldOfTypeScript, 'loaded as it is')
  await t.test('compiled, with its map', async (t) => {
    const compiledProject = await createProject(t, songs, {
      snapshot: false,
      files: { dist: {}, 'knexfile.js': `export default { migrations: { directory: './dist' } }` },
    })
    await writeFiles(compiledProject, {
      'dist/001_songs.js': await compiledProject.read('migrations/001_songs.js'),
      'migrations/002_fails.ts': typescript,
      'dist/002_fails.js': compiled.outputText,
      'dist/002_fails.js.map': (compiled.sourceMapText ?? '').replace(
        '"002_fails.ts"',
        '"../migrations/002_fails.ts"',
      ),
    })
    const { stderr } = await compiledProject.run('migrate', { ...env, MIGRATION_TRANSACTION: 'each' })
    t.equal(originOf(stderr), toldOfTypeScript)
  })
})

t.test('a source map is found in the file and beside it, with a source that is there or not', async (t) => {
  const source = `const one: number = 1\n\nexport const two: number = one + 1\n`
  const transpile = (options: ts.CompilerOptions) =>
    ts.transpileModule(source, {
      fileName: 'two.ts',
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, ...options },
    })
  const beside = transpile({ sourceMap: true })
  const inline = transpile({ inlineSourceMap: true, inlineSources: true })
  const root = t.testdir({
    there: { 'two.ts': source, 'two.js': beside.outputText, 'two.js.map': beside.sourceMapText ?? '' },
    gone: { 'two.js': inline.outputText },
    broken: { 'two.js': beside.outputText, 'two.js.map': '{' },
    plain: { 'two.js': '\n\nexport const two = 2\n' },
  })
  const line = beside.outputText.split('\n').findIndex((text) => text.includes('two')) + 1
  const positionIn = (folder: string) => originalPosition(join(root, folder, 'two.js'), line, 14)
  t.strictSame(positionIn('there'), { path: join(root, 'there/two.ts'), line: 3, text: source })
  t.strictSame(positionIn('gone'), { path: join(root, 'gone/two.ts'), line: 3, text: source })
  t.strictSame(positionIn('broken'), { path: join(root, 'broken/two.js'), line, text: beside.outputText })
  t.match(positionIn('plain'), { path: join(root, 'plain/two.js'), line })
  t.strictSame(positionIn('nowhere'), { path: join(root, 'nowhere/two.js'), line, text: null })
})

t.test('so does a down, a seed, and a replay in a scratch database', async (t) => {
  const project = await failingProject(t)
  await project.write({ '002_likes': { up: 'create table likes (id int)', down: 'drop table nothing' } })
  await project.migrate()
  const down = await call(['down', '--confirm', 'production'], project)
  t.match(
    originOf(down.text),
    `  statement   drop table nothing
  at          migrations/002_likes.js:6
                5 | export async function down(knex) {
              > 6 |   await knex.raw("drop table nothing")
                7 | }`,
  )
  await writeFiles(project, { 'seeds/songs.js': `export const seed = (knex) => knex('gone').del()\n` })
  const seed = await call(['migrate'], {
    ...project,
    env: { ...project.env, ON_UNVERIFIED: 'warn', SEED_ON_START: 'true' },
  })
  t.match(
    originOf(seed.text),
    `  statement   delete from "gone"
                          ^
  at          seeds/songs.js:1
              > 1 | export const seed = (knex) => knex('gone').del()`,
  )
  await project.write({ '003_fails': 'create table songs (id int)' })
  const replay = await call(['snapshot'], project)
  t.match(replay.text, `  at          migrations/003_fails.js:2\n`)
})

/** What helps, by the statement that failed. */
const advice: readonly (readonly [name: string, migrations: Migrations, choices: string])[] = [
  [
    'what cannot be in a transaction',
    { '002_fails_index': 'create index concurrently on songs (id)' },
    `
  export const config = { transaction: false }   for a migration with this statement alone in its raw: PostgreSQL runs it outside a transaction only
  correct the migration                          then run it again; what is applied is not run again`,
  ],
  [
    'nor in a message with another statement',
    { '002_fails_vacuum': { up: 'vacuum songs; vacuum songs', transaction: false } },
    `
  knex.raw() for it alone   several statements in one raw share a transaction
  correct the migration     then run it again; what is applied is not run again`,
  ],
  [
    'the level of a transaction that has begun',
    { '002_fails_level': ['select 1', 'set transaction isolation level serializable'] },
    `
  correct the migration   then run it again; what is applied is not run again`,
  ],
  [
    'a value of an enum that an earlier revision of the transaction adds',
    {
      '002_mood': `alter type mood add value 'glad'`,
      '003_fails_mood': `alter table feelings alter mood set default 'glad'`,
    },
    `
  MIGRATION_TRANSACTION=each   commits each revision: a value of an enum can be used once the revision that adds it is committed
  split the migration          so that one adds the value and the next one uses it
  correct the migration        then run it again, and with it what was rolled back too`,
  ],
  [
    'a table whose triggers are still to run',
    {
      '002_feeling': `insert into feelings values ('sad', 1)`,
      '003_fails_feeling': 'alter table feelings add column at date',
    },
    `
  MIGRATION_TRANSACTION=each   commits the rows of earlier revisions before the table is altered
  split the migration          so that one changes the rows and the next one the table
  correct the migration        then run it again, and with it what was rolled back too`,
  ],
]

t.test('what helps fits the cause', async (t) => {
  const project = await failingProject(t)
  await project.query(`create type mood as enum ('sad');
    create table feelings (mood mood, song int references songs deferrable initially deferred);
    insert into songs values (1)`)
  for (const [name, migrations, choices] of advice)
    await t.test(name, async (t) => {
      await project.write(migrations)
      const env = { ...project.env, ON_UNVERIFIED: 'warn' }
      const { text } = await call(['migrate'], { root: project.root, env })
      t.equal(text.slice(text.indexOf('Do one of:')).replace('Do one of:', ''), choices, text)
      await project.write(Object.fromEntries(Object.keys(migrations).map((revision) => [revision, null])))
    })
})
