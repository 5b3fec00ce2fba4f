import { once } from 'node:events'
import Fastify, { type FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { createReporter, type ReporterTimeouts } from '../../src/fleet/reporter.js'
import { freePort } from '../support/process.js'

const token = 'correct-horse'
const identity = { service: 'songs', environment: 'production', instance: 'pod-1' }
const revision = { current: '1_a', head: '1_a', position: 'current', pending: [], unknown: [] } as const
const health = (phase: string) => ({ status: 'pass', phase, revision, version: '1.4.0' }) as const
const acceptsNone = 'The fleet service accepts no reports. The service retries until it does.'
const acceptsAgain = 'The fleet service accepts reports again.'

interface ReceivedReport {
  readonly phase: string
  readonly at: number
}

/** A fleet service that answers with `answer`, and the reports that it receives. */
async function listen(
  test: Test,
  answer: (received: readonly ReceivedReport[], reply: FastifyReply) => unknown,
) {
  const received: ReceivedReport[] = []
  const bodies: unknown[] = []
  const app = Fastify({ forceCloseConnections: true })
  app.post<{ Body: { health: { phase: string } } }>('/base/api/v1/reports', async (request, reply) => {
    received.push({ phase: request.body.health.phase, at: performance.now() })
    bodies.push([request.headers.authorization, request.body])
    await answer(received, reply)
    return reply.send()
  })
  test.teardown(() => app.close())
  return { received, bodies, app, url: `${await app.listen({ port: 0 })}/base/` }
}

interface Target {
  readonly url: string
  readonly given?: string
}

/** Longer than any machine needs, so that nothing is given up. */
const endless = { answer: 600_000, closing: 60_000 }

function createFor(test: Test, { url, given = token }: Target, timeouts?: ReporterTimeouts) {
  const lines: object[] = []
  const line = (facts: object, message: string) => void lines.push({ ...facts, message })
  const reporter = createReporter({
    url,
    token: given,
    identity,
    log: { info: line, warn: line },
    ...(timeouts && { timeouts }),
  })
  test.teardown(() => reporter.close())
  return { ...reporter, lines }
}

const phases = (received: readonly ReceivedReport[]) => received.map(({ phase }) => phase)

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

t.test('a report is sent again until the service accepts it, not before Retry-After', async (test) => {
  const statuses = [503, 429, 201]
  const service = await listen(test, (received, reply) => {
    const status = statuses[received.length - 1] ?? 201
    reply.code(status)
    if (status === 429) reply.header('retry-after', '1')
  })
  const { report, lines } = createFor(test, service, endless)
  report(health('serving'))
  report(health('draining'))
  await until(() => service.received.length === 4)
  test.strictSame(phases(service.received), ['serving', 'serving', 'serving', 'draining'])
  test.strictSame(service.bodies[2], [`Bearer ${token}`, { ...identity, health: health('serving') }])
  const [, second, third] = service.received
  test.ok(second && third && third.at - second.at >= 1_000, 'the second pause is that of Retry-After')
  test.strictSame(lines, [
    { reason: 'HTTP 503', message: acceptsNone },
    { failures: 2, message: acceptsAgain },
  ])
})

t.test('the reporter waits for a date in Retry-After', async (test) => {
  const service = await listen(test, (received, reply) => {
    const date = new Date(Date.now() + 2_000).toUTCString()
    if (received.length === 1) reply.code(503).header('retry-after', date)
  })
  const { report } = createFor(test, service, endless)
  report(health('serving'))
  await until(() => service.received.length === 2)
  const [first, second] = service.received
  test.ok(first && second && second.at - first.at >= 1_000)
})

t.test('an unreachable service is an outage, which is logged once', async (test) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const { report, close, lines } = createFor(test, { url }, { ...endless, closing: 1_000 })
  report(health('serving'))
  await until(() => lines.length > 0)
  await close()
  const lost = { lost: 1, message: 'Some reports could not be sent before the service ended.' }
  test.strictSame(lines, [{ reason: 'ECONNREFUSED', message: acceptsNone }, lost])
})

