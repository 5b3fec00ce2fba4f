import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Statement } from '../../src/ddl/statement.js'
import { testServer } from '../support/server.js'
import { type Case, readCases } from './cases.js'
import { judgeAll } from './pairs.js'
import { type Planner, planner } from './planner.js'
import { tables, troubles } from './print.js'
import { bars, type Judged, tally } from './tally.js'

/** A table in `a`; in `b` it has been changed by the SQL. */
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

/** What plans for a pair whose tables have this name; for others the real planner does. */
const planners: Readonly<Record<string, Planner>> = {
  idle: () => ({ statements: [], refused: [] }),
  unlabelled: (journey) => {
    const plan = planner(journey)
    return { ...plan, statements: plan.statements.map((one) => ({ ...one, hazards: [] })) }
  },
  emptied: (journey) => {
    const plan = planner(journey)
    const more = ['delete from emptied where id > 1', 'update emptied set title = null']
    return { ...plan, statements: [...plan.statements, ...more.map((sql) => statement(sql))] }
  },
  misspelt: () => ({ statements: [statement('alter table mispelt add year integer')], refused: [] }),
  lost: () => {
    throw new Error('no idea')
  },
  refusing: ({ to }) => ({
    statements: [],
    refused: [{ key: Object.keys(to)[0] ?? '', reason: 'nobody knows', decide: 'what a year is' }],
  }),
  alone: () => ({
    statements: [statement('create index concurrently by_id on alone (id)', false)],
    refused: [],
  }),
}

const planFor: Planner = (journey) => {
  const name = Object.keys(planners).find(
    (name) => `table:public.${name}` in { ...journey.from, ...journey.to },
  )
  return (planners[name ?? ''] ?? planner)(journey)
}

async function judged(cases: readonly Case[]): Promise<readonly Judged[]> {
  const { url } = await testServer()
  const parallel = { jobs: 2, signal: new AbortController().signal }
  return judgeAll(cases, { server: url, planner: planFor, parallel })
}

t.test('each pair gets the verdict that is due', async (t) => {
  const all = await judged([
    ...['songs', 'idle', 'unlabelled', 'emptied', 'misspelt', 'lost', 'refusing'].map(withYear),
    pair('strict', 'alter table strict add check (id > 1000)'),
    pair('alone', 'create index by_id on alone (id)'),
    pair('same', ''),
    pair('broken', 'create tabel'),
  ])
  const verdicts = Object.fromEntries(
    all.map(({ one, result }) => {
      if (result.state !== 'seen') return [one.name, [[result.state]]]
      const { forth, back } = result
      return [one.name, [forth, back].map(({ verdict, reasons }) => [verdict, ...reasons.flat()])]
    }),
  )

  await t.test('brought across, there and back', async (t) => {
    t.same(verdicts['songs'], [['brought'], ['brought']])
    t.same(verdicts['alone']?.[0], ['brought'])
  })
  await t.test('brought across, though the rows put in are in the way', async (t) => {
    t.equal(verdicts['strict']?.[0]?.[0], 'brought')
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
      ['brought'],
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
    t.match(verdicts['refusing']?.[0], ['refused', String, '  nobody knows', '  what a year is'])
  })

  await t.test('the figures, and what is not as it should be', async (t) => {
    t.match(
      tables(all),
      'ours                   11       10        9        4        2        2        5        5   30.0 %',
    )
    const unmet = bars(tally(all)).filter(({ met }) => !met)
    t.same(
      unmet.map(({ bar }) => bar),
      [
        'all pairs load',
        'all pairs seen',
        '95 of 100 directions brought across',
        'none wrong',
        'none failed',
      ],
    )
    t.match(troubles(all), 'ours/broken: does not load\n    syntax error at or near "tabel"\n')
    t.match(troubles(all), 'ours/same: not seen\n')
  })
})

t.test('cases are read from the files of a folder', async (t) => {
  const cases = ['one', 'two'].map(withYear)
  const folder = t.testdir({
    'ours.jsonl': cases.map((one) => `${JSON.stringify(one)}\n`).join('\n'),
    'README.md': '',
  })
  t.same(await readCases(folder), cases)
  t.same(await readCases(folder, 'ours/two'), cases.slice(1))
  await writeFile(join(folder, 'theirs.jsonl'), '\n{"source": "theirs"}')
  await t.rejects(readCases(folder), /theirs\.jsonl:2 is not a case$/)
})
