import { wholeProof } from '../support/whole-proof.js'
import t, { type Test } from 'tap'
import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { startWriterFor } from '../../src/ddl/plan/plan-start.js'
import { planChanges } from '../../src/ddl/plan/plan.js'
import type { ProvenPlan } from '../../src/ddl/proof.js'
import { describeHazard, type Plan, type Statement } from '../../src/ddl/statement.js'
import { withClient } from '../../src/postgres/connection/connect.js'
import { allAnnotations, readCatalog } from '../../src/postgres/introspect/read-catalog.js'
import { provePlan, type ProofRequest } from '../../src/postgres/proof/prove-plan.js'
import { startCatalogFor } from '../../src/postgres/proof/start-catalog.js'
import { findScratch, type Scratch } from '../../src/postgres/scratch/scratch.js'
import { createDatabase, serverMajor } from '../support/database.js'

t.jobs = 2

async function scratchOf(t: Test): Promise<Scratch> {
  const url = await createDatabase(t)
  return findScratch({
    scratch: { url, ssl: null, applicationName: 'test' },
    embedded: () => Promise.reject(new Error('the server is given')),
    prelude: null,
  })
}

async function catalogOf(scratch: Scratch, sql: string): Promise<Catalog> {
  return scratch.withDatabase((connection) =>
    withClient(connection, async (client) => {
      await client.query(sql)
      return readCatalog(client, allAnnotations)
    }),
  )
}

interface Proven {
  readonly plan: ProvenPlan
  readonly trials: number
}

/** Proves the way from one schema to another, as it is planned or as `write` changes it. */
async function prove(
  t: Test,
  [a, b]: readonly [string, string],
  write?: (plan: Plan) => Plan,
): Promise<Proven> {
  const scratch = await scratchOf(t)
  const [from, to] = [await catalogOf(scratch, a), await catalogOf(scratch, b)]
  let trials = 0
  const counting: Scratch = {
    ...scratch,
    withDatabase: (use) => {
      trials += 1
      return scratch.withDatabase(use)
    },
  }
  const request: ProofRequest = wholeProof(from, to, (refusals) =>
    (write ?? ((plan) => plan))(planChanges(from, to, { refusals })),
  )
  return { plan: (await provePlan(request, counting)).plan, trials }
}

const sqlOf = ({ statements }: Plan): readonly string[] => statements.map(({ sql }) => sql)
const refusedKeys = ({ refused }: Plan): readonly string[] => refused.map(({ key }) => key)
const hazardsOf = ({ statements }: Plan): readonly string[] =>
  statements.flatMap(({ hazards }) => hazards.map(describeHazard))

/** A plan with other SQL in the statements of one key. */
const rewritten =
  (key: string, change: (statement: Statement) => Statement) =>
  (plan: Plan): Plan => ({
    ...plan,
    statements: plan.statements.map((statement) => (statement.key === key ? change(statement) : statement)),
  })

const songs = 'create table songs (id int primary key, title text, plays int)'

t.test('what works is shown as it is, run once, with rows', async (t) => {
  const { plan, trials } = await prove(t, [songs, `${songs}; create index songs_title on songs (title)`])
  t.strictSame(sqlOf(plan), ['CREATE INDEX CONCURRENTLY songs_title ON public.songs USING btree (title)'])
  t.strictSame(plan.proof, {
    proven: true,
    postgres: await serverMajor(),
    target: null,
    tablesWithRows: 1,
    unproven: [],
  })
  t.equal(trials, 1)
})

t.test('a type that throws for a text that it does not read gets rows all the same', async (t) => {
  const of = (type: string): string => `create domain sure as integer check (1 / (value - 1) <> 0);
    create table songs (id sure, stored regclass, plays ${type})`
  const { plan } = await prove(t, [of('integer'), of('bigint')])
  t.strictSame(sqlOf(plan), ['ALTER TABLE public.songs ALTER COLUMN plays TYPE bigint'])
  t.equal(plan.proof?.proven === true && plan.proof.tablesWithRows, 1)
})

