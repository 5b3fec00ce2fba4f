import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, type Owner } from '../test/support/database.js'
import { type Absent, compare, type Contender, type Rounds } from './measure.js'
import { allMigrators, type Migrator, schemagate } from './migrators.js'
import { type BenchContext, describeSize, type Part } from './part.js'
import { measureToEnd } from './process.js'
import type { Project } from './project.js'
import type { HistorySize } from './revisions.js'

const snapshotFile = 'migrations/schema.snapshot.json'

/** Whole processes that bring an empty database to head, or replay the migrations for the snapshot. */
export function history(size: HistorySize): Part {
  return {
    name: 'history',
    title: `from an empty database, ${describeSize(size)}`,
    size,
    measure: async (context) => {
      const project = await context.project(size)
      const contenders = [
        ...(await migrators(context)).map((one) => ('words' in one ? onEmpty(context, project, one) : one)),
        ...replays(context, project),
      ]
      return compare(contenders, roundsOf(size, context))
    },
  }
}

/** In a round of minutes a cold start does not show. */
function roundsOf({ revisions }: HistorySize, { runs }: BenchContext): Rounds {
  return { warmUp: revisions > 300 ? 0 : 1, runs: Math.ceil(runs / 3) }
}

async function migrators(context: BenchContext): Promise<readonly (Migrator | Absent)[]> {
  return [
    ...(await allMigrators(context)),
    { name: 'schemagate init', words: schemagate(context, 'init'), folder: '.' },
  ]
}

/** After the first run it is checked that all made the same tables. */
function onEmpty({ owner }: BenchContext, { place, heads }: Project, migrator: Migrator): Contender {
  const { name, words, folder } = migrator
  let verified = false
  const run: Contender['run'] = () =>
    withDatabase(owner, async (url) => {
      const measured = await measureToEnd(words, place(url, folder))
      if (!verified) await heads.verify(name, url)
      verified = true
      return measured
    })
  return { name, run }
}

/** The scratch databases are made by the command. */
function replays(context: BenchContext, { root, extended, scratch, place }: Project): readonly Contender[] {
  const words = schemagate(context, 'snapshot')
  const snapshot = join(root, snapshotFile)
  const where = place(scratch)
  return [
    {
      name: 'schemagate snapshot',
      run: async () => {
        await rm(snapshot)
        return measureToEnd(words, where)
      },
    },
    {
      name: 'schemagate snapshot, one added',
      run: async () => {
        await cp(snapshot, join(extended, snapshotFile))
        return measureToEnd(words, { ...where, cwd: extended })
      },
    },
  ]
}

/** Drops it at once, because there are as many as runs. */
async function withDatabase<T>(owner: Owner, use: (url: string) => Promise<T>): Promise<T> {
  let drop = async (): Promise<void> => {}
  const teardown = (end: () => Promise<void>): void => {
    owner.teardown(end)
    drop = end
  }
  const url = await createDatabase({ teardown })
  try {
    return await use(url)
  } finally {
    await drop()
  }
}
