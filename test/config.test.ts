import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listTargets } from '../src/config/environments.js'
import { configDocument, configReference, renderConfig } from '../src/config/explain.js'
import { loadConfig, type Config, type ConfigSource } from '../src/config/load.js'
import { describeError, SchemaError } from '../src/errors/schema-error.js'

type Settings = Readonly<Record<string, string>>

const password = 'hunter2'
const url = `postgres://app:${password}@db.internal:5432/shop`
const maskedUrl = 'postgres://app:***@db.internal:5432/shop'

const consequence = 'Nothing was started.'

const dotenv = (settings: Settings) =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')

/** The shown value of a key and its source. */
const origin = (config: Config, wanted: string) =>
  config.entries.filter(({ key }) => key === wanted).flatMap(({ value, source }) => [value, source])

const fromEnvironment = (t: Test, env: Settings) => loadConfig({ root: t.testdir(), env })

/** The error as a person reads it. */
function refusal(source: ConfigSource): string {
  try {
    loadConfig(source)
  } catch (error) {
    if (error instanceof SchemaError && error.code === 'SCHEMA_CONFIG_INVALID') return describeError(error)
    throw error
  }
  return 'accepted'
}

/** The lines of a refusal below its first one, without their indentation. */
function faults(source: ConfigSource): string[] {
  const [, ...lines] = refusal(source)
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => line.trim().replace(/ {2,}/, ' '))
}

t.test('without any configuration a service gets the defaults and an embedded database', async (t) => {
  const root = t.testdir({ 'package.json': '{ "name": "orders", "version": "3.1.0" }' })
  const { entries, ...config } = loadConfig({ root, env: {} })
  t.strictSame(config, {
    root,
    target: 'development',
    production: false,
    service: { name: 'orders', version: '3.1.0', release: null, instance: hostname() },
    http: {
      host: '::',
      port: 8000,
      healthPort: null,
      healthToken: null,
      healthDetails: 'always',
      shutdownDelay: 0,
    },
    logLevel: 'info',
    database: { kind: 'embedded', directory: join(root, '.schemagate/postgres') },
    migrationUrl: null,
    scratchUrl: null,
    ssl: null,
    connectTimeout: 30_000,
    migrations: {
      directories: null,
      knexfile: null,
      transaction: 'batch',
      lockWaitTimeout: 600_000,
      lockTimeout: 5_000,
      deadline: 600_000,
      seedOnStart: false,
      seedsDirectory: join(root, 'seeds'),
    },
    policy: {
      onBehind: 'migrate',
      onDrift: 'refuse',
      onAhead: 'judge',
      onOutOfOrder: 'migrate',
      onUnverified: 'warn',
      refuseBy: 'exit',
    },
    protectedEnvironments: ['production'],
    verify: { interval: 60_000, timeout: 10_000, scope: { comments: false, grants: false, ignore: [] } },
    terminationLog: '/dev/termination-log',
    fleet: { url: null, token: null },
  })
  t.strictSame(entries, [
    { key: 'NODE_ENV', value: 'development', source: 'default' },
    { key: 'ENV_TARGET', value: 'development', source: 'default' },
    { key: 'SERVICE_NAME', value: 'orders', source: 'package.json' },
    { key: 'SERVICE_VERSION', value: '3.1.0', source: 'package.json' },
    { key: 'INSTANCE', value: hostname(), source: 'default' },
    { key: 'HOST', value: '::', source: 'default' },
    { key: 'PORT', value: '8000', source: 'default' },
    { key: 'HEALTH_DETAILS', value: 'always', source: 'default outside production' },
    { key: 'LOG_LEVEL', value: 'info', source: 'default' },
    {
      key: 'DATABASE_URL',
      value: `embedded PostgreSQL in ${join(root, '.schemagate/postgres')}`,
      source: 'default',
    },
    { key: 'CONNECT_TIMEOUT', value: '30s', source: 'default' },
    { key: 'MIGRATION_TRANSACTION', value: 'batch', source: 'default' },
    { key: 'LOCK_WAIT_TIMEOUT', value: '10m', source: 'default' },
    { key: 'MIGRATION_LOCK_TIMEOUT', value: '5s', source: 'default' },
    { key: 'MIGRATION_DEADLINE', value: '10m', source: 'default' },
    { key: 'SEED_ON_START', value: 'false', source: 'default' },
    { key: 'SEEDS_DIR', value: './seeds', source: 'default' },
    { key: 'ON_BEHIND', value: 'migrate', source: 'default' },
    { key: 'ON_DRIFT', value: 'refuse', source: 'default' },
    { key: 'ON_AHEAD', value: 'judge', source: 'default' },
    { key: 'ON_OUT_OF_ORDER', value: 'migrate', source: 'default outside production' },
    { key: 'ON_UNVERIFIED', value: 'warn', source: 'default' },
    { key: 'REFUSE_BY', value: 'exit', source: 'default' },
    { key: 'PROTECTED_ENVIRONMENTS', value: 'production', source: 'default' },
    { key: 'VERIFY_INTERVAL', value: '60s', source: 'default' },
    { key: 'VERIFY_TIMEOUT', value: '10s', source: 'default' },
    { key: 'VERIFY_COMMENTS', value: 'false', source: 'default' },
    { key: 'VERIFY_GRANTS', value: 'false', source: 'default' },
    { key: 'SHUTDOWN_DELAY', value: '0s', source: 'default' },
    { key: 'TERMINATION_LOG', value: '/dev/termination-log', source: 'default' },
  ])
})

const audit = { text: 'schema:audit', kind: 'schema', names: [{ name: /^audit$/s, signature: null }] }

