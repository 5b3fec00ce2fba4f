import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { createDatabase, query } from '../test/support/database.js'
import { collectEndings } from '../test/support/endings.js'
import { build } from '../test/support/image.js'
import { stopAll } from '../test/support/node-process.js'
import { testServer } from '../test/support/server.js'
import { history } from './history.js'
import type { Figure } from './measure.js'
import type { Part } from './part.js'
import { requests } from './requests.js'
import { start } from './start.js'
import { turns } from './turns.js'
import { verify, verifyDatabase } from './verify.js'

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true },
    runs: { type: 'string', default: '15' },
    // Of the histories, those of no more revisions.
    revisions: { type: 'string', default: '1000' },
    // Verification is measured on this database, which is only read.
    database: { type: 'string' },
  },
})
const histories = [
  { revisions: 50, tables: 20 },
  { revisions: 300, tables: 100 },
  { revisions: 1000, tables: 300 },
  { revisions: 3000, tables: 1000 },
]
const sizes = [verify(100), verify(1000), verify(10_000)]
const parts: Readonly<Record<string, readonly Part[]>> = {
  start: [start],
  verify: values.database === undefined ? sizes : [verifyDatabase(values.database)],
  requests: [requests],
  turns: [turns(10_000)],
  history: histories.filter(({ revisions }) => revisions <= Number(values.revisions)).map(history),
}
const names = values.part ?? Object.keys(parts)
const runs = Number(values.runs)
const unknown = names.filter((name) => !(name in parts))
if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1)
  throw new Error(
    `npm run bench -- [--part ${Object.keys(parts).join(' | ')}]… [--runs 15] [--revisions 1000] [--database URL]`,
  )

const { owner, endAll } = collectEndings(stopAll)
try {
  const built = await build(owner)
  console.log(await headline())
  for (const part of names.flatMap((name) => parts[name] ?? [])) {
    const context = { build: built, createDatabase: () => createDatabase(owner), runs }
    console.log(`\n${table(part.title, await part.measure(context))}`)
  }
} finally {
  await endAll()
}

async function headline(): Promise<string> {
  const url = values.database ?? (await testServer()).url
  const [server] = await query(url, "select current_setting('server_version') as version")
  const options = [...names.map((name) => `--part ${name}`), `--runs ${runs}`].join(' ')
  const machine = `Node ${process.version}, PostgreSQL ${String(server?.['version'])}, ${availableParallelism()} CPUs`
  return `npm run bench -- ${options}\n${machine}; medians of all rounds, ratios within a round`
}

function table(title: string, figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ name, median, ratio }) =>
      `  ${name.padEnd(52)}${figure(median).padStart(10)}${`${ratio.toFixed(2)} x`.padStart(10)}`,
  )
  return [title, ...rows].join('\n')
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
