import t, { type Test } from 'tap'
import { runHere } from '../support/command.js'
import { createRole, query } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'

t.jobs = 2

interface Limited {
  readonly project: Project
  readonly env: { readonly DATABASE_URL: string }
  readonly role: string
}

const migrations = {
  '001_songs': 'create table songs (id int primary key)',
  '002_index': { up: 'create index concurrently songs_id on songs (id)', transaction: false },
  '003_slow': {
    up: ['select pg_sleep(1)', 'alter table songs add title text'],
    down: 'alter table songs drop title',
  },
}

/** A project that migrates as a role with so many connections. */
async function limitedTo(t: Test, limit: number): Promise<Limited> {
  const project = await createProject(t, migrations)
  const url = await createRole(t, project.url, { attributes: `connection limit ${limit}` })
  const { username: role, pathname } = new URL(url)
  await project.query(
    `grant all on schema public to ${role}; grant create on database ${pathname.slice(1)} to ${role}`,
  )
  return { project, role, env: { DATABASE_URL: url } }
}

t.test('where a role has two connections, every command works', async (t) => {
  const { project, env } = await limitedTo(t, 2)
  t.match(await project.run('migrate', env), { exit: 0 })
  for (const line of ['status', 'check', 'verify', 'migrate', 'down', 'migrate', 'repair', 'stamp 003_slow'])
    t.match(await runHere(project, line, { env }), { exit: 0 }, line)
  const service = await project.serve(env)
  t.equal((await service.ask('/health/ready')).status, 200)
  service.kill('SIGTERM')
  t.match(await service.ended(), { exit: 0 })
})

t.test('also where the service reaches the same database by a different URL', async (t) => {
  const { project, env } = await limitedTo(t, 2)
  const other = `${env.DATABASE_URL}?application_name=service`
  t.match(await project.run('migrate', { DATABASE_URL: other, MIGRATION_DATABASE_URL: env.DATABASE_URL }), {
    exit: 0,
  })
})

t.test('where a role has one, migrating says within seconds what it needs and what there is', async (t) => {
  const { project, env, role } = await limitedTo(t, 1)
  t.match(await runHere(project, 'check', { env }), { exit: 3 }, 'reading needs one')
  const started = performance.now()
  const { exit, text } = await runHere(project, 'migrate', { env: { ...env, CONNECT_TIMEOUT: '2m' } })
  t.equal(exit, 8)
  t.ok(performance.now() - started < 30_000)
  t.match(
    project.plain(text).replaceAll(role, 'app'),
    /^SCHEMA_CONNECTIONS_EXHAUSTED: Migrating needs two connections at a time and got one: role app has no other left\. Nothing was done\.\n[^]+ role app +CONNECTION LIMIT 1, 1 in use\n[^]+ alter role app connection limit 4 /,
  )
  t.strictSame(await project.objects(), [])
  await query(project.url, printedSql(text, 'alter role'))
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 }, 'what it says helps')
})

/** The SQL of a choice, which begins with these words. */
function printedSql(text: string, words: string): string {
  return text.match(new RegExp(`^ +(${words} .*?) {3}`, 'm'))?.[1] ?? 'nothing'
}

t.test('where a role has none, a command says so within seconds', async (t) => {
  const { project, env } = await limitedTo(t, 0)
  const started = performance.now()
  t.match(await runHere(project, 'check', { env: { ...env, CONNECT_TIMEOUT: '2m' } }), {
    exit: 8,
    text: /^SCHEMA_CONNECTIONS_EXHAUSTED: PostgreSQL has no connection left for role "\w+": its CONNECTION LIMIT is reached/,
  })
  t.ok(performance.now() - started < 30_000)
})

t.test('the limit of a database is named as well', async (t) => {
  const { project, env } = await limitedTo(t, -1)
  const name = new URL(project.url).pathname.slice(1)
  await query(project.url, `alter database ${name} connection limit 1`)
  const { exit, text } = await runHere(project, 'migrate', { env })
  t.equal(exit, 8)
  t.match(text, new RegExp(`database ${name} has no other left[^]+alter database ${name} connection limit 4`))
  await query(project.url, printedSql(text, 'alter database'))
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 }, 'what it says helps')
})
