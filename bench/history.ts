import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finish, type Place } from '../test/support/node-process.js'
import { type HistorySize, writeHistory } from './history-project.js'
import { type Contender, compare, timed } from './measure.js'
import type { BenchContext, Part } from './part.js'

/** Whole processes that bring an empty database to head, or replay all migrations for the snapshot. */
export function history(size: HistorySize): Part {
  const { revisions, tables } = size
  return {
    title: `${count(revisions)} revisions, ${count(tables)} tables, whole process: milliseconds`,
    measure: async (context) => {
      const root = await mkdtemp(join(tmpdir(), 'schemagate-history-'))
      try {
        await writeHistory(root, size)
        return await measureIn(root, context, Math.min(context.runs, revisions > 300 ? 1 : 3))
      } finally {
        await rm(root, { recursive: true })
      }
    },
  }
}

async function measureIn(root: string, { build, createDatabase }: BenchContext, runs: number) {
  const scratch = await createDatabase()
  const cli = join(build.folder, 'dist/cli/main.js')
  const knexLatest = join(build.folder, 'bench/contenders/knex-latest.js')
  const place = async (): Promise<Place> => ({
    cwd: root,
    env: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      DATABASE_URL: await createDatabase(),
      SCRATCH_DATABASE_URL: scratch,
    },
  })
  const contender = (name: string, words: readonly string[]): Contender => ({
    name,
    run: async () => {
      const where = await place()
      return timed(() => finish(words, where))
    },
  })
  return compare(
    [
      contender('bare: knex.migrate.latest', [knexLatest]),
      contender('schemagate snapshot', [cli, 'snapshot']),
      contender('schemagate migrate', [cli, 'migrate']),
      contender('schemagate init', [cli, 'init']),
    ],
    { warmUp: 0, runs },
  )
}

function count(value: number): string {
  return value.toLocaleString('en')
}
