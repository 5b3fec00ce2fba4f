import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { SchemaError } from '../../src/errors/schema-error.js'
import { type BackupSource, dumpDatabase } from '../../src/postgres/backup/dump.js'
import { findProgram } from '../../src/postgres/backup/find-program.js'
import { runHere } from '../support/command.js'
import { createRole, query, serverMajor } from '../support/database.js'
import { otherServers, startOtherServer, withoutOtherServer } from '../support/other-servers.js'
import { eventually } from '../support/process.js'
import { createProject, type Project } from '../support/project.js'

const migrations = {
  '001_songs': `create table songs (id int primary key, title text, plays bigint); insert into songs values (1, 'a', 2)`,
  '002_more': 'alter table songs add year int',
  '003_drop': 'alter table songs drop column title',
}

/** A database at a revision on a server whose pg_dump is installed; its own URL, for what is done to all of it. */
async function createBackedProject(t: Test, to: string): Promise<Project> {
  const server = await startOtherServer(t, otherServers[0] ?? '')
  await query(server, 'create database songs')
  const url = new URL(server)
  url.pathname = '/songs'
  const project = await createProject(t, migrations, { database: url.href })
  await project.migrate(to)
  return project
}

const backupsOf = (project: Project): Promise<readonly string[]> =>
  readdir(join(project.root, 'backups')).catch(() => [])

const ledgerOf = (project: Project) =>
  project.query(
    `select detail -> 'backup' as backup from schemagate_ledger where event = 'backed up' order by id`,
  )

const revisionsOf = async (project: Project): Promise<number> =>
  (await project.query('select from knex_migrations')).length

t.test('a backup is made before what is destructive, and noted', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '001_songs')
  const env = { BACKUP_BEFORE_MIGRATE: 'destructive' }
  t.equal((await runHere(project, 'migrate --to 002_more', { env })).exit, 0)
  t.strictSame(await backupsOf(project), [], 'nothing is lost by a new column')
  const migrated = await runHere(project, 'migrate', { env })
  t.equal(migrated.exit, 0, migrated.text)
  const [name = '', ...more] = await backupsOf(project)
  t.strictSame(more, [])
  t.match(name, /^songs_\d{14}_002_more\.dump$/)
  const path = join(project.root, 'backups', name)
  const content = await readFile(path)
  t.equal((await stat(path)).mode & 0o777, 0o600)
  const backup = {
    name: path,
    size: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }
  t.strictSame(await ledgerOf(project), [{ backup }])
  t.match(
    migrated.events.find(({ event }) => event === 'backed up'),
    backup,
  )
  const { path: program } = await findProgram(
    'pg_restore',
    Number((await project.query(majorQuery))[0]?.['major']),
  )
  const { stdout } = await promisify(execFile)(program, ['--data-only', '-t', 'songs', '-f', '-', path])
  t.match(stdout, /COPY public\.songs \(id, title, plays, year\) FROM stdin;\n1\ta\t2\t\\N\n/)
  t.match((await runHere(project, 'history')).text, /backed up .*_002_more\.dump, .*, sha256 [0-9a-f]{64}/)
})

const majorQuery = "select current_setting('server_version_num')::int / 10000 as major"

t.test('a backup is asked for by hand, and goes to a command', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '002_more')
  const file = join(project.root, 'sent')
  const env = { BACKUP_COMMAND: `cat > '${file}'` }
  const made = await runHere(project, 'backup', { env })
  t.equal(made.exit, 0, made.text)
  t.match(made.document, { current: '002_more', size: (await stat(file)).size })
  t.equal((await readFile(file)).subarray(0, 5).toString(), 'PGDMP')
  t.equal((await runHere(project, 'migrate --backup')).exit, 0)
  t.equal((await backupsOf(project)).length, 1)
  t.equal((await ledgerOf(project)).length, 2)
})

t.test('a backup that fails stops the migration', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '001_songs')
  for (const [what, env, told] of [
    [
      'a command that fails',
      { BACKUP_COMMAND: 'echo no such bucket >&2; exit 3' },
      /BACKUP_COMMAND failed: no such bucket\. Nothing was migrated/,
    ],
    [
      'a command that reads nothing',
      { BACKUP_COMMAND: 'exit 3' },
      /BACKUP_COMMAND failed: it ended with exit code 3\. Nothing was migrated/,
    ],
    [
      'a disk without space',
      { BACKUP_TO: '/proc' },
      /\/proc has 0 bytes free, and the database takes .* Nothing was migrated/,
    ],
    [
      'a folder that cannot be',
      { BACKUP_TO: 'package.json/x' },
      /the folder .* cannot be made\. Nothing was migrated/,
    ],
  ] as const) {
    const failed = await runHere(project, 'migrate', { env: { BACKUP_BEFORE_MIGRATE: '1', ...env } })
    t.equal(failed.exit, 7, what)
    t.match(failed.document, { code: 'SCHEMA_BACKUP_FAILED' }, what)
    t.match(failed.text, told)
    t.equal(await revisionsOf(project), 1, what)
  }
  const reader = await createRole(t, project.url)
  const { username, password } = new URL(reader)
  await query(
    project.url,
    `grant select on all tables in schema public to ${username}; create table secret (id int)`,
  )
  const failed = await runHere(project, 'backup', { env: { DATABASE_URL: reader } })
  t.equal(failed.exit, 7, failed.text)
  t.match(failed.text, /pg_dump failed: .*permission denied for table secret/s)
  t.notMatch(failed.text, password)
  t.strictSame(await backupsOf(project), [], 'no part of a file is left')
})

