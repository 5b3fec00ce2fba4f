import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Config } from '../../src/config/config.js'
import { configDocument, configReference, renderConfig } from '../../src/config/explain.js'
import { loadConfig } from '../../src/config/load.js'
import {
  type Settings,
  password,
  url,
  consequence,
  origin,
  fromEnvironment,
  refusal,
  faults,
} from './load.js'

const maskedUrl = 'postgres://app:***@db.internal:5432/shop'

t.test('without any configuration a service gets the defaults and an embedded database', async (t) => {
  const root = t.testdir({ 'package.json': '{ "name": "orders", "version": "3.1.0" }' })
  const { entries, settings: _, ...config } = loadConfig({ root, env: {} })
  t.strictSame(config, {
    root,
    target: 'development',
    isTargetTyped: false,
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
    scratchPrelude: null,
    ssl: null,
    connectTimeout: 30_000,
    buildFrom: { kind: 'migrations' },
    migrations: {
      directories: null,
      knexfile: null,
      transaction: 'batch',
      lockWaitTimeout: 600_000,
      lockTimeout: 5_000,
      deadline: 600_000,
      seedOnStart: false,
      seedsDirectory: null,
    },
    backup: { before: 'off', folder: join(root, 'backups'), command: null },
    policy: {
      onBehind: 'migrate',
      onDrift: 'refuse',
      onAhead: 'judge',
      onOutOfOrder: 'migrate',
      onUnverified: 'warn',
      onDriftWhileServing: 'warn',
      onHazard: 'allow',
      refuseBy: 'exit',
    },
    protectedEnvironments: ['production'],
    planAllow: 'lock,outside-a-transaction',
    verify: {
      interval: 60_000,
      timeout: 10_000,
      atStart: 'auto',
      scope: { comments: false, grants: false, ignore: [] },
    },
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
    { key: 'BUILD_FROM', value: 'migrations', source: 'default' },
    { key: 'MIGRATION_TRANSACTION', value: 'batch', source: 'default' },
    { key: 'LOCK_WAIT_TIMEOUT', value: '10m', source: 'default' },
    { key: 'MIGRATION_LOCK_TIMEOUT', value: '5s', source: 'default' },
    { key: 'MIGRATION_DEADLINE', value: '10m', source: 'default' },
    { key: 'BACKUP_BEFORE_MIGRATE', value: 'off', source: 'default' },
    { key: 'BACKUP_TO', value: 'backups', source: 'default' },
    { key: 'SEED_ON_START', value: 'false', source: 'default' },
    { key: 'ON_BEHIND', value: 'migrate', source: 'default' },
    { key: 'ON_DRIFT', value: 'refuse', source: 'default' },
    { key: 'ON_AHEAD', value: 'judge', source: 'default' },
    { key: 'ON_OUT_OF_ORDER', value: 'migrate', source: 'default outside production' },
    { key: 'ON_UNVERIFIED', value: 'warn', source: 'default outside production' },
    { key: 'ON_DRIFT_WHILE_SERVING', value: 'warn', source: 'default' },
    { key: 'ON_HAZARD', value: 'allow', source: 'default outside production' },
    { key: 'REFUSE_BY', value: 'exit', source: 'default' },
    { key: 'PROTECTED_ENVIRONMENTS', value: 'production', source: 'default' },
    { key: 'PLAN_ALLOW', value: 'lock,outside-a-transaction', source: 'default' },
    { key: 'VERIFY_INTERVAL', value: '60s', source: 'default' },
    { key: 'VERIFY_TIMEOUT', value: '10s', source: 'default' },
    { key: 'VERIFY_AT_START', value: 'auto', source: 'default' },
    { key: 'VERIFY_COMMENTS', value: 'false', source: 'default' },
    { key: 'VERIFY_GRANTS', value: 'false', source: 'default' },
    { key: 'SHUTDOWN_DELAY', value: '0s', source: 'default' },
    { key: 'TERMINATION_LOG', value: '/dev/termination-log', source: 'default' },
  ])
})

const audit = { text: 'schema:audit', kind: 'schema', names: [{ name: /^audit$/s, signature: null }] }

