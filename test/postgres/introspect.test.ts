import pg from 'pg'
import t from 'tap'
import { annotationRules, assessImpact, impactRules } from '../../src/core/impact/assess-impact.js'
import { type Catalog, type Facts, parseKey, sortKeys } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { queryAll, queryRows } from '../../src/postgres/connection/query.js'
import { canonicalSessionStatements } from '../../src/postgres/introspect/canonical-session.js'
import { catalogQueries } from '../../src/postgres/introspect/queries/catalog-queries.js'
import { allAnnotations, readCatalogInTransaction } from '../../src/postgres/introspect/read-catalog.js'
import { readNamedObjects } from '../../src/postgres/introspect/read-named.js'
import { createDatabase } from '../support/database.js'
import { catalogCases } from './catalog-cases.js'

const client = new pg.Client({ connectionString: await createDatabase(t) })
await client.connect()
t.teardown(() => client.end())

const [server] = await queryRows(client, `select current_setting('server_version_num')::int / 10000 as major`)
const major = Number(server?.['major'])
const cases = catalogCases.filter(({ since = 0 }) => since <= major)

// A database with a subscription cannot be dropped, and roles belong to all databases: nothing here is ever committed.
await client.query('begin; create role test_listener; create role test_reader')
const before = await readCatalogInTransaction(client, allAnnotations)
for (const { sql } of cases) await client.query(sql)
const catalog = await readCatalogInTransaction(client, allAnnotations)

const kindOf = (key: string): string => parseKey(key).kind
const kinds = catalogQueries([]).map(({ kind }) => kind)

const ofKind = (all: Catalog, kind: string): Catalog =>
  Object.fromEntries(
    sortKeys(Object.keys(all).filter((key) => kindOf(key) === kind)).map((key) => [key, all[key] ?? {}]),
  )

t.test('every kind of object is read with all its facts', async (t) => {
  const expected = cases.reduce<Catalog>((all, { objects }) => ({ ...all, ...objects }), before)
  for (const kind of kinds) t.strictSame(ofKind(catalog, kind), ofKind(expected, kind), kind)
  t.strictSame(Object.keys(catalog).sort(), Object.keys(expected).sort())
  t.strictSame([...new Set(Object.keys(catalog).map(kindOf))].sort(), [...kinds].sort(), 'no kind is without')
})

t.test('every object is found by its name, with all its facts, and little else', async (t) => {
  const annotations = { comments: true, grants: true }
  const all = await readCatalogInTransaction(client, annotations)
  const readOne = (key: string): Promise<Catalog> =>
    readNamedObjects(client, { ...annotations, kinds: new Set([kindOf(key)]), keys: [key] })
  for (const key of Object.keys(all)) {
    const found = await readOne(key)
    t.strictSame(found[key], all[key], key)
    t.ok(Object.keys(found).length <= 4, 'those of one name')
  }
  const [table = ''] = Object.keys(ofKind(all, 'table'))
  t.strictSame(await readOne('table:music.gone'), {})
  await client.query('deallocate all')
  t.strictSame((await readOne(table))[table], all[table], 'a session that forgot what it had prepared')
  t.strictSame((await readOne(table))[table], all[table], 'and prepares it again')
  const literal = { kinds: new Set(['table', 'function']), keys: Object.keys(all) }
  const named = Object.keys(await readCatalogInTransaction(client, literal))
  const expected = Object.keys({ ...ofKind(all, 'table'), ...ofKind(all, 'function') })
  t.strictSame(named.sort(), expected.sort(), 'in one statement without preparing it')
})

/** The facts that the query of a kind asks for, without structure. */
async function factsAsked(): Promise<ReadonlyMap<string, readonly string[]>> {
  const queries = catalogQueries([])
  const results = await queryAll(
    client,
    [
      'savepoint asking',
      canonicalSessionStatements(),
      ...queries.map(({ sql }) => sql),
      'rollback to asking',
    ].join(';\n'),
  )
  return new Map(
    queries.map(({ kind, names, overloaded = false }, index) => {
      const facts = results[index]?.columns.slice(2 + names + (overloaded ? 1 : 0)) ?? []
      return [kind, facts.filter((fact) => !fact.startsWith('$')).sort()]
    }),
  )
}

t.test('every fact that is asked for has its meaning, and no other has', async (t) => {
  for (const [kind, facts] of await factsAsked()) {
    const ruled = Object.keys(impactRules[kind]?.changed ?? {})
    t.strictSame(ruled.sort(), facts, kind)
  }
  const annotations = new Set(Object.keys(annotationRules))
  const extra = Object.entries(catalog).flatMap(([key, facts]) =>
    Object.keys(facts).filter(
      (fact) => !fact.startsWith('$') && impactRules[kindOf(key)]?.changed[fact] === undefined,
    ),
  )
  t.strictSame(new Set(extra), annotations, 'comments, owners and grants are seen, each')
})

t.test('every fact is one that some object has', { skip: major < 18 && 'needs PostgreSQL 18' }, async (t) => {
  for (const [kind, facts] of await factsAsked()) {
    const seen = Object.values(ofKind(catalog, kind)).flatMap((object: Facts) => Object.keys(object))
    t.strictSame(
      facts.filter((fact) => !seen.includes(fact)),
      [],
      kind,
    )
  }
})

t.test('a role without any rights reads the same, but for what only superusers may see', async (t) => {
  await client.query('savepoint ordinary; set local role test_reader')
  const read = await readCatalogInTransaction(client, allAnnotations)
  await client.query('rollback to ordinary')
  const differences = diff(catalog, read)
  t.strictSame(
    differences.map((difference) => [
      difference.change,
      difference.key,
      assessImpact(difference, catalog, read).impact,
    ]),
    [
      ['changed', 'user_mapping:far.public', 'harmless'],
      ['changed', 'user_mapping:far.test_listener', 'harmless'],
    ],
  )
  t.strictSame(read['user_mapping:far.public']?.['options'], '(not readable)')
  for (const all of [catalog, read]) t.notMatch(JSON.stringify(all), /s3cret|nowhere|conninfo/)
})

t.test('what a role may see of its own is readable', async (t) => {
  await client.query('savepoint ordinary; set local role test_listener')
  const read = await readCatalogInTransaction(client, allAnnotations)
  await client.query('rollback to ordinary')
  t.strictSame(read['user_mapping:far.test_listener'], catalog['user_mapping:far.test_listener'])
  t.strictSame(read['user_mapping:far.public']?.['options'], '(not readable)')
})