t.test('every key reaches its place in the configuration', async (t) => {
  const root = t.testdir({ 'ca.pem': 'a certificate' })
  const env = {
    NODE_ENV: 'production',
    ENV_TARGET: 'demo',
    SERVICE_NAME: 'orders',
    SERVICE_VERSION: '2.0.0',
    RELEASE: 'abc123',
    INSTANCE: 'one',
    HOST: '127.0.0.1',
    PORT: '1',
    HEALTH_PORT: '2',
    HEALTH_TOKEN: 'open sesame',
    HEALTH_DETAILS: 'always',
    LOG_LEVEL: 'trace',
    DATABASE_URL: url,
    DATABASE_SSL: 'ca.pem',
    MIGRATION_DATABASE_URL: `${url}_migration`,
    SCRATCH_DATABASE_URL: `${url}_scratch`,
    CONNECT_TIMEOUT: '500ms',
    MIGRATIONS_DIR: './migrations, /srv/more',
    KNEXFILE: 'db/knexfile.ts',
    MIGRATION_TRANSACTION: 'each',
    LOCK_WAIT_TIMEOUT: '1h',
    MIGRATION_LOCK_TIMEOUT: '2s',
    MIGRATION_DEADLINE: '5m',
    SEED_ON_START: '1',
    SEEDS_DIR: 'db/seeds',
    ON_BEHIND: 'refuse',
    ON_DRIFT: 'warn',
    ON_AHEAD: 'warn',
    ON_OUT_OF_ORDER: 'migrate',
    ON_UNVERIFIED: 'refuse',
    REFUSE_BY: 'unready',
    PROTECTED_ENVIRONMENTS: 'production, demo',
    VERIFY_INTERVAL: '5m',
    VERIFY_TIMEOUT: '3',
    VERIFY_IGNORE: 'schema:audit',
    VERIFY_COMMENTS: '1',
    VERIFY_GRANTS: 'true',
    SHUTDOWN_DELAY: '15s',
    TERMINATION_LOG: 'why.log',
    FLEET_URL: 'https://fleet.internal',
    FLEET_TOKEN: 'knock knock',
  }
  const { entries, ...config } = loadConfig({ root, env })
  t.strictSame(config, {
    root,
    target: 'demo',
    production: true,
    service: { name: 'orders', version: '2.0.0', release: 'abc123', instance: 'one' },
    http: {
      host: '127.0.0.1',
      port: 1,
      healthPort: 2,
      healthToken: 'open sesame',
      healthDetails: 'always',
      shutdownDelay: 15_000,
    },
    logLevel: 'trace',
    database: { kind: 'url', url, from: 'DATABASE_URL (process environment)' },
    migrationUrl: `${url}_migration`,
    scratchUrl: `${url}_scratch`,
    ssl: join(root, 'ca.pem'),
    connectTimeout: 500,
    migrations: {
      directories: [join(root, 'migrations'), '/srv/more'],
      knexfile: join(root, 'db/knexfile.ts'),
      transaction: 'each',
      lockWaitTimeout: 3_600_000,
      lockTimeout: 2_000,
      deadline: 300_000,
      seedOnStart: true,
      seedsDirectory: join(root, 'db/seeds'),
    },
    policy: {
      onBehind: 'refuse',
      onDrift: 'warn',
      onAhead: 'warn',
      onOutOfOrder: 'migrate',
      onUnverified: 'refuse',
      refuseBy: 'unready',
    },
    protectedEnvironments: ['production', 'demo'],
    verify: {
      interval: 300_000,
      timeout: 3_000,
      scope: { comments: true, grants: true, ignore: [{ pattern: audit, reason: null }] },
    },
    terminationLog: join(root, 'why.log'),
    fleet: { url: 'https://fleet.internal', token: 'knock knock' },
  })
  const masked: Settings = {
    HEALTH_TOKEN: '***',
    DATABASE_URL: maskedUrl,
    MIGRATION_DATABASE_URL: `${maskedUrl}_migration`,
    SCRATCH_DATABASE_URL: `${maskedUrl}_scratch`,
    FLEET_TOKEN: '***',
  }
  t.strictSame(
    entries,
    Object.entries({ ...env, ...masked }).map(([key, value]) => ({
      key,
      value,
      source: 'process environment',
    })),
  )
})

t.test('a later layer beats the earlier ones', async (t) => {
  const layers = [
    'default',
    'config/base.json',
    'config/demo.json',
    'env/.env.shared',
    'env/.env.demo',
    'process environment',
    'env/.env',
    'command line',
  ]
  for (const [strength, source] of layers.entries())
    await t.test(`${source} beats what is below it`, async (t) => {
      const port = (layer: number) => (layer <= strength ? { PORT: String(layer) } : {})
      const json = (layer: number) => JSON.stringify(port(layer))
      const root = t.testdir({
        config: { 'base.json': json(1), 'demo.json': json(2) },
        env: { '.env.shared': dotenv(port(3)), '.env.demo': dotenv(port(4)), '.env': dotenv(port(6)) },
      })
      const config = loadConfig({ root, env: { ENV_TARGET: 'demo', ...port(5) }, flags: port(7) })
      t.strictSame(origin(config, 'PORT'), [strength === 0 ? '8000' : String(strength), source])
    })
})

/** Patterns with their reasons, as the configuration has them. */
const ignored = (config: Config) =>
  config.verify.scope.ignore.map(({ pattern, reason }) => [pattern.text, reason])

