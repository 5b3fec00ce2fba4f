import t from 'tap'
import {
  annotationRules,
  assessImpact,
  impactRules,
  impacts,
  worstImpact,
} from '../../src/core/impact/assess-impact.js'
import { ruleTableRows, evaluateRule, type KindRules } from '../../src/core/impact/rule.js'
import { type Catalog, sameFact } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { limitToScope } from '../../src/core/model/scope.js'
import { pickKeys } from '../../src/core/model/snapshot.js'
import { type ImpactCase, impactCases } from './impact-cases.js'
import { songs } from './songs.js'

/** One table, view and materialized view are promised. Every object is in one of them or in none. */
const promisedHere: Catalog = { [songs]: {}, 'materialized_view:public.charts': {}, 'view:public.hits': {} }
const ofTables = ['column', 'constraint', 'index', 'trigger', 'rule', 'policy']

const keyOf = (kind: string, table: string) => `${kind}:${ofTables.includes(kind) ? table : 'public'}.x`

function contextOf(kind: string, [expected, actual, , beside = {}]: ImpactCase, table = 'public.songs') {
  const key = keyOf(kind, table)
  const both = { ...promisedHere, 'schema:public': {}, ...beside.both }
  const live = { ...both, ...beside.live, ...(actual && { [key]: actual }) }
  const keys = Object.keys(live).filter((each) => each !== beside.notLive)
  return {
    key,
    expected: { ...both, ...(expected && { [key]: expected }) },
    live: pickKeys(live, keys),
  }
}

function meaningOf(kind: string, each: ImpactCase, table = 'public.songs'): string {
  const { key, expected, live } = contextOf(kind, each, table)
  const [found] = diff(pickKeys(expected, [key]), pickKeys(live, [key]))
  if (found === undefined) return 'no difference'
  const { impact, reason, ...difference } = assessImpact(found, expected, live)
  t.strictSame(difference, found)
  return `${impact}: ${reason}`
}

t.test('what a difference means follows from its kind, change and facts', async (t) => {
  for (const [kind, cases] of Object.entries(impactCases))
    for (const each of cases) t.equal(meaningOf(kind, each), each[2], `${kind} ${JSON.stringify(each)}`)
  t.strictSame(
    Object.keys(impactCases).sort(),
    [...Object.keys(impactRules), 'color'].sort(),
    'every kind is here',
  )
})

/** The verdict of each rule on each case, by itself. */
function verdictsOn(kind: string, cases: readonly ImpactCase[], { missing, unexpected, changed }: KindRules) {
  return cases.flatMap((each) => {
    const [was, is] = each
    const context = contextOf(kind, each)
    if (was === null) return is === null ? [] : [evaluateRule(unexpected, is, context)]
    if (is === null) return [evaluateRule(missing, was, context)]
    return Object.entries(changed)
      .filter(([fact]) => !sameFact(was[fact], is[fact]))
      .map(([fact, rule]) => evaluateRule(rule, { expected: was[fact], actual: is[fact], was, is }, context))
  })
}

t.test('every case of the impact rules applies to a test case', async (t) => {
  for (const [kind, rules] of Object.entries(impactRules)) {
    const said = new Set(verdictsOn(kind, impactCases[kind] ?? [], rules).map(String))
    const all = [rules.missing, rules.unexpected]
      .flatMap(ruleTableRows)
      .concat(Object.values(rules.changed).flatMap(ruleTableRows))
    const unsaid = all.filter(([when, verdict]) => when !== null && !said.has(String(verdict)))
    t.strictSame(unsaid, [], kind)
  }
})

t.test('an unknown fact breaks, whatever else differs', async (t) => {
  t.equal(meaningOf('table', [{}, { color: 'red' }, '']), 'breaks: nothing is known about this fact')
  t.equal(
    meaningOf('table', [{}, { color: 'red', comment: 'a' }, '']),
    'breaks: nothing is known about this fact',
  )
  t.equal(meaningOf('table', [{}, { $needs: ['a'] }, '']), 'no difference')
})

t.test('what belongs to a table this build does not know is harmless', async (t) => {
  const unused = 'harmless: this build does not use it'
  for (const [kind, facts] of [
    ['column', { nullable: false }],
    ['constraint', { type: 'unique' }],
    ['index', { unique: true }],
    ['trigger', {}],
    ['policy', { permissive: false }],
  ] as const) {
    t.equal(meaningOf(kind, [null, facts, ''], 'public.bands'), unused)
    t.not(meaningOf(kind, [null, facts, ''], 'public.hits'), unused)
    t.not(meaningOf(kind, [null, facts, ''], 'public.charts'), unused)
  }
  t.equal(
    meaningOf('constraint', [null, { type: 'foreign key' }, ''], 'public.bands'),
    'harmless: this build does not use the table, but deleting rows that it refers to may be refused',
  )
})

t.test('comments and grants are the facts with rules for every kind', async (t) => {
  const annotated = Object.fromEntries(Object.keys(annotationRules).map((fact) => [fact, 'a']))
  t.strictSame(limitToScope({ [songs]: annotated }, { comments: false, grants: false }), { [songs]: {} })
  t.strictSame(limitToScope({ [songs]: annotated }, { comments: true, grants: true }), { [songs]: annotated })
})

t.test('the worst impact counts', async (t) => {
  const found = impacts.map((impact) => ({
    change: 'missing' as const,
    key: songs,
    expected: {},
    impact,
    reason: '',
  }))
  t.equal(worstImpact([]), null)
  for (const [index, impact] of impacts.entries()) {
    t.equal(worstImpact(found.slice(index)), impact)
    t.equal(worstImpact(found.slice(index).toReversed()), impact)
  }
})
