import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createDatabaseFrom } from '../../src/postgres/scratch/create-database.js'
import { testServer } from './server.js'

/** The test, or part of a test, whose end is the end of what was created for it. */
export interface Owner {
  teardown(end: () => Promise<void>): void
}

export interface RoleOptions {
  /** As CREATE ROLE has them: `createdb noinherit`. */
  readonly attributes?: string
}

export type Row = Readonly<Record<string, unknown>>

export interface DatabaseOptions {
  /** The URL of a database to copy, to which nobody is connected. Default: an empty one. */
  readonly template?: string
}

/** Creates a database on the test server, dropped when the test ends, whoever is connected. Returns its URL, with a password. */
export async function createDatabase(t: Owner, { template }: DatabaseOptions = {}): Promise<string> {
  const server = await testServer()
  const name = randomName()
  const copied = template === undefined ? 'template0' : new URL(template).pathname.slice(1)
  await onceLeft(server.url, (client) => createDatabaseFrom(client, copied, name))
  t.teardown(() =>
    onceLeft(server.url, (client) => client.query(`drop database if exists ${name} with (force)`)),
  )
  const url = new URL(server.url)
  url.pathname = `/${name}`
  // A server that trusts takes any: so there is one to look for in what is printed.
  url.password ||= randomBytes(12).toString('hex')
  return url.href
}

/** Creates a role that can log in, dropped with what it owns when the test ends. Returns the URL of the database for it. */
export async function createRole(
  t: Owner,
  url: string,
  { attributes = '' }: RoleOptions = {},
): Promise<string> {
  const name = randomName()
  const password = randomBytes(12).toString('hex')
  await query(url, `create role ${name} login password '${password}' ${attributes}`)
  t.teardown(async () => void (await query(url, dropRole(name))))
  const own = new URL(url)
  own.username = name
  own.password = password
  return own.href
}

let major: Promise<number> | undefined

/** The major version of the test server. */
export function serverMajor(): Promise<number> {
  major ??= testServer()
    .then(({ url }) => query(url, `select current_setting('server_version_num')::int / 10000 as major`))
    .then(([row]) => Number(row?.['major']))
  return major
}

/** Runs SQL on a connection of its own. Returns the rows of the last statement. */
export async function query(url: string, sql: string): Promise<readonly Row[]> {
  // Several statements have an array of results, which the types of pg do not know.
  return withOwnClient(url, async (client) => [await client.query<Row>(sql)].flat().at(-1)?.rows ?? [])
}

async function withOwnClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** Runs what needs a database that everybody has left; for a session that is about to, PostgreSQL waits for 5 s. */
async function onceLeft(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  for (let left = 10; ; left--)
    try {
      await withOwnClient(url, use)
      return
    } catch (error) {
      if (left === 0 || !(error instanceof pg.DatabaseError) || error.code !== '55006') throw error
    }
}

function randomName(): string {
  return `test_${randomBytes(6).toString('hex')}`
}

/** Its sessions first: one that is still open could hold locks on what is to be dropped. */
function dropRole(name: string): string {
  return `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${name}';
    reassign owned by ${name} to current_user;
    drop owned by ${name};
    drop role ${name}`
}
