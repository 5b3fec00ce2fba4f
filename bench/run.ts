import { availableParallelism } from 'node:os'
import { query } from '../test/support/database.js'
import { collectEndings } from '../test/support/endings.js'
import { build } from '../test/support/image.js'
import { finish, stopAll } from '../test/support/node-process.js'
import { testServer } from '../test/support/server.js'
import { createContext } from './context.js'
import { history } from './history.js'
import type { BenchOptions } from './options.js'
import type { Part } from './part.js'
import { requests } from './requests.js'
import { type ResultRow, type Results, resultRow } from './results.js'
import { memoryAtRest, serveUntilReady } from './serve.js'
import { start } from './start.js'
import { formatTable } from './table.js'
import { turns } from './turns.js'
import { verify, verifyDatabase } from './verify.js'

const sizes = [
  { revisions: 50, tables: 20 },
  { revisions: 300, tables: 100 },
  { revisions: 1000, tables: 300 },
  { revisions: 3000, tables: 1000 },
]

/** Measures and prints each part as it is done. */
export async function runParts(options: BenchOptions, command: string): Promise<Results> {
  const { owner, endAll } = collectEndings(stopAll)
  try {
    const context = createContext(options, owner, await build(owner))
    const machine = await describeMachine(options)
    console.log(`${command}\nNode ${machine.node}, PostgreSQL ${machine.postgres}, ${machine.cores} CPUs`)
    console.log('Medians of all rounds; ratios to the first line, within a round.')
    const rows: ResultRow[] = []
    for (const part of partsOf(options)) {
      console.log(`\n${part.title}`)
      const measured = (await part.measure(context)).map((figure) => resultRow(part, figure))
      console.log(formatTable(measured))
      rows.push(...measured)
    }
    return { command, machine, rows }
  } finally {
    await endAll()
  }
}

function partsOf({ parts, revisions, tables, database }: BenchOptions): readonly Part[] {
  const histories = sizes.filter((size) => size.revisions <= revisions)
  const verified = [100, 1000, 10_000].filter((size) => size <= tables)
  const all: readonly Part[] = [
    ...histories.flatMap((size) => [start, serveUntilReady, memoryAtRest, history].map((of) => of(size))),
    ...(database === null ? verified.map(verify) : [verifyDatabase(database)]),
    requests,
    turns(tables),
  ]
  return all.filter(({ name }) => parts.includes(name))
}

async function describeMachine({ database, node }: BenchOptions): Promise<Results['machine']> {
  const url = database ?? (await testServer()).url
  const [server] = await query(url, "select current_setting('server_version') as version")
  const version = await finish(['--version'], { cwd: '.', env: {}, node })
  return { node: version.trim(), postgres: String(server?.['version']), cores: availableParallelism() }
}
