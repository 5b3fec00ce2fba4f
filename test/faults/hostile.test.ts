import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pg from 'pg'
import t from 'tap'
import ts from 'typescript'
import { loadConfig } from '../../src/config/load.js'
import type { ProgressReporter } from '../../src/core/progress/events.js'
import { createHealthTracker } from '../../src/gate/health-state.js'
import { startGate } from '../../src/gate/start-gate.js'
import { createLog, logRefusal, createLogReporter } from '../../src/logging/log.js'
import { buildApp } from '../../src/service/app.js'
import { type Called, call, type Calling } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import type { Environment } from '../support/process.js'
import { createProject, type MigrationData } from '../support/project.js'

/** Whatever follows a line break in a name: no line of ours begins with it. */
const forged = 'FORGED: all is well'

/** Names that PostgreSQL takes, and that would be something else to a terminal, a shell, SQL, HTML or JavaScript. */
const names: readonly string[] = [
  `it's`,
  `say "hi"`,
  `"`,
  `line\n${forged}`,
  `return\r${forged}`,
  `line\u2028${forged}`,
  '\ttab',
  'a.b.c',
  'a b ',
  '🎵 💥',
  'e\u0301 and é',
  '\u202egnp.exe',
  `${'ä'.repeat(31)}x`,
  'x"; drop table victims; --',
  `'); drop table victims; --`,
  '-- no comment',
  '/* */ */',
  '$$ $1 ${1 + 1}',
  '`${process.exit()}`',
  '<script>alert(1)</script>&amp;',
  '\u001b[31mred\u001b[0m\u0007',
  '\u0085\u009b31m',
  'back\\slash \\n \\',
  'what ? or ??',
  ':name :1 @x #y %s %20',
  '(integer)',
  'f(a, b)',
  'a, b: c = d',
  '*',
  '__proto__',
  'constructor',
  'select',
  'NULL',
]

const q = pg.escapeIdentifier
const text = pg.escapeLiteral

/** Another name, with the most of this one that fits. */
const other = (name: string, number: number): string => `${name.slice(0, 20)}${number}`

/** One of everything that has a name of its own, for each name. */
const objects = (name: string, number: number): readonly string[] => [
  `create schema ${q(name)}`,
  `create table ${q(name)}.${q(name)} (${q(name)} int constraint ${q(name)} check (${q(name)} > 0), other text default ${text(name)})`,
  `create table hostile.t${number} (id int primary key, ${q(name)} text collate "C")`,
  `create index ${q(name)} on hostile.t${number} (lower(${q(name)})) where ${q(name)} <> ${text(name)}`,
  `create type hostile.${q(`e${number}`)} as enum (${text(name)})`,
  `create type ${q(name)}.mood as enum (${text(name)}, 'ok')`,
  `create domain ${q(name)}.code as text constraint ${q(name)} check (value <> ${text(name)})`,
  `create type ${q(name)}.pair as (${q(name)} int, b ${q(name)}.mood)`,
  `create view ${q(name)}.v as select ${q(name)}, other as ${q(other(name, 2))} from ${q(name)}.${q(name)}`,
  `create sequence ${q(name)}.s owned by ${q(name)}.${q(name)}.${q(name)}`,
  `create function ${q(name)}.${q(name)}(${q(name)} int) returns int language sql as ${text(`select 1 -- ${name.replaceAll(/[\n\r\u2028]/g, ' ')}`)}`,
  `create function ${q(name)}.touch() returns trigger language plpgsql as 'begin return new; end'`,
  `create trigger ${q(name)} after insert on ${q(name)}.${q(name)} for each row execute function ${q(name)}.touch()`,
  `create policy ${q(name)} on ${q(name)}.${q(name)} using (${q(name)} > 1)`,
  `create statistics ${q(name)}.${q(`s${number}`)} on ${q(name)}, other from ${q(name)}.${q(name)}`,
  `comment on column ${q(name)}.${q(name)}.${q(name)} is ${text(name)}`,
]

const migrations: Readonly<Record<string, MigrationData>> = {
  '001_hostile': {
    up: ['create table victims (id int)', 'create schema hostile', ...names.flatMap(objects)],
  },
  '002_more': { up: names.map((name) => `alter table ${q(name)}.${q(name)} add ${q(other(name, 3))} int`) },
}

