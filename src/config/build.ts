import { resolve } from 'node:path'
import type { Choice } from './database.js'
import { milliseconds } from './duration.js'
import { entriesOf } from './explain.js'
import { parseIgnore } from './ignore.js'
import type { Values } from './keys.js'
import type { Config } from './types.js'
import { standardUrl } from './url.js'
import type { Settings } from './validate.js'
import { tlsModes } from './value-types.js'

interface Parts {
  readonly root: string
  readonly production: boolean
  readonly settings: Settings
  readonly values: Values
  readonly choice: Choice
}

/** The validated values in the shape the rest of the project uses. */
export function assemble({ root, production, settings, values, choice }: Parts): Config {
  return {
    root,
    target: values.ENV_TARGET,
    production,
    service: serviceOf(values),
    http: httpOf(values),
    logLevel: values.LOG_LEVEL,
    ...databaseOf(values, { root, choice }),
    migrations: migrationsOf(values, root),
    policy: policyOf(values),
    protectedEnvironments: environmentsOf(values),
    verify: verifyOf(values),
    terminationLog: resolve(root, values.TERMINATION_LOG),
    fleet: { url: values.FLEET_URL ?? null, token: values.FLEET_TOKEN ?? null },
    entries: entriesOf(settings, choice),
  }
}

function serviceOf(values: Values): Config['service'] {
  const { SERVICE_NAME: name, SERVICE_VERSION: version, RELEASE: release, INSTANCE: instance } = values
  return { name, version: version ?? null, release: release ?? null, instance }
}

function httpOf(values: Values): Config['http'] {
  return {
    host: values.HOST,
    port: values.PORT,
    healthPort: values.HEALTH_PORT ?? null,
    healthToken: values.HEALTH_TOKEN ?? null,
    healthDetails: values.HEALTH_DETAILS,
    shutdownDelay: milliseconds(values.SHUTDOWN_DELAY),
  }
}

function databaseOf(
  values: Values,
  { root, choice }: Pick<Parts, 'root' | 'choice'>,
): Pick<Config, 'database' | 'migrationUrl' | 'scratchUrl' | 'ssl' | 'connectTimeout'> {
  const { MIGRATION_DATABASE_URL: migrationUrl, SCRATCH_DATABASE_URL: scratchUrl, DATABASE_SSL: ssl } = values
  return {
    database: choice.database,
    migrationUrl: migrationUrl === undefined ? null : standardUrl(migrationUrl),
    scratchUrl: scratchUrl === undefined ? null : standardUrl(scratchUrl),
    ssl: ssl === undefined || tlsModes.has(ssl) ? (ssl ?? null) : resolve(root, ssl),
    connectTimeout: milliseconds(values.CONNECT_TIMEOUT),
  }
}

function migrationsOf(values: Values, root: string): Config['migrations'] {
  const { MIGRATIONS_DIR: directories, KNEXFILE: knexfile } = values
  return {
    directories: directories?.split(',').map((directory) => resolve(root, directory.trim())) ?? null,
    knexfile: knexfile === undefined ? null : resolve(root, knexfile),
    transaction: values.MIGRATION_TRANSACTION,
    lockWaitTimeout: milliseconds(values.LOCK_WAIT_TIMEOUT),
    lockTimeout: milliseconds(values.MIGRATION_LOCK_TIMEOUT),
    deadline: milliseconds(values.MIGRATION_DEADLINE),
    seedOnStart: isYes(values.SEED_ON_START),
    seedsDirectory: resolve(root, values.SEEDS_DIR),
  }
}

function environmentsOf({ PROTECTED_ENVIRONMENTS: text }: Values): Config['protectedEnvironments'] {
  return text.trim() === 'none' ? [] : text.split(',').map((name) => name.trim())
}

function verifyOf(values: Values): Config['verify'] {
  return {
    interval: milliseconds(values.VERIFY_INTERVAL),
    timeout: milliseconds(values.VERIFY_TIMEOUT),
    scope: {
      comments: isYes(values.VERIFY_COMMENTS),
      grants: isYes(values.VERIFY_GRANTS),
      ignore: values.VERIFY_IGNORE === undefined ? [] : parseIgnore(values.VERIFY_IGNORE).rules,
    },
  }
}

function isYes(word: Values['SEED_ON_START']): boolean {
  return word === 'true' || word === '1'
}

function policyOf(values: Values): Config['policy'] {
  return {
    onBehind: values.ON_BEHIND,
    onDrift: values.ON_DRIFT,
    onAhead: values.ON_AHEAD,
    onUnverified: values.ON_UNVERIFIED,
    onOutOfOrder: values.ON_OUT_OF_ORDER,
    refuseBy: values.REFUSE_BY,
  }
}