t.test('what PostgreSQL refuses is refused with its reason, and the rest is given', async (t) => {
  const wrong = rewritten('column:public.songs.plays', (one) => ({
    ...one,
    sql: 'ALTER TABLE public.songs DROP COLUMN play',
  }))
  const { plan, trials } = await prove(
    t,
    [songs, 'create table songs (id int primary key, title text); create table likes (id int)'],
    wrong,
  )
  t.match(sqlOf(plan), [/^CREATE TABLE public\.likes/])
  t.strictSame(plan.refused, [
    {
      key: 'column:public.songs.plays',
      reason:
        'PostgreSQL refused it in a scratch database: column "play" of relation "songs" does not exist (ALTER TABLE public.songs DROP COLUMN play)',
      decide: 'how it is changed, and write that by hand',
    },
  ])
  t.match(plan.proof, { proven: true })
  t.equal(trials, 2)
})

t.test('a refused object takes along what needs it', async (t) => {
  const wrong = rewritten('table:public.likes', (one) => ({ ...one, sql: 'CREATE TABEL likes ()' }))
  const { plan } = await prove(
    t,
    [
      songs,
      `${songs}; create table likes (id int); create view liked as select id from likes; create table bands ()`,
    ],
    wrong,
  )
  t.match(refusedKeys(plan), ['table:public.likes'])
  t.ok(refusedKeys(plan).includes('view:public.liked'))
  t.match(sqlOf(plan), [/^CREATE TABLE public\.bands/])
})

t.test('one wrong statement among hundreds of a message is named', async (t) => {
  const tables = Array.from({ length: 300 }, (_, index) => `create table t${index} ()`).join(';')
  const wrong = rewritten('table:public.t211', (one) => ({ ...one, sql: 'CREATE TABLE public.t210 ()' }))
  const { plan } = await prove(t, ['select 1', tables], wrong)
  t.strictSame(refusedKeys(plan), ['table:public.t211'])
  t.equal(plan.statements.length, 299)
})

t.test('SQL that runs and leaves a difference is refused', async (t) => {
  const idle = rewritten('column:public.songs.plays', (one) => ({ ...one, sql: 'SELECT 1' }))
  const { plan } = await prove(t, [songs, songs.replace('plays int', 'plays bigint')], idle)
  t.match(plan, {
    statements: [],
    proof: null,
    refused: [
      {
        key: 'column:public.songs.plays',
        reason: 'after its SQL ran in a scratch database, it differs in type',
      },
    ],
  })
})

t.test('SQL that takes something else along is refused', async (t) => {
  const careless = rewritten('column:public.songs.plays', (one) => ({
    ...one,
    sql: 'ALTER TABLE public.songs DROP COLUMN plays, DROP COLUMN title',
  }))
  const { plan } = await prove(t, [songs, 'create table songs (id int primary key, title text)'], careless)
  t.match(plan.refused, [
    {
      key: 'column:public.songs.plays',
      reason: 'after its SQL ran in a scratch database, column:public.songs.title is not there',
    },
  ])
})

t.test('it is run with the borders of its transactions', async (t) => {
  const enumWith = (labels: string) => `create type mood as enum (${labels}); create table songs (mood mood)`
  const used = (plan: Plan): Plan => ({
    ...plan,
    statements: plan.statements.map((one) => ({ ...one, transactional: true })),
  })
  const { plan } = await prove(
    t,
    ['create table songs (id int)', 'create table songs (id int); create index i on songs (id)'],
    used,
  )
  t.match(refusedKeys(plan), [], 'a statement alone has no transaction block')
  const together = await prove(
    t,
    [
      'create table songs (id int)',
      'create table songs (id int); create index i on songs (id); create table likes (id int)',
    ],
    used,
  )
  t.match(together.plan.refused, [
    { key: 'index:public.songs.i', reason: /cannot run inside a transaction block/ },
  ])
  const { plan: labels } = await prove(t, [
    enumWith(`'sad'`),
    `${enumWith(`'sad', 'ok'`)}; alter table songs alter mood set default 'ok'`,
  ])
  t.strictSame(refusedKeys(labels), [])
  t.match(labels.proof, { proven: true })
})

