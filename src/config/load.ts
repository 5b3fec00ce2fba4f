import { resolve } from 'node:path'
import { buildConfig } from './build.js'
import type { Config } from './config.js'
import { chooseDatabase, isUndecidable, type DatabaseChoice } from './database.js'
import { configError, type ConfigFault } from './problem.js'
import { disposableTargets, isDisposable } from './known-targets.js'
import { readRawConfig, type RawConfig } from './sources.js'
import { validateSettings, type Settings } from './validate.js'

export interface ConfigSource {
  /** The folder that holds config/ and env/; relative paths start there. */
  readonly root: string
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The settings of the command line, by key: `{ MIGRATIONS_DIR: './db' }`. */
  readonly flags?: Readonly<Record<string, string>>
}

/**
 * Reads the configuration from its layers; a later layer wins: defaults, config/base.json, config/{ENV_TARGET}.json,
 * env/.env.shared, env/.env.{ENV_TARGET}, the process environment, env/.env (not in production), the command line.
 * Durations are in milliseconds, paths absolute. Throws SCHEMA_CONFIG_INVALID, which names all faults.
 */
export function loadConfig({ root: folder, env, flags = {} }: ConfigSource): Config {
  const root = resolve(folder)
  const raw = readRawConfig(root, env, flags)
  const settings = foundSettings(raw)
  const validated = validateSettings(settings, root)
  const choice = chooseIfDecidable(raw, settings, root)
  const faults = [
    ...[raw, validated].flatMap((step) => ('faults' in step ? step.faults : [])),
    ...modelsFaults(raw, settings),
  ]
  if (validated.kind === 'faulty' || choice === null || faults.length > 0)
    throw configError([...faults, ...databaseFaults(choice)])
  return buildConfig(root, settings, validated.value, choice)
}

function foundSettings({ lookups }: RawConfig): Settings {
  return new Map(
    [...lookups].flatMap(([id, lookup]) => (lookup.kind === 'found' ? [[id, lookup] as const] : [])),
  )
}

/** Models say what is to be there, and nothing of how a database with rows gets there. */
function modelsFaults({ target, production }: RawConfig, settings: Settings): readonly ConfigFault[] {
  const setting = settings.get('BUILD_FROM')
  if (target === undefined || setting === undefined || !setting.text.startsWith('models:')) return []
  if (isDisposable({ target, production })) return []
  const reason = production ? 'NODE_ENV is production' : `ENV_TARGET is ${target}`
  return [
    {
      subject: 'BUILD_FROM',
      source: setting.source,
      problem: `is ${JSON.stringify(setting.text)}, and ${reason}`,
      hint: `models build databases only in ${disposableTargets.join(' and ')}; schemagate new NAME --from ${setting.text} drafts the migration for this one, and BUILD_FROM=migrations applies it`,
    },
  ]
}

/** Null without a target, or with a key that could not be read: a further fault would be a guess. */
function chooseIfDecidable(
  { target, production, lookups }: RawConfig,
  settings: Settings,
  root: string,
): DatabaseChoice | null {
  if (target === undefined || isUndecidable(lookups)) return null
  return chooseDatabase(settings, { root, production, target })
}

/**
 * What is wrong with the database is named with the other faults; alone it waits until a database is needed. So do keys that
 * the process environment lacks: the knexfile may have them.
 */
function databaseFaults(choice: DatabaseChoice | null): readonly ConfigFault[] {
  const mayBeThere = choice?.database.kind === 'faulty' && choice.database.parts !== undefined
  return choice === null || mayBeThere ? [] : choice.faults
}
