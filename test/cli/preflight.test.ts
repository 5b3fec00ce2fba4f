import pg from 'pg'
import t, { type Test } from 'tap'
import type { DataQuestion } from '../../src/operations/plan/data-question.js'
import { askTarget } from '../../src/operations/plan/ask-target.js'
import { describeSpace, isTooSmall, rewriteSpaces } from '../../src/operations/plan/rewrite-space.js'
import { readTargetLoad } from '../../src/operations/plan/target-load.js'
import { readBriefly } from '../../src/postgres/inspect/read-briefly.js'
import { runHere } from '../support/command.js'
import { createDatabase, createRole, query } from '../support/database.js'
import { createProject } from '../support/project.js'

/** 10,000,000 by hand. */
const rows = Number(process.env['PREFLIGHT_ROWS'] ?? 200_000)

const tables = `create type mood as enum ('sad', 'ok');
  create table bands (id int primary key);
  create table songs (id int primary key, title text, email text, band int, plays bigint, mood mood, old text)`

/** Few of many rows are wrong, and at the end of the table. */
const data = `insert into bands select generate_series(1, 1000);
  insert into songs select id, case when id > ${rows - 3} then null else 'secret' end,
      'secret' || case when id > ${rows - 4} then 1 else id end, case when id > ${rows - 5} then 0 else id % 1000 + 1 end,
      case when id > ${rows - 6} then 1e12 else id end, (case when id > ${rows - 7} then 'sad' else 'ok' end)::mood,
      'secret'
    from generate_series(1, ${rows}) id;
  analyze songs`

/** What each revision asks: how many rows it finds. */
const asked: Readonly<Record<string, { readonly sql: string; readonly found: RegExp }>> = {
  '002_null': { sql: 'alter table songs alter title set not null', found: /FAILS .* rows with null: 3, / },
  '003_unique': {
    sql: 'alter table songs add unique (email)',
    found: /FAILS .* values that several rows have: 1, /,
  },
  '004_band': {
    sql: 'alter table songs add foreign key (band) references bands',
    found: /FAILS .* missing: 5, /,
  },
  '005_type': { sql: 'alter table songs alter plays type int', found: /FAILS .* no integer: 6, / },
  '006_check': { sql: 'alter table songs add check (plays < 1000000000)', found: /FAILS .* refuses: 6, / },
  '007_mood': {
    sql: `alter type mood rename to m; create type mood as enum ('ok');
      alter table songs alter mood type mood using mood::text::mood; drop type m`,
    found: /may fail .* rows with it: 7, /,
  },
  '008_drop': { sql: 'alter table songs drop old', found: /loses .* rows with a value: at least 1000, / },
}

t.test('questions to a large table are bounded, and take no lock that others wait for', async (t) => {
  const project = await createProject(t, { '001_songs': tables })
  await project.migrate()
  await project.query(data)
  await project.write(Object.fromEntries(Object.entries(asked).map(([name, { sql }]) => [name, sql])))
  const watch = await watchLocks(t, project.url)
  const started = performance.now()
  const result = await runHere(project, 'plan')
  const { modes, most } = await watch.stop()
  t.comment(`${rows} rows: ${Math.round(performance.now() - started)} ms`)
  t.equal(result.exit, 7, result.text)
  for (const part of result.text.split(/^(?=0\d\d_)/m).slice(1)) {
    // A slow server does not get through 10,000,000 rows in time.
    const isKnown =
      rows <= 200_000 || !part.includes('not known: to look at all rows takes longer than 5.0 s')
    if (isKnown) t.match(part, asked[part.split('\n')[0] ?? '']?.found ?? '')
  }
  t.strictSame(modes, ['AccessShareLock'])
  t.ok(most <= 2, `${most} tables were locked at once`)
  t.notMatch(result.text + JSON.stringify(result.document), /secret/)
})