t.test('rows that a statement does not allow leave it proven without them, and labelled', async (t) => {
  const strict = `create table songs (id int primary key, title text, plays int, check (plays > 1000000))`
  const { plan, trials } = await prove(t, [songs, strict])
  t.match(plan.proof, { proven: true, tablesWithRows: 0 })
  t.equal(trials, 2)
  const silent = (plan: Plan): Plan => ({
    ...plan,
    statements: plan.statements.map((one) => ({ ...one, hazards: [] })),
  })
  const { plan: unlabelled } = await prove(t, [songs, strict], silent)
  t.match(hazardsOf(unlabelled), [
    /^fails when rows are like these: check constraint .* is violated by some row$/,
  ])
})

t.test('a type whose errors have no SQLSTATE of values is proven without rows, too', async (t) => {
  const of = (type: string): string => `create extension hstore; create table songs (id int, tags ${type})`
  const { plan } = await prove(t, [of('text'), of('hstore')])
  t.strictSame(refusedKeys(plan), [])
  t.strictSame(sqlOf(plan), [
    'ALTER TABLE public.songs ALTER COLUMN tags TYPE public.hstore USING tags::public.hstore',
  ])
})

t.test('a loss that no label says is labelled', async (t) => {
  const silent = (plan: Plan): Plan => ({
    ...plan,
    statements: plan.statements.map((one) => ({ ...one, hazards: [] })),
  })
  const cases = [
    ['numeric(10,4)', 'numeric(10,2)'],
    ['timestamp', 'date'],
    ['float8', 'int'],
    ['timestamp(6)', 'timestamp(0)'],
  ] as const
  for (const [before, after] of cases) {
    const { plan } = await prove(t, [`create table t (a ${before})`, `create table t (a ${after})`], silent)
    t.strictSame(
      hazardsOf(plan),
      ['data loss: values, or a part of values, of public.t.a'],
      `${before} to ${after}`,
    )
  }
  const { plan } = await prove(t, ['create table t (a int)', 'create table t (a bigint)'], silent)
  t.strictSame(hazardsOf(plan), [], 'a wider type loses nothing')
})

t.test('a position that is reset without a label is labelled', async (t) => {
  const restarted = (key: string, sql: string) => rewritten(key, (one) => ({ ...one, sql, hazards: [] }))
  const sequence = 'create sequence numbers'
  const { plan } = await prove(
    t,
    [sequence, `${sequence} increment 2`],
    restarted('sequence:public.numbers', 'ALTER SEQUENCE public.numbers INCREMENT 2 RESTART'),
  )
  t.strictSame(hazardsOf(plan), ['data loss: the position of public.numbers'])
  const identity = 'create table t (id int generated by default as identity, title text)'
  const emptied = `TRUNCATE public.t; ALTER TABLE public.t ALTER COLUMN id SET INCREMENT BY 2 RESTART`
  const { plan: identified } = await prove(
    t,
    [identity, identity.replace('identity', 'identity (increment 2)')],
    restarted('column:public.t.id', emptied),
  )
  t.strictSame(hazardsOf(identified), [
    'data loss: rows of public.t',
    'data loss: the position of the identity of public.t.id',
  ])
  for (const [before, after] of [
    [1, 2],
    [10, 1],
    [-1, -2],
    [-10, -1],
  ]) {
    const pair = [`${sequence} increment ${before}`, `${sequence} increment ${after}`] as const
    const { plan: moved } = await prove(t, pair)
    t.notMatch(hazardsOf(moved).join(), /data loss/, pair.join(', then '))
  }
})

