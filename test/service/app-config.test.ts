import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Ajv } from 'ajv'
import Fastify from 'fastify'
import pino from 'pino'
import t, { type Test } from 'tap'
import { generateAjv } from '../../scripts/bundled-packages.js'
import { type Config } from '../../src/config/config.js'
import { type KeyId, keyIds, keyOf } from '../../src/config/keys.js'
import { loadConfig } from '../../src/config/load.js'
import { configFormats, configSchema, validateSettings } from '../../src/config/validate.js'
import { isRecord } from '../../src/core/text/is-record.js'
import { createHealthTracker } from '../../src/gate/health-state.js'
import { registerConfig } from '../../src/service/app-config.js'
import { buildApp } from '../../src/service/app.js'
import { listeningHost } from '../../src/service/listening-host.js'

const secret = 'hunter2'
const secrets = {
  HEALTH_TOKEN: secret,
  FLEET_TOKEN: secret,
  FLEET_URL: `https://app:${secret}@fleet.internal`,
  DATABASE_URL: `postgres://app:${secret}@db.internal:5432/shop`,
  DATABASE_URL_DEMO: `postgres://demo:${secret}@db.internal:5432/shop`,
  MIGRATION_DATABASE_URL: `postgres://owner:${secret}@db.internal:5432/shop`,
  SCRATCH_DATABASE_URL: `postgres://owner:${secret}@db.internal:5432/scratch`,
  DB_PASSWORD: secret,
}

const configIn = (t: Test): Config =>
  loadConfig({
    root: t.testdir(),
    env: { ENV_TARGET: 'demo', PORT: '8080', HEALTH_DETAILS: 'token', LOG_LEVEL: 'warn', ...secrets },
  })

t.test('the service has its configuration as app.config, by key and with types', async (t) => {
  const config = configIn(t)
  const app = await buildApp(config, createHealthTracker(config), pino({ level: 'silent' }))
  t.teardown(() => app.close())
  const { PORT, ON_BEHIND, HEALTH_PORT } = app.config
  const typed: readonly [number, 'migrate' | 'refuse' | 'warn', number | undefined] = [
    PORT,
    ON_BEHIND,
    HEALTH_PORT,
  ]
  t.strictSame(typed, [8080, 'migrate', undefined])
  const { DATABASE_URL_DEMO: forTarget, ...others } = secrets
  t.match(app.config['DATABASE_URL_{TARGET}'], forTarget)
  for (const [key, value] of Object.entries(others)) t.equal(Reflect.get(app.config, key), value, key)
})

t.test('no secret of app.config is in a listing, a log line, a page or an answer', async (t) => {
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
  const config = configIn(t)
  const app = await buildApp(config, createHealthTracker(config), log)
  t.teardown(() => app.close())
  app.get('/config', async ({ getEnvs }) => ({ ...app.config, envs: getEnvs() }))
  app.get('/failure', async () => {
    throw Object.assign(new Error('failed'), { config: app.config })
  })
  app.log.error({ config: app.config, err: Object.assign(new Error('x'), { config: app.config }) }, 'failed')
  const accept = 'text/html'
  const asked = ['/health/schema', '/health/ready', '/config', '/failure', '/no-such-path']
  const answers = await Promise.all(
    asked.flatMap((url) => [app.inject({ url }), app.inject({ url, headers: { accept } })]),
  )
  const shown = [
    JSON.stringify(app.config),
    inspect(app.config, { depth: null }),
    Object.entries(app.config).join(),
    app.printPlugins(),
    ...answers.map(({ headers, body }) => JSON.stringify(headers) + body),
    ...logged,
  ]
  t.ok(logged.length > 1)
  t.match(JSON.parse(shown[0] ?? ''), { PORT: 8080, LOG_LEVEL: 'warn' })
  t.strictSame(
    shown.filter((text) => text.includes(secret)),
    [],
  )
})

/** Texts for every key, right for some of them. Not `Infinity`, which Ajv takes for an integer of any range. */
const texts = [
  ['8000', '0', '65536', '-1', '1.5', ' 7 ', '1e3', '0x10', 'NaN', 'true', 'production', 'refuse', 'none'],
  ['60s', '24d', 'a,b', 'a,,b', './db', 'a b', 'a\nb', '\u2028', '\ud800', 'ü', 'x'.repeat(201), 'base'],
  ['https://fleet', 'postgres://u:p@h/d', 'postgres://u:p@h', 'schema:audit', '[1]', 'db:1'],
].flat()

