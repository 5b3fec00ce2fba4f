import t, { type Test } from 'tap'
import { runHere } from '../support/command.js'
import { createRole } from '../support/database.js'
import { createProject, type Migrations, type Project } from '../support/project.js'

t.jobs = 3

const migrations = {
  '001_songs': 'create table songs (id int primary key)',
  '002_title': 'alter table songs add column title text',
}

interface Place {
  readonly project: Project
  /** A role that is no superuser and owns the ledgers. */
  readonly role: string
  readonly name: string
  readonly env: { readonly DATABASE_URL: string }
}

/** A project of which a role has applied the first revision. */
async function begun(t: Test, more: Migrations = {}): Promise<Place> {
  const project = await createProject(t, { ...migrations, ...more })
  const url = await createRole(t, project.url)
  const { username: role, pathname } = new URL(url)
  await project.query(`grant all on schema public to ${role}`)
  const env = { DATABASE_URL: url }
  t.match(await runHere(project, 'migrate --to 001_songs', { env }), { exit: 0 })
  return { project, role, name: pathname.slice(1), env }
}

/** A text with the same names, and so the same widths, in every run. */
const plain = ({ project, role, name }: Place, text: string): string => {
  const { host } = new URL(project.url)
  return project
    .plain(text.replaceAll(`${role}@${host}/${name}`, 'app@db:5432/songs'))
    .replaceAll(role, 'app')
    .replaceAll(name, 'songs')
    .replaceAll(/ {3,}/g, '   ')
}

t.test('row security that hides the ledger is said, and not taken for an empty database', async (t) => {
  const place = await begun(t)
  const { project, role, env } = place
  await project.query(
    `alter table knex_migrations enable row level security; alter table knex_migrations owner to current_user;
     grant select, insert on knex_migrations to ${role}; grant usage on sequence knex_migrations_id_seq to ${role}`,
  )
  for (const line of ['check', 'migrate', 'status', 'verify', 'stamp 001_songs', 'serve']) {
    const { exit, text } = await runHere(project, line, { env })
    t.equal(exit, 2, line)
    t.equal(
      plain(place, text),
      `SCHEMA_PRIVILEGE_MISSING: Row security hides rows of public.knex_migrations from role "app", so what is recorded cannot be known. Nothing was done.

  database   app@db:5432/songs

Do one of:
  create policy schemagate on public.knex_migrations to "app" using (true) with check (true)   shows this role every row
  alter table public.knex_migrations disable row level security   if nobody needs it there`,
      line,
    )
  }
  await project.query('create policy readers on knex_migrations for select using (true)')
  t.match(await runHere(project, 'check', { env }), { exit: 3 }, 'a policy shows every row')
  const refused = await runHere(project, 'migrate', { env })
  t.equal(refused.exit, 2)
  t.match(plain(place, refused.text), /row security +public\.knex_migrations refuses rows of this role\n/)
  await project.query(
    `create policy schemagate on public.knex_migrations to ${role} using (true) with check (true)`,
  )
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 }, 'the statement that it names helps')
  await project.query(`create policy few on knex_migrations as restrictive using (id > 1)`)
  t.match(await runHere(project, 'check', { env }), { exit: 2 }, 'a restrictive policy hides rows')
})

t.test('a ledger in a schema that the role may not use is not taken for none', async (t) => {
  const place = await begun(t)
  const { project, role, env } = place
  await project.query(`revoke all on schema public from ${role}, public`)
  for (const line of ['check', 'status', 'migrate']) {
    const { exit, text } = await runHere(project, line, { env })
    t.equal(exit, 2, line)
    t.match(
      plain(place, text),
      /^SCHEMA_PRIVILEGE_MISSING: Role "app" may not use schema "public", which has a ledger, [^]+ grant usage on schema "public" to "app" /,
    )
  }
  await project.query(`grant usage, create on schema public to ${role}`)
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 })
})

t.test('a row that a ledger refuses is not the fault of the migration', async (t) => {
  const { project, env } = await begun(t)
  await project.query('alter table knex_migrations alter id drop default')
  const { exit, text } = await runHere(project, 'migrate', { env })
  t.equal(exit, 7)
  t.match(
    text,
    /^SCHEMA_MIGRATION_FAILED: 002_title could not be recorded in knex_migrations, which the migration has nothing to do with\.\n[^]+ sqlstate +23502\n[^]+ correct knex_migrations /,
  )
})

/** What a role may lack, and the statement that is named. */
const lacking: Readonly<Record<string, readonly [string, string]>> = {
  'the lock of Knex': ['knex_migrations_lock', 'grant update on public.knex_migrations_lock to "app"'],
  'the ledger of Knex': ['knex_migrations', 'grant insert on public.knex_migrations to "app"'],
  'our ledger': ['schemagate_ledger', 'grant insert on public.schemagate_ledger to "app"'],
}

t.test('a missing privilege on a ledger is said before anything runs', async (t) => {
  const place = await begun(t)
  const { project, role, env } = place
  for (const [name, [table, grant]] of Object.entries(lacking)) {
    await project.query(`alter table ${table} owner to current_user; grant select on ${table} to ${role}`)
    const { exit, text } = await runHere(project, 'migrate', { env })
    t.equal(exit, 2, name)
    t.match(
      plain(place, text),
      /^SCHEMA_PRIVILEGE_MISSING: Role "app" may not record revisions\. Nothing was done\.\n/,
      name,
    )
    t.ok(plain(place, text).includes(`\n  ${grant} `), `${name}: ${text}`)
    await project.query(`alter table ${table} owner to ${role}`)
  }
  await project.query(
    `alter table knex_migrations owner to current_user; grant select, insert on knex_migrations to ${role};
     revoke all on sequence knex_migrations_id_seq from ${role}`,
  )
  t.match(
    (await runHere(project, 'migrate', { env })).text,
    /grant usage, update on sequence public\.knex_migrations_id_seq to /,
  )
  t.strictSame(await project.query(`select event from schemagate_ledger where revision = '002_title'`), [])
  await project.query(`alter table knex_migrations owner to ${role}`)
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 })
})

