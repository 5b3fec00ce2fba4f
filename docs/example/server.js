import Fastify from 'fastify'
import { describeError, openGate, SchemaError, schemaHealth } from 'schemagate'

const gate = await openGate({ env: process.env }).catch(refuse)

const app = Fastify()
await app.register(schemaHealth, { gate, token: process.env.HEALTH_TOKEN })
app.get('/', async () => ({ revision: gate.health.view().documents.public.revision.current }))

process.once('SIGTERM', () => {
  gate.drain('SIGTERM')
  void app.close()
})

await app.listen({ host: '::', port: Number(process.env.PORT ?? 8000) })

function refuse(error) {
  console.error(error instanceof SchemaError ? describeError(error) : error)
  process.exit(error instanceof SchemaError ? error.exitCode : 1)
}
