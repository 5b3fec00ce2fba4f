import createKnex from 'knex'

const knex = createKnex({ client: 'pg', connection: { connectionString: process.env['DATABASE_URL'] ?? '' } })
await knex.migrate.latest({ directory: './migrations', loadExtensions: ['.js'] })
await knex.destroy()
