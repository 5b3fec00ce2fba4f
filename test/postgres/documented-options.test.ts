import pg from 'pg'
import t from 'tap'
import { diff, type Difference } from '../../src/core/model/diff.js'
import { canonicalizeCatalog } from '../../src/postgres/canonicalize/canonicalize.js'
import { readCatalogInTransaction } from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, serverMajor } from '../support/database.js'

const client = new pg.Client({ connectionString: await createDatabase(t) })
await client.connect()
t.teardown(() => client.end())

await client.query(`begin;
  create extension pg_trgm; create extension bloom;
  create table songs (id integer primary key with (fillfactor = 80), title text not null, place point, words tsvector,
    unique (title));
  alter table songs alter title set (n_distinct = 5);
  alter table songs set (fillfactor = 70, autovacuum_vacuum_cost_limit = 200, toast.autovacuum_enabled = false);
  create index by_title on songs (title) where title <> 'it''s (a)';
  create index by_trigrams on songs using gist (title gist_trgm_ops (siglen = 32), place);
  create index by_words on songs using gist (words tsvector_ops (siglen = 100)) with (fillfactor = 60, buffering = on);
  create index by_signature on songs using bloom (id, id) with (length = 80, col1 = 2);
  create index by_range on songs using brin (id int4_minmax_multi_ops (values_per_range = 16)) with (pages_per_range = 32);
  create view titles with (security_barrier) as select title from songs;
  create materialized view counts with (fillfactor = 90) as select title, count(*) from songs group by title;
  alter materialized view counts alter title set (n_distinct = 7)`)
const before = await readCatalogInTransaction(client)

const major = await serverMajor()

/** What differs from before once the server has printed both texts: with options it names an operator class that is the default. */
async function differencesNow(): Promise<readonly Difference[]> {
  const live = await readCatalogInTransaction(client)
  const comparison = { expected: before, live, majors: { expected: major, actual: major } }
  return diff(before, (await canonicalizeCatalog(client, comparison, 'callers')).live)
}

const append = (array: string, options: string): string =>
  `${array} = coalesce(${array}, '{}') || '${options}'`

/** What a server can write for itself: into each array of options in this database. */
const ownEntries = `
  update pg_attribute set ${append('attoptions', '{pg_attver=3}')} where attrelid >= 16384;
  update pg_class set ${append('reloptions', `{pg_relver=4 it''s,vendor=on}`)} where oid >= 16384 and relkind in ('r', 'v', 'm', 'i', 't')
    and relam not in (select oid from pg_am where amname = 'bloom')`

t.test('options that PostgreSQL documents are facts', async (t) => {
  const of = (key: string, fact: string) => before[key]?.[fact]
  t.strictSame(of('column:public.songs.title', 'options'), ['n_distinct=5'])
  t.strictSame(of('table:public.songs', 'options'), [
    'autovacuum_vacuum_cost_limit=200',
    'fillfactor=70',
    'toast.autovacuum_enabled=false',
  ])
  t.strictSame(of('constraint:public.songs.songs_pkey', 'options'), ['fillfactor=80'])
  t.strictSame(of('view:public.titles', 'options'), ['security_barrier=true'])
  t.strictSame(of('materialized_view:public.counts', 'options'), ['fillfactor=90'])
  t.strictSame(of('materialized_view:public.counts', 'columnSettings'), ['title: n_distinct=7'])
  t.match(of('index:public.songs.by_trigrams', 'definition'), /gist_trgm_ops \(siglen='32'\)/)
  t.match(of('index:public.songs.by_signature', 'definition'), /WITH \(length='80', col1='2'\)$/)
})

t.test('entries that a server keeps there for itself are not', async (t) => {
  await client.query(`savepoint own; ${ownEntries}`)
  t.teardown(() => client.query('rollback to own'))
  t.match(
    (await client.query<{ definition: string }>(`select pg_get_indexdef('by_title'::regclass) as definition`))
      .rows[0]?.definition,
    /pg_attver/,
  )
  t.strictSame(await differencesNow(), [])
})

t.test('a documented option is seen beside them', async (t) => {
  await client.query(`savepoint own; alter index by_words set (fillfactor = 61); ${ownEntries};
    update pg_attribute set attoptions = array['pg_attver=3', 'n_distinct=6']
      where attrelid = 'songs'::regclass and attname = 'title'`)
  t.teardown(() => client.query('rollback to own'))
  t.strictSame(
    (await differencesNow()).map((found) => [found.key, found.change === 'changed' && found.facts]),
    [
      ['column:public.songs.title', ['options']],
      ['index:public.songs.by_words', ['definition']],
    ],
  )
})