t.test('start-up and @fastify/env judge every text by the same schema', async (t) => {
  const root = t.testdir()
  const defaults = new Map(keyIds.flatMap((id) => textOf(id, keyOf(id).default)))
  let valid = 0
  for (const text of texts) {
    const all = new Map(keyIds.flatMap((id) => textOf(id, text)))
    const checked = validateSettings(all, root)
    const faulty = checked.kind === 'faulty' ? checked.faults.map(({ subject }) => subject) : []
    t.strictSame(await faultyKeys(root, all), faulty.toSorted(), `text ${texts.indexOf(text)}`)
    const sound = new Map([...defaults, ...[...all].filter(([id]) => !faulty.includes(id))])
    valid += keyIds.length - faulty.length
    const result = validateSettings(sound, root)
    const app = Fastify()
    await registerConfig(app, settingsOf(sound), root)
    const registered = Object.fromEntries([...sound.keys()].map((id) => [id, app.config[id]]))
    t.strictSame(result, { kind: 'valid', value: registered })
    await app.close()
  }
  t.ok(valid > keyIds.length, `${valid} of all are right`)
})

t.test('what dist has in place of Ajv judges every text as Ajv does, in the same words', async (t) => {
  const root = t.testdir()
  const file = join(t.testdir(), 'ajv.cjs')
  await writeFile(file, generateAjv())
  const Generated: typeof Ajv = createRequire(import.meta.url)(file)
  const judge = (Validator: typeof Ajv, text: string) => {
    const options = { allErrors: true, removeAdditional: true, useDefaults: true, coerceTypes: true }
    const ajv = new Validator({ ...options, addUsedSchema: false })
    for (const [name, isValid] of Object.entries(configFormats(root))) ajv.addFormat(name, isValid)
    const data = { ...Object.fromEntries(keyIds.map((id) => [id, text])), other: text }
    const schema = { ...configSchema, additionalProperties: false }
    const isValid = ajv.validate(schema, data)
    return { isValid, data, text: ajv.errorsText(ajv.errors, { dataVar: 'env' }), errors: ajv.errors }
  }
  for (const [index, text] of texts.entries())
    t.strictSame(judge(Generated, text), judge(Ajv, text), `text ${index}`)
})

function textOf(id: KeyId, text: string | null) {
  const from = { kind: 'found', name: id, layer: 'default', source: 'default' } as const
  return text === null ? [] : [[id, { ...from, text }] as const]
}

function settingsOf(found: ReadonlyMap<KeyId, { readonly text: string }>) {
  return Object.fromEntries([...found].map(([id, { text }]) => [id, text]))
}

/** The keys that @fastify/env finds faulty, in alphabetical order. */
async function faultyKeys(root: string, found: ReadonlyMap<KeyId, { readonly text: string }>) {
  const app = Fastify()
  try {
    await registerConfig(app, settingsOf(found), root)
    return []
  } catch (error) {
    if (!isRecord(error) || !Array.isArray(error['errors'])) throw error
    return [...new Set(error['errors'].map(({ instancePath }) => String(instancePath).slice(1)))].toSorted()
  } finally {
    await app.close()
  }
}

t.test(
  'where the system has no address of the default host, IPv4 is listened on, and it is said',
  async (t) => {
    const warnings: string[] = []
    const log = pino(
      { level: 'warn' },
      { write: (line: string) => void warnings.push(String(JSON.parse(line).msg)) },
    )
    // As `::` on a system without IPv6: an address of the documentation is on no machine.
    const withHost = (config: Config, host: string): Config => ({ ...config, http: { ...config.http, host } })
    const config = loadConfig({ root: t.testdir(), env: {} })
    t.equal(await listeningHost(withHost(config, '192.0.2.1'), log), '0.0.0.0')
    t.strictSame(warnings, ['This system has no IPv6: listening on 0.0.0.0. HOST names another address.'])
    t.equal(await listeningHost(withHost(config, '127.0.0.1'), log), '127.0.0.1')
    const named = loadConfig({ root: t.testdir(), env: { HOST: '192.0.2.1' } })
    t.equal(await listeningHost(named, log), '192.0.2.1', 'a HOST that is set stays')
    t.equal(warnings.length, 1)
  },
)
