import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { call } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'
import { eventually } from '../support/process.js'
import { createProxy, type Proxy } from '../support/proxy.js'

t.jobs = 2

/** A project whose revisions each create a table with a column, a key and an index, in place of the one before it. */
function createTables(t: Test, count: number): Promise<Project> {
  const revisions = Array.from({ length: count }, (_, index) => [
    `${String(index).padStart(3, '0')}_table`,
    `create table table_${index} (id int primary key, name text); create index on table_${index} (name)`,
  ])
  return createProject(t, Object.fromEntries(revisions))
}

/** What a command sends to an empty database, that of the project or a scratch one. */
async function sentBy(
  t: Test,
  project: Project,
  command: string,
  variable: 'DATABASE_URL' | 'SCRATCH_DATABASE_URL' = 'DATABASE_URL',
): Promise<string> {
  const proxy = await createProxy(t, await createDatabase(t))
  await proxy.mend()
  const { exit, text } = await call([command], {
    root: project.root,
    env: { ...project.env, [variable]: proxy.url },
  })
  t.equal(exit, 0, text)
  return proxy.sent()
}

const count = (sent: string, pattern: RegExp): number => sent.match(pattern)?.length ?? 0

t.test('a revision costs one read of the objects that it changes, planned once a session', async (t) => {
  const some = await sentBy(t, await createTables(t, 4), 'migrate')
  const more = await sentBy(t, await createTables(t, 24), 'migrate')
  const wholeRead = /isolation level repeatable read read only;/g
  t.equal(count(more, /savepoint schemagate_read;\nset/g), 24)
  t.equal(count(more, /execute schemagate_\d+\(/g), 24 * 4, 'tables, columns, constraints and indexes')
  t.equal(count(more, /prepare schemagate_\d+/g), count(some, /prepare schemagate_\d+/g))
  t.equal(count(more, wholeRead), count(some, wholeRead), 'no other read for a revision')
  const settled =
    /savepoint schemagate_settle;\nset [^\0]*schemagate_read;\nset [^\0]*insert into [^\0]*'applied'/g
  t.equal(count(more, settled), 24, 'restored, asked, read and recorded in one message')
  t.equal(count(more, /'applied'/g), 24)
  t.equal(count(more, /'started'/g), 24)
})

t.test('a database with more objects is built in no more messages', async (t) => {
  const some = await sentBy(t, await createTables(t, 4), 'init')
  const more = await sentBy(t, await createTables(t, 24), 'init')
  t.equal(count(some, /CREATE TABLE public/g), 4)
  for (const pattern of [/savepoint schemagate_build;\nCREATE/g, /insert into "public"\."\w+"/g])
    t.equal(count(more, pattern), count(some, pattern), pattern.source)
  t.equal(count(more, /CREATE TABLE public/g), 24)
})

t.test(
  'a replay reads of each revision what it touched, and once more than that of everything',
  async (t) => {
    const some = await sentBy(t, await createTables(t, 4), 'snapshot', 'SCRATCH_DATABASE_URL')
    const more = await sentBy(t, await createTables(t, 24), 'snapshot', 'SCRATCH_DATABASE_URL')
    const wholeRead = /isolation level repeatable read read only;/g
    t.equal(count(more, wholeRead), count(some, wholeRead), 'no whole read for a revision')
    t.equal(count(more, /prepare schemagate_\d+/g), count(some, /prepare schemagate_\d+/g))
    const reads = (sent: string): number => count(sent, /savepoint schemagate_read;\nset/g)
    t.equal(reads(more) - reads(some), 20 * 3, 'three messages of the first replay, none of the second')
    const settled = /savepoint schemagate_settle;\nset/g
    t.equal(
      count(more, settled) - count(some, settled),
      20 * 2,
      'one message settles a session, and asks more',
    )
    t.equal(
      count(more, /^select \* from information_schema/gm),
      count(some, /^select \* from information_schema/gm),
    )
    const commits = (sent: string): number => count(sent, /Q[^]{4}commit; begin;/g)
    t.equal(commits(more) - commits(some), 20 * 2, 'each revision is committed')
  },
)

t.test('a probe sends no query', async (t) => {
  const project = await createTables(t, 2)
  await project.migrate()
  const proxy = await createProxy(t, project.url)
  await proxy.mend()
  const service = await project.serve({ DATABASE_URL: proxy.url, VERIFY_INTERVAL: '500h' })
  // The monitor opens its connection at once.
  await eventually('nothing more is sent', { look: sendsNothing(proxy) })
  const before = proxy.sent()
  for (const path of ['/health/live', '/health/startup', '/health/ready', '/health/schema'])
    for (let probe = 0; probe < 10; probe += 1) t.equal((await service.ask(path)).status, 200)
  t.equal(proxy.sent(), before)
})

/** Whether nothing was sent since it was called before. */
function sendsNothing({ sent }: Proxy): () => Promise<boolean> {
  let last = ''
  return async () => {
    const before = last
    last = sent()
    await sleep(200)
    return before !== '' && before === last && last === sent()
  }
}

t.test(
  'where later revisions change the same objects, the second replay reads what they touched',
  async (t) => {
    const columns = Array.from({ length: 40 }, (_, index) => `column_${index} int`).join(', ')
    const sentFor = async (changes: number): Promise<string> => {
      const revisions = Array.from({ length: changes }, (_, index) => [
        `${String(index + 1).padStart(3, '0')}_default`,
        `alter table wide alter column_0 set default ${index}`,
      ])
      const project = await createProject(t, {
        '000_wide': `create table wide (${columns})`,
        ...Object.fromEntries(revisions),
      })
      return sentBy(t, project, 'snapshot', 'SCRATCH_DATABASE_URL')
    }
    const [some, more] = [await sentFor(4), await sentFor(14)]
    const wholeRead = /isolation level repeatable read read only;/g
    t.equal(count(more, wholeRead), count(some, wholeRead), 'no whole read for a revision')
    const reads = (sent: string): number => count(sent, /savepoint schemagate_read;\nset/g)
    t.equal(reads(more) - reads(some), 10 * 6, 'three messages of each replay')
  },
)

/** Writes each ES module that a process loads to a file. */
const recorder = `import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  appendFileSync(process.env.MODULES_FILE, url + '\\n')
  return next(url, context)
}`

t.test('a check loads few files, and of the packages only the driver', async (t) => {
  const project = await createProject(t, { '001_songs': 'create table songs (id int)' })
  t.equal((await project.run('migrate')).exit, 0)
  const folder = join(project.root, 'recorder')
  await mkdir(folder)
  await writeFile(join(folder, 'hooks.mjs'), recorder)
  const register = join(folder, 'register.mjs')
  await writeFile(
    register,
    `import { register } from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n`,
  )
  const file = join(folder, 'modules')
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(register).href}`, MODULES_FILE: file }
  t.equal((await project.run('check', env)).exit, 0)
  const loaded = (await readFile(file, 'utf8')).split('\n').filter((url) => url.startsWith('file:'))
  const { dependencies }: { dependencies: Readonly<Record<string, string>> } = JSON.parse(
    await readFile('package.json', 'utf8'),
  )
  const used = Object.keys(dependencies).filter((name) =>
    loaded.some((url) => url.includes(`/node_modules/${name}/`)),
  )
  t.strictSame(used, ['pg'])
  const own = loaded.filter((url) => /\/build-\w+\/dist\//.test(url))
  t.ok(own.length > 2 && own.length <= 6, `${own.length} files of its own`)
})

t.test('a service loads neither Ajv nor a compiler of serializers', async (t) => {
  const project = await createProject(t, { '001_songs': 'create table songs (id int)' })
  const [recorder, file] = [join(project.root, 'recorder.cjs'), join(project.root, 'modules')]
  const record = `writeFileSync(process.env.MODULES_FILE, Object.keys(require.cache).join('\\n'))`
  await writeFile(
    recorder,
    `const { writeFileSync } = require('node:fs')\nprocess.on('exit', () => ${record})\n`,
  )
  const service = await project.serve({ NODE_OPTIONS: `--require=${recorder}`, MODULES_FILE: file })
  service.kill('SIGTERM')
  t.equal((await service.ended()).exit, 0)
  const loaded = await readFile(file, 'utf8')
  t.match(loaded, '/node_modules/fastify/')
  t.notMatch(
    loaded,
    /\/node_modules\/(?:ajv|@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler)\//,
  )
})
