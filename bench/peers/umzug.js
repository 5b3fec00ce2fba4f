import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { Umzug } from 'umzug'

// As its documentation does it for plain SQL: the ledger is the user's own, and there is no lock.
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
const umzug = new Umzug({
  migrations: {
    glob: 'sql/*.sql',
    resolve: ({ name, path }) => ({ name, up: async () => client.query(await readFile(path, 'utf8')) }),
  },
  context: client,
  storage: {
    async executed() {
      await client.query('create table if not exists umzug_migrations (name text primary key)')
      const { rows } = await client.query('select name from umzug_migrations order by name')
      return rows.map(({ name }) => name)
    },
    async logMigration({ name }) {
      await client.query('insert into umzug_migrations (name) values ($1)', [name])
    },
    async unlogMigration({ name }) {
      await client.query('delete from umzug_migrations where name = $1', [name])
    },
  },
  logger: undefined,
})
await umzug.up()
await client.end()