t.test('sequences that are behind the rows of a ledger are advanced', async (t) => {
  const { project, env } = await begun(t)
  await project.query(
    `insert into knex_migrations (id, name, batch, migration_time) select 40, 'x', 1, now() where false;
     select setval('knex_migrations_id_seq', 1, false), setval(pg_get_serial_sequence('schemagate_ledger', 'id'), 1, false)`,
  )
  const { exit, events } = await runHere(project, 'migrate', { env })
  t.equal(exit, 0)
  t.match(
    events.filter(({ event }) => event === 'ledger sequence advanced'),
    [
      { sequence: 'public.knex_migrations_id_seq', value: 1 },
      { sequence: 'public.schemagate_ledger_id_seq', value: 3 },
    ],
  )
  t.strictSame(await project.query('select id, name from knex_migrations order by id'), [
    { id: 1, name: '001_songs.js' },
    { id: 2, name: '002_title.js' },
  ])
  t.match(await runHere(project, 'check', { env }), { exit: 0 })
})

/** Where a session is read-only, what is said of it, and what mends it. */
const readOnly = (role: string, name: string): readonly (readonly [string, RegExp, string])[] => [
  [
    `alter database ${name} set`,
    /set for database songs\n[^]+ alter database songs reset default_transaction_read_only /,
    `alter database ${name} reset`,
  ],
  [
    `alter role ${role} set`,
    /set for role app\n[^]+ alter role app reset default_transaction_read_only /,
    `alter role ${role} reset`,
  ],
  [
    `alter role ${role} in database ${name} set`,
    /set for role app in database songs\n[^]+ alter role app in database songs reset default_transaction_read_only /,
    `alter role ${role} in database ${name} reset`,
  ],
]

t.test('a session that is read-only by a setting says by which', async (t) => {
  const place = await begun(t)
  const { project, role, name, env } = place
  for (const [set, says, reset] of readOnly(role, name)) {
    await project.query(`${set} default_transaction_read_only = on`)
    for (const line of ['migrate', 'stamp 001_songs --yes', 'serve']) {
      const { exit, text } = await runHere(project, line, { env })
      if (line.startsWith('stamp') && exit === 0) continue
      t.equal(exit, 2, line)
      t.match(
        plain(place, text),
        /^SCHEMA_READ_ONLY: Every transaction of this session is read-only, because default_transaction_read_only is on\. Nothing was done\.\n/,
      )
      t.match(plain(place, text), says)
    }
    t.match(await runHere(project, 'check', { env }), { exit: 3 }, 'reading goes on')
    await project.query(
      `begin; set local transaction_read_only = off; ${reset} default_transaction_read_only; commit`,
    )
  }
  const options = `${env.DATABASE_URL}?options=-c%20default_transaction_read_only%3Don`
  t.match(
    (await runHere(project, 'migrate', { env: { DATABASE_URL: options } })).text,
    /set by the options of the database URL\n/,
  )
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 })
})

const timeouts = [
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'lock_timeout',
]

t.test('time-outs of the role do not end a migration', async (t) => {
  const waits = {
    code: `export const up = async (knex) => {
      await knex.raw('select pg_sleep(1.2)')
      await new Promise((done) => setTimeout(done, 1200))
      await knex.raw('alter table songs add column plays int')
    }`,
  }
  const { project, role, env } = await begun(t, {
    '003_plays': waits,
    '004_more': {
      code: `export const config = { transaction: false }\n${waits.code.replace('plays', 'more')}`,
    },
  })
  const [{ major } = {}] = await project.query(
    `select current_setting('server_version_num')::int / 10000 as major`,
  )
  for (const name of [...timeouts, ...(Number(major) >= 17 ? ['transaction_timeout'] : [])])
    await project.query(`alter role ${role} set ${name} = '500ms'`)
  t.match(await runHere(project, 'migrate', { env }), { exit: 0 })
})

t.test('what PostgreSQL refuses for good is not tried again', async (t) => {
  const { project, role, env, name } = await begun(t)
  const urls: readonly (readonly [string, number, RegExp])[] = [
    [env.DATABASE_URL.replace(`/${name}`, '/template0'), 2, /^SCHEMA_CONFIG_INVALID: [^]+ 55000 /],
    [`${env.DATABASE_URL}?options=-c%20no_such%3D1`, 2, /^SCHEMA_CONFIG_INVALID: [^]+ 42704 /],
    [env.DATABASE_URL.replace(`/${name}`, '/nowhere'), 2, /^SCHEMA_DATABASE_MISSING: /],
    [env.DATABASE_URL.replace(role, 'nobody_4711'), 2, /^SCHEMA_AUTHENTICATION_FAILED: /],
  ]
  for (const [url, exit, says] of urls) {
    const started = performance.now()
    t.match(
      await runHere(project, 'migrate', { env: { DATABASE_URL: url, CONNECT_TIMEOUT: '5m' } }),
      { exit, text: says },
      url,
    )
    t.ok(performance.now() - started < 20_000)
  }
})
