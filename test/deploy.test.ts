import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { type Config } from '../src/config/config.js'
import { isDuration, parseDuration } from '../src/config/duration.js'
import { keyOf } from '../src/config/keys.js'
import { loadConfig } from '../src/config/load.js'
import { exitCodes } from '../src/errors/exit-codes.js'
import { createHealthTracker, type HealthTracker } from '../src/gate/health-state.js'
import { createLog } from '../src/logging/log.js'
import { buildApp } from '../src/service/app.js'
import { shutdownTimeout } from '../src/service/server.js'
import {
  compose,
  configMap,
  deployment,
  docker,
  dockerWords,
  imageVariables,
  job,
  kustomization,
  platforms,
  procfile,
  railwayFile,
  railwayService,
  read,
  root,
  service,
  type NodeCommand,
  parseNodeCommand,
} from './support/deployment.js'

const run = promisify(execFile)

const pod = deployment.spec.template.spec
const [server] = pod.containers
const [check] = pod.initContainers
const [migrate] = job.spec.template.spec.containers
const probes = [server.startupProbe, server.readinessProbe, server.livenessProbe]
const entrypoint = dockerWords('ENTRYPOINT')
const probe = dockerWords('HEALTHCHECK')
const probedPath = /\/health\/\w+/.exec(probe.join(' '))?.[0] ?? ''

const inImage = (words: readonly string[]): NodeCommand => parseNodeCommand([...entrypoint, ...words])
const summary = ({ command, options }: NodeCommand): Readonly<Record<string, unknown>> => ({
  command: command?.name,
  ...options,
})

t.test('every command line runs a file of the build, with a command and options that exist', async (t) => {
  t.strictSame(summary(inImage(dockerWords('CMD'))), { command: 'serve' })
  t.strictSame(summary(inImage(server.args)), { command: 'serve' })
  t.strictSame(summary(inImage(migrate.args)), { command: 'migrate' })
  t.match(summary(inImage(check.args)), { command: 'check', wait: true, timeout: /^\d+m$/ })
  t.strictSame(
    procfile.map(({ type, words }) => ({ type, ...summary(parseNodeCommand(words)) })),
    [
      { type: 'release', command: 'migrate' },
      { type: 'web', command: 'serve' },
    ],
  )
  const before = railwayFile.deploy.preDeployCommand.map((line) => parseNodeCommand(line.split(' ')))
  t.strictSame(before.map(summary), [{ command: 'migrate' }])
  t.equal(before[0]?.file, entrypoint[1])
  t.strictSame(summary(parseNodeCommand(railwayFile.deploy.startCommand.split(' '))), { command: 'serve' })
  t.equal(railwayFile.deploy.healthcheckPath, '/health/schema')
})

t.test('both files for Railway describe the same service, with the PostgreSQL of Railway', async (t) => {
  const { build, deploy } = railwayFile
  t.ok(existsSync(join(root, build.dockerfilePath)))
  const { preDeployCommand, startCommand, healthcheckPath, healthcheckTimeout, ...others } = deploy
  t.same(railwayService(), {
    build,
    preDeploy: preDeployCommand.join(),
    start: startCommand,
    healthcheck: healthcheckPath,
    healthcheckTimeout,
    deploy: others,
    env: { DATABASE_URL: 'postgres.DATABASE_URL' },
  })
})

const configOf = (platform: string): Config => loadConfig({ root, env: platforms[platform] ?? {} })

for (const [platform, env] of Object.entries(platforms))
  t.test(`every variable of ${platform} is a key, has a valid value, and takes effect`, async (t) => {
    const { production, entries } = configOf(platform)
    t.ok(production)
    const effective = entries.filter(({ source }) => source === 'process environment').map(({ key }) => key)
    t.strictSame(effective.toSorted(), Object.keys(env).toSorted())
  })

t.test('the image takes the commit from the build argument, or has none', async (t) => {
  t.ok(docker('ARG').includes('GIT_SHA='))
  t.equal(imageVariables['GIT_SHA'], '$GIT_SHA')
  const releaseOf = (GIT_SHA: string) =>
    loadConfig({ root, env: { ...platforms['image'], GIT_SHA } }).service.release
  t.equal(releaseOf('f00'), 'f00')
  t.equal(releaseOf(''), null)
})

t.test('the names in the Kubernetes files refer to something that exists', async (t) => {
  t.strictSame(
    kustomization.resources.filter((file) => !existsSync(join(root, 'deploy/kubernetes', file))),
    [],
  )
  for (const { env, envFrom } of [server, check, migrate]) {
    t.strictSame(envFrom, [{ configMapRef: { name: configMap.metadata.name } }])
    t.ok(env.every(({ name, valueFrom: { secretKeyRef } }) => secretKeyRef.key === name))
  }
  const { matchLabels } = deployment.spec.selector
  t.match(deployment.spec.template.metadata.labels, matchLabels)
  t.strictSame(service.spec.selector, matchLabels)
  t.notMatch(job.spec.template.metadata.labels, matchLabels, 'no request goes to the Job')
})

t.test('the ports that are published are the ports that the service binds', async (t) => {
  const { PORT, HEALTH_PORT } = configMap.data
  t.strictSame(server.ports, [
    { name: 'http', containerPort: Number(PORT) },
    { name: 'health', containerPort: Number(HEALTH_PORT) },
  ])
  t.match(service.spec.ports, [{ targetPort: 'http' }])
  t.ok(probes.every(({ httpGet }) => httpGet.port === 'health'))
  t.strictSame(docker('EXPOSE'), [keyOf('PORT').default])
  const { port, healthPort } = configOf('compose').http
  t.strictSame(compose.services.schemagate.ports, [`${port}:${port}`, `${healthPort}:${healthPort}`])
})

