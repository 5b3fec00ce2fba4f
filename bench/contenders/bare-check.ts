import { readFileSync } from 'node:fs'
import pg from 'pg'

/**
 * The least that a start at head can cost: connect, try an advisory lock, select the ledger, run the catalog queries and
 * ignore their rows. It takes the queries from a file, so that it loads no module of ours.
 */
const [, , queries = ''] = process.argv
const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] })
await client.connect()
await client.query('select pg_try_advisory_lock(1, 2)')
await client.query('select name from knex_migrations order by id')
await client.query({ text: readFileSync(queries, 'utf8'), rowMode: 'array' })
await client.end()