t.test('every key has its place in the configuration', async (t) => {
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
    SCRATCH_PRELUDE: 'db/before.sql',
    CONNECT_TIMEOUT: '500ms',
    MIGRATIONS_DIR: './migrations, /srv/more',
    KNEXFILE: 'db/knexfile.ts',
    BUILD_FROM: 'snapshot',
    MIGRATION_TRANSACTION: 'each',
    LOCK_WAIT_TIMEOUT: '1h',
    MIGRATION_LOCK_TIMEOUT: '2s',
    MIGRATION_DEADLINE: '5m',
    BACKUP_BEFORE_MIGRATE: '1',
    BACKUP_TO: 'db/backups',
    BACKUP_COMMAND: 'aws s3 cp - s3://x',
    SEED_ON_START: '1',
    SEEDS_DIR: 'db/seeds',
    ON_BEHIND: 'refuse',
    ON_DRIFT: 'warn',
    ON_AHEAD: 'warn',
    ON_OUT_OF_ORDER: 'migrate',
    ON_UNVERIFIED: 'refuse',
    ON_DRIFT_WHILE_SERVING: 'unready',
    ON_HAZARD: 'refuse',
    REFUSE_BY: 'unready',
    PROTECTED_ENVIRONMENTS: 'production, demo',
    PLAN_ALLOW: 'lock,rename',
    VERIFY_INTERVAL: '5m',
    VERIFY_TIMEOUT: '3',
    VERIFY_AT_START: 'full',
    VERIFY_IGNORE: 'schema:audit',
    VERIFY_COMMENTS: '1',
    VERIFY_GRANTS: 'true',
    SHUTDOWN_DELAY: '15s',
    TERMINATION_LOG: 'why.log',
    FLEET_URL: 'https://fleet.internal',
    FLEET_TOKEN: 'knock knock',
  }
  const { entries, settings, ...config } = loadConfig({ root, env })
  t.strictSame(config, {
    root,
    target: 'demo',
    isTargetTyped: false,
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
    database: {
      kind: 'url',
      url,
      from: 'DATABASE_URL (process environment)',
      targetKey: 'DATABASE_URL_DEMO',
    },
    migrationUrl: `${url}_migration`,
    scratchUrl: `${url}_scratch`,
    scratchPrelude: join(root, 'db/before.sql'),
    ssl: join(root, 'ca.pem'),
    connectTimeout: 500,
    buildFrom: { kind: 'snapshot' },
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
    backup: { before: 'always', folder: join(root, 'db/backups'), command: 'aws s3 cp - s3://x' },
    policy: {
      onBehind: 'refuse',
      onDrift: 'warn',
      onAhead: 'warn',
      onOutOfOrder: 'migrate',
      onUnverified: 'refuse',
      onDriftWhileServing: 'unready',
      onHazard: 'refuse',
      refuseBy: 'unready',
    },
    protectedEnvironments: ['production', 'demo'],
    planAllow: 'lock,rename',
    verify: {
      interval: 300_000,
      timeout: 3_000,
      atStart: 'full',
      scope: { comments: true, grants: true, ignore: [{ pattern: audit, reason: null }] },
    },
    terminationLog: join(root, 'why.log'),
    fleet: { url: 'https://fleet.internal', token: 'knock knock' },
  })
  t.strictSame(settings, env, 'as texts by key')
  const masked: Settings = {
    HEALTH_TOKEN: '***',
    BACKUP_COMMAND: '***',
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

/** Patterns with their reasons, as the configuration has them. */
const ignored = (config: Config) =>
  config.verify.scope.ignore.map(({ pattern, reason }) => [pattern.text, reason])

t.test('VERIFY_IGNORE is text with commas, or in JSON a list with reasons', async (t) => {
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
  const asText = 'table:public.events_p* (made by a job, see https://wiki), schema:audit, *:jobs.*'
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
  t.strictSame(origin(base, 'VERIFY_IGNORE'), [asText, 'config/base.json'])
  const demo = loadConfig({ root, env: { ENV_TARGET: 'demo' } })
  t.strictSame(ignored(demo), [], 'a later layer replaces the whole list')
  t.strictSame(origin(demo, 'VERIFY_IGNORE'), ['nothing', 'config/demo.json'])
  const flagged = loadConfig({ root, env: {}, flags: { VERIFY_IGNORE: JSON.stringify(rules) } })
  t.strictSame(ignored(flagged), ignored(base), 'the command line takes JSON text')
})

t.test('the error names every invalid pattern, and hides the password of a URL', async (t) => {
  const hint =
    'expected patterns of object keys such as table:public.events_p* or schema:audit, separated by commas; in JSON a list of patterns or of { "pattern", "reason" }'
  const wrong: readonly (readonly [string, string])[] = [
    ['schema:audit, events_p*', 'holds "events_p*", which does not begin with a kind of object'],
    [
      'tables:public.songs, audit:*,table:a.b.c.d',
      'holds "tables:public.songs", but tables is not a kind of object (did you mean table?), holds "audit:*", but audit is not a kind of object, holds "table:a.b.c.d", whose name does not have one to three parts separated by dots',
    ],
    ['[schema:audit]', 'is not a JSON list'],
    [
      '[1, { "pattern": "schema:audit", "because": "x" }, { "pattern": "schema:audit", "reason": 1 }]',
      'holds 1, which is neither a pattern nor { "pattern", "reason" }, holds {"pattern":"schema:audit","because":"x"}, which is neither a pattern nor { "pattern", "reason" }, holds {"pattern":"schema:audit","reason":1}, which is neither a pattern nor { "pattern", "reason" }',
    ],
    [
      url.replace(password, 'hunt,er2'),
      'holds "postgres://***@db.internal:5432/shop", but postgres is not a kind of object',
    ],
    [
      JSON.stringify([url]),
      'holds "postgres://***@db.internal:5432/shop", but postgres is not a kind of object',
    ],
  ]
  for (const [VERIFY_IGNORE, problem] of wrong)
    t.strictSame(faults({ root: t.testdir(), env: { VERIFY_IGNORE } }), [
      `VERIFY_IGNORE ${problem} (process environment)`,
      hint,
    ])
  const root = t.testdir({ config: { 'base.json': '{ "VERIFY_IGNORE": { "schema:audit": "x" } }' } })
  t.match(faults({ root, env: {} }), ['VERIFY_IGNORE does not hold a single value (config/base.json)'])
})

t.test('an invalid value is a fault', async (t) => {
  const port = 'expected a whole number from 0 to 65535'
  const duration = 'expected a duration such as 500ms, 60s, 5m or 1h, at most 24 days'
  const transaction = 'expected one of batch, each'
  const host = 'expected a host name, an address or the directory of a unix socket, without a port'
  const authority =
    'expected disable, no-verify, verify, or the path of an existing file with a CA certificate'
  const cases: readonly (readonly [string, string, string])[] = [
    ['PORT', 'abc', port],
    ['PORT', '65536', port],
    ['PORT', 'Infinity', port], // Which Ajv takes for an integer of any range.
    ['HEALTH_PORT', '1.5', port],
    ['DB_PORT', '0', 'expected a whole number from 1 to 65535'],
    ['CONNECT_TIMEOUT', 'soon', duration],
    ['VERIFY_INTERVAL', '-1s', duration],
    ['VERIFY_TIMEOUT', '1000h', duration],
    ['LOCK_WAIT_TIMEOUT', '1d', duration],
    ['MIGRATION_TRANSACTION', 'Batch', transaction],
    ['BUILD_FROM', 'models:', 'expected `migrations`, `snapshot` or `models:FILE`'],
    ['LOG_LEVEL', 'verbose', 'expected one of fatal, error, warn, info, debug, trace, silent'],
    ['SEED_ON_START', 'yes', 'expected one of true, false, 1, 0'],
    ['PROTECTED_ENVIRONMENTS', 'a b', 'expected one environment, several separated by commas, or none'],
    ['PLAN_ALLOW', 'lock rename', 'expected names with commas between them'],
    ['ON_DRIFT_WHILE_SERVING', 'exit', 'expected one of warn, unready'],
    ['REFUSE_BY', 'later', 'expected one of exit, unready'],
    ['MIGRATIONS_DIR', 'a,,b', 'expected a folder, or several separated by commas'],
    ['FLEET_URL', 'ftp://fleet', 'expected an http or https URL'],
    ['DB_HOST', 'db:5433', host],
    ['DATABASE_SSL', 'missing.pem', authority],
  ]
  for (const [key, value, expected] of cases) {
    const env = { DB_HOST: 'db', DB_USER: 'app', DB_NAME: 'shop', [key]: value }
    t.strictSame(faults({ root: t.testdir(), env }), [`${key} is "${value}" (process environment)`, expected])
  }
})

t.test('models build databases only in development and test', async (t) => {
  const hint =
    'models build databases only in development and test; schemagate new NAME --from models:db/schema.sql drafts the migration for this one, and BUILD_FROM=migrations applies it'
  const value = '"models:db/schema.sql"'
  for (const ENV_TARGET of ['development', 'test'])
    t.strictSame(fromEnvironment(t, { ENV_TARGET, BUILD_FROM: 'models:db/schema.sql' }).buildFrom, {
      kind: 'models',
      source: 'models:db/schema.sql',
    })
  const root = t.testdir({ config: { 'staging.json': '{ "BUILD_FROM": "models:db/schema.sql" }' } })
  t.strictSame(faults({ root, env: { ENV_TARGET: 'staging' } }), [
    `BUILD_FROM is ${value}, and ENV_TARGET is staging (config/staging.json)`,
    hint,
  ])
  const env = { NODE_ENV: 'production', ENV_TARGET: 'test', DATABASE_URL: url }
  t.strictSame(faults({ root, env: { ...env, BUILD_FROM: 'models:db/schema.sql' } }), [
    `BUILD_FROM is ${value}, and NODE_ENV is production (process environment)`,
    hint,
  ])
})

t.test('durations have units; without one they are seconds', async (t) => {
  const cases = { '500ms': 500, '60s': 60_000, '5m': 300_000, '1h': 3_600_000, '7': 7_000, '0': 0 }
  for (const [text, expected] of Object.entries(cases))
    t.equal(fromEnvironment(t, { CONNECT_TIMEOUT: text }).connectTimeout, expected, text)
})

t.test('SEED_ON_START takes true, false, 1 and 0', async (t) => {
  for (const [text, expected] of Object.entries({ true: true, false: false, '1': true, '0': false }))
    t.equal(fromEnvironment(t, { SEED_ON_START: text }).migrations.seedOnStart, expected, text)
})

t.test('DATABASE_SSL keeps its modes and makes paths absolute', async (t) => {
  for (const mode of ['disable', 'no-verify', 'verify'])
    t.equal(fromEnvironment(t, { DATABASE_SSL: mode }).ssl, mode)
  const root = t.testdir({ certificates: { 'ca.pem': '' } })
  t.equal(
    loadConfig({ root, env: { DATABASE_SSL: 'certificates/ca.pem' } }).ssl,
    join(root, 'certificates/ca.pem'),
  )
  t.match(refusal({ root, env: { DATABASE_SSL: 'certificates' } }), 'DATABASE_SSL is "certificates"')
})

t.test('RELEASE and INSTANCE are taken from the platform if they are not set', async (t) => {
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

t.test('the service has the name of its package, unless a layer sets one', async (t) => {
  const files = { 'package.json': '{ "name": "@acme/orders" }' }
  t.equal(loadConfig({ root: t.testdir(files), env: {} }).service.name, '@acme/orders')
  t.equal(loadConfig({ root: t.testdir(files), env: { SERVICE_NAME: 'bills' } }).service.name, 'bills')
  t.strictSame(
    faults({ root: t.testdir({ 'package.json': '{' }), env: {} })[0]?.slice(0, 31),
    'package.json is not valid JSON:',
  )
})

t.test('health details are hidden in production only', async (t) => {
  const details = (env: Settings) => fromEnvironment(t, { DATABASE_URL: url, ...env }).http.healthDetails
  t.equal(details({}), 'always')
  t.equal(details({ NODE_ENV: 'production' }), 'token')
  t.equal(details({ HEALTH_DETAILS: 'token' }), 'token')
})

t.test('revisions out of order are refused in production only', async (t) => {
  const answer = (env: Settings) => fromEnvironment(t, { DATABASE_URL: url, ...env }).policy.onOutOfOrder
  t.equal(answer({}), 'migrate')
  t.equal(answer({ NODE_ENV: 'production' }), 'refuse')
  t.equal(answer({ ENV_TARGET: 'production' }), 'refuse', 'a command on another machine may have no NODE_ENV')
  t.equal(answer({ NODE_ENV: 'production', ON_OUT_OF_ORDER: 'migrate' }), 'migrate')
})

t.test('one error names all faults of every kind, and no secret', async (t) => {
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
      "  config/demo.json   is not valid JSON: Unexpected token 'h'",
      '                     expected flat keys with strings, numbers or booleans: { "LOG_LEVEL": "info" }',
      '  FLEET_TOKEN        is set twice, also as FLEET_TOKEN_FILE (process environment)',
      '                     expected only one of the two',
      '  ON_BEHNID          is not a key (config/base.json)',
      '                     did you mean ON_BEHIND?',
      '  RELEASE_FILE       names missing, which does not exist (process environment)',
      '                     expected a file that this process may read',
      '  HOST               is empty (env/.env.shared)',
      '                     expected a value; to set none, remove the key',
      '  PORT               is "http://***@h" (process environment)',
      '                     expected a whole number from 0 to 65535',
      '  DATABASE_URL       does not begin with postgres:// or postgresql:// (env/.env.shared)',
      '                     expected a URL such as postgres://user:password@host:5432/name',
      '  FLEET_URL          is "ftp://app:***@h/" (process environment)',
      '                     expected an http or https URL',
    ].join('\n'),
  )
  t.notMatch(text, password)
})

t.test('loading does not change its arguments', async (t) => {
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
  t.equal(rows.length, 56)
  t.equal(
    rows.find((row) => row.includes('`ON_BEHIND`')),
    '| `ON_BEHIND` | `migrate` | What to do when the database lacks revisions of this build. Takes one of migrate, refuse, warn. |',
  )
})