t.test('VERIFY_IGNORE is a text with commas, or in JSON a list that can say why', async (t) => {
  const quoted = ' table:public."a,b" ,function:public.add(integer, text), schema:audit,'
  t.strictSame(ignored(fromEnvironment(t, { VERIFY_IGNORE: quoted })), [
    ['table:public."a,b"', null],
    ['function:public.add(integer, text)', null],
    ['schema:audit', null],
  ])
  const rules = [
    { pattern: 'table:public.events_p*', reason: 'made by a job, see https://wiki' },
    ' schema:audit ',
    { pattern: '*:jobs.*' },
  ]
  const inWords = 'table:public.events_p* (made by a job, see https://wiki), schema:audit, *:jobs.*'
  const files = {
    'base.json': JSON.stringify({ VERIFY_IGNORE: rules }),
    'demo.json': '{ "VERIFY_IGNORE": [] }',
  }
  const root = t.testdir({ config: files })
  const base = loadConfig({ root, env: {} })
  t.strictSame(ignored(base), [
    ['table:public.events_p*', 'made by a job, see https://wiki'],
    ['schema:audit', null],
    ['*:jobs.*', null],
  ])
  t.strictSame(origin(base, 'VERIFY_IGNORE'), [inWords, 'config/base.json'])
  const demo = loadConfig({ root, env: { ENV_TARGET: 'demo' } })
  t.strictSame(ignored(demo), [], 'a later layer says all of it anew')
  t.strictSame(origin(demo, 'VERIFY_IGNORE'), ['nothing', 'config/demo.json'])
  const flagged = loadConfig({ root, env: {}, flags: { VERIFY_IGNORE: JSON.stringify(rules) } })
  t.strictSame(ignored(flagged), ignored(base), 'where there are only texts, JSON is one')
})

t.test('every pattern that is none is said, without a URL that got there by mistake', async (t) => {
  const hint =
    'expected patterns on object keys such as table:public.events_p* or schema:audit, separated by commas; in JSON a list of them or of { "pattern", "reason" }'
  const wrong: readonly (readonly [string, string])[] = [
    ['schema:audit, events_p*', 'holds "events_p*", which names no kind of object'],
    [
      'tables:public.songs, audit:*,table:a.b.c.d',
      'holds "tables:public.songs", and there is no kind tables (did you mean table?), holds "audit:*", and there is no kind audit, holds "table:a.b.c.d", whose names are not one to three names with dots between',
    ],
    ['[schema:audit]', 'is no JSON list'],
    [
      '[1, { "pattern": "schema:audit", "because": "x" }, { "pattern": "schema:audit", "reason": 1 }]',
      'holds 1, which is neither a pattern nor { "pattern", "reason" }, holds {"pattern":"schema:audit","because":"x"}, which is neither a pattern nor { "pattern", "reason" }, holds {"pattern":"schema:audit","reason":1}, which is neither a pattern nor { "pattern", "reason" }',
    ],
    [
      url.replace(password, 'hunt,er2'),
      'holds "postgres://***@db.internal:5432/shop", and there is no kind postgres',
    ],
    [JSON.stringify([url]), 'holds "postgres://***@db.internal:5432/shop", and there is no kind postgres'],
  ]
  for (const [VERIFY_IGNORE, problem] of wrong)
    t.strictSame(faults({ root: t.testdir(), env: { VERIFY_IGNORE } }), [
      `VERIFY_IGNORE ${problem} (process environment)`,
      hint,
    ])
  const root = t.testdir({ config: { 'base.json': '{ "VERIFY_IGNORE": { "schema:audit": "x" } }' } })
  t.match(faults({ root, env: {} }), ['VERIFY_IGNORE holds no single value (config/base.json)'])
})

t.test('env/.env is not read in production', async (t) => {
  const root = t.testdir({ env: { '.env': dotenv({ PORT: '1', HOST: '', ENV_TARGET: 'mine' }) } })
  const config = loadConfig({ root, env: { NODE_ENV: 'production', DATABASE_URL: url } })
  t.strictSame(origin(config, 'PORT'), ['8000', 'default'])
  t.equal(config.target, 'production')
})

t.test('the target is decided', async (t) => {
  const everywhere = {
    config: { 'base.json': '{ "ENV_TARGET": "base-says" }' },
    env: { '.env.shared': 'ENV_TARGET=shared-says\n', '.env': 'ENV_TARGET=local-says\n' },
  }
  const { config, env } = everywhere
  const cases: readonly (readonly [string, object, Omit<ConfigSource, 'root'>, readonly [string, string]])[] =
    [
      [
        'by the command line before all others',
        everywhere,
        { env: { ENV_TARGET: 'env-says' }, flags: { ENV_TARGET: 'flag-says' } },
        ['flag-says', 'command line'],
      ],
      [
        'by the process environment before env/.env',
        everywhere,
        { env: { ENV_TARGET: 'env-says' } },
        ['env-says', 'process environment'],
      ],
      ['by env/.env before env/.env.shared', everywhere, { env: {} }, ['local-says', 'env/.env']],
      [
        'by env/.env.shared before config/base.json',
        { config, env: { '.env.shared': env['.env.shared'] } },
        { env: { NODE_ENV: 'test' } },
        ['shared-says', 'env/.env.shared'],
      ],
      [
        'by config/base.json before NODE_ENV',
        { config },
        { env: { NODE_ENV: 'test' } },
        ['base-says', 'config/base.json'],
      ],
      [
        'by NODE_ENV where nothing else says it',
        {},
        { env: { NODE_ENV: 'test' } },
        ['test', 'NODE_ENV, process environment'],
      ],
    ]
  for (const [name, files, source, expected] of cases)
    await t.test(name, async (t) => {
      t.strictSame(origin(loadConfig({ root: t.testdir({ ...files }), ...source }), 'ENV_TARGET'), expected)
    })
})

t.test('config/{target}.json and env/.env.{target} may repeat what was decided', async (t) => {
  const root = t.testdir({
    config: { 'demo.json': '{ "ENV_TARGET": "demo" }' },
    env: { '.env.demo': 'NODE_ENV=test\n' },
  })
  t.equal(loadConfig({ root, env: { NODE_ENV: 'test', ENV_TARGET: 'demo' } }).target, 'demo')
})

t.test('a layer cannot change what decided that it is read', async (t) => {
  const root = t.testdir({
    config: { 'demo.json': '{ "NODE_ENV": "production" }' },
    env: { '.env.demo': 'ENV_TARGET=production\n', '.env': 'NODE_ENV=production\n' },
  })
  const hint = 'expected in the process environment, env/.env.shared or config/base.json'
  t.strictSame(faults({ root, env: { NODE_ENV: 'test', ENV_TARGET: 'demo' } }), [
    'NODE_ENV is "production" in a layer that is chosen by NODE_ENV (config/demo.json)',
    hint,
    'ENV_TARGET is "production" in a layer that is chosen by ENV_TARGET (env/.env.demo)',
    hint,
  ])
  t.strictSame(faults({ root, env: { ENV_TARGET: 'other' } }), [
    'NODE_ENV is "production" in a layer that is chosen by NODE_ENV (env/.env)',
    hint,
  ])
})

