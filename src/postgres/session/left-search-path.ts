import type { Knex } from 'knex'
import type { Migration } from '../../project/migration-files.js'

/** Migrations that find the search_path that the one before has left behind. */
export interface SearchPathKeeper {
  readonly keep: (migration: Migration) => Migration
  /** To be called after each with the search_path that it has left behind, null where it left that of the session. */
  readonly note: (left: string | null) => void
  /** Whether one of them was run with such a search_path. */
  readonly wasKept: () => boolean
}

/**
 * Keeps a search_path from migration to migration, as the one transaction of a batch of plain Knex does. After each revision
 * the session is set back, so a database that was migrated step by step and one that was migrated at once may differ.
 */
export function createSearchPathKeeper(): SearchPathKeeper {
  let found: string | null = null
  let wasKept = false
  const runKeeping = async (knex: Knex, up: () => unknown): Promise<void> => {
    if (found !== null) {
      wasKept = true
      await knex.raw(`select set_config('search_path', ?, false)`, [found])
    }
    await up()
  }
  const keep = (migration: Migration): Migration => ({
    ...migration,
    load: async () => {
      const loaded = await migration.load()
      return { ...loaded, up: (knex) => runKeeping(knex, () => loaded.up(knex)) }
    },
  })
  return { keep, note: (left) => void (found = left), wasKept: () => wasKept }
}
