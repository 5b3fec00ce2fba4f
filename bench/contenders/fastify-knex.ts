import Fastify from 'fastify'
import createKnex from 'knex'

/** The least that a service has that migrates when it starts. */
const knex = createKnex({ client: 'pg', connection: { connectionString: process.env['DATABASE_URL'] ?? '' } })
await knex.migrate.latest({ directory: './migrations', loadExtensions: ['.js'] })
const app = Fastify()
app.get('/health/ready', () => 'ok')
app.addHook('onClose', () => knex.destroy())
await app.listen({ host: '::', port: Number(process.env['PORT']) })
process.once('SIGTERM', () => void app.close())
