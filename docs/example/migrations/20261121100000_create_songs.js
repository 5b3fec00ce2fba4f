export async function up(knex) {
  await knex.schema.createTable('songs', (table) => {
    table.increments('id')
    table.text('title').notNullable()
  })
}

export async function down(knex) {
  await knex.schema.dropTable('songs')
}
