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

t.test('rows for types that refuse a text with an error', async (t) => {
  const log = 'create table log (about regclass, calls regproc[], at timestamptz default now())'
  const { plan } = await prove(t, [log, `${log}; alter table log add note text`])
  t.strictSame(sqlOf(plan), ['ALTER TABLE public.log ADD COLUMN note text'])
  t.match(plan.proof, { proven: true, tablesWithRows: 1, unproven: [] })
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
      writeStart: startWriterFor(from),
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