t.test('a target that cannot name a file is refused, and no such file is read', async (t) => {
  const root = t.testdir({ 'secret.json': '{ "PORT": "no" }' })
  const expected =
    'expected a letter or digit, then at most 62 letters, digits, - and _ (it names files), and none of base, shared, example, file'
  for (const target of ['../secret', 'a b', 'ü', 'base', 'shared', 'example', 'FILE'])
    t.strictSame(faults({ root, env: { NODE_ENV: 'production', ENV_TARGET: target } }), [
      `ENV_TARGET is "${target}" (process environment)`,
      expected,
    ])
  t.strictSame(faults({ root, env: { NODE_ENV: 'a/b' } }), [
    'ENV_TARGET is "a/b" (NODE_ENV, process environment)',
    expected,
  ])
})

t.test('JSON files take strings, numbers and booleans, and ignore keys of others', async (t) => {
  const root = t.testdir({
    config: {
      'base.json': JSON.stringify({
        PORT: 9000,
        SEED_ON_START: true,
        LOG_LEVEL: 'warn',
        SMTP_HOST: 'mail',
        POOL: { max: 3 },
      }),
    },
  })
  const config = loadConfig({ root, env: {} })
  t.strictSame([config.http.port, config.migrations.seedOnStart, config.logLevel], [9000, true, 'warn'])
  t.strictSame(
    ['PORT', 'SEED_ON_START', 'LOG_LEVEL'].map((key) => origin(config, key)),
    ['9000', 'true', 'warn'].map((value) => [value, 'config/base.json']),
  )
})

t.test('a JSON file that cannot be used is a fault', async (t) => {
  const expected = 'expected flat keys with strings, numbers or booleans: { "LOG_LEVEL": "info" }'
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [
      `{ "HEALTH_TOKEN": "${password}", }`,
      ['config/base.json is no JSON: Expected double-quoted property name in JSON at position 29'],
    ],
    [`{ "HEALTH_TOKEN": ${password} }`, ["config/base.json is no JSON: Unexpected token 'h'"]],
    ['[1]', ['config/base.json holds no JSON object']],
    ['null', ['config/base.json holds no JSON object']],
    ['"PORT"', ['config/base.json holds no JSON object']],
  ]
  for (const [text, lines] of cases)
    t.strictSame(
      faults({ root: t.testdir({ config: { 'base.json': text } }), env: {} }).map(
        (line) => line.replace(/ \(line \d+ column \d+\)/, ''), // Newer versions of Node add it.
      ),
      [...lines, expected],
    )
  const root = t.testdir({ config: { 'base.json': '{ "PORT": [1], "DB_HOST": null, "OTHER": {} }' } })
  t.strictSame(faults({ root, env: {} }), [
    'PORT holds no single value (config/base.json)',
    expected,
    'DB_HOST holds no single value (config/base.json)',
    expected,
  ])
})

t.test('a layer that is no readable file is a fault', async (t) => {
  const root = t.testdir({ config: { 'base.json': {} }, env: { '.env.shared': {} } })
  const expected = 'expected a file that this process may read, or none'
  t.strictSame(faults({ root, env: {} }), [
    'config/base.json cannot be read: EISDIR',
    expected,
    'env/.env.shared cannot be read: EISDIR',
    expected,
  ])
})

t.test('a byte order mark does not hide the first key', async (t) => {
  const root = t.testdir({
    config: { 'base.json': '\uFEFF{ "HOST": "a" }' },
    env: { '.env.shared': '\uFEFFPORT=9\n' },
  })
  const { host, port } = loadConfig({ root, env: {} }).http
  t.strictSame({ host, port }, { host: 'a', port: 9 })
})

t.test('a key that is nearly ours is a fault in a file', async (t) => {
  const root = t.testdir({
    config: {
      'base.json': JSON.stringify({
        OM_BEHIND: 'refuse',
        DATABASE_URI: url,
        DATABASE_URL_FLIE: 'of another target',
        HEALTH_TOKEN_FLIE: 'x',
        ROOT: 'no PORT',
        DB_POOL: 'no DB_PORT',
        on_behind: 'no key at all',
      }),
    },
    env: { '.env.shared': 'LOGLEVEL=info\n', '.env': 'PROT=1\nDATABASE_ULR_DEMO=x\n' },
  })
  t.strictSame(faults({ root, env: { ENV_TARGET: 'demo', ON_BEHIN: 'not ours to judge' } }), [
    'OM_BEHIND is no key (config/base.json)',
    'did you mean ON_BEHIND?',
    'DATABASE_URI is no key (config/base.json)',
    'did you mean DATABASE_URL?',
    'HEALTH_TOKEN_FLIE is no key (config/base.json)',
    'did you mean HEALTH_TOKEN_FILE?',
    'LOGLEVEL is no key (env/.env.shared)',
    'did you mean LOG_LEVEL?',
    'DATABASE_ULR_DEMO is no key (env/.env)',
    'did you mean DATABASE_URL_DEMO?',
  ])
})

