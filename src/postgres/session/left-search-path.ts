import type { Knex } from 'knex'
import { isRecord } from '../../core/text/is-record.js'
import type { Migration } from '../../project/migration-files.js'

/** Migrations that find the search_path that the one before has left behind. */
export interface SearchPathKeeper {
  readonly keep: (migration: Migration) => Migration
  /** Whether one of them was run with such a search_path. */
  readonly wasKept: () => boolean
}

/**
 * Keeps a search_path from migration to migration, as the one transaction of a batch of plain Knex does. After each revision
 * the session is set back, so a database that was migrated step by step and one that was migrated at once may differ.
 */
export function createSearchPathKeeper(): SearchPathKeeper {
  let own: string | null = null
  let left: string | null = null
  let wasKept = false
  const runKeeping = async (knex: Knex, up: () => unknown): Promise<void> => {
    // That of the session, which is set back after each.
    own ??= await readSearchPath(knex)
    if (left !== null) {
      wasKept = true
      await knex.raw(`select set_config('search_path', ?, false)`, [left])
    }
    await up()
    const after = await readSearchPath(knex)
    left = after === own ? null : after
  }
  const keep = (migration: Migration): Migration => ({
    ...migration,
    load: async () => {
      const loaded = await migration.load()
      return { ...loaded, up: (knex) => runKeeping(knex, () => loaded.up(knex)) }
    },
  })
  return { keep, wasKept: () => wasKept }
}

/** Null where the knexfile makes something else of results than rows with their values. */
async function readSearchPath(knex: Knex): Promise<string | null> {
  const result: unknown = await knex.raw(`select current_setting('search_path') as path`)
  const rows: unknown = isRecord(result) ? result['rows'] : result
  const row: unknown = Array.isArray(rows) ? rows[0] : null
  const [path] = isRecord(row) ? Object.values(row) : []
  return typeof path === 'string' ? path : null
}
