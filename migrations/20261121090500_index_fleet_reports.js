/**
 * One index for every question of the fleet: walking the pairs of service and environment, the latest report of each,
 * a page of its history, and (without touching the table) the instances of the last day.
 *
 * @param {import('knex').Knex} knex
 */
export async function up(knex) {
  await knex.raw(`
    CREATE INDEX fleet_reports_history_index
    ON fleet_reports (service, environment, reported_at, id) INCLUDE (instance)`)
}

/**
 * Drops the index.
 *
 * @param {import('knex').Knex} knex
 */
export async function down(knex) {
  await knex.raw('DROP INDEX fleet_reports_history_index')
}
