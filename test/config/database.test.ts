import t from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { password, consequence, origin, fromEnvironment, refusal, faults, url } from './load.js'

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

  await t.test('by DATABASE_URL if the other URL is of a different target', async (t) => {
    t.strictSame(fromEnvironment(t, all).database, {
      kind: 'url',
      url: at('plain'),
      from: 'DATABASE_URL (process environment)',
      targetKey: 'DATABASE_URL_DEVELOPMENT',
    })
  })

  await t.test('by the DB_ keys if no URL is set', async (t) => {
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
      t.match(made(host), { kind: 'url', url: `postgres://app@${shown}:5432/shop${rest}`, from })
    t.match(made('/var/run'), {
      kind: 'url',
      url: 'postgres://app@localhost:5432/shop?host=%2Fvar%2Frun',
      from,
      parts: { host: '/var/run', user: 'app', name: 'shop' },
    })
  })

  await t.test('by the DB_ keys only if all required ones are set', async (t) => {
    t.strictSame(
      faults({ root: t.testdir({ env: { '.env.shared': 'DB_PASSWORD=x\n' } }), env: { DB_PORT: '1' } }),
      ['DB_HOST', 'DB_USER', 'DB_NAME'].flatMap((key) => [
        `${key} is missing: it is needed with DB_PORT (process environment), DB_PASSWORD (env/.env.shared)`,
        key === 'DB_HOST'
          ? 'expected a host name, an address or the directory of a unix socket, without a port'
          : 'expected text',
      ]),
    )
  })

  await t.test('not at all in production, which is a fault', async (t) => {
    t.equal(
      refusal({ root: t.testdir(), env: { NODE_ENV: 'production', ENV_TARGET: 'eu-west' } }),
      [
        `SCHEMA_CONFIG_INVALID: DATABASE_URL is missing: there is no embedded PostgreSQL in production. ${consequence}`,
        '',
        '  DATABASE_URL   is missing: there is no embedded PostgreSQL in production',
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
      [
        {
          kind: 'url',
          url: expected,
          from: 'DATABASE_URL (process environment)',
          targetKey: 'DATABASE_URL_DEVELOPMENT',
        },
        expected,
        expected,
      ],
    )
  }
})

t.test('an invalid database URL is a fault that shows no part of it', async (t) => {
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
    [`postgres://app:12/${password}@h/d`, `has /, @ or # in a place where a URL cannot have it: ${encoded}`],
    [
      `postgres://app:12/d?${password}@h/d`,
      `has /, @ or # in a place where a URL cannot have it: ${encoded}`,
    ],
    [`postgres://app:${password}@h/d#1`, `has /, @ or # in a place where a URL cannot have it: ${encoded}`],
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

t.test('a part of a URL that would be ignored is refused by name', async (t) => {
  const refused: readonly (readonly [query: string, names: RegExp])[] = [
    ['?schema=app', /schema/],
    ['?search_path=app', /search_path/],
    ['?currentSchema=app', /currentSchema/],
    ['?target_session_attrs=read-write', /target_session_attrs/],
    ['?sslmode=bogus', /sslmode/],
    ['?statment_timeout=1s', /statment_timeout/],
  ]
  for (const [query, names] of refused)
    t.match(refusal({ root: t.testdir(), env: { DATABASE_URL: `${url}${query}` } }), names, query)
  const severalHosts = `postgres://app:${password}@a:5432,b:5432/shop`
  t.match(refusal({ root: t.testdir(), env: { DATABASE_URL: severalHosts } }), /several hosts/)
  for (const query of [
    '?sslmode=require',
    '?application_name=shop',
    '?connect_timeout=5',
    '?options=-c%20search_path%3Dapp',
  ])
    t.equal(refusal({ root: t.testdir(), env: { DATABASE_URL: `${url}${query}` } }), 'accepted', query)
})