t.test('a column whose next number a row has already is refused', async (t) => {
  const forgetful = (plan: Plan): Plan => ({
    ...plan,
    statements: plan.statements.filter(({ sql }) => !sql.startsWith('SELECT setval')),
  })
  const plain = 'create table t (id int not null, title text)'
  for (const [before, after] of [
    [plain, 'create table t (id int not null generated by default as identity, title text)'],
    [
      `create sequence s; ${plain}`,
      `create sequence s; ${plain.replace('null', "null default nextval('s')")}`,
    ],
  ] as const) {
    const { plan } = await prove(t, [before, after], forgetful)
    t.match(plan, {
      statements: [],
      refused: [
        {
          key: 'column:public.t.id',
          reason: /^after its SQL ran in a scratch database, it goes on with 1, which a row has already$/,
        },
      ],
    })
    t.strictSame(refusedKeys((await prove(t, [before, after])).plan), [])
  }
})

/** Tables that reference each other and have nothing to do with those of a test. */
const crowd = Array.from(
  { length: 50 },
  (_, index) =>
    `create table crowd${index} (id int primary key, other int references crowd${Math.max(0, index - 1)});
     create view seen${index} as select id from crowd${index}`,
).join(';')

t.test('of a large catalog only what the plan can tell from the whole is built', async (t) => {
  const scratch = await scratchOf(t)
  const world = `create table bands (id int primary key, label int references crowd7);
    create sequence numbers; create type mood as enum ('sad', 'ok');
    create table songs (id int primary key default nextval('numbers'), band int references bands, mood mood);
    create table likes (song int references songs); create index songs_mood on likes (song);
    create view titles as select id from songs; create view top as select id from titles;
    create table logs (at date) partition by range (at); create table logs1 partition of logs default;
    create function touch() returns trigger language plpgsql as 'begin return new; end';
    create trigger touch before update on songs for each row execute function touch();
    create function one() returns int language sql as 'select 1';
    create table counted (n int default one())`
  const from = await catalogOf(scratch, `${crowd}; ${world}`)
  const built = async (change: string): Promise<readonly string[] | null> => {
    const to = await catalogOf(scratch, `${crowd}; ${world}; ${change}`)
    const keys = [...planChanges(from, to).statements, ...diff(to, from)].map(({ key }) => key)
    const start = startCatalogFor(keys, { from, to })
    return start === null ? null : Object.keys(start).filter((key) => /^(?:table|view|sequence):/.test(key))
  }
  const named = (kind: string, ...names: readonly string[]) => names.map((name) => `${kind}:public.${name}`)
  const songs = [
    ...named('table', 'bands', 'likes', 'songs'),
    ...named('view', 'titles', 'top'),
    ...named('sequence', 'numbers'),
  ]
  const cases: readonly (readonly [change: string, built: readonly string[] | null])[] = [
    ['alter table songs add title text', songs],
    [`alter type mood add value 'happy'`, songs],
    ['create index on songs (band)', songs],
    ['alter table logs1 add check (at is not null)', named('table', 'logs', 'logs1')],
    ['create table fans (band int references bands)', named('table', 'bands')],
    [
      'create table crowd (id int)',
      named('table', ...Array.from({ length: 50 }, (_, index) => `crowd${index}`)),
    ],
    ['alter table counted add title text', null],
    ['create function two() returns int language sql as $$select 2$$', null],
    ['create table fresh (n int default one())', null],
  ]
  for (const [change, expected] of cases)
    t.strictSame((await built(change))?.toSorted() ?? null, expected?.toSorted() ?? null, change)

  const to = await catalogOf(
    scratch,
    `${crowd}; ${world}; alter table songs add title text, alter mood type text`,
  )
  const plan = (): Plan => planChanges(from, to)
  const inPart = await provePlan(wholeProof(from, to, plan), scratch)
  t.match(inPart.plan, { refused: [], proof: { proven: true, tablesWithRows: 1, unproven: [] } })
})

