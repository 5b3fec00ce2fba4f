import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { tmpdir } from 'node:os'
import { planChanges } from '../../src/ddl/plan/plan.js'
import { readServerMajor } from '../../src/postgres/connection/query.js'
import { testServer } from '../support/server.js'
import { readCases } from './cases.js'
import { compareMajors } from './compare-majors.js'
import { withConnection } from './database.js'
import { hazardsReport, hazardsTable, type Observations, observingPlanner } from './hazards.js'
import { majorsReport, majorsTable } from './majors-report.js'
import { draftPlanner, provenPlanner } from './planners.js'
import { failureReport, totalsTable } from './report.js'
import { runCases } from './run-cases.js'
import type { Planner } from './run-direction.js'
import { requirementsFor, totalsOf } from './totals.js'

const usage = `npm run conformance -- DIR [--unproven | --drafts | --hazards | --majors URL,URL…] [OPTIONS]

  DIR             a folder of .jsonl files, one case a line
  --unproven      runs the SQL as it is planned. Default: as \`diff --sql\` shows it, proven
  --drafts        runs migrations as \`new --from\` drafts them, with Knex
  --hazards       runs the SQL as it is planned, and compares the hazards of each statement with what it does
  --majors URL,…  compares every schema \`b\` between each two of these servers
  --server URL    the server, as a superuser. Default: the PostgreSQL of the tests
  --only TEXT     the cases whose SOURCE/NAME contains TEXT
  --jobs 4        how many cases run at a time
  --json FILE     writes all results to a file
  --verbose       prints the SQL and the reasons of every case that is not exact`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string' },
    majors: { type: 'string' },
    only: { type: 'string' },
    unproven: { type: 'boolean', default: false },
    drafts: { type: 'boolean', default: false },
    hazards: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '4' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit()
}
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
const concurrency = { jobs, signal: interruption.signal, onDone }
const isSuccess = await (values.majors === undefined ? runPairs() : runMajors(values.majors.split(',')))
process.exitCode = isSuccess ? 0 : 1

async function runPairs(): Promise<boolean> {
  const server = values.server ?? (await testServer()).url
  const observations: Observations = new Map()
  const results = await runCases(cases, server, await plannerFor(server, observations), concurrency)
  if (values.verbose) console.log(failureReport(results))
  console.log(totalsTable(results))
  await save(
    results.map(({ testCase: { source, name, kinds }, outcome }) => ({ source, name, kinds, ...outcome })),
  )
  const unsaid = hazardsReport(results, observations, 'unsaid')
  if (values.hazards) {
    console.log(
      [...unsaid, ...(values.verbose ? hazardsReport(results, observations, 'unseen') : [])].join('\n'),
    )
    console.log(hazardsTable(results, observations))
  }
  return unsaid.length === 0 && requirementsFor(totalsOf(results)).every(({ met }) => met)
}

/** What is measured: the SQL that is shown, that which is not run first, with its hazards or without, or drafts. */
async function plannerFor(server: string, observations: Observations): Promise<Planner> {
  const serverMajor = await withConnection(server, readServerMajor)
  const unproven: Planner = (from, to) => planChanges(from, to, { serverMajor })
  if (values.hazards) return observingPlanner(unproven, observations)
  if (values.unproven) return unproven
  return values.drafts ? draftPlanner(server, serverMajor, tmpdir()) : provenPlanner(server, serverMajor)
}

async function runMajors(servers: readonly string[]): Promise<boolean> {
  const comparisons = await compareMajors(cases, servers, concurrency)
  if (values.verbose) console.log(majorsReport(comparisons))
  console.log(majorsTable(comparisons))
  await save(comparisons)
  return comparisons.every(({ differences }) => differences === null || differences.length === 0)
}

async function save(results: unknown): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)
}
