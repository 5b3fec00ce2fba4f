import Fastify from 'fastify'
import { baseline } from './baseline.js'

/** The baseline where a file of queries is given, then a Fastify with one route that returns a constant. */
const [, , file, body = 'ok'] = process.argv
if (file) await baseline(file)
const app = Fastify()
app.get('/health/schema', (_, reply) => reply.type('application/health+json; charset=utf-8').send(body))
await app.listen({ host: '::', port: Number(process.env['PORT']) })
process.once('SIGTERM', () => void app.close())
