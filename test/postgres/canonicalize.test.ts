import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { type Catalog, countByKind } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import type { MajorVersions } from '../../src/core/model/server-versions.js'
import { planChanges } from '../../src/ddl/plan/plan.js'
import {
  type CanonicalizedCatalog,
  canonicalizeCatalog,
  canonicalizeDifferences,
} from '../../src/postgres/canonicalize/canonicalize.js'
import {
  allAnnotations,
  readCatalog,
  readCatalogInTransaction,
} from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, createRole, query } from '../support/database.js'
import { createProject } from '../support/project.js'
import { catalogsByMajor, schema } from './across-majors.js'

const url = await createDatabase(t)
await query(url, schema)
const client = await connect(t, url)
const live = await readCatalog(client, allAnnotations)
const { rows } = await client.query<{ major: number }>(
  "select current_setting('server_version_num')::int / 10000 as major",
)
const actual = rows[0]?.major ?? 0
const catalogs = catalogsByMajor()

async function connect(t: Pick<Test, 'teardown'>, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** The promise of another major version, whose words differ the most from those of this server. */
const foreign = actual < 16 ? 18 : 14
const promised = catalogs.get(foreign) ?? {}
const majors = { expected: foreign, actual }

const keys = (expected: Catalog, { live }: Pick<CanonicalizedCatalog, 'live'>): readonly string[] =>
  diff(expected, live).map(({ key }) => key)

for (const [major, expected] of catalogs)
  t.test(`what was promised on ${major} is what is there`, async (t) => {
    const found = await canonicalizeCatalog(
      client,
      { expected, live, majors: { expected: major, actual } },
      'own',
    )
    t.strictSame(diff(expected, found.live), [])
    t.strictSame(found.canonicalizeFailures, {})
    const older = Math.min(major, actual)
    const differs = older < 17 && older !== Math.max(major, actual) && !(major < 16 && actual < 16)
    t.equal(
      diff(expected, live).some(({ key }) => key !== 'schema:public'),
      differs,
      'and is said otherwise',
    )
  })

t.test('what is built from its own text is what it was built from', async (t) => {
  const url = await createDatabase(t)
  const client = await connect(t, url)
  const { statements, refused } = planChanges(await readCatalog(client, allAnnotations), live)
  t.strictSame(refused, [])
  for (const { sql } of statements) await client.query(sql)
  const rebuilt = await readCatalog(client, allAnnotations)
  t.strictSame(
    countByKind(keys(live, { live: rebuilt })),
    {
      domain: 1,
      function: 1,
      procedure: 1,
      index: 2,
      constraint: 2,
      column: 1,
      policy: 1,
      rule: 1,
      trigger: 1,
      view: 1,
      materialized_view: 1,
    },
    'PostgreSQL prints some of it in other words',
  )
  const found = await canonicalizeCatalog(
    client,
    { expected: live, live: rebuilt, majors: { expected: actual, actual } },
    'own',
  )
  t.strictSame(diff(live, found.live), [])
})

/** What means something else: a statement, and the facts it makes differ. */
const changes: readonly (readonly [sql: string, facts: string])[] = [
  [
    `create or replace view app.v as select id, title, json, status from app.songs where status in ('a', 'c')`,
    'view:app.v definition',
  ],
  [
    `create or replace view app.v as select id, title, json, upper(status)::varchar(10) as status from app.songs where status in ('a', 'b')`,
    'view:app.v definition',
  ],
  [`alter view app.json rename column "user" to person`, 'view:app.json columns, definition'],
  [
    `drop view app.aliased; create view app.aliased as select new.id, new.title as "Title" from app.songs old join app.songs new on new.id = old.n`,
    'view:app.aliased definition',
  ],
  [
    `drop materialized view app.stored; create materialized view app.stored as select id, title from app.songs where title in ('b', 'a');
    create index stored_lower on app.stored (lower(title)) where title in ('a', 'b')`,
    'materialized_view:app.stored definition',
  ],
  [
    `alter table app.songs drop constraint songs_status_check, add constraint songs_status_check check (status in ('a', 'c'))`,
    'constraint:app.songs.songs_status_check definition',
  ],
  [
    `alter table app.songs drop constraint few, add constraint few check (n between 1 and 10)`,
    'constraint:app.songs.few definition',
  ],
  [
    `alter table app.songs drop constraint songs_during_excl, add constraint songs_during_excl exclude using gist (during with &&) where (status in ('b'))`,
    'constraint:app.songs.songs_during_excl definition',
  ],
  [
    `alter table app.members drop constraint members_id_json_key, add constraint members_id_json_key unique (json, id)`,
    'constraint:app.members.members_id_json_key definition',
  ],
  [`alter table app.songs alter title set default 'y'`, 'column:app.songs.title default'],
  [
    `alter table app.songs drop plain, add plain text generated always as (upper(title)) stored`,
    'column:app.songs.plain generated',
  ],
  [
    `drop index app.lower_title; create index lower_title on app.songs (upper(title)) where status in ('a', 'b')`,
    'index:app.songs.lower_title definition',
  ],
  [
    `drop index app."by User"; create unique index "by User" on app."order" ("user", json) where "user" > 6`,
    'index:app.order."by User" definition',
  ],
  [
    `drop trigger touched on app.songs; create trigger touched after update of json, title on app.songs for each row
    when (old.* is distinct from new.* and new.status in ('a', 'c')) execute function app.touch()`,
    'trigger:app.songs.touched definition',
  ],
  [
    `create or replace rule logged as on insert to app.songs where new.status in ('a', 'c')
    do also insert into app.members select songs.id, new.id from app.songs`,
    'rule:app.songs.logged definition',
  ],
  [
    `alter policy members on app.songs with check (status in ('a', 'c'))`,
    'policy:app.songs.members withCheck',
  ],
  [
    `alter policy members on app.songs using (exists (select from app.members m where m.id = songs.id and songs.status in ('a', 'b')))`,
    'policy:app.songs.members using',
  ],
  [
    `create or replace function app.find(a int, b varchar default 'x') returns int language sql begin atomic select id from app.songs where status in ('a', 'c'); end`,
    'function:app.find(integer, character varying) definition',
  ],
  [
    `create or replace procedure app.clean(a int) language sql begin atomic delete from app.songs where status in ('a', 'c'); end`,
    'procedure:app.clean(integer) definition',
  ],
  [
    `alter domain app.code drop constraint code_check; alter domain app.code add constraint code_check check (value in ('a', 'c'))`,
    'domain:app.code constraints',
  ],
  [`alter domain app.code set default 'y'`, 'domain:app.code default'],
  [`drop type app.pair; create type app.pair as ("JSON" int, other text)`, 'composite:app.pair attributes'],
  // On 14 it is what everybody may do from the start, which is not said.
  ...(actual < 15 ? [] : [['grant create on schema public to public', 'schema:public grants'] as const]),
]

t.test('what means something else stays a difference', async (t) => {
  for (const [sql, facts] of changes) {
    await client.query('begin')
    await client.query(sql)
    const changed = await readCatalogInTransaction(client, allAnnotations)
    const found = await canonicalizeCatalog(client, { expected: promised, live: changed, majors }, 'callers')
    await client.query('rollback')
    t.strictSame(
      diff(promised, found.live).map((each) =>
        each.change === 'changed' ? `${each.key} ${each.facts.join(', ')}` : each,
      ),
      [facts],
      sql,
    )
    t.strictSame(found.canonicalizeFailures, {})
  }
})

t.test(
  'what the server cannot print stays a difference, with the reason, and the rest does not',
  async (t) => {
    const view = promised['view:app.v'] ?? {}
    const expected = {
      ...promised,
      'view:app.v': { ...view, definition: ' SELECT songs.nothing\n   FROM app.songs;' },
    }
    const found = await canonicalizeCatalog(client, { expected, live, majors }, 'own')
    t.strictSame(keys(expected, found), ['view:app.v'])
    t.strictSame(found.canonicalizeFailures, {
      'view:app.v': `PostgreSQL ${actual} could not print what ${foreign} promised: column songs.nothing does not exist`,
    })
    const native = { ...live, 'view:app.v': expected['view:app.v'] }
    const same = await canonicalizeCatalog(
      client,
      { expected: native, live, majors: { expected: actual, actual } },
      'own',
    )
    t.strictSame(keys(native, same), ['view:app.v'])
    t.strictSame(same.canonicalizeFailures, {}, 'on the same major version it is just drift')
  },
)

t.test(
  'a role that may only read can ask, but not without the privilege to make temporary objects',
  async (t) => {
    const role = await createRole(t, url)
    const { username, pathname } = new URL(role)
    await query(
      url,
      `grant usage on schema app to ${username}; alter role ${username} set default_transaction_read_only to on`,
    )
    const reader = await connect(t, role)
    const expected = structuredClone(promised)
    const found = await canonicalizeCatalog(reader, { expected, live, majors }, 'own')
    t.strictSame(keys(expected, found), [])
    await query(url, `revoke temporary on database ${pathname.slice(1)} from public`)
    const anew = structuredClone(promised)
    const refused = await canonicalizeCatalog(reader, { expected: anew, live, majors }, 'own')
    t.ok(keys(anew, refused).includes('view:app.v'))
    t.match(refused.canonicalizeFailures['view:app.v'], /permission denied to create temporary tables/)
    await query(url, `grant temporary on database ${pathname.slice(1)} to public`)
  },
)

t.test('the body of a routine from a Windows checkout is the same, and that is told', async (t) => {
  const lines = (end: string): string =>
    [
      'create function lines() returns text language plpgsql as $$',
      'begin',
      "  return 'a';",
      'end $$;',
      'create procedure nothing(a text) language sql as $$',
      'select 1;',
      '$$',
    ].join(end)
  const catalogWith = async (sql: string): Promise<Catalog> => {
    await client.query(`begin; ${sql}`)
    const read = await readCatalogInTransaction(client)
    await client.query('rollback')
    return read
  }
  const [unix, windows] = [await catalogWith(lines('\n')), await catalogWith(lines('\r\n'))]
  t.equal(diff(unix, windows).length, 2)
  for (const [expected, live] of [
    [unix, windows],
    [windows, unix],
  ] as const) {
    const found = await canonicalizeCatalog(
      client,
      { expected, live, majors: { expected: actual, actual } },
      'own',
    )
    t.strictSame(diff(expected, found.live), [])
    t.equal(found.notes.length, 2)
    t.match(found.notes[0], /^function:public\.lines\(\) has (Windows|Unix) .* promised with (Windows|Unix)/)
  }
  const other = await catalogWith(lines('\r\n').replace("'a'", "'b'"))
  const changed = await canonicalizeCatalog(
    client,
    { expected: unix, live: other, majors: { expected: actual, actual } },
    'own',
  )
  t.equal(diff(unix, changed.live).length, 1)
})

t.test('a partition has the identity of its parent, which only 17 and later show', async (t) => {
  const column = (identity?: string): Catalog => ({
    'column:public.m1.id': {
      type: 'bigint',
      nullable: false,
      ...(identity === undefined ? {} : { identity }),
    },
  })
  const partition: Catalog = { 'table:public.m1': { partition: 'DEFAULT', parents: ['public.m'] } }
  const differing = async (
    expected: Catalog,
    live: Catalog,
    majors: MajorVersions,
  ): Promise<readonly string[]> =>
    keys(expected, await canonicalizeCatalog(client, { expected, live, majors }, 'own'))
  const [shown, hidden, own] = [column('always'), column(), column('by default')]
  const [later, earlier] = [
    { expected: 18, actual: 16 },
    { expected: 16, actual: 17 },
  ]
  t.strictSame(await differing({ ...partition, ...shown }, { ...partition, ...hidden }, later), [])
  t.strictSame(await differing({ ...partition, ...hidden }, { ...partition, ...shown }, earlier), [])
  t.strictSame(
    await differing({ ...partition, ...shown }, { ...partition, ...own }, later),
    Object.keys(own),
    'an identity of its own',
  )
  t.strictSame(
    await differing({ ...partition, ...shown }, { ...partition, ...hidden }, { expected: 18, actual: 17 }),
    Object.keys(shown),
    'both versions show it',
  )
  t.strictSame(await differing(shown, hidden, later), Object.keys(shown), 'no partition')
  const picked = await canonicalizeDifferences(
    client,
    {
      promised: { catalog: { ...partition, ...shown }, undetermined: {}, tolerated: new Set() },
      live: { ...partition, ...hidden },
      majors: later,
      differences: diff({ ...partition, ...shown }, { ...partition, ...hidden }),
    },
    'own',
  )
  t.strictSame(keys({ ...partition, ...shown }, picked), [], 'where only differences are compared')
})

t.test('a table that somebody else has locked is waited for only shortly', async (t) => {
  const other = await connect(t, url)
  await other.query('begin; lock table app.songs in access exclusive mode')
  const expected = structuredClone(promised)
  const found = await canonicalizeCatalog(client, { expected, live, majors }, 'own')
  await other.query('rollback')
  t.match(found.canonicalizeFailures['view:app.v'], /lock timeout/)
  const again = await canonicalizeCatalog(client, { expected, live, majors }, 'own')
  t.strictSame(keys(expected, again), [], 'and asked for again the next time')
})

t.test('nothing is left behind, in a transaction of its own or of somebody else', async (t) => {
  const state = async (): Promise<unknown> =>
    (
      await client.query(`select name, setting from pg_settings union all
        select 'temporary', relname from pg_class where relpersistence = 't' union all
        select 'function', proname from pg_proc where pronamespace = pg_my_temp_schema() union all
        select 'locked', relation::regclass::text from pg_locks
          where pid = pg_backend_pid() and mode <> 'AccessShareLock' and relation > 16384 order by 1, 2`)
    ).rows
  for (const transaction of ['own', 'callers'] as const) {
    if (transaction === 'callers')
      await client.query('begin; set local search_path to app; create table mine (id int)')
    const before = await state()
    const expected = { ...structuredClone(promised), 'view:app.v': { definition: 'nonsense' } }
    const found = await canonicalizeCatalog(client, { expected, live, majors }, transaction)
    t.strictSame(keys(expected, found), ['view:app.v'])
    t.strictSame(await state(), before, transaction)
    if (transaction === 'callers') await client.query('select from mine; rollback')
  }
})

t.test('what was printed once is not asked again', async (t) => {
  const expected = structuredClone(promised)
  const first = await canonicalizeCatalog(client, { expected, live, majors }, 'own')
  const ended = new pg.Client({ connectionString: url })
  t.strictSame(
    await canonicalizeCatalog(ended, { expected, live, majors }, 'own'),
    first,
    'it was not even connected',
  )
})

t.test('the whole story on another major version: init, migrate, verify, revert', async (t) => {
  const p = await createProject(t, {
    '001_songs': `create table songs (id int primary key, status varchar(9) check (status in ('a', 'b')))`,
    '002_hits': { up: 'create view hits as select id from songs', down: 'drop view hits' },
    '003_hits': {
      up: 'create or replace view hits as select id from songs where id > 0',
      down: 'create or replace view hits as select id from songs',
    },
  })
  const file = join(p.root, 'migrations/schema.snapshot.json')
  const rewrite = async (...words: readonly (readonly [string, string])[]): Promise<void> => {
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      words.reduce((text, [here, there]) => text.replaceAll(here, there), text),
    )
  }
  const [bare, named] = [
    ['SELECT id', '(id > 0)'],
    ['SELECT songs.id', '(songs.id > 0)'],
  ] as const
  const [here, there] = actual < 16 ? [named, bare] : [bare, named]
  await rewrite([`"postgres": ${actual}`, `"postgres": ${foreign}`], [here[0], there[0]], [here[1], there[1]])
  t.match(await readFile(file, 'utf8'), there[1])

  const empty = await createDatabase(t)
  t.match(await p.run('init', { DATABASE_URL: empty }), { exit: 0 })
  t.match(await p.run('verify', { DATABASE_URL: empty }), { exit: 0, stdout: /as promised/ })
  for (const sides of ['database snapshot', 'snapshot database'])
    t.match(await p.run(`diff ${sides}`, { DATABASE_URL: empty }), { exit: 0, stdout: 'No difference.' })

  await p.migrate()
  t.match(await p.run('verify'), { exit: 0, stdout: /as promised/ })
  t.match(await p.run('down'), { exit: 0 })
  t.match(await p.run('verify'), { stdout: /002_hits \(behind\)[^]*as promised/ })

  await rewrite([there[1], '(songs.nothing > 0)'])
  const reason = `PostgreSQL ${actual} could not print what ${foreign} promised: column songs.nothing does not exist`
  t.match(await p.run('migrate'), { exit: 7, stderr: reason })
  await p.query('create or replace view hits as select id from songs where id > 0')
  await p.query(`insert into knex_migrations (name, batch, migration_time) values ('003_hits', 9, now())`)
  t.match(await p.run('verify'), { exit: 4, stdout: reason })
})