/** Text that a dump cannot make much smaller. */
const filled = `insert into songs select id, concat(${Array(8).fill('md5(random()::text)').join(', ')}), id
  from generate_series(2, 40000) id`

t.test('a backup that ends half-way leaves nothing', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '001_songs')
  await project.query(filled)
  const sent = join(project.root, 'sent')
  const killDump = 'kill -9 $(pgrep -P $PPID -x pg_dump)'
  for (const [what, command, told] of [
    [
      'a pg_dump that is killed',
      `head -c 100000 > /dev/null; ${killDump}; cat > /dev/null; touch '${sent}'`,
      /pg_dump failed: it ended with SIGKILL\. Nothing was migrated/,
    ],
    [
      'a command that ends early',
      'head -c 10 > /dev/null',
      /BACKUP_COMMAND ended before it had read all of the dump\. Nothing was migrated/,
    ],
  ] as const) {
    const env = { BACKUP_BEFORE_MIGRATE: '1', BACKUP_COMMAND: command }
    const failed = await runHere(project, 'migrate', { env })
    t.match(failed, { exit: 7, document: { code: 'SCHEMA_BACKUP_FAILED' } }, what)
    t.match(failed.text, told, what)
    t.notOk(existsSync(sent), 'no command takes it for whole')
    t.equal(await revisionsOf(project), 1)
  }
  const killed = runHere(project, 'migrate', { env: { BACKUP_BEFORE_MIGRATE: '1' } })
  await eventually('a part is written', { look: async () => (await sizeOfPartial(project)) > 0 })
  await promisify(execFile)('/bin/sh', ['-c', killDump])
  t.match((await killed).text, /pg_dump failed: it ended with SIGKILL\. Nothing was migrated/)
  t.strictSame(await backupsOf(project), [])
  t.equal(await revisionsOf(project), 1)
  const source = await sourceOf(project)
  await t.rejects(dumpDatabase(source, { folder: '', command: 'sleep 600' }, 500), {
    code: 'SCHEMA_BACKUP_FAILED',
    message:
      'The backup failed: BACKUP_COMMAND has read nothing of the dump for 500 ms. Nothing was migrated.',
  })
})

/** What is backed up, without what is asked of the space for it. */
async function sourceOf(project: Project): Promise<BackupSource> {
  const [row] = await project.query(majorQuery)
  const connection = { url: project.url, ssl: null, applicationName: 'schemagate' }
  return { connection, major: Number(row?.['major']), databaseSize: 0, name: 'songs.dump' }
}

async function sizeOfPartial(project: Project): Promise<number> {
  const [name] = await backupsOf(project)
  return name === undefined ? 0 : (await stat(join(project.root, 'backups', name))).size
}

t.test('a disk that gets full, and a password that is wrong', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '001_songs')
  const url = new URL(project.url)
  url.password = 'wrong'
  const refused = await runHere(project, 'migrate --backup', { env: { DATABASE_URL: url.href } })
  t.not(refused.exit, 0)
  t.match(refused.text, /password authentication failed/)
  t.equal(await revisionsOf(project), 1)
  const disk = await mountSmallDisk(t, project)
  if (disk === null) return
  await project.query(filled)
  const full = await runHere(project, 'migrate', { env: { BACKUP_BEFORE_MIGRATE: '1', BACKUP_TO: disk } })
  t.match(full, { exit: 7, document: { code: 'SCHEMA_BACKUP_FAILED' } })
  t.match(full.text, /has .* free, and the database takes .*\. Nothing was migrated/)
  const source = await sourceOf(project)
  await t.rejects(dumpDatabase(source, { folder: disk, command: null }), {
    code: 'SCHEMA_BACKUP_FAILED',
    message: /ENOSPC.*Nothing was migrated/,
  })
  t.strictSame(await readdir(disk), [], 'no part of a file is left')
})

