import pg from 'pg'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { assessImpact, impactRules } from '../../src/core/impact/assess-impact.js'
import { type Catalog, countByKind } from '../../src/core/model/catalog.js'
import { diff, type Difference } from '../../src/core/model/diff.js'
import { compareInScope, isSetting } from '../../src/core/model/scope.js'
import {
  allAnnotations,
  readCatalog,
  readCatalogInTransaction,
  type ReadOptions,
} from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, createRole, query } from '../support/database.js'
import { type Case, cases } from './cases.js'
import { kindCases } from './kind-cases.js'
import { othersCases } from './others-cases.js'
import { scopedCases } from './scoped-cases.js'

const url = await createDatabase(t)
const client = await connect(t, url)
const { rows } = await client.query<{ major: number }>(
  "select current_setting('server_version_num')::int / 10000 as major",
)
const major = rows[0]?.major ?? 0

async function connect(t: Pick<Test, 'teardown'>, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** The catalog that SQL makes of an empty database, which it is again afterwards. */
async function catalogOf(sql: string, options: ReadOptions = {}): Promise<Catalog> {
  await client.query('begin')
  try {
    await client.query(sql)
    return await readCatalogInTransaction(client, options)
  } finally {
    await client.query('rollback')
  }
}

async function liveCatalogOf(t: Test, { live, failing }: Case): Promise<Catalog> {
  if (failing === undefined) return catalogOf(live)
  const url = await createDatabase(t)
  const client = await connect(t, url)
  await client.query(live)
  await t.rejects(client.query(failing.sql), { code: failing.code })
  return readCatalog(client)
}

function inShort(difference: Difference): string {
  const facts = difference.change === 'changed' ? ` ${difference.facts.join(', ')}` : ''
  return `${difference.change} ${difference.key}${facts}`
}

function inWords(difference: Difference, expected: Catalog, live: Catalog): string {
  return `${inShort(difference)} (${assessImpact(difference, expected, live).impact})`
}

const allCases = [...cases, ...kindCases, ...othersCases]

for (const each of allCases) {
  const { name, since = 0 } = each
  t.test(name, { skip: since > major && `needs PostgreSQL ${since}` }, async (t) => {
    const promised = await catalogOf(each.promised)
    const live = await liveCatalogOf(t, each)
    const differences = diff(promised, live)
    t.strictSame(
      differences.map((difference) => inWords(difference, promised, live)),
      each.differences,
    )
    t.strictSame(diff(promised, await catalogOf(each.promised)), [], 'made again it is the same')
  })
}

for (const each of scopedCases)
  t.test(each.name, async (t) => {
    const { comments = false, grants = false, ignore = [], ignored = [] } = each
    const settings = {
      VERIFY_COMMENTS: String(comments),
      VERIFY_GRANTS: String(grants),
      VERIFY_IGNORE: JSON.stringify(ignore),
    }
    const { scope } = loadConfig({ root: t.testdir(), env: settings }).verify
    const catalog = await catalogOf(each.promised, allAnnotations)
    const promised = { catalog, undetermined: {}, tolerated: new Set<string>() }
    for (const options of [allAnnotations, { comments, grants }]) {
      const found = compareInScope(promised, await catalogOf(each.live, options), scope)
      t.strictSame(found.differences.map(inShort), each.differences)
      t.strictSame(
        found.ignored.map(({ objects }) => objects),
        ignored,
      )
    }
  })

t.test('every kind of object is missing, unexpected and changed in some case', async (t) => {
  for (const change of ['missing', 'unexpected', 'changed']) {
    const found = allCases.flatMap(({ differences }) => differences).filter((line) => line.startsWith(change))
    const kinds = Object.keys(countByKind(found.map((line) => line.split(' ')[1] ?? '')))
    // Schemas have no facts, and these are read only when asked for.
    const never = ['database_comment', 'default_privileges', ...(change === 'changed' ? ['schema'] : [])]
    t.strictSame([...kinds, ...never].sort(), Object.keys(impactRules).sort(), change)
  }
})

/** What prints differently with other settings, in a schema that search_path can hide or show. */
const sensitive = `
  create schema music;
  create type music.mood as enum ('sad', 'ok');
  create table music.songs (id serial primary key, "Order" int, "select" int,
    day date default '2026-02-01', at timestamptz default '2026-02-01 12:00+00', long interval default '1 day 2:03',
    weight float8 default '0.1234567890123456', price money default '1234.5', raw bytea default '\\x00ff', path text default 'a\\b',
    mood music.mood default 'sad' check (mood <> 'ok'), lead int references music.songs);
  create table music.plays (at timestamptz not null) partition by range (at);
  create table music.plays_2026 partition of music.plays for values from ('2026-01-01 00:00+00') to ('2027-01-01 00:00+00');
  create index on music.songs (id) where day > '2026-02-01' and long > '1 day';
  create view music.hits as select "Order", "select", mood from music.songs where mood = 'ok' and weight > 0.1234567890123456;
  create policy p on music.songs using (day > '2026-02-01');
  create domain music.year as date default '2026-02-01' check (value > '1900-02-01');
  create function music.best(a music.mood, b music.songs default null) returns music.mood language sql
    as $$ select 'ok'::music.mood $$;
  create trigger t before insert on music.songs for each row when (new.day > '2026-02-01')
    execute function suppress_redundant_updates_trigger();`

const ofDatabase = {
  search_path: 'music, public',
  timezone: "'America/New_York'",
  intervalstyle: 'sql_standard',
  extra_float_digits: '-10',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  quote_all_identifiers: 'on',
}

const ofRole = {
  datestyle: "'German, DMY'",
  default_transaction_isolation: "'read committed'",
  default_transaction_read_only: 'on',
  row_security: 'off',
}

t.test('settings of the database and the role do not change what is read, nor does who reads', async (t) => {
  const url = await createDatabase(t)
  await query(url, sensitive)
  const promised = await readCatalog(await connect(t, url))
  const role = await createRole(t, url)
  const { pathname, username } = new URL(role)
  // A schema that a role may not use is not in its search_path.
  await query(url, `grant usage on schema music to ${username}`)
  for (const [name, value] of Object.entries(ofDatabase))
    await query(url, `alter database ${pathname.slice(1)} set ${name} to ${value}`)
  for (const [name, value] of Object.entries(ofRole))
    await query(url, `alter role ${username} set ${name} to ${value}`)
  const client = await connect(t, role)
  const shown = async () => (await client.query('select name, setting from pg_settings order by name')).rows
  const before = await shown()
  const differencesFrom = (live: Catalog) => diff(promised, live).filter(({ key }) => !isSetting(key))
  t.strictSame(differencesFrom(await readCatalog(client)), [])
  await client.query('begin')
  t.strictSame(differencesFrom(await readCatalogInTransaction(client)), [])
  t.strictSame(await shown(), before, 'the transaction goes on with its own settings')
  await client.query('rollback')
  t.match(promised, {
    'column:music.songs.day': { default: "'2026-02-01'::date" },
    'column:music.songs.id': { default: "nextval('music.songs_id_seq'::regclass)" },
    'column:music.songs.mood': { type: 'music.mood', default: "'sad'::music.mood" },
    'column:music.songs.path': { default: "'a\\b'::text" },
    'column:music.songs.price': { default: /'\$1,?234\.50'::money/ },
    'sequence:music.songs_id_seq': { ownedBy: 'music.songs.id' },
    'table:music.plays_2026': { parents: ['music.plays'] },
    'function:music.best(music.mood, music.songs)': {},
  })
})

t.test('type parsers that a project has changed do not change what is read', async (t) => {
  const promised = await catalogOf(sensitive)
  for (const oid of [pg.types.builtins.BOOL, pg.types.builtins.JSON, pg.types.builtins.TEXT]) {
    const parser: (text: string) => unknown = pg.types.getTypeParser(oid)
    t.teardown(() => pg.types.setTypeParser(oid, parser))
    pg.types.setTypeParser(oid, () => 'mine')
  }
  t.strictSame(await catalogOf(sensitive), promised)
})

t.test('a transaction sees what it has changed, others do not yet', async (t) => {
  const url = await createDatabase(t)
  const [client, other] = [await connect(t, url), await connect(t, url)]
  const empty = await readCatalog(other)
  await client.query('begin; create table songs (id int)')
  const seen = await readCatalogInTransaction(client)
  t.strictSame(await readCatalog(other), empty)
  await client.query('commit')
  t.strictSame(await readCatalog(other), seen)
  t.strictSame(diff(empty, seen), [
    {
      change: 'unexpected',
      key: 'table:public.songs',
      actual: { rowSecurity: false, forceRowSecurity: false },
    },
    { change: 'unexpected', key: 'column:public.songs.id', actual: { type: 'integer', nullable: true } },
  ])
})

t.test('the tables of the ledger are left out by the names the project gives them', async (t) => {
  const url = await createDatabase(t)
  await query(
    url,
    `create schema music; create table music.steps (id serial primary key); create table steps_lock (index serial);
      create table knex_migrations (id int); create table schemagate_ledger (id int)`,
  )
  const client = await connect(t, url)
  const keys = async (ledgerTables?: readonly string[]): Promise<readonly string[]> =>
    Object.keys(await readCatalog(client, ledgerTables === undefined ? {} : { ledgerTables }))
  const base = ['schema:music', 'schema:public', 'extension:plpgsql']
  t.strictSame(
    new Set(await keys(['steps', 'steps_lock'])),
    new Set([...base, 'table:public.knex_migrations', 'column:public.knex_migrations.id']),
  )
  t.strictSame(
    new Set(await keys()),
    new Set([
      ...base,
      'sequence:music.steps_id_seq',
      'table:music.steps',
      'column:music.steps.id',
      'constraint:music.steps.steps_pkey',
      'sequence:public.steps_lock_index_seq',
      'table:public.steps_lock',
      'column:public.steps_lock.index',
    ]),
  )
})

t.test('a catalog that could not be read is an error, and the connection can be used again', async (t) => {
  const client = await connect(t, url)
  await client.query('set statement_timeout to 1')
  await t.rejects(readCatalog(client), { code: '57014' })
  await client.query('set statement_timeout to 0')
  const { 'extension:plpgsql': plpgsql, ...others } = await readCatalog(client)
  t.strictSame([plpgsql?.['schema'], others], ['pg_catalog', { 'schema:public': {} }])
})
