import type { Knex } from 'knex'

/** A migration for each version of Knex: newer ones wait for it, and the first of 0.21 read it at once. */
export function toKnexMigration<M extends Knex.Migration>(migration: M): Promise<M> {
  return Object.assign(Promise.resolve(migration), migration)
}
