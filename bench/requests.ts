import { fileURLToPath } from 'node:url'
import { createDatabase } from '../test/support/database.js'
import { finish, serve } from '../test/support/node-process.js'
import { compare, type Contender, type Measured } from './measure.js'
import type { Part } from './part.js'

const autocannon = fileURLToPath(import.meta.resolve('autocannon'))

/** Each server is a process of its own; only one of them gets requests at a time. */
export const requests: Part = {
  name: 'requests',
  title: 'answers of /health/schema',
  size: {},
  measure: async ({ build, owner, place, runs }) => {
    const where = place(build.folder, await createDatabase(owner))
    const ours = await serve(['dist/cli/main.js', 'serve'], where)
    try {
      const body = await (await fetch(`${ours.url}/health/schema`)).text()
      const bare = await serve(['bench/contenders/bare-fastify.js', body], where)
      try {
        const contenders = [
          requesting('a bare Fastify: a constant of the same length', bare.url),
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
  const options = ['--json', '--no-progress', '--connections', '20', '--duration', '3']
  const words = [autocannon, ...options, `${url}/health/schema`]
  const run = async (): Promise<Measured> => {
    const result: Result = JSON.parse(await finish(words, { cwd: '.', env: {} }))
    if (result.non2xx + result.errors > 0) throw new Error(`${name} gave an answer other than 200`)
    return { rate: result.requests.average }
  }
  return { name, run }
}

interface Result {
  readonly requests: { readonly average: number }
  readonly non2xx: number
  readonly errors: number
}
