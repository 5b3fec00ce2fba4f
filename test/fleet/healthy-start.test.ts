import Fastify from 'fastify'
import t from 'tap'
import { eventually } from '../support/process.js'
import { createProject } from '../support/project.js'

t.test('a healthy service reports no failure, neither while it starts nor when it ends', async (t) => {
  const reports: string[] = []
  const fleet = Fastify({ forceCloseConnections: true })
  fleet.post<{ Body: { health: { phase: string; status: string } } }>('/api/v1/reports', async ({ body }) => {
    reports.push(`${body.health.phase}: ${body.health.status}`)
    return {}
  })
  t.teardown(() => fleet.close())
  const FLEET_URL = await fleet.listen({ port: 0, host: '127.0.0.1' })
  const project = await createProject(t, { '001_songs': 'create table songs (id int primary key)' })
  const service = await project.serve({ FLEET_URL, FLEET_TOKEN: 'correct-horse', VERIFY_INTERVAL: '100ms' })
  await eventually('it has reported', { look: () => reports.length > 0 })
  service.kill('SIGTERM')
  t.match(await service.ended(), { exit: 0 })
  t.strictSame(reports, ['serving: pass', 'draining: pass'])

  await project.query('drop table songs')
  t.equal((await project.run('serve', { FLEET_URL, FLEET_TOKEN: 'correct-horse' })).exit, 4)
  t.strictSame(reports.slice(2), ['refused: fail'], 'one that refuses says so')
})
