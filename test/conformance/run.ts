import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { testServer } from '../support/server.js'
import { readCases } from './cases.js'
import { crossingReport, crossingTable } from './crossing-report.js'
import { crossMajors } from './majors.js'
import { judgeAll } from './pairs.js'
import { planner } from './planner.js'
import { tables, troubles } from './print.js'
import { bars, tally } from './tally.js'

const usage =
  'npm run conformance -- DIR [--server URL | --majors URL,URL…] [--only TEXT] [--jobs 4] [--json FILE] [--verbose]'
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string' },
    majors: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string', default: '4' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const [folder] = positionals
const jobs = Number(values.jobs)
if (folder === undefined || positionals.length > 1 || !Number.isInteger(jobs) || jobs < 1)
  throw new Error(usage)

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
const cases = await readCases(folder, values.only)
let done = 0
const onDone = (): void => {
  done += 1
  if (process.stderr.isTTY) process.stderr.write(done < cases.length ? `\r${done} of ${cases.length} ` : '\r')
}
const parallel = { jobs, signal: interruption.signal, onDone }
process.exitCode = (await (values.majors === undefined ? pairs() : crossings(values.majors.split(','))))
  ? 0
  : 1

async function pairs(): Promise<boolean> {
  const server = values.server ?? (await testServer()).url
  const judged = await judgeAll(cases, { server, planner, parallel })
  if (values.verbose) console.log(troubles(judged))
  console.log(tables(judged))
  await save(
    judged.map(({ one, result }) => ({ source: one.source, name: one.name, kinds: one.kinds, ...result })),
  )
  return bars(tally(judged)).every(({ met }) => met)
}

async function crossings(urls: readonly string[]): Promise<boolean> {
  const found = await crossMajors(urls, cases, parallel)
  if (values.verbose) console.log(crossingReport(found))
  console.log(crossingTable(found))
  await save(found)
  return found.every(({ differences }) => differences === null || differences.length === 0)
}

async function save(results: unknown): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)
}
