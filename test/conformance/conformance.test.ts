import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { planChanges } from '../../src/ddl/plan/plan.js'
import type { Hazard, Statement } from '../../src/ddl/statement.js'
import type { Observation } from '../ddl/observe-statement.js'
import { serverMajor } from '../support/database.js'
import { testServer } from '../support/server.js'
import { type Case, readCases } from './cases.js'
import { hazardsReport, hazardsTable, type Observations, observingPlanner } from './hazards.js'
import { draftPlanner, provenPlanner } from './planners.js'
import { failureReport, totalsTable } from './report.js'
import { runCases } from './run-cases.js'
import type { Planner } from './run-direction.js'
import { type CaseResult, requirementsFor, totalsOf } from './totals.js'

/** A case with a table in `a`, which the SQL changes in `b`. */
function pair(name: string, change: string): Case {
  const a = `create table ${name} (id integer, title text)`
  return { source: 'ours', name, kinds: ['column'], setup: null, a, b: `${a}; ${change}`, roles: [] }
}

const withYear = (name: string): Case => pair(name, `alter table ${name} add year integer`)

const statement = (sql: string, transactional = true): Statement => ({
  sql,
  key: 'table:public.t',
  hazards: [],
  transactional,
})

/** The planners of the cases whose table has this name. Other cases use the real planner. */
const planners: Readonly<Record<string, Planner>> = {
  idle: () => ({ statements: [], refused: [] }),
  unlabelled: (from, to) => {
    const plan = planChanges(from, to)
    return { ...plan, statements: plan.statements.map((statement) => ({ ...statement, hazards: [] })) }
  },
  emptied: (from, to) => {
    const plan = planChanges(from, to)
    const more = ['delete from emptied where id > 1', 'update emptied set title = null']
    return { ...plan, statements: [...plan.statements, ...more.map((sql) => statement(sql))] }
  },
  misspelt: () => ({ statements: [statement('alter table mispelt add year integer')], refused: [] }),
  lost: () => {
    throw new Error('no idea')
  },
  refusing: (_, to) => ({
    statements: [],
    refused: [{ key: Object.keys(to)[0] ?? '', reason: 'it is not known', decide: 'what a year is' }],
  }),
  alone: () => ({
    statements: [statement('create index concurrently by_id on alone (id)', false)],
    refused: [],
  }),
}

const planOnly: Planner = (from, to) => planChanges(from, to)

const planByTable: Planner = (from, to, side) => {
  const name = Object.keys(planners).find((name) => `table:public.${name}` in { ...from, ...to })
  const planner: Planner = planners[name ?? ''] ?? planOnly
  return planner(from, to, side)
}

async function resultsOf(cases: readonly Case[], planner = planByTable): Promise<readonly CaseResult[]> {
  const { url } = await testServer()
  return runCases(cases, url, planner, { jobs: 2, signal: new AbortController().signal })
}

t.test('each case gets the right verdict', async (t) => {
  const results = await resultsOf([
    ...['songs', 'idle', 'unlabelled', 'emptied', 'misspelt', 'lost', 'refusing'].map(withYear),
    pair('strict', 'alter table strict add check (id > 1000)'),
    pair('alone', 'create index by_id on alone (id)'),
    pair('same', ''),
    pair('broken', 'create tabel'),
  ])
  const verdicts = Object.fromEntries(
    results.map(({ testCase: { name }, outcome }) => {
      if (outcome.state !== 'seen') return [name, [[outcome.state]]]
      const directions = [outcome.aToB, outcome.bToA]
      return [name, directions.map(({ verdict, reasons }) => [verdict, ...reasons.flat()])]
    }),
  )

  await t.test('exact in both directions', async (t) => {
    t.same(verdicts['songs'], [['exact'], ['exact']])
    t.same(verdicts['alone']?.[0], ['exact'])
  })
  await t.test('exact, although it fails with the inserted rows', async (t) => {
    t.equal(verdicts['strict']?.[0]?.[0], 'exact')
    t.match(
      verdicts['strict']?.[0]?.[1],
      /^check constraint "strict_id_check" of relation "strict" is violated/,
    )
  })
  await t.test('wrong: a difference is left', async (t) => {
    t.same(verdicts['idle'], [
      ['wrong', 'missing column:public.idle.year'],
      ['wrong', 'unexpected column:public.idle.year'],
    ])
  })
  await t.test('wrong: data are lost without a label', async (t) => {
    t.same(verdicts['unlabelled'], [
      ['exact'],
      ['wrong', 'no label says that column:public.unlabelled.year is gone with its values'],
    ])
    t.same(verdicts['emptied']?.[0], ['wrong', 'no label says that table:public.emptied has 1 of 2 rows'])
  })
  await t.test('failed: PostgreSQL refuses a statement, or there is no plan', async (t) => {
    const failure = [
      'relation "mispelt" does not exist',
      '  for table:public.t: alter table mispelt add year integer',
    ]
    t.same(verdicts['misspelt']?.[0], ['failed', ...failure])
    t.same(verdicts['lost']?.[0], ['failed', 'the planner threw: no idea'])
  })
  await t.test('refused, with the reason', async (t) => {
    t.same(verdicts['refusing']?.[0]?.[0], 'refused')
    t.match(verdicts['refusing']?.[0], ['refused', String, '  it is not known', '  what a year is'])
  })

  await t.test('the totals and the report of failures', async (t) => {
    t.match(
      totalsTable(results),
      'ours                   11       10        9        4        2        2        5        5   30.0 %',
    )
    const unmet = requirementsFor(totalsOf(results)).filter(({ met }) => !met)
    t.same(
      unmet.map(({ requirement }) => requirement),
      [
        'all pairs load',
        'all differences are seen',
        '95 of 100 directions are exact',
        'none wrong',
        'none failed',
      ],
    )
    t.match(failureReport(results), 'ours/broken: does not load\n    syntax error at or near "tabel"\n')
    t.match(failureReport(results), 'ours/same: not seen\n')
  })
})

