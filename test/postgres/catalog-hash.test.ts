import pg from 'pg'
import t, { type Test } from 'tap'
import { queryAll, queryRows } from '../../src/postgres/connection/query.js'
import { canonicalSessionStatements } from '../../src/postgres/introspect/canonical-session.js'
import { catalogHashQuery } from '../../src/postgres/introspect/catalog-hash.js'
import { catalogQueries } from '../../src/postgres/introspect/queries/catalog-queries.js'
import { commentQuery } from '../../src/postgres/introspect/queries/dependencies.sql.js'
import { grantQuery } from '../../src/postgres/introspect/queries/grants.sql.js'
import { createDatabase, createRole } from '../support/database.js'
import { eventually } from '../support/process.js'
import { createProject } from '../support/project.js'
import { createProxy } from '../support/proxy.js'
import { base, changes } from './schema-changes.js'

t.jobs = 3

async function connected(t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

async function hashOf(client: pg.Client): Promise<string> {
  const text = ['begin', canonicalSessionStatements(), catalogHashQuery(), 'rollback'].join(';\n')
  const [hash] = await queryAll(client, text)
  return JSON.stringify(hash?.rows, null, 1)
}

async function majorOf(client: pg.Client): Promise<number> {
  const [row] = await queryRows(client, "select current_setting('server_version_num')::int / 10000 as major")
  return Number(row?.['major'])
}

t.test('every change of the catalog changes the hash', async (t) => {
  const client = await connected(t, await createDatabase(t))
  await client.query(base)
  const major = await majorOf(client)
  const statements = Object.entries(changes).flatMap(([since, list]) => (Number(since) > major ? [] : list))
  let last = await hashOf(client)
  for (const statement of statements) {
    await client.query(statement)
    const next = await hashOf(client)
    t.not(next, last, statement)
    last = next
  }
  t.equal(await hashOf(client), last)
})

const tables = `
  create table songs (id int generated always as identity primary key, title text);
  create table bands (id int primary key, songs int references songs);
  create materialized view titles as select id, title from songs;
  create unique index on titles (id);
  create sequence numbers`

/** What happens to data, and what is temporary or undone. */
const workload = [
  `insert into songs (title) select repeat('la', n) from generate_series(1, 5000) n`,
  `update songs set title = title || 'x'`,
  'delete from songs where id % 2 = 0',
  'vacuum',
  'analyze',
  'vacuum (full, freeze, analyze) songs',
  'vacuum (full) pg_attribute',
  'vacuum (full) pg_class',
  'vacuum (freeze)',
  `select nextval('numbers')`,
  `select setval('numbers', 100)`,
  'refresh materialized view titles',
  'refresh materialized view concurrently titles',
  'truncate songs restart identity cascade',
  'cluster songs',
  'create temporary table passing (id serial primary key, title text not null unique check (id > 0)) on commit drop',
  `create temporary table staying (id int generated always as identity primary key, title text default 'x')`,
  'create index on staying (title); alter table staying add column more text',
  'create temporary view shown as select * from staying; create temporary sequence counting',
  'drop table staying cascade',
  'begin; create table undone (id int); alter table songs add column undone int; rollback',
  `create function pg_temp.passing() returns int language sql as 'select 1'`,
  'begin; select * from songs for update; lock table songs in access exclusive mode; commit',
  'listen news; notify news',
]

t.test('what happens to data does not change the hash', async (t) => {
  const url = await createDatabase(t)
  const [client, other] = [await connected(t, url), await connected(t, url)]
  await client.query(tables)
  await client.query('cluster songs using songs_pkey')
  let last = await hashOf(other)
  for (const statement of workload) {
    await client.query(statement)
    const next = await hashOf(other)
    t.equal(next, last, statement)
    last = next
  }
})

t.test('any role may ask for it, and what roles are called is part of it', async (t) => {
  const url = await createDatabase(t)
  const [admin, role] = [await connected(t, url), await createRole(t, url)]
  const { username, pathname } = new URL(role)
  await admin.query(`${base}; create policy mine on songs to ${username} using (true)`)
  const ordinary = await connected(t, role)
  const first = await hashOf(ordinary)
  t.equal(first, await hashOf(admin))

  await admin.query(`create role ${username}_2`)
  t.teardown(async () => void (await admin.query(`drop role ${username}_2`)))
  t.equal(await hashOf(ordinary), first, 'nothing here is granted to it')
  await admin.query(`alter role ${username} rename to ${username}_3`)
  const renamed = await hashOf(ordinary)
  await admin.query(`alter role ${username}_3 rename to ${username}`)
  t.not(renamed, first)
  t.equal(await hashOf(ordinary), first)
  await admin.query(`alter database ${pathname.slice(1)} owner to ${username}_2`)
  t.not(await hashOf(ordinary), first)
  await admin.query(`alter database ${pathname.slice(1)} owner to current_user`)
  await admin.query(`create table mine (id int); alter table mine owner to ${username}`)
  const second = await hashOf(ordinary)
  await admin.query('drop table mine')
  t.not(await hashOf(ordinary), second)
})

t.test('a database made as a copy of another is another', async (t) => {
  const url = await createDatabase(t)
  const source = await connected(t, url)
  await source.query(tables)
  const name = new URL(url).pathname.slice(1)
  const before = await hashOf(source)
  await source.end()
  const elsewhere = await connected(t, await createDatabase(t))
  await elsewhere.query(`alter database ${name} rename to ${name}_old`)
  await elsewhere.query(`create database ${name} template ${name}_old`)
  await elsewhere.query(`drop database ${name}_old`)
  t.not(await hashOf(await connected(t, url)), before)
})

/** Read through a view, in part, or not by what the hash is of. */
const otherwise = ['pg_user_mappings', 'pg_database', 'pg_init_privs', 'pg_shdepend']

t.test('every catalog and every column of pg_class that is read is part of the hash', (t) => {
  const hashed = catalogHashQuery()
  const read = [...catalogQueries([]), commentQuery, grantQuery].map(({ sql }) => sql).join('\n')
  const catalogs = new Set(
    [...read.matchAll(/\b(?:from|join)\s+(pg_\w+)\s/g)].map(([, name]) => String(name)),
  )
  const columns = new Set([...read.matchAll(/\.(rel[a-z]+)\b/g)].map(([, name]) => String(name)))
  t.ok(catalogs.size > 30 && columns.size > 10)
  for (const catalog of catalogs)
    if (!otherwise.includes(catalog)) t.ok(hashed.includes(`from ${catalog} x`), catalog)
  // The link to the TOAST table, whose parameters are hashed by the name it has from this table.
  for (const column of columns)
    if (column !== 'reltoastrelid') t.match(hashed, new RegExp(`\\b${column}\\b`), column)
  t.end()
})

const songs = 'create table songs (id int primary key, title text not null)'

/** What a serving process finds after a statement: its position and how many differences. */
const noticed: readonly (readonly [string, { readonly position: string; readonly differences: number }])[] = [
  ['alter table songs add column plays int', { position: 'current', differences: 1 }],
  ['alter table songs drop column plays', { position: 'current', differences: 0 }],
  [`insert into knex_migrations (name) values ('002_later.js')`, { position: 'ahead', differences: 0 }],
  ['alter table songs alter title drop not null', { position: 'ahead', differences: 1 }],
  [
    `alter table songs alter title set not null; delete from knex_migrations where name = '002_later.js'`,
    { position: 'current', differences: 0 },
  ],
  ['create index on songs (title)', { position: 'current', differences: 1 }],
  ['drop table knex_migrations', { position: 'unmanaged', differences: 5 }],
]

t.test('a serving process reads the catalog in full only after something has changed', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const proxy = await createProxy(t, project.url)
  await proxy.mend()
  const service = await project.serve({ DATABASE_URL: proxy.url, VERIFY_INTERVAL: '50ms' })
  /** What was asked so far: `full`, or by the hash alone. Of the last one not all may have arrived yet. */
  const looks = (): readonly boolean[] =>
    proxy
      .sent()
      .split('begin transaction isolation level repeatable read read only')
      .slice(1)
      .map((message) => message.includes('pg_get_indexdef'))
  const more = (count: number, since: number) =>
    eventually(`it looks ${count} times more`, { look: () => looks().length > since + count })
  const settled = async (): Promise<number> => {
    await eventually('it reads in full no more', {
      look: () =>
        looks()
          .slice(-3)
          .every((full) => !full),
    })
    return looks().length
  }
  const found = async () => {
    const { revision, verification } = JSON.parse((await service.ask('/health/schema')).text)
    return { position: revision.position, differences: verification.differenceCount ?? 0 }
  }

  const start = await settled()
  const checkedAt = async () => JSON.parse((await service.ask('/health/schema')).text).verification.checkedAt
  const before = await checkedAt()
  for (const statement of ['vacuum', 'analyze', `insert into songs values (1, 'x')`, 'truncate songs'])
    await project.query(statement)
  await more(10, start)
  t.notOk(looks().slice(start).includes(true), 'nothing has changed')
  t.ok((await checkedAt()) > before, 'and yet it was checked')

  for (const [statement, expected] of noticed) {
    const before = await settled()
    await project.query(statement)
    const since = looks().length
    await more(2, since)
    t.ok(
      looks()
        .slice(before, since + 2)
        .includes(true),
      `in the check after it: ${statement}`,
    )
    await settled()
    t.strictSame(await found(), expected, statement)
  }
})
