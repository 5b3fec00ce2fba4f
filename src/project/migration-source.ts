import type { Knex } from 'knex'
import { loadProject } from './knexfile.js'
import { listMigrations, type Migration } from './migration-files.js'

/** A migration source that also says which folders it reads. */
export interface FolderSource extends Knex.MigrationSource<Migration> {
  readonly directories: readonly string[]
}

/**
 * A migration source for the knexfile of a project. With it, plain `knex` commands and schemagate record names without
 * extension in a new ledger, so that plain Knex runs on one database from TypeScript and from compiled JavaScript.
 *
 * @param directories absolute paths of the migrations folders
 */
export function knexMigrationSource(...directories: readonly string[]): FolderSource {
  return {
    directories,
    getMigrations: async () => {
      const project = await loadProject({ root: '.', directories, knexfile: 'none', sections: [] })
      return [...(await listMigrations(project))]
    },
    getMigrationName: ({ revision }) => revision,
    getMigration: async (migration) => {
      const { up, down, transaction } = await migration.load()
      return {
        ...(transaction === null ? {} : { config: { transaction } }),
        up: async (knex) => {
          await up(knex)
        },
        down: async (knex) => {
          if (down === null) throw new TypeError(`${migration.revision} has no down function`)
          await down(knex)
        },
      }
    },
  }
}