/** The verdicts of both directions of each case. */
function verdictsOf(results: readonly CaseResult[]): readonly (readonly string[])[] {
  return results.map(({ outcome }) =>
    outcome.state === 'seen' ? [outcome.aToB.verdict, outcome.bToA.verdict] : [outcome.state],
  )
}

t.test('a case that commits leaves nothing to the next', async (t) => {
  const committing = withYear('kept')
  const results = await resultsOf([
    { ...committing, name: 'committing', a: `${committing.a}; commit`, b: `${committing.b}; commit; begin` },
    { ...committing, name: 'next' },
  ])
  t.strictSame(verdictsOf(results), [
    ['exact', 'exact'],
    ['exact', 'exact'],
  ])
})

t.test(
  'values are compared as those of the type before, and attributes that are gained are none',
  async (t) => {
    const silent: Planner = (from, to) => {
      const { statements, refused } = planChanges(from, to)
      return { statements: statements.map((each) => ({ ...each, hazards: [] })), refused }
    }
    const typed = (name: string, a: string, b: string): Case => ({ ...pair(name, ''), a, b })
    const results = await resultsOf(
      [
        typed('rounded', 'create table t (a numeric(10,4))', 'create table t (a numeric(10,2))'),
        typed(
          'gained',
          'create type c as (a int); create table t (c c)',
          'create type c as (a int, b int); create table t (c c)',
        ),
      ],
      silent,
    )
    t.strictSame(verdictsOf(results), [
      ['wrong', 'exact'],
      ['exact', 'wrong'],
    ])
  },
)

t.test('what is proven counts, and drafts run by Knex', async (t) => {
  const { url } = await testServer()
  const cases = [withYear('proven')]
  const major = await serverMajor()
  for (const planner of [await provenPlanner(url, major), await draftPlanner(url, major, t.testdir({}))])
    t.strictSame(verdictsOf(await resultsOf(cases, planner)), [['exact', 'exact']])
})

t.test('what a statement does is compared with its hazards', async (t) => {
  const observations: Observations = new Map()
  const hazards: readonly Hazard[] = [{ hazard: 'table rewrite', table: 'public.silent' }]
  const wrong: Planner = (from, to) => {
    const { statements, refused } = planChanges(from, to)
    return { refused, statements: statements.map((each) => ({ ...each, hazards })) }
  }
  const results = await resultsOf([withYear('silent')], observingPlanner(wrong, observations))
  const report = (found: keyof Observation): readonly string[] => hazardsReport(results, observations, found)
  t.strictSame(report('unsaid'), [
    'unsaid ACCESS EXCLUSIVE lock on public.silent: ours/silent\n    ALTER TABLE public.silent ADD COLUMN year integer',
    'unsaid ACCESS EXCLUSIVE lock on public.silent: ours/silent\n    ALTER TABLE public.silent DROP COLUMN year',
  ])
  t.strictSame(report('unseen'), [
    'unseen table rewrite on public.silent: ours/silent\n    ALTER TABLE public.silent ADD COLUMN year integer',
    'unseen table rewrite on public.silent: ours/silent\n    ALTER TABLE public.silent DROP COLUMN year',
  ])
  t.match(hazardsTable(results, observations), '2 statements observed, 0 run outside a transaction\n')
})

t.test('cases are read from the files of a folder', async (t) => {
  const cases = ['one', 'two'].map(withYear)
  const folder = t.testdir({
    'ours.jsonl': cases.map((testCase) => `${JSON.stringify(testCase)}\n`).join('\n'),
    'README.md': '',
  })
  t.same(await readCases(folder), cases)
  t.same(await readCases(folder, 'ours/two'), cases.slice(1))
  await writeFile(join(folder, 'theirs.jsonl'), '\n{"source": "theirs"}')
  await t.rejects(readCases(folder), /theirs\.jsonl:2 is not a case$/)
})
