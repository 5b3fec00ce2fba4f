import pg from 'pg'
import t, { type Test } from 'tap'
import { formOf } from '../../src/ddl/hazards/form-hazards.js'
import { statementForms } from '../../src/ddl/hazards/statement-forms.js'
import { planChanges } from '../../src/ddl/plan/plan.js'
import { type Hazard, lockModes, type Statement } from '../../src/ddl/statement.js'
import { allAnnotations, readCatalog } from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase } from '../support/database.js'
import { hazardSchemas } from './hazard-schemas.js'
import type { Effects } from '../../src/postgres/observe/effects.js'
import { observe } from './observe.js'

const seen = new Set<string>()

for (const { name, from, to, mayBlock } of hazardSchemas)
  t.test(name, async (t) => {
    const [here, there] = [await connectTo(t, from), await connectTo(t, to)]
    const [start, goal] = [await readCatalog(here, allAnnotations), await readCatalog(there, allAnnotations)]
    const options = { online: mayBlock !== true }
    await runObserved(t, here, planChanges(start, goal, options).statements)
    await runObserved(t, there, planChanges(goal, start, options).statements)
  })

t.test('each form of the table was run', async (t) => {
  const observable = statementForms.map(({ form }) => form).filter((form) => !form.endsWith('CONCURRENTLY'))
  const unseen = observable.filter((form) => !seen.has(form))
  t.strictSame(unseen, [])
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
  for (const { sql, hazards, transactional } of statements) {
    seen.add(formOf(sql)?.form ?? '')
    if (transactional) {
      const effects = await observe(client, sql)
      const unsaid = describeEffects(effects).filter(
        ({ table, effect, lock }) => !made.has(table) && !isSaid(hazards, { table, effect, lock }),
      )
      t.strictSame(unsaid, [], sql)
      for (const { name } of effects.created) made.add(name)
    } else await client.query(sql)
  }
}

interface TableEffect {
  readonly table: string
  readonly effect: 'lock' | 'table rewrite' | 'full scan'
  readonly lock?: string | undefined
}

function describeEffects({ locks, rewritten, scanned }: Effects): readonly TableEffect[] {
  return [
    ...locks.map(({ table, lock }) => ({ table, effect: 'lock', lock }) as const),
    ...rewritten.map((table) => ({ table, effect: 'table rewrite' }) as const),
    // A query reads, too: only where others wait is that a hazard.
    ...scanned
      .filter(({ lock }) => lock !== null)
      .map(({ table }) => ({ table, effect: 'full scan' }) as const),
  ]
}

/** A stronger lock says a weaker one, and a rewrite says that the table is read. */
function isSaid(hazards: readonly Hazard[], { table, effect, lock }: TableEffect): boolean {
  const ofTable = hazards.filter((hazard) => 'table' in hazard && hazard.table === table)
  if (effect === 'lock')
    return ofTable.some((hazard) => 'lock' in hazard && strength(hazard.lock) <= strength(lock))
  return ofTable.some(({ hazard }) => hazard === effect || hazard === 'table rewrite')
}

function strength(lock: string | undefined): number {
  return lockModes.findIndex((mode) => mode === lock)
}
