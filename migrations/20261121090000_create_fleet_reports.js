const statuses = ['pass', 'warn', 'fail']
const positions = ['empty', 'unmanaged', 'behind', 'current', 'ahead', 'diverged', 'foreign']

/**
 * Creates the table of reports. `reported_at` has the precision of a JavaScript date, so that a cursor is exact;
 * `position` is null while a gate has not seen its database yet.
 *
 * @param {import('knex').Knex} knex
 */
export async function up(knex) {
  await knex.schema.createTable('fleet_reports', (table) => {
    table.specificType('id', 'bigint GENERATED ALWAYS AS IDENTITY').primary()
    table.text('service').notNullable()
    table.text('environment').notNullable()
    table.text('instance').notNullable()
    table.text('status').notNullable().checkIn(statuses, 'fleet_reports_status_check')
    table.text('phase').notNullable()
    table.text('position').checkIn(positions, 'fleet_reports_position_check')
    table.text('current')
    table.text('head')
    table.specificType('pending', 'text[]').notNullable()
    table.specificType('unknown', 'text[]').notNullable()
    table.jsonb('document').notNullable()
    table.timestamp('reported_at', { precision: 3 }).notNullable().defaultTo(knex.fn.now(3))
    for (const column of ['service', 'environment', 'instance'])
      table.check('char_length(??) between 1 and 200', [column], `fleet_reports_${column}_check`)
    table.check("jsonb_typeof(document) = 'object'", [], 'fleet_reports_document_check')
  })
}

/**
 * Drops the table with all its reports.
 *
 * @param {import('knex').Knex} knex
 */
export async function down(knex) {
  await knex.schema.dropTable('fleet_reports')
}
