/** The whole schema: `schemagate new NAME --from models:models.js` drafts the migration that leads to it. */
export default async function build(knex) {
  await knex.schema.createTable('songs', (table) => {
    table.increments('id')
    table.text('title').notNullable()
    table.integer('plays').notNullable().defaultTo(0)
  })
  await knex.schema.createTable('likes', (table) => {
    table.increments('id')
    table.integer('song_id').notNullable().references('songs.id').onDelete('CASCADE')
    table.timestamp('at').notNullable().defaultTo(knex.fn.now())
    table.index(['song_id'])
  })
}
