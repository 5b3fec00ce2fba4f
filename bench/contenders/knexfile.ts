/** For the command `knex`, which works in the folder of its knexfile. */
export default {
  client: 'pg',
  connection: { connectionString: process.env['DATABASE_URL'] },
  migrations: { directory: '../migrations', loadExtensions: ['.js'] },
}
