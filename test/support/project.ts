import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { type Config } from '../../src/config/config.js'
import { loadConfig } from '../../src/config/load.js'
import { migrateOptionsFor } from '../../src/gate/migrate-options.js'
import { applyPending } from '../../src/postgres/migrate/migrate.js'
import { loadUsableSnapshot } from '../../src/snapshot/usable.js'
import { withWorkspace } from '../../src/workspace.js'
import { createDatabase, query, type Row } from './database.js'
import { type Answer, ask, type Ended, type Environment, run, type Running, start } from './process.js'
import { takeSnapshot } from './take-snapshot.js'

/** One statement, or several that are sent one by one. */
type Sql = string | readonly string[]

/** A migration: the SQL of its `up`, more than that, or its whole code. */
export type MigrationData =
  | Sql
  | { readonly up: Sql; readonly down?: string; readonly transaction?: boolean }
  | { readonly code: string }

export type Migrations = Readonly<Record<string, MigrationData>>

export type MigrationChanges = Readonly<Record<string, MigrationData | null>>

export interface ProjectOptions {
  /** Other files of the project, as `t.testdir` takes them. */
  readonly files?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  /** False: none is made beforehand. */
  readonly snapshot?: boolean
  /** The URL of an empty database. Default: a new one on the test server. */
  readonly database?: string
}

/** A process that listens. */
export interface Service extends Running {
  readonly ask: (path: string, headers?: Environment) => Promise<Answer>
}

/** A small Knex project in a folder of its own, with an empty database. */
export interface Project {
  readonly root: string
  readonly url: string
  /** What its processes get: production, the database, its server for scratch databases, any free port. */
  readonly env: Environment
  readonly start: (words: string, env?: Environment) => Running
  readonly run: (words: string, env?: Environment) => Promise<Ended>
  /** Starts the service and waits until it listens. */
  readonly serve: (env?: Environment) => Promise<Service>
  /** A text without what differs from run to run: the folder is /songs, the database app@db:5432/songs. */
  readonly plain: (text: string) => string
  /** Runs SQL as the superuser. */
  readonly query: (sql: string) => Promise<readonly Row[]>
  /** Every column of every table, index and sequence, with its type: what a process could create or drop. */
  readonly objects: () => Promise<readonly string[]>
  /** The text of one of its files. */
  readonly read: (path: string) => Promise<string>
  /** Makes `select pg_advisory_xact_lock(1)` wait until what is returned is called. */
  readonly block: () => Promise<() => Promise<void>>
  /** Applies what is pending, in this process, up to a revision. */
  readonly migrate: (to?: string) => Promise<void>
  /** Writes migrations, or removes them where null is given. */
  readonly write: (migrations: MigrationChanges) => Promise<void>
  /** The same, and makes the snapshot of what there is then: another build. */
  readonly rebuild: (migrations: MigrationChanges) => Promise<void>
}

/** Writes a project with these migrations by revision. */
export async function createProject(
  t: Test,
  migrations: Migrations,
  { files = {}, snapshot = true, database }: ProjectOptions = {},
): Promise<Project> {
  const url = database ?? (await createDatabase(t))
  const root = t.testdir({
    'package.json': '{ "name": "songs", "version": "1.2.3", "type": "module" }\n',
    migrations: Object.fromEntries(
      Object.entries(migrations).map(([revision, data]) => [`${revision}.js`, textOf(data)]),
    ),
    ...files,
  })
  const project = projectIn(t, root, url)
  if (snapshot) await project.rebuild({})
  return project
}

function projectIn(t: Test, root: string, url: string): Project {
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: url,
    SCRATCH_DATABASE_URL: url,
    HOST: '127.0.0.1',
    PORT: '0',
    INSTANCE: 'replica-1',
    // `block` holds a revision up for as long as a test needs.
    MIGRATION_LOCK_TIMEOUT: '1h',
    TERMINATION_LOG: join(root, 'termination.log'),
  }
  const config = loadConfig({ root, env })
  const place = (more: Environment) => ({ cwd: root, env: { ...env, ...more } })
  const startIt = (words: string, more: Environment = {}): Running => start(t, words.split(' '), place(more))
  return {
    root,
    url,
    env,
    start: startIt,
    run: (words, more = {}) => run(t, words.split(' '), place(more)),
    serve: (more) => listening(startIt('serve', more)),
    plain: (text) => plain(text, { root, url }),
    query: (sql) => query(url, sql),
    objects: async () => (await query(url, objectsQuery)).map(({ object }) => String(object)),
    read: (path) => readFile(join(root, path), 'utf8'),
    block: () => block(t, url),
    migrate: (to) => migrateWith(config, to ?? null),
    write: (migrations) => writeMigrations(root, migrations),
    rebuild: async (migrations) => {
      await writeMigrations(root, migrations)
      await takeSnapshot(config, url)
    },
  }
}

async function block(t: Test, url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url })
  t.teardown(() => client.end())
  await client.connect()
  await client.query('select pg_advisory_lock(1)')
  return async () => void (await client.query('select pg_advisory_unlock(1)'))
}

/** The application port is the last one that is bound. */
export async function listening(running: Running): Promise<Service> {
  await running.said('"what":"/health/schema"')
  const address = running.log().find(({ what }) => what === '/health/schema')?.['address']
  return { ...running, ask: (path, headers) => ask(`${String(address)}${path}`, headers) }
}

const objectsQuery = `select c.oid::regclass || '.' || a.attname || ' ' || a.atttypid::regtype as object
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' and a.attnum > 0 and not a.attisdropped
  order by c.oid, a.attnum`

function plain(text: string, { root, url }: Pick<Project, 'root' | 'url'>): string {
  const { username, host, pathname } = new URL(url)
  return (
    text
      .replaceAll(root, '/songs')
      .replaceAll(`${username}@${host}${pathname}`, 'app@db:5432/songs')
      .replaceAll(`${host}${pathname}`, 'db:5432/songs')
      // Distributions add the name of their package: `18.1 (Debian 18.1-1.pgdg13+2)`.
      .replaceAll(/(?<=PostgreSQL [\d.]+) \([^)]*\)/g, '')
  )
}

async function writeMigrations(root: string, migrations: MigrationChanges): Promise<void> {
  for (const [revision, data] of Object.entries(migrations)) {
    const path = join(root, 'migrations', `${revision}.js`)
    if (data === null) await rm(path)
    else await writeFile(path, textOf(data))
  }
}

async function migrateWith(config: Config, to: string | null): Promise<void> {
  await withWorkspace({ config, report: () => {} }, async (workspace) => {
    const { snapshot } = await loadUsableSnapshot(workspace)
    await applyPending(migrateOptionsFor(workspace, snapshot, { report: () => {} }), to)
  })
}

function textOf(data: MigrationData): string {
  if (typeof data === 'object' && 'code' in data) return data.code
  const { up, down, transaction } = typeof data === 'object' && 'up' in data ? data : { up: data }
  return [
    ...(transaction === undefined ? [] : [`export const config = { transaction: ${transaction} }\n`]),
    functionOf('up', [up].flat()),
    ...(down === undefined ? [] : [functionOf('down', [down])]),
  ].join('\n')
}

/** A question mark would be a parameter to Knex. */
function functionOf(name: string, statements: readonly string[]): string {
  const lines = statements.map((sql) => `  await knex.raw(${JSON.stringify(sql.replaceAll('?', '\\?'))})\n`)
  return `export async function ${name}(knex) {\n${lines.join('')}}\n`
}
