import type { Knex } from 'knex'
import type { Migration } from '../../project/migration-files.js'

/** What a revision promises of its rows: its `verify` throws, or returns false, where it is not so. */
export interface RowPromise {
  readonly revision: string
  readonly verify: (knex: Knex) => unknown
}

/** The promises of these migrations, in order; most make none. Throws SCHEMA_MIGRATION_UNLOADABLE. */
export async function loadRowPromises(migrations: readonly Migration[]): Promise<readonly RowPromise[]> {
  const promises: RowPromise[] = []
  for (const { revision, load } of migrations) {
    const { verify } = await load()
    if (verify !== null) promises.push({ revision, verify })
  }
  return promises
}