/** What a terminal would obey, what turns the direction of writing around, and a line that a name began. */
const dangerous = /[^\P{Cc}\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]|^\W*FORGED/mu

/** Where a text has what a terminal would obey, null where it has not. */
function dangerIn(said: string): string | null {
  const found = dangerous.exec(said)
  return found === null ? null : JSON.stringify(said.slice(Math.max(0, found.index - 40), found.index + 40))
}

/** The text without its SQL, which has to have every name as it is. */
function wordsOf(said: string): string {
  return said.split(/^(?:to repair|.* This SQL leads from the first to the second:)$/m)[0] ?? ''
}

/** What is there is not as promised, for each name. */
const drift = (name: string, number: number): string => `
  alter table ${q(name)}.${q(name)} drop column ${q(name)} cascade;
  drop index hostile.${q(name)};
  create table ${q(name)}.${q(other(name, 4))} (a int);
  alter table hostile.t${number} alter column ${q(name)} set not null;`

/** What a draft is made of, for each name. */
const wish = (name: string): string => `
  alter table ${q(name)}.${q(name)} drop column other cascade, add ${q(other(name, 5))} text default ${text(name)};
  create table ${q(name)}.${q(other(name, 6))} (${q(name)} int primary key, b text default ${text(name)} not null);`

interface Statement {
  readonly sql: string
}

function statementsIn({ document }: Called): readonly string[] {
  const { statements }: { statements: readonly Statement[] } = JSON.parse(JSON.stringify(document))
  return statements.map(({ sql }) => sql)
}

t.test('names of objects', async (t) => {
  const project = await createProject(t, migrations)
  const place = { root: project.root, env: project.env }
  await project.migrate()
  t.match(await call(['verify'], place), { exit: 0, text: /as promised$/ })

  await t.test('a database is built from the snapshot', async (t) => {
    const url = await createDatabase(t)
    const called = await call(['init'], { ...place, env: { ...place.env, DATABASE_URL: url } })
    t.equal(called.exit, 0, called.text)
  })

  await t.test('what differs is said without harm', async (t) => {
    await project.query(names.map(drift).join(''))
    const lines = ['verify', 'status', 'diff database snapshot', 'stamp', 'stamp 002_more', 'check']
    for (const line of lines) {
      const { text } = await call(line.split(' '), place)
      t.equal(dangerIn(wordsOf(text)), null, line)
    }
  })

  await t.test('logs, pages and documents say it without harm', async (t) => {
    const refused = await logOf(place, { ON_DRIFT: 'refuse', HEALTH_DETAILS: 'always' })
    t.match(refused.error, { code: 'SCHEMA_DRIFT' })
    const warned = await logOf(place, { ON_DRIFT: 'warn', HEALTH_DETAILS: 'always' })
    for (const { json, story } of [refused, warned]) {
      t.equal(dangerIn(story), null, 'the terminal')
      for (const line of json.trim().split('\n')) {
        const { msg }: { msg: string } = JSON.parse(line)
        t.equal(dangerIn(msg), null, 'the message of a line of JSON')
      }
    }
    const { page, document } = warned
    t.equal(dangerIn(page), null, 'the page')
    t.notMatch(page, /<script|<\/script/)
    t.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/)
    const { verification }: { verification: { differences: readonly { object: string }[] } } =
      JSON.parse(document)
    const missing = verification.differences.map(({ object }) => object)
    const untold = names
      .filter((name) => !/^[a-z_]+$/.test(name))
      .filter((name) => !missing.includes(`column:${q(name)}.${q(name)}.${q(name)}`))
    t.strictSame(untold, [])
  })

  await t.test('SQL that repairs it does', async (t) => {
    const script = await call(['diff', 'database', 'snapshot', '--sql'], place)
    const statements = statementsIn(await call(['diff', 'database', 'snapshot', '--json'], place))
    const rest = statements.reduce((left, sql) => left.replace(`${sql};`, () => ''), script.text)
    t.strictSame(
      rest.split('\n').filter((line) => !/^(?:|BEGIN;|COMMIT;|SET \w+_timeout = [\d's]+;|--.*)$/.test(line)),
      [],
      'all that is no statement is a comment',
    )
    t.equal(dangerIn(rest), null, 'comments')
    await runAll(project.url, statements)
    t.match(await call(['verify'], place), { exit: 0 })
    t.strictSame(await project.query('select * from victims'), [], 'nobody dropped the victims')
  })

  await t.test('a draft runs and leads there', async (t) => {
    await project.query(names.map(wish).join(''))
    const drafted = await call(['new', 'drafted', '--from', 'database'], place)
    t.equal(dangerIn(drafted.text), null)
    const file = join(project.root, 'migrations', '003_drafted.js')
    const code = await readFile(file, 'utf8')
    const strings = code.replaceAll(/\t|^FORGED/gm, '')
    t.equal(dangerIn(strings), null, 'the code')
    await writeFile(file, code.replaceAll(/^  throw new Error\([^;]*?\)$/gm, ''))
    t.match(await call(['snapshot'], place), { exit: 0 })
    const left = await call(['diff', 'database', 'snapshot'], place)
    t.match(left, { exit: 0 }, left.text)
  })

  await t.test('types', async (t) => {
    const { exit, text } = await call(['types', '--out', '-'], place)
    t.equal(exit, 0)
    t.equal(dangerIn(text), null)
    const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, fileName: 'types.ts' })
    t.strictSame(diagnostics, [])
  })
})

