/** For the command `knex`, whose folder is the one of its knexfile. */
export default {
  client: 'pg',
  connection: { connectionString: process.env['DATABASE_URL'] },
  migrations: { directory: '../../migrations', loadExtensions: ['.js'] },
}