t.test('an empty value is a fault where it would count, and says its layer', async (t) => {
  const expected = 'expected a value; where none is meant, remove the key'
  t.equal(
    refusal({ root: t.testdir(), env: { DATABASE_URL: '' } }),
    [
      `SCHEMA_CONFIG_INVALID: DATABASE_URL is empty (process environment). ${consequence}`,
      '',
      '  DATABASE_URL   is empty (process environment)',
      `                 ${expected}`,
    ].join('\n'),
  )
  const files = {
    config: { 'base.json': '{ "HOST": "", "PORT": "" }' },
    env: { '.env.shared': 'PORT=9\nRELEASE=\n' },
  }
  const env = { DB_PASSWORD: '  ', DATABASE_URL_DEMO: '', ENV_TARGET: 'demo' }
  t.strictSame(faults({ root: t.testdir(files), env, flags: { KNEXFILE: '' } }), [
    'RELEASE is empty (env/.env.shared)',
    expected,
    'HOST is empty (config/base.json)',
    expected,
    'DATABASE_URL_DEMO is empty (process environment)',
    expected,
    'DB_PASSWORD is empty (process environment)',
    expected,
    'KNEXFILE is empty (command line)',
    expected,
  ])
  t.strictSame(faults({ root: t.testdir(), env: { ENV_TARGET: '', NODE_ENV: '' } }), [
    'NODE_ENV is empty (process environment)',
    expected,
    'ENV_TARGET is empty (process environment)',
    expected,
  ])
})

t.test('KEY_FILE takes the value from a file', async (t) => {
  const root = t.testdir({
    run: { url: `${url}\n`, token: 'two\nlines\r\n', port: '81', base: 'base' },
    config: { 'base.json': '{ "SERVICE_NAME_FILE": "run/base", "HEALTH_TOKEN": "weaker" }' },
    env: { '.env.shared': 'RELEASE_FILE=run/missing\n' },
  })
  const config = loadConfig({
    root,
    env: {
      ENV_TARGET: 'demo',
      DATABASE_URL_DEMO_FILE: join(root, 'run/url'),
      HEALTH_TOKEN_FILE: 'run/token',
      RELEASE: 'the weaker file is not looked at',
    },
    flags: { PORT_FILE: 'run/port' },
  })
  const from = `DATABASE_URL_DEMO (process environment, file ${join(root, 'run/url')})`
  t.strictSame(config.database, { kind: 'url', url, from })
  t.equal(config.http.healthToken, 'two\nlines')
  t.strictSame(origin(config, 'PORT'), ['81', 'command line, file run/port'])
  t.strictSame(origin(config, 'SERVICE_NAME'), ['base', 'config/base.json, file run/base'])
  t.strictSame(origin(config, 'HEALTH_TOKEN'), ['***', 'process environment, file run/token'])
})

t.test('KEY_FILE is a fault where the file is missing, unreadable or empty', async (t) => {
  const root = t.testdir({ folder: {}, empty: '\n' })
  const env = {
    DATABASE_URL_FILE: 'nowhere/url',
    HEALTH_TOKEN_FILE: 'folder',
    FLEET_TOKEN_FILE: 'empty',
    RELEASE_FILE: '',
    MIGRATION_DATABASE_URL_FILE: url,
  }
  t.strictSame(faults({ root, env }), [
    'RELEASE_FILE is empty (process environment)',
    'expected a value; where none is meant, remove the key',
    'HEALTH_TOKEN_FILE names folder, which cannot be read: EISDIR (process environment)',
    'expected a file that this process may read',
    'DATABASE_URL_FILE names nowhere/url, which does not exist (process environment)',
    'expected a file that this process may read',
    'MIGRATION_DATABASE_URL_FILE names postgres://***@db.internal:5432/shop, which does not exist (process environment)',
    'expected a file that this process may read',
    'FLEET_TOKEN is empty (process environment, file empty)',
    'expected a value; where none is meant, remove the key',
  ])
})

t.test('KEY and KEY_FILE in one layer are a fault, in two layers the stronger one counts', async (t) => {
  const root = t.testdir({
    port: '81',
    config: {
      'base.json': '{ "PORT_FILE": "port", "DATABASE_URL_OTHER": "a", "DATABASE_URL_OTHER_FILE": "b" }',
    },
  })
  t.strictSame(
    faults({ root, env: { HOST: 'a', HOST_FILE: 'b', PORT: '80', OTHER: 'a', OTHER_FILE: 'b' } }),
    [
      'DATABASE_URL_OTHER is set twice, also as DATABASE_URL_OTHER_FILE (config/base.json)',
      'expected one of the two',
      'HOST is set twice, also as HOST_FILE (process environment)',
      'expected one of the two',
    ],
  )
  const files = { port: '81', config: { 'base.json': '{ "PORT_FILE": "port" }' } }
  t.equal(loadConfig({ root: t.testdir(files), env: { PORT: '80' } }).http.port, 80)
})

t.test('KNEXFILE is a key, and not a file that holds one', async (t) => {
  const root = t.testdir()
  t.equal(
    loadConfig({ root, env: { KNEXFILE: 'knexfile.ts' } }).migrations.knexfile,
    join(root, 'knexfile.ts'),
  )
})

t.test('a value that is not of its form is a fault', async (t) => {
  const port = 'expected a whole number from 0 to 65535'
  const duration = 'expected a duration such as 500ms, 60s, 5m or 1h, at most 24 days'
  const transaction = 'expected one of batch, each'
  const host = 'expected a host name, an address or the directory of a unix socket, without a port'
  const authority =
    "expected disable, no-verify, verify, or the path of an existing file with the authority's certificate"
  const cases: readonly (readonly [string, string, string])[] = [
    ['PORT', 'abc', port],
    ['PORT', '65536', port],
    ['HEALTH_PORT', '1.5', port],
    ['DB_PORT', '0', 'expected a whole number from 1 to 65535'],
    ['CONNECT_TIMEOUT', 'soon', duration],
    ['VERIFY_INTERVAL', '-1s', duration],
    ['VERIFY_TIMEOUT', '1000h', duration],
    ['LOCK_WAIT_TIMEOUT', '1d', duration],
    ['MIGRATION_TRANSACTION', 'Batch', transaction],
    ['LOG_LEVEL', 'verbose', 'expected one of fatal, error, warn, info, debug, trace, silent'],
    ['SEED_ON_START', 'yes', 'expected one of true, false, 1, 0'],
    ['PROTECTED_ENVIRONMENTS', 'a b', 'expected an environment, several separated by commas, or none'],
    ['REFUSE_BY', 'later', 'expected one of exit, unready'],
    ['MIGRATIONS_DIR', 'a,,b', 'expected a folder, or several separated by commas'],
    ['FLEET_URL', 'ftp://fleet', 'expected a URL of http or https'],
    ['DB_HOST', 'db:5433', host],
    ['DATABASE_SSL', 'missing.pem', authority],
  ]
  for (const [key, value, expected] of cases) {
    const env = { DB_HOST: 'db', DB_USER: 'app', DB_NAME: 'shop', [key]: value }
    t.strictSame(faults({ root: t.testdir(), env }), [`${key} is "${value}" (process environment)`, expected])
  }
})

