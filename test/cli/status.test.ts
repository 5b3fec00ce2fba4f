import t from 'tap'
import { call, runHere } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { createProject, type Migrations, type ProjectOptions, type Project } from '../support/project.js'

const migrations: Migrations = {
  '001_songs': { up: 'create table songs (id int primary key)', down: 'drop table songs' },
  '002_plays': { up: 'alter table songs add column plays int', down: 'alter table songs drop column plays' },
}

interface Standing {
  readonly name: string
  readonly options?: ProjectOptions
  readonly arrange?: (project: Project) => Promise<unknown>
  readonly env?: Readonly<Record<string, string>>
  /** What the gate does, the exit code, and the code of the error. */
  readonly gate: readonly [action: string, exit: number, code?: string]
}

const edited = { '001_songs': { up: 'create table songs (id bigint primary key)' } }

const standings: readonly Standing[] = [
  { name: 'an empty database', gate: ['migrate', 0] },
  { name: 'a database that is behind', arrange: ({ migrate }) => migrate('001_songs'), gate: ['migrate', 0] },
  { name: 'a database at head', arrange: ({ migrate }) => migrate(), gate: ['serve', 0] },
  {
    name: 'a database that is behind, where others migrate',
    arrange: ({ migrate }) => migrate('001_songs'),
    env: { ON_BEHIND: 'refuse' },
    gate: ['refuse', 3, 'SCHEMA_BEHIND'],
  },
  {
    name: 'a database that is behind, where that is accepted',
    arrange: ({ migrate }) => migrate('001_songs'),
    env: { ON_BEHIND: 'warn' },
    gate: ['warn', 0],
  },
  {
    name: 'a database with drift',
    arrange: async ({ migrate, query }) => {
      await migrate()
      await query('alter table songs drop column plays')
    },
    gate: ['refuse', 4, 'SCHEMA_DRIFT'],
  },
  {
    name: 'a snapshot that is older than an edited migration',
    arrange: async ({ migrate, write }) => {
      await migrate()
      await write(edited)
    },
    gate: ['refuse', 4, 'SCHEMA_SNAPSHOT_STALE'],
  },
  { name: 'no snapshot', options: { snapshot: false }, gate: ['refuse', 4, 'SCHEMA_UNVERIFIED'] },
  {
    name: 'no snapshot, where that is accepted',
    options: { snapshot: false },
    env: { ON_UNVERIFIED: 'warn' },
    gate: ['migrate', 0],
  },
  {
    name: "another service's database",
    arrange: ({ migrate }) => migrate(),
    env: { SERVICE_NAME: 'albums' },
    gate: ['refuse', 6, 'SCHEMA_WRONG_DATABASE'],
  },
]

for (const { name, options, arrange, env = {}, gate } of standings)
  t.test(`status says what the gate does with ${name}: ${gate.join(', ')}`, async (t) => {
    const project = await createProject(t, migrations, options)
    await arrange?.(project)
    const [action, exit, code] = gate
    const status = await runHere(project, 'status', { env })
    t.equal(status.exit, exit)
    t.match(status.text, new RegExp(`^gate +${action}\\b`, 'm'))
    t.match(status.document, { gate: code === undefined ? { action } : { action, code } })
    const check = await runHere(project, 'check', { env })
    t.equal(check.exit, action === 'migrate' ? 3 : exit, 'the same as check')
    const served = await runHere(project, 'serve', { env })
    t.equal(served.exit, exit, 'the same as the gate itself')
    if (code !== undefined) t.match(served.document, { code })
  })

t.test('status --all shows the environments of the layers and of the knexfile', async (t) => {
  const database = await createDatabase(t)
  const { hostname, port, username, password, pathname } = new URL(database)
  const name = pathname.slice(1)
  const base = { DB_HOST: hostname, DB_PORT: port, DB_USER: username, DB_PASSWORD: password }
  const connection = `{ host: '${hostname}', port: ${port}, user: '${username}', password: '${password}', database: '${name}' }`
  const files = {
    config: { 'base.json': JSON.stringify(base), 'local.json': JSON.stringify({ DB_NAME: name }) },
    'knexfile.js': `const section = { client: 'pg', connection: ${connection} }
      export default { local: section, staging: section, production: section }`,
  }
  const { root, env, migrate } = await createProject(t, migrations, { database, files })
  await migrate()
  const { DATABASE_URL: _, ...rest } = env
  const all = await call(['status', '--all'], { root, env: { ...rest, NODE_ENV: 'development' } })
  const rows = all.text.split('\n').map((line) => line.split(/ {2,}/))
  t.strictSame(rows[0], [
    'environment',
    'database',
    'position',
    'current',
    'pending',
    'verified',
    'identity',
    'gate',
  ])
  t.strictSame(rows[1]?.toSpliced(1, 1), [
    'local',
    'current',
    '002_plays',
    '0',
    'as promised',
    'songs production',
    'refuse',
  ])
  t.strictSame(
    rows.slice(2).map(([environment, , , , , , , gate]) => [environment, gate?.split(':')[0]]),
    [
      ['staging', 'SCHEMA_CONFIG_INVALID'],
      ['production', 'SCHEMA_CONFIG_INVALID'],
    ],
  )
  t.equal(all.exit, 6)
})

t.test('history shows what happened to each revision, newest first', async (t) => {
  const likes = `alter table songs add column likes int not null`
  const project = await createProject(t, { ...migrations, '003_likes': likes })
  const history = async (...words: readonly string[]) => (await call(['history', ...words], project)).text
  t.match(await history(), /, empty, 3 revisions\n\n003_likes +pending\n {4}\+ column public.songs.likes\n/)

  await project.migrate('002_plays')
  await project.query('insert into songs values (1)')
  t.match((await runHere(project, 'migrate')).document, { code: 'SCHEMA_MIGRATION_FAILED' })
  const when = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ'
  const done = `${when} in \\d+ ms by \\w+ on \\S+`
  const failed = `failed ${when} .*: column "likes" of relation "songs" contains null values`
  const all = await history()
  for (const line of [
    `.*, behind, 3 revisions$`,
    `003_likes +pending$`,
    ` {4}${failed}$`,
    `002_plays +applied ${done}$`,
    ` {4}\\+ column public.songs.plays$`,
    `001_songs +applied ${done}$`,
    ` {4}\\+ table public.songs \\(1 column, 1 constraint\\)$`,
    ` {4}identified ${when} .*: service "songs" in environment "production"$`,
  ])
    t.match(all, new RegExp(`^${line}`, 'm'))
  t.match(await history('--limit', '1'), /003_likes[\s\S]+… 2 earlier revisions: --limit 3/)
  t.notMatch(await history('--limit', '1'), '002_plays')
  t.match(await history('003_likes'), new RegExp(`started ${when} .*\n +${failed}`))

  t.equal((await call(['down', '--yes', '--confirm', 'production'], project)).exit, 0)
  t.match(await history(), new RegExp(`002_plays +pending, reverted ${when}`))
  const { document } = await call(['history', '--json', '002_plays'], project)
  t.match(document, {
    status: 'pending',
    events: [{ event: 'started' }, { event: 'applied' }, { event: 'reverted' }],
  })
  t.match(await call(['history', '004'], project), { exit: 2, text: /knows a revision "004"/ })
  t.match(await call(['history', '--limit', 'all'], project), { exit: 2, text: /"all" is not a number/ })
})