t.test('the queue keeps the newest 20 reports, and one request runs at a time', async (test) => {
  let running = 0
  let most = 0
  const gate = new EventTarget()
  const service = await listen(test, async (received) => {
    most = Math.max(most, ++running)
    if (received.length === 1) await once(gate, 'open')
    running -= 1
  })
  const { report, lines } = createFor(test, service, endless)
  report(health('0'))
  await until(() => service.received.length === 1)
  for (let phase = 1; phase <= 23; phase += 1) report(health(String(phase)))
  gate.dispatchEvent(new Event('open'))
  await until(() => service.received.length === 21)
  const newest = Array.from({ length: 20 }, (_, index) => String(index + 4))
  test.strictSame([phases(service.received), most], [['0', ...newest], 1])
  const message = 'Too many reports wait for the fleet service. The oldest one was dropped.'
  test.strictSame(
    lines,
    [1, 2, 3].map((dropped) => ({ dropped, message })),
  )
})

t.test('a refused report is logged once and dropped; the next one is sent', async (test) => {
  const statuses = [400, 301, 201]
  const service = await listen(test, (received, reply) => {
    reply.code(statuses[received.length - 1] ?? 201)
  })
  const { report, lines } = createFor(test, service, endless)
  for (const phase of ['a', 'b', 'c']) report(health(phase))
  await until(() => service.received.length === 3)
  test.strictSame(phases(service.received), ['a', 'b', 'c'])
  const message = 'The fleet service refused a report. The report was dropped.'
  test.strictSame(lines, [
    { reason: 'HTTP 400', message },
    { reason: 'HTTP 301', message },
  ])
})

t.test('a request without an answer is given up after 5 seconds', async (test) => {
  const service = await listen(test, (received) => received.length > 1 || new Promise(() => {}))
  const { report, lines } = createFor(test, service)
  report(health('serving'))
  await until(() => service.received.length === 2)
  test.strictSame(lines[0], { reason: 'no answer within 5000 ms', message: acceptsNone })
})

t.test('closing sends the queue at once, without the pause', async (test) => {
  const service = await listen(test, (received, reply) => {
    // Longer than it takes to give up.
    if (received.length === 1) reply.code(429).header('retry-after', '300')
  })
  const { report, close, lines } = createFor(test, service, endless)
  report(health('serving'))
  await until(() => lines.length === 1)
  report(health('draining'))
  await close()
  report(health('closed'))
  test.strictSame(phases(service.received), ['serving', 'serving', 'draining'])
  test.strictSame(lines, [
    { reason: 'HTTP 429', message: acceptsNone },
    { failures: 1, message: acceptsAgain },
  ])
})

t.test('closing gives up after a second', async (test) => {
  const service = await listen(test, () => new Promise(() => {}))
  const { report, close, lines } = createFor(test, service)
  report(health('serving'))
  report(health('draining'))
  await until(() => service.received.length === 1)
  const begun = performance.now()
  await Promise.all([close(), close()])
  const took = performance.now() - begun
  test.ok(took >= 950 && took < 60_000, `closed after ${Math.round(took)} ms`)
  test.strictSame(lines, [{ lost: 2, message: 'Some reports could not be sent before the service ended.' }])
})

t.test('no configuration and no document makes it throw, and no secret is logged', async (test) => {
  const unusable = 'FLEET_URL or FLEET_TOKEN cannot be used in a request. Nothing is reported.'
  for (const wrong of [
    { url: 'nowhere' },
    { url: 'http://user:secret@localhost' },
    { url: 'http://localhost', given: 'a\nb' },
  ]) {
    const { report, close, lines } = createFor(test, wrong)
    report(health('serving'))
    await close()
    test.strictSame(lines, [{ message: unusable }])
  }
  const { report, lines } = createFor(test, { url: 'http://localhost' })
  const document = { ...health('serving'), checks: 1n }
  report(document)
  test.strictSame(lines, [{ message: 'A health document cannot be written as JSON. It is not reported.' }])
})