t.test('durations have units, and are seconds without one', async (t) => {
  const cases = { '500ms': 500, '60s': 60_000, '5m': 300_000, '1h': 3_600_000, '7': 7_000, '0': 0 }
  for (const [text, expected] of Object.entries(cases))
    t.equal(fromEnvironment(t, { CONNECT_TIMEOUT: text }).connectTimeout, expected, text)
})

t.test('SEED_ON_START takes words and digits', async (t) => {
  for (const [text, expected] of Object.entries({ true: true, false: false, '1': true, '0': false }))
    t.equal(fromEnvironment(t, { SEED_ON_START: text }).migrations.seedOnStart, expected, text)
})

t.test('DATABASE_SSL keeps its words and makes paths absolute', async (t) => {
  for (const word of ['disable', 'no-verify', 'verify'])
    t.equal(fromEnvironment(t, { DATABASE_SSL: word }).ssl, word)
  const root = t.testdir({ certificates: { 'ca.pem': '' } })
  t.equal(
    loadConfig({ root, env: { DATABASE_SSL: 'certificates/ca.pem' } }).ssl,
    join(root, 'certificates/ca.pem'),
  )
  t.match(refusal({ root, env: { DATABASE_SSL: 'certificates' } }), 'DATABASE_SSL is "certificates"')
})

t.test('the database is chosen', async (t) => {
  const at = (host: string) => `postgres://app:${password}@${host}:5432/shop`
  const parts = { DB_HOST: 'parts', DB_USER: 'app', DB_PASSWORD: password, DB_NAME: 'shop' }
  const all = { DATABASE_URL_EU_WEST: at('target'), DATABASE_URL: at('plain'), ...parts }
  const target = { ENV_TARGET: 'eu-west' }

  await t.test('by DATABASE_URL of the command line before all others', async (t) => {
    const flags = { DATABASE_URL: at('flag') }
    t.strictSame(loadConfig({ root: t.testdir(), env: { ...all, ...target }, flags }).database, {
      kind: 'url',
      url: at('flag'),
      from: 'DATABASE_URL (command line)',
    })
  })

  await t.test('by DATABASE_URL_{TARGET} before DATABASE_URL, even of a stronger layer', async (t) => {
    const { DATABASE_URL_EU_WEST, ...env } = all
    const root = t.testdir({ config: { 'base.json': JSON.stringify({ DATABASE_URL_EU_WEST }) } })
    const config = loadConfig({ root, env: { ...env, ...target } })
    t.strictSame(config.database, {
      kind: 'url',
      url: at('target'),
      from: 'DATABASE_URL_EU_WEST (config/base.json)',
    })
    t.strictSame(
      config.entries.filter(({ key }) => key.startsWith('D')),
      [
        {
          key: 'DATABASE_URL',
          value: 'postgres://app:***@plain:5432/shop',
          source: 'process environment, not used',
        },
        {
          key: 'DATABASE_URL_EU_WEST',
          value: 'postgres://app:***@target:5432/shop',
          source: 'config/base.json',
        },
        { key: 'DB_HOST', value: 'parts', source: 'process environment, not used' },
        { key: 'DB_USER', value: 'app', source: 'process environment, not used' },
        { key: 'DB_PASSWORD', value: '***', source: 'process environment, not used' },
        { key: 'DB_NAME', value: 'shop', source: 'process environment, not used' },
      ],
    )
  })

  await t.test('by DATABASE_URL where the URL is of another target', async (t) => {
    t.strictSame(fromEnvironment(t, all).database, {
      kind: 'url',
      url: at('plain'),
      from: 'DATABASE_URL (process environment)',
    })
  })

  await t.test('by the DB_ keys where there is no URL', async (t) => {
    const root = t.testdir({ env: { '.env.shared': 'DB_HOST=parts\nDB_NAME=my shop\n' } })
    const env = { NODE_ENV: 'production', DB_USER: 'ann@corp', DB_PASSWORD: 'p/w:@ %', DB_PORT: '6543' }
    const config = loadConfig({ root, env })
    const from = 'DB_HOST, DB_NAME (env/.env.shared), DB_PORT, DB_USER, DB_PASSWORD (process environment)'
    t.strictSame(config.database, {
      kind: 'url',
      url: 'postgres://ann%40corp:p%2Fw%3A%40%20%25@parts:6543/my%20shop',
      from,
    })
    t.strictSame(origin(config, 'DATABASE_URL'), ['postgres://ann%40corp:***@parts:6543/my%20shop', from])
  })

  await t.test('by the DB_ keys with an address, a socket, and no password', async (t) => {
    const made = (DB_HOST: string) =>
      fromEnvironment(t, { DB_HOST, DB_USER: 'app', DB_NAME: 'shop' }).database
    const from = 'DB_HOST, DB_USER, DB_NAME (process environment)'
    const query = { '10.0.0.1': ['10.0.0.1', ''], '::1': ['localhost', '?host=%3A%3A1'] }
    for (const [host, [shown, rest]] of Object.entries(query))
      t.strictSame(made(host), { kind: 'url', url: `postgres://app@${shown}:5432/shop${rest}`, from })
    t.strictSame(made('/var/run'), {
      kind: 'url',
      url: 'postgres://app@localhost:5432/shop?host=%2Fvar%2Frun',
      from,
    })
  })

  await t.test('by the DB_ keys only where all that are needed are set', async (t) => {
    t.strictSame(
      faults({ root: t.testdir({ env: { '.env.shared': 'DB_PASSWORD=x\n' } }), env: { DB_PORT: '1' } }),
      ['DB_HOST', 'DB_USER', 'DB_NAME'].flatMap((key) => [
        `${key} is missing beside DB_PORT (process environment), DB_PASSWORD (env/.env.shared)`,
        key === 'DB_HOST'
          ? 'expected a host name, an address or the directory of a unix socket, without a port'
          : 'expected a text',
      ]),
    )
  })

  await t.test('not at all in production, which is a fault', async (t) => {
    t.equal(
      refusal({ root: t.testdir(), env: { NODE_ENV: 'production', ENV_TARGET: 'eu-west' } }),
      [
        `SCHEMA_CONFIG_INVALID: DATABASE_URL is missing: production gets no embedded PostgreSQL. ${consequence}`,
        '',
        '  DATABASE_URL   is missing: production gets no embedded PostgreSQL',
        '                 expected DATABASE_URL_EU_WEST, DATABASE_URL, or DB_HOST with DB_USER and DB_NAME',
      ].join('\n'),
    )
  })
})

