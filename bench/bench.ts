import { writeFile } from 'node:fs/promises'
import { type BenchOptions, help, parseOptions } from './options.js'
import { drawChart } from './plot/chart.js'
import { readResults, writeResults } from './results.js'
import { runParts } from './run.js'

const args = process.argv.slice(2)
const options = readOptions()
if (options === 'help') console.log(help)
else if (options !== null) await bench(options)

async function bench(chosen: BenchOptions): Promise<void> {
  const { drawn, json, plot } = chosen
  const results = drawn === null ? await runParts(chosen, command()) : await readResults(drawn)
  if (json !== null) await writeResults(json, results)
  if (plot !== null) await writeFile(plot, drawChart(results))
}

function readOptions(): BenchOptions | 'help' | null {
  try {
    return parseOptions(args)
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message.split('. ', 1).join() : String(error)}\nnpm run bench -- --help says what there is.`,
    )
    process.exitCode = 2
    return null
  }
}

function command(): string {
  return ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
}