interface Logged {
  readonly error: unknown
  /** The log in both its forms. */
  readonly json: string
  readonly story: string
  /** The health document and page, empty where the gate did not open. */
  readonly document: string
  readonly page: string
}

/** Opens the gate in this process. */
async function logOf({ root, env }: Calling, more: Environment): Promise<Logged> {
  const config = loadConfig({ root, env: { ...env, ...more } })
  const written = { json: '', story: '' }
  const into = (form: 'json' | 'story'): Writable =>
    new Writable({
      write: (chunk, _, done) => {
        written[form] += String(chunk)
        done()
      },
    })
  const logs = [createLog('trace', 'json', into('json')), createLog('trace', 'terminal', into('story'))]
  const report: ProgressReporter = (progress) => logs.forEach((log) => createLogReporter(log)(progress))
  const silent = createLog('silent', 'json', into('json'))
  const health = createHealthTracker(config)
  try {
    const { gate } = await startGate(config, { log: silent, report, health })
    const app = await buildApp(config, health, silent)
    const ask = async (accept: string): Promise<string> =>
      (await app.inject({ url: '/health/schema', headers: { accept } })).body
    const [document, page] = [await ask('application/json'), await ask('text/html')]
    await app.close()
    await gate.close()
    return { error: null, ...written, document, page }
  } catch (error) {
    for (const log of logs) logRefusal(log, error)
    return { error, ...written, document: '', page: '' }
  }
}

async function runAll(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const sql of statements) await client.query(sql)
  } finally {
    await client.end()
  }
}

interface Setting {
  readonly name: string
  readonly env: Environment
  /** What is said of it; null where it is taken. */
  readonly refused: string | null
}

const label = 'expected one line of at most 200 characters'
const target = 'expected at most 63 letters, digits, - and _, beginning with a letter or digit'

const settings: readonly Setting[] = [
  ...[
    '../../etc/passwd',
    'prod/..',
    '__proto__',
    '-rf',
    'x\n',
    `a\n${forged}`,
    'ünï',
    'a'.repeat(64),
    '$(id)',
  ].map((value) => ({
    name: `ENV_TARGET ${JSON.stringify(value)}`,
    env: { ENV_TARGET: value },
    refused: target,
  })),
  ...['SERVICE_NAME', 'INSTANCE', 'RELEASE', 'SERVICE_VERSION'].flatMap((key) =>
    [`a\n${forged}`, 'x\u001b[31m', 'x'.repeat(10_000), 'a\u2028b'].map((value) => ({
      name: `${key} ${JSON.stringify(value).slice(0, 20)}`,
      env: { [key]: value },
      refused: label,
    })),
  ),
  { name: 'the longest target', env: { ENV_TARGET: 'a'.repeat(63) }, refused: null },
  { name: 'a target that every object has', env: { ENV_TARGET: 'constructor' }, refused: null },
  {
    name: 'quotes, accents, signs and length',
    env: {
      SERVICE_NAME: `it's "my" <i>sërvice</i> 🎵 \u202e; drop table victims; --`,
      INSTANCE: `ünï "quoted" 'host' ${'🎵'.repeat(60)}`,
      RELEASE: `${'é'.repeat(100)} \\ \${1} %s ?`,
    },
    refused: null,
  },
]