/** Collects what other sessions hold in a database, as often as it can; what autovacuum holds, it gives up. */
async function watchLocks(t: Test, url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const modes = new Set<string>()
  let most = 0
  const state = { isOver: false }
  const watching = (async () => {
    while (!state.isOver) {
      const held = await client.query<{ name: string; mode: string }>(
        `select l.relation::regclass::text as name, l.mode from pg_locks l join pg_class c on c.oid = l.relation
            join pg_stat_activity a on a.pid = l.pid and a.backend_type = 'client backend'
          where l.database = (select oid from pg_database where datname = current_database()) and c.relkind = 'r'
            and c.relname in ('songs', 'bands') and l.pid <> pg_backend_pid()`,
      )
      for (const { mode } of held.rows) modes.add(mode)
      most = Math.max(most, new Set(held.rows.map(({ name }) => name)).size)
    }
  })()
  const stop = async () => {
    state.isOver = true
    await watching
    return { modes: [...modes], most }
  }
  t.teardown(async () => {
    await stop()
    await client.end()
  })
  return { stop }
}

const slowly = (condition: string): DataQuestion => ({
  table: 'public.songs',
  about: 'a question',
  rows: 'rows',
  effect: 'fails',
  source: (table, key) =>
    `select ${key} as key from ${table} r where case when slowly() then ${condition} end`,
})

t.test('what takes too long is asked of a part of the table, or is not known', async (t) => {
  const url = await createDatabase(t)
  await query(
    url,
    `create function slowly() returns boolean language plpgsql as 'begin perform pg_sleep(0.002); return true; end';
      create table songs (id int primary key, filler text) with (fillfactor = 10);
      insert into songs select id, repeat('x', 300) from generate_series(1, 10000) id`,
  )
  const ask = (questions: readonly DataQuestion[], all: number) =>
    withOwnClient(t, url, (client) =>
      readBriefly(client, () => askTarget(client, questions, { each: 400, all })),
    )
  const [some, none, last] = await ask([slowly('true'), slowly('id < 0'), slowly('true')], 1_500)
  t.match(some, { isAll: false, example: /^id = \d+$/, unknown: null })
  t.ok((some?.found ?? 0) > 0)
  t.match(none, {
    found: null,
    unknown: /^to look at all rows takes longer than 400 ms; there is none in a sample of [\d.]+ %$/,
  })
  t.match(last, { found: null, unknown: 'the questions before it took 1.5 s' })
})

async function withOwnClient<T>(t: Test, url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  t.teardown(() => client.end())
  await client.connect()
  return use(client)
}

const rewrite = { hazard: 'table rewrite', table: 'public.songs' } as const

t.test('who is in a long transaction, and what is free, is read where the role may', async (t) => {
  const url = await createDatabase(t)
  await query(url, 'create table songs (id int); create table bands (id int)')
  const other = new pg.Client({ connectionString: url, application_name: 'report' })
  t.teardown(() => other.end())
  await other.connect()
  await other.query('begin; select from songs')
  const load = (role: string) =>
    withOwnClient(t, role, (client) =>
      readBriefly(client, () => readTargetLoad(client, { hazards: [rewrite], tables: [] }, 0)),
    )
  const { longTransactions, folders } = await load(url)
  t.match(longTransactions, [
    /^report \(user .*pid \d+.*\): in a transaction since 2\S+Z, with locks on public\.songs$/,
  ])
  t.equal(longTransactions.length, 1)
  t.match(folders, 'unknown' in folders ? { unknown: /not on this machine/ } : { folders: Map })
  const weak = await load(await createRole(t, url))
  t.match(weak.longTransactions, [
    /^report .*: in a transaction, of which the role may not see when it began/,
  ])
  t.match(weak.folders, { unknown: 'the role may not see data_directory, as pg_monitor may' })
  await other.query('rollback; begin; lock table songs')
  const locked = await load(url)
  t.equal(locked.sizes.size, 0, 'it is not waited for')
  await other.query('rollback')
})

t.test('a rewrite that does not fit is told', (t) => {
  const sizes = new Map([['public.songs', { rows: 1, bytes: 3e9 }]])
  const place = { folder: '/data', free: 2e9 }
  const [small] = rewriteSpaces([rewrite, rewrite], {
    sizes,
    folders: { folders: new Map([['public.songs', place]]) },
  })
  t.ok(small !== undefined && isTooSmall(small))
  t.match(
    small && describeSpace(small),
    /^public\.songs is written again, which needs about .* GB more until it is committed; .* are free$/,
  )
  const [unknown] = rewriteSpaces([rewrite], { sizes, folders: { unknown: 'nobody knows' } })
  t.ok(unknown !== undefined && !isTooSmall(unknown))
  t.match(unknown && describeSpace(unknown), /what is free is not known: nobody knows$/)
  t.end()
})
