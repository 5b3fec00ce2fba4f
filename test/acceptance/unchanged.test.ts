import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { isRecord } from '../../src/core/text/is-record.js'
import { digestOf } from '../../src/snapshot/build-promise.js'
import { snapshotFileName } from '../../src/snapshot/file.js'
import { findSnapshot } from '../../src/snapshot/find.js'
import { withWorkspace } from '../../src/workspace.js'
import { call, type Called } from '../support/command.js'
import { createRole } from '../support/database.js'
import { type Environment, eventually } from '../support/process.js'
import { createProject, type MigrationChanges, type Project } from '../support/project.js'
import { createProxy } from '../support/proxy.js'

t.jobs = 2

const songs = 'create table songs (id int primary key, title text not null)'
const often = { VERIFY_INTERVAL: '50ms' } as const

const recorded = (project: Project) =>
  project.query(`select role, checksum, detail from schemagate_ledger where event = 'verified'`)

/** A database that a serving process, which has stopped since, found to be as promised. */
async function createVerified(t: Test): Promise<Project> {
  const project = await createProject(t, { '001_songs': songs })
  await serveUntilRecorded(project)
  return project
}

async function serveUntilRecorded(project: Project, states = 1): Promise<void> {
  const service = await project.serve(often)
  await eventually('it is recorded', { look: async () => (await recorded(project)).length === states })
  service.kill('SIGTERM')
  await service.ended()
}

/** `check`, what it sent, and whether it read the catalog. */
async function check(
  t: Test,
  project: Project,
  env: Environment = {},
): Promise<Called & { sent: string; isRead: boolean }> {
  const url = env['DATABASE_URL'] ?? project.url
  const proxy = await createProxy(t, url)
  await proxy.mend()
  const called = await call(['check', '--json'], {
    root: project.root,
    env: { ...project.env, ...env, DATABASE_URL: proxy.url },
  })
  const sent = proxy.sent()
  return { ...called, sent, isRead: sent.includes('pg_get_indexdef') }
}

function verificationOf({ document }: Called): unknown {
  return isRecord(document) ? document['verification'] : null
}

t.test('what was verified is not read again while nothing changes', async (t) => {
  const project = await createVerified(t)
  const first = await check(t, project)
  t.equal(first.exit, 0, first.text)
  t.equal(first.isRead, false)
  t.match(verificationOf(first), {
    status: 'as promised',
    unchangedSince: /^\d{4}-.*Z$/,
    compared: { table: 1 },
  })

  for (const statement of ['vacuum', 'analyze', `insert into songs values (1, 'x')`, 'truncate songs'])
    await project.query(statement)
  t.equal((await check(t, project)).isRead, false, 'rows are not the catalog')

  const full = await check(t, project, { VERIFY_AT_START: 'full' })
  t.match([full.exit, full.isRead, verificationOf(full)], [0, true, { unchangedSince: undefined }])
})

t.test('it takes three messages, however much is promised', async (t) => {
  const messages = async (project: Project) => {
    const { exit, text, sent } = await check(t, project)
    t.equal(exit, 0, text)
    const [, inspection = ''] = sent.split('begin transaction')
    return inspection.match(/Q\0\0/g)?.length
  }
  const project = await createVerified(t)
  t.equal(await messages(project), 2, 'the ledgers, and the end of the transaction')
  await project.rebuild({ '002_more': [1, 2, 3].map((n) => `create table more_${n} (id int)`) })
  await project.migrate()
  await serveUntilRecorded(project, 2)
  t.equal(await messages(project), 2)
})

const snapshotOf = (project: Project): string => join(project.root, 'migrations', snapshotFileName)

t.test('the snapshot is not parsed: any text will do if it is the one that was verified', async (t) => {
  const project = await createVerified(t)
  await writeFile(snapshotOf(project), 'no snapshot')
  t.match(await check(t, project), { exit: 4, document: { code: 'SCHEMA_SNAPSHOT_INVALID' } })
  const config = loadConfig({ root: project.root, env: project.env })
  const digest = await withWorkspace({ config, report: () => {} }, async (workspace) =>
    digestOf(await findSnapshot(workspace), workspace),
  )
  await project.query(`update schemagate_ledger set checksum = '${digest}' where event = 'verified'`)
  const found = await check(t, project)
  t.match(found, { exit: 0, isRead: false }, found.text)
  t.match(verificationOf(found), { status: 'as promised', compared: { table: 1, column: 2 } })
  const service = await project.serve()
  t.equal((await service.ask('/health/ready')).status, 200)
})

