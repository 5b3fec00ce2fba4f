import { isRecord } from '../core/text/is-record.js'

type Settings = Readonly<Record<string, unknown>>

/** Knex's names of the client for PostgreSQL. */
const postgresClients: ReadonlySet<unknown> = new Set(['pg', 'postgres', 'postgresql', 'pgnative'])
const postgresDrivers: ReadonlySet<unknown> = new Set(['pg', 'pgnative'])

const sourceMethods = ['getMigrations', 'getMigrationName', 'getMigration']

/** What of a section is neither honoured nor without effect here, as the end of "The knexfile cannot be used:". */
export function unusableSetting(settings: Settings): string | undefined {
  const migrations = isRecord(settings['migrations']) ? settings['migrations'] : {}
  const source = migrations['migrationSource']
  const missing = sourceMethods.find((name) => !isRecord(source) || typeof source[name] !== 'function')
  if (isPresent(source) && missing !== undefined) return `migrations.migrationSource has no ${missing}`
  return (
    unusableClient(settings) ??
    unusableWrapping(settings, migrations) ??
    unusableSearchPath(settings['searchPath'])
  )
}

function unusableClient(settings: Settings): string | undefined {
  const client = settings['client'] ?? settings['dialect']
  if (!isPresent(client) || postgresClients.has(client) || customClientOf(client) !== null) return undefined
  const name = typeof client === 'string' ? `"${client}"` : `a ${typeof client}`
  return `its client is ${name}, and schemagate is for PostgreSQL (client "pg")`
}

/** Unlike `wrapIdentifier`, a client class also changes the names that Knex itself gives to its ledger. */
function unusableWrapping({ client }: Settings, { tableName }: Settings): string | undefined {
  const ledger = isPresent(tableName) ? String(tableName) : 'knex_migrations'
  const changed = [ledger, 'public'].find((name) => wrappedBy(client, name) !== `"${name}"`)
  return changed === undefined
    ? undefined
    : `its client is a class that changes identifiers, "${changed}" too, and with it the name of the ledger; wrapIdentifier changes only those of queries`
}

/** How a client class writes an identifier; as PostgreSQL does for any other client, and where it cannot be asked. */
function wrappedBy(client: unknown, name: string): unknown {
  const prototype = customClientOf(client)?.prototype ?? {}
  const { wrapIdentifierImpl: wrap } = prototype
  if (typeof wrap !== 'function') return `"${name}"`
  try {
    const wrapped: unknown = Reflect.apply(wrap, prototype, [name])
    return wrapped
  } catch {
    return `"${name}"`
  }
}

/** Whether `migrations` or `seeds` say how files are found: Knex then drops a source beside that. */
export function namesFiles({ directory, sortDirsSeparately, loadExtensions }: Settings): boolean {
  return Boolean(directory) || sortDirsSeparately !== undefined || Boolean(loadExtensions)
}

/** A class that extends Knex's client for PostgreSQL; null for a client that is named, or another class. */
export function customClientOf(client: unknown): CustomClient | null {
  if (!isClientClass(client)) return null
  const { dialect, driverName } = client.prototype
  return dialect === 'postgresql' && (postgresDrivers.has(driverName) || driverName === undefined)
    ? client
    : null
}

/** Knex's class of a client, as `client` takes it. */
type CustomClient = (new () => object) & { readonly prototype: Settings }

function isClientClass(value: unknown): value is CustomClient {
  return typeof value === 'function' && isRecord(value.prototype)
}

function unusableSearchPath(path: unknown): string | undefined {
  const isValid =
    !isPresent(path) ||
    typeof path === 'string' ||
    (Array.isArray(path) && path.every((name) => typeof name === 'string'))
  return isValid ? undefined : 'its searchPath is neither a text nor a list of texts'
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}
