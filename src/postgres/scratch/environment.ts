import { addressOf } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'

type Variables = Readonly<Record<string, string>>

const before = new Map<string, string | undefined>()
let users = 0

/** Runs `use` with these variables in the environment of this process, which is as it was once nobody needs another. */
export async function withVariables<T>(variables: Variables, use: () => Promise<T>): Promise<T> {
  users += 1
  for (const [name, value] of Object.entries(variables)) {
    if (!before.has(name)) before.set(name, process.env[name])
    process.env[name] = value
  }
  try {
    return await use()
  } finally {
    users -= 1
    if (users === 0) restore()
  }
}

function restore(): void {
  for (const [name, value] of before)
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  before.clear()
}

/** Everything that may lead an application to its database, leading to this one: URLs, the DB_ keys, and those of libpq. */
export function variablesFor({ url }: Pick<Connection, 'url'>): Variables {
  const { host, port, user, name } = addressOf({ url })
  const password = decodeURIComponent(new URL(url).password)
  const parts = { HOST: host, PORT: String(port), USER: user, PASSWORD: password }
  const urls = Object.entries(process.env).filter(([, value]) => /^postgres(?:ql)?:\/\//.test(value ?? ''))
  const prefixed = (prefix: string): Variables =>
    Object.fromEntries(Object.entries(parts).map(([part, value]) => [`${prefix}${part}`, value]))
  return {
    ...Object.fromEntries(urls.map(([key]) => [key, url])),
    DATABASE_URL: url,
    ...prefixed('PG'),
    PGDATABASE: name,
    ...(process.env['DB_HOST'] === undefined ? {} : { ...prefixed('DB_'), DB_NAME: name }),
  }
}