t.test('names of environment and service', async (t) => {
  const project = await createProject(t, {
    '001_songs': `create table songs as select current_setting('application_name')::text as name`,
  })
  await writeFile(
    join(project.root, 'knexfile.js'),
    `export default { development: { migrations: { tableName: 'own_ledger' } } }\n`,
  )
  for (const { name, env, refused } of settings)
    t.test(name.replaceAll(/[^\w ]/g, '_'), async (t) => {
      const place = { root: project.root, env: { ...project.env, ...env } }
      if (refused !== null) {
        const said = await call(['status'], place)
        t.match(said, { exit: 2 })
        t.match(said.text, /^SCHEMA_CONFIG_INVALID/)
        t.ok(said.text.includes(refused), said.text)
        t.equal(dangerIn(said.text), null)
        t.ok(said.text.length < 1_000, 'it is not said at length')
        return
      }
      const url = await createDatabase(t)
      const placed = { ...place, env: { ...place.env, DATABASE_URL: url } }
      const migrated = await call(['migrate'], placed)
      t.equal(migrated.exit, 0, migrated.text)
      const [row] = await query(url, 'select name from songs')
      t.match(String(row?.['name']), /^schemagate [!-~]+ [!-~]+ [!-~]+$/)
      const [written] = await query(
        url,
        `select host, release from schemagate_ledger where event = 'applied'`,
      )
      if ('INSTANCE' in env) t.match(written, { host: env.INSTANCE, release: env.RELEASE })
      const { error, json, story, page } = await logOf(placed, {})
      t.equal(error, null)
      t.equal(dangerIn(story), null)
      t.equal(dangerIn(page), null)
      t.notMatch(page, '<i>')
      for (const line of json.trim().split('\n')) JSON.parse(line)
      t.strictSame(await query(url, 'select from own_ledger'), [{}], 'the knexfile is read')
    })
})

const folders: readonly string[] = [
  `it's "my" ünï 🎵 e\u0301 $(touch x) \`id\` ;`,
  'a%20b#c?d&e',
  `line\n${forged} \u001b[31m`,
  '__proto__',
]

t.test('names of folders', async (t) => {
  const code = 'export const up = (knex) => knex.raw("create table songs (id int)")\n'
  const root = t.testdir({
    'package.json': '{ "type": "module" }',
    ...Object.fromEntries(folders.map((folder) => [folder, { '001_songs.js': code }])),
    empty: { [`em\npty`]: {} },
  })
  for (const [index, folder] of folders.entries())
    t.test(`folder ${index}`, async (t) => {
      const url = await createDatabase(t)
      const env = { DATABASE_URL: url, NODE_ENV: 'production', MIGRATIONS_DIR: `./${folder}` }
      for (const words of [['snapshot'], ['migrate'], ['status'], ['types']]) {
        const said = await call(words, { root, env })
        t.equal(said.exit, 0, said.text)
        t.equal(dangerIn(said.text), null, words.join(' '))
      }
      await writeFile(join(root, folder, '002_broken.js'), 'export const up = 1\n')
      for (const words of [['status'], ['migrate']])
        t.equal(dangerIn((await call(words, { root, env })).text), null, `broken: ${words.join(' ')}`)
    })
  t.test('an empty one', async (t) => {
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', MIGRATIONS_DIR: './empty/em\npty' }
    const said = await call(['status'], { root, env })
    t.match(said.text, /^SCHEMA_MIGRATIONS_EMPTY/)
    t.equal(dangerIn(said.text), null)
  })
  t.test('a file whose name cannot be seen', async (t) => {
    const folder = t.testdir({ 'package.json': '{}', migrations: { [`001_a\n${forged}.js`]: code } })
    const said = await call(['status'], {
      root: folder,
      env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
    })
    t.match(said.text, /^SCHEMA_MIGRATION_UNLOADABLE: The name of a migration contains line breaks/)
    t.equal(dangerIn(said.text), null)
  })
})
