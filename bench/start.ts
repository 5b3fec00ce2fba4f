import { join } from 'node:path'
import { finish, type Place, serve } from '../test/support/node-process.js'
import { type Contender, compare, timed } from './measure.js'
import type { Part } from './part.js'

/** Whole processes, from `spawn` until they end or their port answers. The database is at head and as promised. */
export const start: Part = {
  title: 'start at head, whole process: milliseconds',
  measure: async ({ build, createDatabase, runs }) => {
    const { folder, queries } = build
    const env = { NODE_ENV: 'production', LOG_LEVEL: 'warn', DATABASE_URL: await createDatabase() }
    const place = { cwd: folder, env }
    const knex = [join(folder, 'node_modules/knex/bin/cli.js'), 'migrate:latest']
    const knexPlace = { ...place, cwd: join(folder, 'bench/contenders') }
    await finish(knex, knexPlace)
    return compare(
      [
        finishing(
          'bare: pg, lock, ledger, catalog queries',
          ['bench/contenders/run-baseline.js', queries],
          place,
        ),
        finishing('bare: knex.migrate.latest', ['bench/contenders/knex-latest.js'], place),
        finishing('knex migrate:latest', knex, knexPlace),
        finishing('schemagate check', ours('check'), place),
        finishing('schemagate migrate', ours('migrate'), place),
        serving(
          'the first, then a bare Fastify answers',
          ['bench/contenders/bare-fastify.js', queries],
          place,
        ),
        serving('schemagate serve, until it answers', ours('serve'), place),
        serving('the same with the fleet API', ['dist/main.js', 'serve'], place),
      ],
      { warmUp: 2, runs },
    )
  },
}

function ours(command: string): readonly string[] {
  return ['dist/cli/main.js', command]
}

function finishing(name: string, words: readonly string[], place: Place): Contender {
  return { name, run: () => timed(() => finish(words, place)) }
}

function serving(name: string, words: readonly string[], place: Place): Contender {
  const run = async (): Promise<number> => {
    const started = performance.now()
    const { stop } = await serve(words, place)
    const elapsed = performance.now() - started
    await stop()
    return elapsed
  }
  return { name, run }
}
