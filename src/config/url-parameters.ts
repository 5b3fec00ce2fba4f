/** Parameters that the driver honours. */
const honoured: ReadonlySet<string> = new Set([
  'host',
  'port',
  'user',
  'password',
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'options',
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'query_timeout',
])

/** Parameters of libpq and of other drivers that share the URL: time-outs, pools, and how the network is used. */
const harmless: ReadonlySet<string> = new Set([
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'channel_binding',
  'gssencmode',
  'sslsni',
  'sslcompression',
  'pgbouncer',
  'connection_limit',
  'pool_timeout',
  'pool_size',
  'max_pool_size',
  'socket_timeout',
  'statement_cache_size',
  'workaround',
  'supa',
])

/** Parameters that other drivers take for what `options` is to this one. */
const schemaNames: ReadonlySet<string> = new Set(['schema', 'search_path', 'searchpath', 'currentschema'])

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

/** For parameters that take only some values: whether a value is one of them, and which are. */
const valueRules: Readonly<
  Record<string, { readonly accepts: (value: string) => boolean; readonly rule: string }>
> = {
  sslmode: {
    accepts: (value) => sslModes.includes(value),
    rule: `has an sslmode that does not exist: it is one of ${sslModes.join(', ')}`,
  },
  ssl: {
    accepts: (value) => ['true', '1', '0', 'no-verify'].includes(value),
    rule: 'has a value of ssl that is not true, 1, 0 or no-verify: sslmode says it more exactly',
  },
  port: { accepts: (value) => /^\d+$/.test(value), rule: 'has a port that is not one number' },
  host: {
    accepts: (value) => !value.includes(','),
    rule: 'names several hosts, and only one is connected to',
  },
}

/** What is wrong with the parameters of a database URL, without their values; undefined where each is honoured or harmless. */
export function urlParameterProblem(parameters: URLSearchParams): string | undefined {
  for (const [name, value] of parameters) {
    const rule = valueRules[name]
    if (rule !== undefined && !rule.accepts(value)) return rule.rule
    if (!honoured.has(name) && !harmless.has(name)) return unknownParameterProblem(name)
  }
  return undefined
}

/** A name may be a part of a password that is not encoded, so that only a plain word is shown. */
function unknownParameterProblem(name: string): string {
  if (schemaNames.has(name.toLowerCase()))
    return `has the parameter ${name}, which the driver ignores: options=-csearch_path%3DNAME sets the schema`
  const shown = /^[a-z]+([_-][a-z]+)*$/i.test(name) && name.length < 40 ? ` ${name}` : ''
  return `has the parameter${shown}, which the driver ignores: remove it, or what it asks for is not done`
}
