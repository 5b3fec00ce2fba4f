import { basename } from 'node:path'
import type { Connection } from '../../postgres/connection/connect.js'
import { withClient } from '../../postgres/connection/connect.js'
import { seed } from '../../postgres/migrate/seed.js'
import { insertSampleRows } from '../../postgres/proof/sample-rows.js'
import type { RunInScratch } from '../../postgres/scratch/redirect-connections.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { KnexProject } from '../../project/knex-project.js'
import type { SeedFile } from '../../project/seed-files.js'
import { tablesForRows } from '../observe/tables-for-rows.js'
import { reasonOf } from './rehearsal.js'

/** What was put into a database before revisions are rehearsed in it. */
export interface FilledRows {
  readonly seeds: readonly string[]
  readonly notes: readonly string[]
}

/** Runs the seeds, each for itself: those that are for newer revisions fail, which is noted. */
export async function runSeeds(
  files: readonly SeedFile[],
  options: MigrateOptions,
  run: RunInScratch,
): Promise<FilledRows> {
  const seeds: string[] = []
  const notes: string[] = []
  for (const file of files) {
    const name = basename(file.name)
    const confined = { name: file.name, load: () => run(() => file.load()), confine: run }
    try {
      await seed({ ...options, report: () => {} }, [confined])
      seeds.push(name)
    } catch (error) {
      if (options.signal?.aborted === true) throw error
      notes.push(`seed ${name} did not run: ${reasonOf(error)}`)
    }
  }
  return { seeds, notes }
}

/** Two rows for each table that has none, where values for its columns are found. Returns what prevented it. */
export async function fillEmptyTables(
  connection: Connection,
  project: KnexProject,
): Promise<readonly string[]> {
  try {
    await withClient(connection, async (client) => {
      await client.query('begin')
      await insertSampleRows(client, tablesForRows(project))
      await client.query('commit')
    })
    return []
  } catch (error) {
    return [`no rows could be generated: ${reasonOf(error)}`]
  }
}
