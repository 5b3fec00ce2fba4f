import { resolve } from 'node:path'
import type { BuildSource, Config } from './config.js'
import type { DatabaseChoice } from './database.js'
import { parseDuration } from './duration.js'
import { entriesOf } from './explain.js'
import { parseIgnoreRules } from './ignore.js'
import type { ConfigValues } from './keys.js'
import { commandLine } from './layers.js'
import { normalizeUrl } from './url.js'
import type { Settings } from './validate.js'
import { tlsModes } from './value-types.js'

/** The validated values in the shape that the rest of the project uses. `root` is absolute. */
export function buildConfig(
  root: string,
  settings: Settings,
  values: ConfigValues,
  choice: DatabaseChoice,
): Config {
  return {
    root,
    target: values.ENV_TARGET,
    isTargetTyped: settings.get('ENV_TARGET')?.layer === commandLine,
    production: values.NODE_ENV === 'production',
    service: serviceOf(values),
    http: httpOf(values),
    logLevel: values.LOG_LEVEL,
    database: choice.database,
    ...connectionsOf(values, root),
    buildFrom: buildSourceOf(values.BUILD_FROM),
    migrations: migrationsOf(values, root),
    backup: backupOf(values, root),
    policy: policyOf(values),
    protectedEnvironments: environmentsOf(values.PROTECTED_ENVIRONMENTS),
    planAllow: values.PLAN_ALLOW,
    verify: verifyOf(values),
    terminationLog: resolve(root, values.TERMINATION_LOG),
    fleet: { url: values.FLEET_URL ?? null, token: values.FLEET_TOKEN ?? null },
    settings: Object.fromEntries([...settings].map(([id, { text }]) => [id, text])),
    entries: entriesOf(settings, choice),
  }
}

function serviceOf(values: ConfigValues): Config['service'] {
  const { SERVICE_NAME: name, SERVICE_VERSION: version, RELEASE: release, INSTANCE: instance } = values
  return { name, version: version ?? null, release: release ?? null, instance }
}

function httpOf(values: ConfigValues): Config['http'] {
  return {
    host: values.HOST,
    port: values.PORT,
    healthPort: values.HEALTH_PORT ?? null,
    healthToken: values.HEALTH_TOKEN ?? null,
    healthDetails: values.HEALTH_DETAILS,
    shutdownDelay: parseDuration(values.SHUTDOWN_DELAY),
  }
}

function connectionsOf(values: ConfigValues, root: string) {
  const { MIGRATION_DATABASE_URL: migrationUrl, SCRATCH_DATABASE_URL: scratchUrl, DATABASE_SSL: ssl } = values
  const { SCRATCH_PRELUDE: prelude } = values
  return {
    migrationUrl: migrationUrl === undefined ? null : normalizeUrl(migrationUrl),
    scratchUrl: scratchUrl === undefined ? null : normalizeUrl(scratchUrl),
    scratchPrelude: prelude === undefined ? null : resolve(root, prelude),
    ssl: ssl === undefined || tlsModes.has(ssl) ? (ssl ?? null) : resolve(root, ssl),
    connectTimeout: parseDuration(values.CONNECT_TIMEOUT),
  }
}

function migrationsOf(values: ConfigValues, root: string): Config['migrations'] {
  const { MIGRATIONS_DIR: directories, KNEXFILE: knexfile } = values
  return {
    directories: directories?.split(',').map((directory) => resolve(root, directory.trim())) ?? null,
    knexfile: knexfile === undefined || knexfile === 'none' ? (knexfile ?? null) : resolve(root, knexfile),
    transaction: values.MIGRATION_TRANSACTION,
    lockWaitTimeout: parseDuration(values.LOCK_WAIT_TIMEOUT),
    lockTimeout: parseDuration(values.MIGRATION_LOCK_TIMEOUT),
    deadline: parseDuration(values.MIGRATION_DEADLINE),
    seedOnStart: isTrue(values.SEED_ON_START),
    seedsDirectory: values.SEEDS_DIR === undefined ? null : resolve(root, values.SEEDS_DIR),
  }
}

function buildSourceOf(text: string): BuildSource {
  if (text === 'migrations' || text === 'snapshot') return { kind: text }
  return { kind: 'models', source: text }
}

function backupOf(values: ConfigValues, root: string): Config['backup'] {
  const { BACKUP_BEFORE_MIGRATE: before, BACKUP_TO: folder, BACKUP_COMMAND: command } = values
  return {
    before: before === '1' ? 'always' : before,
    folder: resolve(root, folder),
    command: command ?? null,
  }
}

function environmentsOf(text: string): readonly string[] {
  return text.trim() === 'none' ? [] : text.split(',').map((name) => name.trim())
}

function verifyOf(values: ConfigValues): Config['verify'] {
  return {
    interval: parseDuration(values.VERIFY_INTERVAL),
    timeout: parseDuration(values.VERIFY_TIMEOUT),
    atStart: values.VERIFY_AT_START,
    scope: {
      comments: isTrue(values.VERIFY_COMMENTS),
      grants: isTrue(values.VERIFY_GRANTS),
      ignore: values.VERIFY_IGNORE === undefined ? [] : parseIgnoreRules(values.VERIFY_IGNORE).rules,
    },
  }
}

function isTrue(text: ConfigValues['SEED_ON_START']): boolean {
  return text === 'true' || text === '1'
}

function policyOf(values: ConfigValues): Config['policy'] {
  return {
    onBehind: values.ON_BEHIND,
    onDrift: values.ON_DRIFT,
    onAhead: values.ON_AHEAD,
    onUnverified: values.ON_UNVERIFIED,
    onOutOfOrder: values.ON_OUT_OF_ORDER,
    onDriftWhileServing: values.ON_DRIFT_WHILE_SERVING,
    onHazard: values.ON_HAZARD,
    refuseBy: values.REFUSE_BY,
  }
}
