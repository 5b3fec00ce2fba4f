import t from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { assessInspection } from '../../src/gate/assess.js'
import { finishSteps, forEachInSteps, itemsPerStep, type Steps } from '../../src/core/text/steps.js'
import { withClient } from '../../src/postgres/connection/connect.js'
import { queryAll } from '../../src/postgres/connection/query.js'
import { runInTurns } from '../../src/postgres/connection/run-in-turns.js'
import { inspect } from '../../src/postgres/inspect/inspect.js'
import { createCatalogReader } from '../../src/postgres/introspect/read-catalog.js'
import { withWorkspace } from '../../src/workspace.js'
import { createDatabase } from '../support/database.js'
import { createProject } from '../support/project.js'

/** Calls `onTurn` in every turn of the event loop until the work is done. Returns how often that was. */
async function countTurns(work: () => Promise<unknown>, onTurn = (): void => {}): Promise<number> {
  let turns = 0
  const count = (): void => {
    turns += 1
    onTurn()
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  await work().finally(() => clearImmediate(next))
  return turns
}

t.test('work in steps does the same in turns and at once', async (t) => {
  const items = Array.from({ length: 2 * itemsPerStep + 1 }, (_, index) => index)
  function* double(): Steps<readonly number[]> {
    const doubled: number[] = []
    yield* forEachInSteps(items, (item) => doubled.push(2 * item))
    return doubled
  }
  const expected = items.map((item) => 2 * item)
  t.strictSame([...double()], [undefined, undefined])
  t.strictSame(finishSteps(double()), expected)
  const turns = await countTurns(async () => t.strictSame(await runInTurns(double()), expected))
  t.equal(turns, 2)
  t.strictSame([...forEachInSteps([], () => t.fail('there is nothing'))], [])
  const failing = forEachInSteps(items, (item) => {
    if (item === itemsPerStep) throw new Error('this one')
  })
  await t.rejects(runInTurns(failing), { message: 'this one' })
})

t.test('while a large catalog is read and compared, the event loop turns', async (t) => {
  const tables = 600
  const project = await createProject(t, { '001_tables': '' }, { snapshot: false })
  await project.query(`do $$ begin
    for index in 1..${tables} loop
      execute format('create table table_%s (id int primary key, name text)', index);
      execute format('create index on table_%s (name)', index);
    end loop;
  end $$`)
  const config = loadConfig({ root: project.root, env: project.env })
  await withWorkspace({ config, report: () => {} }, async (workspace) =>
    withClient(workspace.connection, async (client) => {
      const recorded = { revisions: ['001_tables'], hasTables: true }
      const inspection = { ...(await inspect(client, workspace)), recorded }
      const objects = Object.keys(inspection.live).length
      t.ok(objects > 5 * tables, `${objects} objects`)

      const reader = createCatalogReader({})
      const results = await queryAll(client, reader.queries.join(';\n'))
      const parsing = await countTurns(() => reader.parse(results))
      t.equal(parsing, 5, 'tables, twice as many columns, constraints, indexes')

      const [revision = ''] = recorded.revisions
      const promised = { revision, file: null, checksum: null, changes: inspection.live }
      const snapshot = { postgres: inspection.major, base: {}, revisions: [promised] }
      const steps = Math.floor(objects / itemsPerStep)
      const assess = async () => {
        const { verification } = await assessInspection(client, workspace, inspection, snapshot)
        t.match(verification, { status: 'verified', findings: [], compared: { table: tables } })
      }
      const comparing = await countTurns(assess)
      t.ok(comparing >= 5 * steps, `${comparing}: limited to the scope, and compared from both sides`)
      t.ok((await countTurns(assess)) < comparing, 'the promise is not folded again')
    }),
  )
})

t.test('a long answer is read in many turns', async (t) => {
  const connection = { url: await createDatabase(t), ssl: null, applicationName: 'test' }
  const rows = 4_000
  let [bytes, most] = [0, 0]
  const onTurn = (): void => {
    most = Math.max(most, bytes)
    bytes = 0
  }
  await withClient(connection, async (client) => {
    client.connection.stream.on('data', (chunk: Buffer) => {
      // Meanwhile the server sends what the socket can hold.
      if (bytes + most === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      bytes += chunk.length
    })
    const send = async () => {
      const [result] = await queryAll(client, `select repeat('x', 1000) from generate_series(1, ${rows})`)
      t.equal(result?.rows.length, rows)
    }
    const turns = await countTurns(send, onTurn)
    t.ok(most <= 3 * 65_536, `${most} bytes in one turn`)
    t.ok(turns * most >= rows * 1_000)
  })
})
