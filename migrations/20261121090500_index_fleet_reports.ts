import type { Knex } from 'knex'

/**
 * One index for every question of the fleet: walking the pairs of service and environment, the latest report of each,
 * a page of its history, and (without touching the table) the instances of the last day.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX fleet_reports_history_index
    ON fleet_reports (service, environment, reported_at, id) INCLUDE (instance)`)
}

/** Drops the index. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX fleet_reports_history_index')
}
