import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { collectEndings } from '../support/endings.js'
import { defectsOf } from './books.js'
import { faults } from './faults.js'
import { figuresOf, table } from './report.js'
import { soak } from './run.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    // The same seed has the same faults in the same order.
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    // Only these.
    fault: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
  },
})
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
const chosen = faults.filter(({ name }) => values.fault.length === 0 || values.fault.includes(name))
if (!(minutes > 0) || !Number.isInteger(seed) || chosen.length === 0)
  throw new Error(
    `npm run soak -- [--minutes 3] [--seed 4711] [--json FILE] [--fault NAME]…\nFaults: ${faults.map(({ name }) => name).join(', ')}`,
  )

const { owner, endAll } = collectEndings()
const started = performance.now()
const tell = (line: string): void =>
  console.error(`${String(Math.round((performance.now() - started) / 1_000)).padStart(5)} s  ${line}`)
try {
  console.log(`npm run soak -- --minutes ${minutes} --seed ${seed}`)
  console.log(`Node ${process.version}, ${availableParallelism()} CPUs\n`)
  const { evidence, counts } = await soak({ owner, seed, faults: chosen, duration: minutes * 60_000, tell })
  const [figures, defects] = [figuresOf(evidence, counts), defectsOf(evidence)]
  console.log(`\n${table(figures)}\n`)
  console.log(
    defects.length === 0
      ? 'The books balance.'
      : ['The books do not balance:', ...defects.map((defect) => `  - ${defect}`)].join('\n'),
  )
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ minutes, seed, ...figures, defects }, null, 2)}\n`)
  process.exitCode = defects.length === 0 ? 0 : 1
} finally {
  await endAll()
}