t.test('a database URL is accepted in each form that PostgreSQL knows', async (t) => {
  const socket = 'host=/var/run/postgresql'
  const cases = {
    'postgres://h/d': 'postgres://h/d',
    'postgresql://u@h:1/d?sslmode=require': 'postgresql://u@h:1/d?sslmode=require',
    'postgres://u@[::1]/d': 'postgres://u@[::1]/d',
    [`postgres:///d?${socket}`]: `postgres:///d?${socket}`,
    [`postgres://u:p@/d?${socket}`]: `postgres://u:p@localhost/d?${socket}`,
  }
  for (const [text, expected] of Object.entries(cases)) {
    const config = fromEnvironment(t, {
      DATABASE_URL: text,
      MIGRATION_DATABASE_URL: text,
      SCRATCH_DATABASE_URL: text,
    })
    t.strictSame(
      [config.database, config.migrationUrl, config.scratchUrl],
      [{ kind: 'url', url: expected, from: 'DATABASE_URL (process environment)' }, expected, expected],
    )
  }
})

t.test('a database URL that is not right is a fault that shows no part of it', async (t) => {
  const encoded = 'a special character in the user, password or name must be percent-encoded'
  const cases: readonly (readonly [string, string])[] = [
    [`mysql://app:${password}@h/d`, 'does not begin with postgres:// or postgresql://'],
    [`app:${password}@h/d`, 'does not begin with postgres:// or postgresql://'],
    [`postgres://app:${password}%@h/d`, 'has a % that is not followed by two hexadecimal digits'],
    [`postgres://app:${password}@h:99999/d`, `cannot be parsed: ${encoded}`],
    [`postgres://app:${password}#1@h/d`, `cannot be parsed: ${encoded}`],
    [`postgres://app:${password}@/d`, `cannot be parsed: ${encoded}`],
    [`postgres:///d?password=${password}`, 'has no host'],
    [`postgres://app:${password}@h`, 'has no database name'],
    [`postgres://app:${password}@h/`, 'has no database name'],
    [`postgres://app:12/${password}@h/d`, `has /, @ or # where none can be: ${encoded}`],
    [`postgres://app:12/d?${password}@h/d`, `has /, @ or # where none can be: ${encoded}`],
    [`postgres://app:${password}@h/d#1`, `has /, @ or # where none can be: ${encoded}`],
  ]
  for (const key of ['DATABASE_URL', 'DATABASE_URL_DEMO', 'MIGRATION_DATABASE_URL', 'SCRATCH_DATABASE_URL'])
    for (const [text, problem] of cases) {
      const source = { root: t.testdir(), env: { ENV_TARGET: 'demo', [key]: text } }
      t.strictSame(faults(source), [
        `${key} ${problem} (process environment)`,
        'expected a URL such as postgres://user:password@host:5432/name',
      ])
      t.notMatch(refusal(source), password)
    }
})

t.test('RELEASE and INSTANCE are taken from the platform where they are not set', async (t) => {
  const platform = {
    GIT_SHA: '',
    SOURCE_VERSION: 'heroku build',
    RENDER_GIT_COMMIT: 'render',
    HOSTNAME: 'pod-1',
    DYNO: 'web.1',
  }
  const config = fromEnvironment(t, platform)
  t.strictSame(origin(config, 'RELEASE'), ['render', 'process environment, RENDER_GIT_COMMIT'])
  t.strictSame(origin(config, 'INSTANCE'), ['web.1', 'process environment, DYNO'])
  const root = t.testdir({ env: { '.env.shared': 'RELEASE=1.2.3\nINSTANCE=mine\n' } })
  t.strictSame(loadConfig({ root, env: platform }).service, {
    name: 'service',
    version: null,
    release: '1.2.3',
    instance: 'mine',
  })
})

t.test('the service is named by its package, unless a layer names it', async (t) => {
  const files = { 'package.json': '{ "name": "@acme/orders" }' }
  t.equal(loadConfig({ root: t.testdir(files), env: {} }).service.name, '@acme/orders')
  t.equal(loadConfig({ root: t.testdir(files), env: { SERVICE_NAME: 'bills' } }).service.name, 'bills')
  t.strictSame(
    faults({ root: t.testdir({ 'package.json': '{' }), env: {} })[0]?.slice(0, 24),
    'package.json is no JSON:',
  )
})

t.test('health details are hidden in production only', async (t) => {
  const details = (env: Settings) => fromEnvironment(t, { DATABASE_URL: url, ...env }).http.healthDetails
  t.equal(details({}), 'always')
  t.equal(details({ NODE_ENV: 'production' }), 'token')
  t.equal(details({ HEALTH_DETAILS: 'token' }), 'token')
})

