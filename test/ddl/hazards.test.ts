import pg from 'pg'
import t, { type Test } from 'tap'
import { formOf } from '../../src/ddl/hazards/form-hazards.js'
import { statementForms } from '../../src/ddl/hazards/statement-forms.js'
import { planChanges } from '../../src/ddl/plan/plan.js'
import type { Statement } from '../../src/ddl/statement.js'
import { allAnnotations, readCatalog } from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, serverMajor } from '../support/database.js'
import { hazardSchemas } from './hazard-schemas.js'
import { observeStatement } from './observe-statement.js'

const seen = new Set<string>()

for (const { name, from, to, mayBlock } of hazardSchemas)
  t.test(name, async (t) => {
    const [here, there] = [await connectTo(t, from), await connectTo(t, to)]
    const [start, goal] = [await readCatalog(here, allAnnotations), await readCatalog(there, allAnnotations)]
    const options = { online: mayBlock !== true, serverMajor: await serverMajor() }
    await runObserved(t, here, planChanges(start, goal, options).statements)
    await runObserved(t, there, planChanges(goal, start, options).statements)
  })

t.test('each form of the table was run', async (t) => {
  const observable = statementForms.map(({ form }) => form).filter((form) => !form.endsWith('CONCURRENTLY'))
  const unseen = observable.filter((form) => !seen.has(form))
  t.strictSame(unseen, [])
})

t.test('a foreign table has no rows to rewrite or to read', async (t) => {
  const schemaWith = (column: string): string =>
    `create foreign data wrapper w; create server far foreign data wrapper w; create foreign table ft (${column}) server far`
  const catalogs = ['a int', 'a smallint not null'].map(async (column) =>
    readCatalog(await connectTo(t, schemaWith(column)), allAnnotations),
  )
  const [start = {}, goal = {}] = await Promise.all(catalogs)
  const lock = { hazard: 'lock', table: 'public.ft', lock: 'ACCESS EXCLUSIVE' }
  t.strictSame(
    planChanges(start, goal).statements.map(({ sql, hazards }) => [sql, hazards]),
    [
      ['ALTER FOREIGN TABLE public.ft ALTER COLUMN a TYPE smallint', [lock]],
      ['ALTER FOREIGN TABLE public.ft ALTER COLUMN a SET NOT NULL', [lock]],
    ],
  )
})

async function connectTo(t: Test, sql: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: await createDatabase(t) })
  await client.connect()
  t.teardown(() => client.end())
  await client.query(sql)
  return client
}

/** Runs statements and compares what they do with their hazards. */
async function runObserved(t: Test, client: pg.Client, statements: readonly Statement[]): Promise<void> {
  const made = new Set<string>()
  for (const statement of statements) {
    seen.add(formOf(statement.sql)?.form ?? '')
    const observation = await observeStatement(client, statement, made)
    t.strictSame(observation?.unsaid ?? [], [], statement.sql)
  }
}