/** Null where this process may not mount one. */
async function mountSmallDisk(t: Test, project: Project): Promise<string | null> {
  const folder = join(project.root, 'disk')
  await mkdir(folder)
  const command = promisify(execFile)
  try {
    await command('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  } catch {
    return null
  }
  t.teardown(async () => void (await command('umount', [folder])))
  return folder
}

t.test('what a migration destroyed is back after restore', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '002_more')
  const rows = () => project.query('select * from songs order by id')
  await project.query(`insert into songs values (2, 'b', null, 1999), (3, null, 9000000000, null)`)
  await project.run('snapshot')
  const before = await rows()
  const env = { BACKUP_BEFORE_MIGRATE: 'destructive' }
  t.equal((await runHere(project, 'migrate', { env })).exit, 0)
  t.strictSame(Object.keys((await rows())[0] ?? {}), ['id', 'plays', 'year'])
  const [file = ''] = await backupsOf(project)
  const restored = await runHere(
    project,
    `restore ${join(project.root, 'backups', file)} --confirm production`,
  )
  t.match(restored.text, /restored, at 002_more \(behind\)\nverified: as promised$/)
  t.strictSame(await rows(), before)
  const verified = await runHere(project, 'verify')
  t.equal(verified.exit, 0, verified.text)
})

const publicQuery = `select nspowner::regrole::text as owner, nspacl::text as rights
  from pg_namespace where nspname = 'public'`

t.test('a backup is restored, all or nothing, and verified', { skip: withoutOtherServer }, async (t) => {
  const project = await createBackedProject(t, '003_drop')
  await project.run('snapshot')
  t.equal((await runHere(project, 'backup')).exit, 0)
  const publicSchema = await project.query(publicQuery)
  const file = join(project.root, 'backups', (await backupsOf(project))[0] ?? '')
  await project.query(`drop table songs cascade; create schema other; create table other.left_over (id int);
    create publication p for table other.left_over`)
  const unconfirmed = await runHere(project, `restore ${file}`)
  t.match(unconfirmed, { exit: 2, document: { code: 'SCHEMA_NOT_CONFIRMED' } }, unconfirmed.text)
  t.match(unconfirmed.said, /Everything in the database will be dropped[^]*table:other\.left_over/)
  for (const [what, content] of [
    ['no backup', 'no backup'],
    ['a part of one', (await readFile(file)).subarray(0, -200)],
  ] as const) {
    const damaged = join(project.root, 'damaged.dump')
    await writeFile(damaged, content)
    const failed = await runHere(project, `restore ${damaged} --confirm production`)
    t.match(failed, { exit: 7, document: { code: 'SCHEMA_RESTORE_FAILED' } }, what)
    t.match(failed.text, /The backup could not be restored: [^\n]*\. The database is as it was\./)
    t.equal((await project.query('select from other.left_over')).length, 0, 'it is as it was')
  }
  const restored = await runHere(project, `restore ${file} --confirm production`)
  t.equal(restored.exit, 0, restored.text)
  t.match(restored.text, /restored, at 003_drop \(current\)\nverified: as promised$/)
  t.strictSame(await project.query('select * from songs'), [{ id: 1, plays: '2', year: null }])
  t.strictSame(await project.query(publicQuery), publicSchema)

  await project.query('create database copy')
  const copy = new URL(project.url)
  copy.pathname = '/copy'
  const env = { DATABASE_URL: copy.href, ENV_TARGET: 'staging' }
  const foreign = await runHere(project, `restore ${file}`, { env })
  t.equal(foreign.exit, 6, foreign.text)
  t.match(foreign.text, /it belongs to [^\n]*; schemagate adopt gives it to [^\n]*staging/)
  const adopted = await runHere(project, `restore ${file} --adopt --yes`, { env })
  t.equal(adopted.exit, 0, adopted.text)
  t.match(await runHere(project, 'restore nothing.dump', { env }), {
    exit: 2,
    text: /There is no file nothing\.dump/,
  })
})

t.test('a pg_dump that is too old is named', async (t) => {
  await t.rejects(findProgram('pg_dump', 99), {
    code: 'SCHEMA_BACKUP_FAILED',
    message: /There is no pg_dump (of PostgreSQL 99 )?on this machine/,
  })
  const major = await serverMajor()
  const isOld = await findProgram('pg_dump', major).then(
    () => false,
    (error: unknown) => error instanceof SchemaError,
  )
  if (!isOld) return
  const project = await createProject(t, migrations)
  await project.migrate('001_songs')
  const failed = await runHere(project, 'migrate --backup')
  t.equal(failed.exit, 7)
  t.match(failed.text, /There is no pg_dump/)
  t.equal(await revisionsOf(project), 1)
  t.notOk(existsSync(join(project.root, 'backups')))
})
