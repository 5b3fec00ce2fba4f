import { addressOf } from './address.js'
import type { ClientAddress } from './client-settings.js'

/** Parameters of a URL that libpq also takes as a variable. */
const variablesOfParameters = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
} as const

/** The variables with which psql, pg_dump and other programs on libpq reach a database. PGPASSWORD is the password. */
export function libpqEnvironment(address: ClientAddress): Readonly<Record<string, string>> {
  const { host, port, user, name } = addressOf(address)
  const { password, searchParams } = new URL(address.url)
  const secret = searchParams.get('password') ?? decodeURIComponent(password)
  const named = Object.entries(variablesOfParameters).flatMap(([parameter, variable]) => {
    const value = searchParams.get(parameter)
    return value === null ? [] : [[variable, value] as const]
  })
  const variables: Readonly<Record<string, string>> = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: name,
    ...(secret === '' ? {} : { PGPASSWORD: secret }),
    ...Object.fromEntries(named),
    ...tlsVariables(address.ssl),
  }
  // libpq has no word for it: its `require` encrypts and does not verify.
  return variables['PGSSLMODE'] === 'no-verify' ? { ...variables, PGSSLMODE: 'require' } : variables
}

/** DATABASE_SSL wins over the URL. */
function tlsVariables(ssl: string | null): Readonly<Record<string, string>> {
  if (ssl === null) return {}
  if (ssl === 'disable' || ssl === 'no-verify') return { PGSSLMODE: ssl }
  return { PGSSLMODE: 'verify-full', PGSSLROOTCERT: ssl === 'verify' ? 'system' : ssl }
}
