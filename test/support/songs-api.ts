import Fastify from 'fastify'
import pg from 'pg'
import { openGate, schemaHealth } from '../../src/index.js'

/** A service of one's own, as the documentation has it: what it reads and writes is named column by column. */
const columns = (process.env.COLUMNS ?? 'title').split(',')
const values = columns.map((_, index) => `$${index + 1}`)
const insert = `insert into songs (${columns.join(', ')}) values (${values.join(', ')})`
const select = `select ${columns.join(', ')} from songs order by id desc limit 5`

const gate = await openGate({ env: process.env })
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
const app = Fastify()
await app.register(schemaHealth, { gate, token: process.env.HEALTH_TOKEN ?? null })
app.get('/songs', async () => (await pool.query(select)).rows)
app.post('/songs', async (_, reply) => {
  await pool.query(
    insert,
    columns.map((name) => `a ${name}`),
  )
  return reply.code(201).send()
})
app.addHook('onClose', () => pool.end())
process.once('SIGTERM', () => {
  gate.drain('SIGTERM')
  void app.close()
})

const address = await app.listen({ host: '127.0.0.1', port: 0 })
console.log(JSON.stringify({ address, what: '/health/schema', msg: 'listening' }))
