import { type Absent, compare, type Contender } from './measure.js'
import { allMigrators, type Migrator, schemagate } from './migrators.js'
import { type BenchContext, describeSize, type Part } from './part.js'
import { measureToEnd, withFullRead } from './process.js'
import type { Project } from './project.js'
import type { HistorySize } from './revisions.js'

/** Whole processes on a database that is at head and as promised. */
export function start(size: HistorySize): Part {
  return {
    name: 'start',
    title: `start at head, ${describeSize(size)}`,
    size,
    measure: async (context) => {
      const project = await context.project(size)
      const contenders = [...(await checks(context, project)), ...(await migratorsAtHead(context, project))]
      return compare(contenders, { warmUp: 2, runs: context.runs })
    },
  }
}

/**
 * The bare script first: what it does is the least that a check costs that reads the catalog. A check need not read it where
 * nothing has changed since it was verified.
 */
async function checks(context: BenchContext, { place, heads }: Project): Promise<readonly Contender[]> {
  const url = await heads.verifiedDatabase()
  const { folder, queries } = context.build
  const bare = [`${folder}/bench/contenders/bare-check.js`, queries]
  const check = schemagate(context, 'check')
  return [
    { name: 'a bare script that reads the catalog', run: () => measureToEnd(bare, place(url)) },
    { name: 'schemagate check, full read', run: () => measureToEnd(check, withFullRead(place(url))) },
    { name: 'schemagate check, unchanged', run: () => measureToEnd(check, place(url)) },
  ]
}

async function migratorsAtHead(
  context: BenchContext,
  project: Project,
): Promise<readonly (Contender | Absent)[]> {
  const contenders: (Contender | Absent)[] = []
  for (const migrator of await allMigrators(context))
    contenders.push('words' in migrator ? await atHead(migrator, project) : migrator)
  return contenders
}

async function atHead(migrator: Migrator, { place, heads }: Project): Promise<Contender> {
  const url = await heads.databaseOf(migrator)
  return { name: migrator.name, run: () => measureToEnd(migrator.words, place(url, migrator.folder)) }
}