t.test('what comes out of order is refused in production only', async (t) => {
  const answer = (env: Settings) => fromEnvironment(t, { DATABASE_URL: url, ...env }).policy.onOutOfOrder
  t.equal(answer({}), 'migrate')
  t.equal(answer({ NODE_ENV: 'production' }), 'refuse')
  t.equal(
    answer({ ENV_TARGET: 'production' }),
    'refuse',
    'who migrates it from elsewhere may have no NODE_ENV',
  )
  t.equal(answer({ NODE_ENV: 'production', ON_OUT_OF_ORDER: 'migrate' }), 'migrate')
})

t.test('all faults of every kind are told at once, and none tells a secret', async (t) => {
  const root = t.testdir({
    config: { 'base.json': `{ "ON_BEHNID": "${password}" }`, 'demo.json': `{ "HEALTH_TOKEN": ${password} }` },
    env: { '.env.shared': `DATABASE_URL=nonsense:${password}\nHOST=\n` },
  })
  const env = {
    NODE_ENV: 'production',
    ENV_TARGET: 'demo',
    PORT: 'http://app:hunter2@h',
    FLEET_URL: `ftp://app:${password}@h`,
    FLEET_TOKEN: password,
    FLEET_TOKEN_FILE: 'x',
    RELEASE_FILE: 'missing',
  }
  const text = refusal({ root, env })
  t.equal(
    text,
    [
      'SCHEMA_CONFIG_INVALID: The configuration has 8 faults: config/demo.json, FLEET_TOKEN, ON_BEHNID, RELEASE_FILE,' +
        ` HOST, PORT, DATABASE_URL, FLEET_URL. ${consequence}`,
      '',
      "  config/demo.json   is no JSON: Unexpected token 'h'",
      '                     expected flat keys with strings, numbers or booleans: { "LOG_LEVEL": "info" }',
      '  FLEET_TOKEN        is set twice, also as FLEET_TOKEN_FILE (process environment)',
      '                     expected one of the two',
      '  ON_BEHNID          is no key (config/base.json)',
      '                     did you mean ON_BEHIND?',
      '  RELEASE_FILE       names missing, which does not exist (process environment)',
      '                     expected a file that this process may read',
      '  HOST               is empty (env/.env.shared)',
      '                     expected a value; where none is meant, remove the key',
      '  PORT               is "http://***@h" (process environment)',
      '                     expected a whole number from 0 to 65535',
      '  DATABASE_URL       does not begin with postgres:// or postgresql:// (env/.env.shared)',
      '                     expected a URL such as postgres://user:password@host:5432/name',
      '  FLEET_URL          is "ftp://app:***@h/" (process environment)',
      '                     expected a URL of http or https',
    ].join('\n'),
  )
  t.notMatch(text, password)
})

t.test('what was passed in is not changed', async (t) => {
  const env = Object.freeze({ PORT: '1', OTHER: 'x' })
  const flags = Object.freeze({ HOST: 'a' })
  const root = t.testdir()
  t.strictSame(loadConfig({ root, env, flags }), loadConfig({ root, env, flags }))
})

t.test('schemagate config shows values and sources without secrets', async (t) => {
  const root = t.testdir()
  const env = {
    ENV_TARGET: 'demo',
    INSTANCE: 'one',
    HEALTH_TOKEN: password,
    DB_HOST: 'db',
    DB_USER: 'app',
    DB_PASSWORD: password,
    DB_NAME: 'shop',
    MIGRATION_DATABASE_URL: `postgres://h/d?user=app&password=${password}`,
    FLEET_URL: `https://app:${password}@fleet/`,
  }
  const config = loadConfig({ root, env })
  const lines = renderConfig(config).split('\n')
  t.strictSame(lines.slice(0, 6), [
    'key                     value                                 source',
    'NODE_ENV                development                           default',
    'ENV_TARGET              demo                                  process environment',
    'SERVICE_NAME            service                               default',
    'INSTANCE                one                                   process environment',
    'HOST                    ::                                    default',
  ])
  t.strictSame(
    lines.filter((line) => line.includes('***')),
    [
      'HEALTH_TOKEN            ***                                   process environment',
      'DATABASE_URL            postgres://app:***@db:5432/shop       DB_HOST, DB_USER, DB_PASSWORD, DB_NAME (process environment)',
      'DB_PASSWORD             ***                                   process environment',
      'MIGRATION_DATABASE_URL  postgres://h/d?user=app&password=***  process environment',
      'FLEET_URL               https://app:***@fleet/                process environment',
    ],
  )
  t.strictSame(configDocument(config), { root, target: 'demo', production: false, entries: config.entries })
  t.notMatch(renderConfig(config) + JSON.stringify(configDocument(config)), password)
})

t.test('the reference is one Markdown row a key', async (t) => {
  const [head, rule, ...rows] = configReference().split('\n')
  t.strictSame([head, rule], ['| key | default | meaning |', '|---|---|---|'])
  t.ok(rows.every((row) => /^\| `[A-Z_{}]+` \| [^|]+ \| [^|]+\. \|$/.test(row)))
  t.equal(rows.length, 47)
  t.equal(
    rows.find((row) => row.includes('`ON_BEHIND`')),
    '| `ON_BEHIND` | `migrate` | What to do when the database lacks revisions of this build. Takes one of migrate, refuse, warn. |',
  )
})

t.test('the targets are the files in config, without base', async (t) => {
  const config = { 'base.json': '{}', 'staging.json': '{}', 'demo.json': '{}', 'notes.md': '' }
  t.strictSame(listTargets(t.testdir({ config })), ['demo', 'staging'])
  t.strictSame(listTargets(t.testdir()), [])
  const noFolder = t.testdir({ config: 'a file' })
  t.throws(() => listTargets(noFolder), { code: 'ENOTDIR' })
})
