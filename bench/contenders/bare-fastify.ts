import Fastify from 'fastify'

/** A Fastify whose routes return constants. */
const [, , body = ''] = process.argv
const app = Fastify()
app.get('/health/ready', () => 'ok')
app.get('/health/schema', (_, reply) => reply.type('application/health+json; charset=utf-8').send(body))
await app.listen({ host: '::', port: Number(process.env['PORT']) })
process.once('SIGTERM', () => void app.close())
