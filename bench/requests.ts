import { fileURLToPath } from 'node:url'
import { finish, serve } from '../test/support/node-process.js'
import { compare, type Contender } from './measure.js'
import type { Part } from './part.js'

const autocannon = fileURLToPath(import.meta.resolve('autocannon'))

/** Each server is a process of its own; only one of them gets requests at a time. */
export const requests: Part = {
  title: 'answers of /health/schema: requests per second',
  measure: async ({ build, createDatabase, runs }) => {
    const env = { NODE_ENV: 'production', LOG_LEVEL: 'warn', DATABASE_URL: await createDatabase() }
    const place = { cwd: build.folder, env }
    const ours = await serve(['dist/cli/main.js', 'serve'], place)
    try {
      const body = await (await fetch(ours.url)).text()
      const bare = await serve(['bench/contenders/bare-fastify.js', '', body], place)
      try {
        const contenders = [
          requesting('bare: Fastify, a constant string of the same length', bare.url),
          requesting('schemagate serve', ours.url),
        ]
        return await compare(contenders, { warmUp: 1, runs: Math.ceil(runs / 3) })
      } finally {
        await bare.stop()
      }
    } finally {
      await ours.stop()
    }
  },
}

function requesting(name: string, url: string): Contender {
  const words = [autocannon, '--json', '--no-progress', '--connections', '20', '--duration', '3', url]
  const run = async (): Promise<number> => {
    const result: Result = JSON.parse(await finish(words, { cwd: '.', env: {} }))
    if (result.non2xx + result.errors > 0) throw new Error(`${name} gave an answer other than 200`)
    return result.requests.average
  }
  return { name, run }
}

interface Result {
  readonly requests: { readonly average: number }
  readonly non2xx: number
  readonly errors: number
}