t.test('what the scratch server cannot make is not proven, and the rest is', async (t) => {
  const role = 'test_role_that_nobody_has'
  const scratch = await scratchOf(t)
  const from = await catalogOf(scratch, songs)
  const to: Catalog = {
    ...(await catalogOf(scratch, `${songs}; create table likes (id int)`)),
    'extension:no_such_extension': { schema: 'public' },
  }
  const owned = { ...to, 'table:public.songs': { ...to['table:public.songs'], owner: role } }
  const { plan } = await provePlan(
    {
      from,
      to: owned,
      writeStart: startWriterFor,
      differences: diff(owned, from),
      undetermined: {},
      scope: { comments: true, grants: true },
      printedBy: null,
      target: 99,
      reading: {},
      plan: (refusals) => planChanges(from, owned, { refusals }),
    },
    scratch,
  )
  t.strictSame(refusedKeys(plan), [])
  t.match(sqlOf(plan).join(), /CREATE EXTENSION/)
  t.match(plan.proof, {
    proven: true,
    target: 99,
    unproven: [
      { keys: ['table:public.songs'], reason: `role "${role}" does not exist` },
      { keys: ['extension:no_such_extension'], reason: /no_such_extension/ },
    ],
  })
})

t.test('what is there without privileges of a role that nobody has is dropped all the same', async (t) => {
  const scratch = await scratchOf(t)
  const built = await catalogOf(scratch, 'create schema music; create table music.songs (id int)')
  const table = 'table:music.songs'
  const from: Catalog = {
    ...built,
    [table]: { ...built[table], grants: ['test_role_that_nobody_has: SELECT'] },
  }
  const to = await catalogOf(scratch, '')
  const { plan } = await provePlan(
    wholeProof(from, to, () => planChanges(from, to)),
    scratch,
  )
  t.strictSame(refusedKeys(plan), [])
  t.strictSame(sqlOf(plan), ['DROP TABLE music.songs', 'DROP SCHEMA music'])
  t.match(plan.proof, { proven: true, unproven: [{ keys: [table], reason: /does not exist/ }] })
})

t.test('what has the owner of a table that nobody could give one is proven without it', async (t) => {
  const scratch = await scratchOf(t)
  const from = await catalogOf(scratch, '')
  const built = await catalogOf(
    scratch,
    'create table songs (id serial, title text); create index on songs (title)',
  )
  const owned = ['table:public.songs', 'index:public.songs.songs_title_idx', 'sequence:public.songs_id_seq']
  const owner = 'test_role_that_nobody_has'
  const to: Catalog = {
    ...built,
    ...Object.fromEntries(owned.map((key) => [key, { ...built[key], owner }])),
  }
  const { plan } = await provePlan(
    wholeProof(from, to, (refusals) => planChanges(from, to, { refusals })),
    scratch,
  )
  t.strictSame(refusedKeys(plan), [])
  t.match(plan.proof, {
    proven: true,
    unproven: [{ keys: ['sequence:public.songs_id_seq', 'table:public.songs'], reason: /does not exist/ }],
  })
})

t.test('a start that cannot be made whole is said, and the rest is proven', async (t) => {
  const scratch = await scratchOf(t)
  const built = await catalogOf(scratch, songs)
  const odd: Catalog = {
    'extension:no_such_extension': { schema: 'public' },
    'view:public.odd': {
      definition: ' SELECT no_such_function(id) AS id FROM public.songs;',
      $needs: ['extension:no_such_extension', 'column:public.songs.id'],
    },
  }
  const from: Catalog = { ...built, ...odd }
  const to: Catalog = {
    ...(await catalogOf(
      scratch,
      `${songs}; create table likes (id int); comment on column songs.id is 'which'`,
    )),
    ...odd,
  }
  const { plan } = await provePlan(
    wholeProof(from, to, (refusals) => planChanges(from, to, { refusals })),
    scratch,
  )
  t.match(plan, {
    statements: [{ key: 'column:public.songs.id' }, { key: 'table:public.likes' }],
    proof: {
      proven: true,
      unproven: [
        { keys: ['extension:no_such_extension'] },
        { keys: ['column:public.songs.id'], reason: /^it was changed without what needs it here/ },
      ],
    },
  })
})