t.test('a service says so, and reads the catalog once it serves', async (t) => {
  const project = await createVerified(t)
  const proxy = await createProxy(t, project.url)
  await proxy.mend()
  const service = await project.serve({ ...often, DATABASE_URL: proxy.url })
  const said = service.log().map(({ msg }) => msg)
  t.match(said.join('\n'), /1 table, .*: as promised; unchanged since verified at \d{4}-/)
  await eventually('it is read', { look: () => proxy.sent().includes('pg_get_indexdef') })
  const verification = async () => JSON.parse((await service.ask('/health/schema')).text).verification
  await eventually('health says so', {
    look: async () => (await verification()).unchangedSince === undefined,
  })
  t.match(await verification(), { status: 'as promised' })
  t.equal((await recorded(project)).length, 1, 'a row for a state, not for a check')
})

/** What the next check must read the catalog for, with its exit code. */
const changes: readonly {
  readonly what: string
  readonly sql?: string
  readonly env?: Environment
  readonly migrations?: MigrationChanges
  /** What is added to a file. */
  readonly added?: { readonly file: string; readonly text: string }
  readonly exit: number
}[] = [
  { what: 'a column more', sql: 'alter table songs add plays int', exit: 0 },
  { what: 'a column less', sql: 'alter table songs drop title', exit: 4 },
  {
    what: 'the same once more',
    sql: 'alter table songs alter title drop not null; alter table songs alter title set not null',
    exit: 0,
  },
  {
    what: 'a setting of the database',
    sql: `do $$ begin execute format('alter database %I set lock_timeout = 1000', current_database()); end $$`,
    exit: 0,
  },
  { what: 'a row less in the ledger of Knex', sql: 'delete from knex_migrations', exit: 7 },
  { what: 'our ledger is gone', sql: 'drop table schemagate_ledger', exit: 0 },
  { what: 'more is compared', env: { VERIFY_COMMENTS: 'true' }, exit: 0 },
  { what: 'something is ignored', env: { VERIFY_IGNORE: 'table:public.none' }, exit: 0 },
  { what: 'more is promised', migrations: { '002_plays': 'alter table songs add plays int' }, exit: 3 },
  { what: 'something else is promised', migrations: { '001_songs': `${songs}; select 1` }, exit: 0 },
  { what: 'the text of the snapshot', added: { file: snapshotFileName, text: '\n' }, exit: 0 },
  { what: 'the text of a migration', added: { file: '001_songs.js', text: '// edited' }, exit: 4 },
  { what: 'a migration more', added: { file: '002_plays.js', text: 'export const up = () => {}' }, exit: 4 },
]

for (const { what, sql, env, migrations, added, exit } of changes)
  t.test(`it is read where anything has changed: ${what}`, async (t) => {
    const project = await createVerified(t)
    t.equal((await check(t, project)).isRead, false)
    if (sql !== undefined) await project.query(sql)
    if (migrations !== undefined) await project.rebuild(migrations)
    if (added !== undefined) await appendFile(join(project.root, 'migrations', added.file), added.text)
    const found = await check(t, project, env)
    t.equal(found.isRead, true)
    t.equal(found.exit, exit, found.text)
  })

t.test('what differs, or is to be reported, is read at every start', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  await project.query('create table others (id int)')
  const service = await project.serve(often)
  const checks = async () => JSON.parse((await service.ask('/health/schema')).text).verification.checkedAt
  const before = await checks()
  await eventually('it was checked often', {
    look: async () => Date.parse(await checks()) > Date.parse(before) + 500,
  })
  t.strictSame(await recorded(project), [])
})

t.test(
  'a role that may not write the ledger verifies, and another role does not go by its own',
  async (t) => {
    const project = await createVerified(t)
    const reader = await createRole(t, project.url)
    await project.query(`grant select on all tables in schema public to "${new URL(reader).username}"`)
    t.equal((await check(t, project, { DATABASE_URL: reader })).isRead, true, 'who sees less may find less')
    const service = await project.serve({ ...often, DATABASE_URL: reader })
    const checkedAt = async () =>
      JSON.parse((await service.ask('/health/schema')).text).verification.checkedAt
    const before = await checkedAt()
    await eventually('it was checked often', {
      look: async () => Date.parse(await checkedAt()) > Date.parse(before) + 500,
    })
    t.equal(JSON.parse((await service.ask('/health/schema')).text).status, 'pass')
    t.equal((await recorded(project)).length, 1)
  },
)
