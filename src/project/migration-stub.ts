import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorSummary } from '../core/text/redact.js'
import { inProjectFolder } from './in-folder.js'
import type { KnexProject } from './knex-project.js'
import { loadKnex } from './project-knex.js'
import { invalidKnexfileError } from './read-knexfile.js'

/**
 * The text of a new migration as the project's Knex makes it from `migrations.stub`; null where the knexfile names none.
 * Throws SCHEMA_KNEXFILE_INVALID for a stub that Knex cannot use.
 *
 * @param name of the migration, which Knex wants to know
 */
export async function renderStub(project: KnexProject, name: string): Promise<string | null> {
  const { knexfile, template } = project
  const { stub, variables } = template
  if (knexfile === null || stub === null) return null
  const knex = loadKnex(project)({ client: 'pg' })
  const directory = await mkdtemp(join(tmpdir(), 'schemagate-'))
  try {
    const config = { directory, stub, variables }
    const make = async (): Promise<string> => knex.migrate.make(name, config)
    return await readFile(await inProjectFolder(project, make), 'utf8')
  } catch (cause) {
    throw invalidKnexfileError(knexfile, {
      why: `its migrations.stub "${stub}": ${errorSummary(cause)}`,
      cause,
    })
  } finally {
    await knex.destroy()
    await rm(directory, { recursive: true })
  }
}
