import { setTimeout as sleep } from 'node:timers/promises'
import { type Place, serve } from '../test/support/node-process.js'
import { compare, type Measured } from './measure.js'
import { schemagate } from './migrators.js'
import { type BenchContext, describeSize, type Part } from './part.js'
import { measureToReady, residentMemory, withFullRead } from './process.js'
import type { HistorySize } from './revisions.js'

/** How long a server has nothing to do before its memory is read, in seconds. */
const rest = 3

/** Servers on a database at head. */
export function serveUntilReady(size: HistorySize): Part {
  return {
    name: 'serve',
    title: `serve until /health/ready answers, ${describeSize(size)}`,
    size,
    measure: (context) => compareServers(context, size, { runs: context.runs, measure: measureToReady }),
  }
}

export function memoryAtRest(size: HistorySize): Part {
  return {
    name: 'memory',
    title: `memory of a server ${rest} s after it was ready, ${describeSize(size)}`,
    size,
    measure: (context) =>
      compareServers(context, size, { runs: Math.ceil(context.runs / 3), measure: measureAtRest }),
  }
}

interface Measuring {
  readonly runs: number
  readonly measure: (words: readonly string[], place: Place) => Promise<Measured>
}

async function compareServers(context: BenchContext, size: HistorySize, { runs, measure }: Measuring) {
  const { place, heads } = await context.project(size)
  const url = await heads.verifiedDatabase()
  const bare = [`${context.build.folder}/bench/contenders/fastify-knex.js`]
  const ours = schemagate(context, 'serve')
  return compare(
    [
      { name: 'a minimal Fastify app with knex.migrate.latest', run: () => measure(bare, place(url)) },
      { name: 'schemagate serve, full read', run: () => measure(ours, withFullRead(place(url))) },
      { name: 'schemagate serve, unchanged', run: () => measure(ours, place(url)) },
    ],
    { warmUp: 1, runs },
  )
}

async function measureAtRest(words: readonly string[], place: Place): Promise<Measured> {
  const server = await serve(words, place)
  await sleep(rest * 1_000)
  const rss = await residentMemory(server)
  await server.stop()
  if (rss === null) throw new Error('Memory at rest is read from /proc, which this system does not have.')
  return { rss }
}