async function appOf(t: Test, health: HealthTracker): Promise<FastifyInstance> {
  const log = createLog('silent', 'json', process.stdout)
  const app = await buildApp(configOf('image'), health, log)
  t.teardown(() => app.close())
  return app
}

t.test('each probe requests its own route', async (t) => {
  t.strictSame(
    probes.map(({ httpGet }) => httpGet.path),
    ['/health/startup', '/health/ready', '/health/live'],
  )
  const app = await appOf(t, createHealthTracker(configOf('server')))
  const statusOf = async (path: string): Promise<number> => (await app.inject(path)).statusCode
  t.equal(await statusOf('/health/live'), 200)
  for (const path of ['/health/startup', '/health/ready', railwayFile.deploy.healthcheckPath, probedPath])
    t.equal(await statusOf(path), 503, `${path} before the gate opens`)
})

t.test("the image's health check asks the health port, else the port, and exits with 0 or 1", async (t) => {
  const health = createHealthTracker(configOf('image'))
  const view = { ...health.view(), ready: true }
  const portOf = async (each: HealthTracker): Promise<string> =>
    new URL(await (await appOf(t, each)).listen({ host: '::', port: 0 })).port
  const [closed, open] = [await portOf(health), await portOf({ ...health, view: () => view })]
  const [, ...words] = probe
  const exitWith = (env: Readonly<Record<string, string>>): Promise<unknown> =>
    run(process.execPath, words, { env }).then(
      () => 0,
      ({ code }: { code: unknown }) => code,
    )
  t.equal(probe[0], 'node')
  t.equal(await exitWith({ PORT: open }), 0)
  t.equal(await exitWith({ PORT: closed }), 1)
  t.equal(await exitWith({ HEALTH_PORT: open, PORT: closed }), 0)
  t.equal(await exitWith({ HEALTH_PORT: '', PORT: open }), 0)
  t.equal(await exitWith({ PORT: '1' }), 1, 'where nothing listens')
})

t.test('the Job fails at once for the exit codes that a retry cannot help, and for no other', async (t) => {
  const hopeless = Object.entries(exitCodes).flatMap(([code, { retry }]) =>
    retry === false ? Number(code) : [],
  )
  const onExitCodes = { containerName: migrate.name, operator: 'In', values: hopeless }
  t.strictSame(job.spec.podFailurePolicy.rules[0], { action: 'FailJob', onExitCodes })
  t.equal(job.spec.template.spec.restartPolicy, 'Never', 'without it there is no podFailurePolicy')
})

t.test('the timeouts of the platforms fit those of the service', async (t) => {
  const seconds = (duration: string): number => (isDuration(duration) ? parseDuration(duration) / 1000 : NaN)
  const closing = shutdownTimeout / 1000
  const delayOf = (platform: string): number => configOf(platform).http.shutdownDelay / 1000
  const { readinessProbe: ready, startupProbe: startup } = server
  t.ok(delayOf('server') >= ready.periodSeconds * ready.failureThreshold, 'not ready before it closes')
  t.ok(pod.terminationGracePeriodSeconds > delayOf('server') + closing)
  t.ok(seconds(compose.services.schemagate.stop_grace_period) > delayOf('compose') + closing)
  t.ok(railwayFile.deploy.drainingSeconds > delayOf('image') + closing)
  const waiting = configOf('server').migrations.lockWaitTimeout / 1000
  t.ok(startup.periodSeconds * startup.failureThreshold > waiting, 'starting may wait for the lock')
  t.ok(deployment.spec.progressDeadlineSeconds > seconds(String(summary(inImage(check.args))['timeout'])))
})

t.test('what is copied into the image exists, and is let into its context', async (t) => {
  const allowed = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
  const copied = docker('COPY').map((text) => text.split(' '))
  const own = copied.filter(([first = '']) => !first.startsWith('--')).flatMap((words) => words.slice(0, -1))
  t.strictSame(
    own.filter((source) => !existsSync(join(root, source))),
    [],
  )
  t.strictSame([...new Set(own)].map((source) => `!${source}`).toSorted(), allowed.toSorted())
})

t.test('the build lies beside package.json, the configuration, the migrations and the seeds', async (t) => {
  t.match(read('scripts/build.ts'), /main: '\.\/src\/main\.ts'[^]*dir = 'dist'/)
  for (const text of [
    '--from=build /app/dist dist',
    'package.json ./',
    'config config',
    'migrations migrations',
    'seeds seeds',
    '--from=dependencies /app/node_modules node_modules',
  ])
    t.ok(docker('COPY').includes(text), text)
  t.strictSame(docker('RUN'), ['npm ci', 'npm run build', 'npm ci --omit=dev'])
})

t.test('the image runs as an ordinary user, whose number Kubernetes names too', async (t) => {
  const [user = ''] = docker('USER')
  t.match(user, /^[1-9]\d*:[1-9]\d*$/)
  for (const { spec } of [deployment.spec.template, job.spec.template])
    t.equal(spec.securityContext.runAsUser, Number(user.split(':')[0]))
  t.strictSame(docker('STOPSIGNAL'), ['SIGTERM'])
  t.equal(new Set(docker('FROM').map((text) => text.split(' ')[0])).size, 1, 'one base for all stages')
})
