import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '../test/support/database.js'
import { finish, type Place } from '../test/support/node-process.js'
import { createHeads, type Heads } from './heads.js'
import { schemagate } from './migrators.js'
import type { BenchContext } from './part.js'
import { writeProject } from './project-files.js'
import { generateRevisions, type HistorySize } from './revisions.js'

/** A generated project, with its snapshot and with the same history in the formats of the peers. */
export interface Project {
  readonly root: string
  /** The same with one more migration, and without a snapshot. */
  readonly extended: string
  /** The URL of a server for scratch databases. */
  readonly scratch: string
  /** A process in a folder of the project, with this database and a server for scratch databases. */
  readonly place: (databaseUrl: string, folder?: string) => Place
  readonly heads: Heads
}

/** Writes the project and replays it for its snapshot. */
export async function createProject(context: BenchContext, size: HistorySize): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-history-'))
  context.owner.teardown(() => rm(folder, { recursive: true }))
  const [root, extended] = [join(folder, 'project'), join(folder, 'extended')]
  const revisions = generateRevisions(size, size.revisions + 1)
  await writeProject(root, context.build, revisions.slice(0, -1))
  await writeProject(extended, context.build, revisions)
  const scratch = await createDatabase(context.owner)
  const place = (databaseUrl: string, below = '.'): Place => {
    const { env, ...rest } = context.place(join(root, below), databaseUrl)
    return { ...rest, env: { ...env, SCRATCH_DATABASE_URL: scratch } }
  }
  await finish(schemagate(context, 'snapshot'), place(scratch))
  return { root, extended, scratch, place, heads: createHeads(context, place) }
}
