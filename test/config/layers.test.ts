import { join } from 'node:path'
import t from 'tap'
import { listTargets } from '../../src/config/known-targets.js'
import { loadConfig, type ConfigSource } from '../../src/config/load.js'
import { type Settings, password, url, consequence, origin, refusal, faults } from './load.js'

const dotenv = (settings: Settings) =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')

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
        'by NODE_ENV if no layer sets ENV_TARGET',
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

t.test('config/{target}.json and env/.env.{target} may repeat the target', async (t) => {
  const root = t.testdir({
    config: { 'demo.json': '{ "ENV_TARGET": "demo" }' },
    env: { '.env.demo': 'NODE_ENV=test\n' },
  })
  t.equal(loadConfig({ root, env: { NODE_ENV: 'test', ENV_TARGET: 'demo' } }).target, 'demo')
})

t.test('a layer cannot change the keys that select it', async (t) => {
  const root = t.testdir({
    config: { 'demo.json': '{ "NODE_ENV": "production" }' },
    env: { '.env.demo': 'ENV_TARGET=production\n', '.env': 'NODE_ENV=production\n' },
  })
  const hint = 'expected in the process environment, env/.env.shared or config/base.json'
  t.strictSame(faults({ root, env: { NODE_ENV: 'test', ENV_TARGET: 'demo' } }), [
    'NODE_ENV is "production" in a layer that NODE_ENV selects (config/demo.json)',
    hint,
    'ENV_TARGET is "production" in a layer that ENV_TARGET selects (env/.env.demo)',
    hint,
  ])
  t.strictSame(faults({ root, env: { ENV_TARGET: 'other' } }), [
    'NODE_ENV is "production" in a layer that NODE_ENV selects (env/.env)',
    hint,
  ])
})

t.test('a target that cannot name a file is refused, and no such file is read', async (t) => {
  const root = t.testdir({ 'secret.json': '{ "PORT": "no" }' })
  const expected =
    'expected at most 63 letters, digits, - and _, beginning with a letter or digit (it names files), except base, shared, example and file'
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

t.test('JSON files take strings, numbers and booleans, and ignore unknown keys', async (t) => {
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
      ['config/base.json is not valid JSON: Expected double-quoted property name in JSON at position 29'],
    ],
    [`{ "HEALTH_TOKEN": ${password} }`, ["config/base.json is not valid JSON: Unexpected token 'h'"]],
    ['[1]', ['config/base.json does not hold a JSON object']],
    ['null', ['config/base.json does not hold a JSON object']],
    ['"PORT"', ['config/base.json does not hold a JSON object']],
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
    'PORT does not hold a single value (config/base.json)',
    expected,
    'DB_HOST does not hold a single value (config/base.json)',
    expected,
  ])
})

t.test('a layer that cannot be read is a fault', async (t) => {
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

t.test('a misspelled key in a file is a fault', async (t) => {
  const root = t.testdir({
    config: {
      'base.json': JSON.stringify({
        OM_BEHIND: 'refuse',
        DATABASE_URI: url,
        DATABASE_URL_FLIE: 'of a different target',
        HEALTH_TOKEN_FLIE: 'x',
        ROOT: 'no PORT',
        DB_POOL: 'no DB_PORT',
        on_behind: 'no key at all',
      }),
    },
    env: { '.env.shared': 'LOGLEVEL=info\n', '.env': 'PROT=1\nDATABASE_ULR_DEMO=x\n' },
  })
  t.strictSame(faults({ root, env: { ENV_TARGET: 'demo', ON_BEHIN: 'not examined' } }), [
    'OM_BEHIND is not a key (config/base.json)',
    'did you mean ON_BEHIND?',
    'DATABASE_URI is not a key (config/base.json)',
    'did you mean DATABASE_URL?',
    'HEALTH_TOKEN_FLIE is not a key (config/base.json)',
    'did you mean HEALTH_TOKEN_FILE?',
    'LOGLEVEL is not a key (env/.env.shared)',
    'did you mean LOG_LEVEL?',
    'DATABASE_ULR_DEMO is not a key (env/.env)',
    'did you mean DATABASE_URL_DEMO?',
  ])
})

t.test('an empty value is a fault if its layer wins, and the fault names the layer', async (t) => {
  const expected = 'expected a value; to set none, remove the key'
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
      RELEASE: 'the weaker file is not read',
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

t.test('KEY_FILE is a fault if the file is missing, unreadable or empty', async (t) => {
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
    'expected a value; to set none, remove the key',
    'HEALTH_TOKEN_FILE names folder, which cannot be read: EISDIR (process environment)',
    'expected a file that this process may read',
    'DATABASE_URL_FILE names nowhere/url, which does not exist (process environment)',
    'expected a file that this process may read',
    'MIGRATION_DATABASE_URL_FILE names postgres://***@db.internal:5432/shop, which does not exist (process environment)',
    'expected a file that this process may read',
    'FLEET_TOKEN is empty (process environment, file empty)',
    'expected a value; to set none, remove the key',
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
      'expected only one of the two',
      'HOST is set twice, also as HOST_FILE (process environment)',
      'expected only one of the two',
    ],
  )
  const files = { port: '81', config: { 'base.json': '{ "PORT_FILE": "port" }' } }
  t.equal(loadConfig({ root: t.testdir(files), env: { PORT: '80' } }).http.port, 80)
})

t.test('KNEXFILE is a key of its own, not a KEY_FILE', async (t) => {
  const root = t.testdir()
  t.equal(
    loadConfig({ root, env: { KNEXFILE: 'knexfile.ts' } }).migrations.knexfile,
    join(root, 'knexfile.ts'),
  )
})

t.test('the targets are the files in config, without base', async (t) => {
  const config = { 'base.json': '{}', 'staging.json': '{}', 'demo.json': '{}', 'notes.md': '' }
  t.strictSame(listTargets(t.testdir({ config })), ['demo', 'staging'])
  t.strictSame(listTargets(t.testdir()), [])
  const noFolder = t.testdir({ config: 'a file' })
  t.throws(() => listTargets(noFolder), { code: 'ENOTDIR' })
})

t.test('references in the files of env/', async (t) => {
  const shared = 'postgresql://${DB_USER_ADMIN}:${ADMIN_SECRET}@${HOST_OF}:5432/${NAME}_db'
  const load = (files: Readonly<Record<string, string>>, env: Settings = {}) => ({
    root: t.testdir({ env: files }),
    env: { ENV_TARGET: 'demo', ...env },
  })
  const source = load(
    {
      '.env.shared': `DATABASE_URL="${shared}"\nHOST_OF=db.internal\nNAME=shop\nSERVICE_NAME='\${as it is}'\n`,
      '.env.demo': 'ADMIN_SECRET=p@ss/w:rd\nNAME=${NAME}_demo\nRELEASE=$${literal}\n',
    },
    { DB_USER_ADMIN: 'admin' },
  )
  const config = loadConfig(source)
  t.match(config.database, {
    kind: 'url',
    url: 'postgresql://admin:p%40ss%2Fw%3Ard@db.internal:5432/shop_demo_db',
  })
  t.strictSame(origin(config, 'DATABASE_URL'), [
    'postgresql://admin:***@db.internal:5432/shop_demo_db',
    'env/.env.shared, with DB_USER_ADMIN (process environment), ADMIN_SECRET (env/.env.demo), HOST_OF (env/.env.shared), NAME (env/.env.demo, with NAME (env/.env.shared))',
  ])
  t.strictSame([config.service.name, config.service.release], ['${as it is}', '${literal}'])
  t.notMatch(JSON.stringify(config.entries), /p@ss|p%40/)

  const refused = (line: string): readonly string[] => faults(load({ '.env.shared': `${line}\n` }))
  t.match(refused('RELEASE=${NOWHERE}'), [
    /^RELEASE refers to NOWHERE, which no layer sets \(env\/.env.shared\)$/,
    /^expected a name that is set/,
  ])
  t.match(refused('RELEASE=${A}\nA=${B}\nB=${A}'), [/^RELEASE refers to A, which refers to B, which refers/])
  t.match(refused('RELEASE=${RELEASE}'), [/^RELEASE refers to RELEASE, which no layer sets/])
  t.match(refused('RELEASE=${A}\nA='), [/^RELEASE refers to A, which is empty/])
  t.match(refused('RELEASE=${A:-b}'), [/^RELEASE refers to A:-b, which is not the name of a setting/])
  const fromProcess = load({}, { RELEASE: '${A}' })
  t.equal(loadConfig(fromProcess).service.release, '${A}', 'the process environment is expanded by nobody')
})
