import { resolve } from 'node:path'
import { buildConfig } from './build.js'
import type { Config } from './config.js'
import { chooseDatabase, isUndecidable, type DatabaseChoice } from './database.js'
import { configError, type ConfigResult } from './problem.js'
import { readRawConfig, type RawConfig } from './sources.js'
import { validateSettings, type Settings } from './validate.js'

export interface ConfigSource {
  /** The folder that has config/ and env/; relative paths start there. */
  readonly root: string
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the command line sets, by key: `{ MIGRATIONS_DIR: './db' }`. */
  readonly flags?: Readonly<Record<string, string>>
}

/**
 * Reads the configuration from its layers, later ones winning: defaults, config/base.json, config/{ENV_TARGET}.json,
 * env/.env.shared, env/.env.{ENV_TARGET}, the process environment, env/.env (not in production), the command line.
 * Durations are in milliseconds, paths absolute. Throws SCHEMA_CONFIG_INVALID with all faults at once.
 */
export function loadConfig({ root: folder, env, flags = {} }: ConfigSource): Config {
  const root = resolve(folder)
  const stack = readRawConfig({ root, env, flags })
  const settings = foundSettings(stack)
  const checked = validateSettings(settings, root)
  const chosen = chooseIfDecidable(stack, { settings, root })
  const faults = [stack, checked, chosen].flatMap((step) => ('faults' in step ? step.faults : []))
  if (checked.kind === 'faulty' || chosen.kind === 'faulty' || faults.length > 0) throw configError(faults)
  return buildConfig({
    root,
    production: stack.production,
    settings,
    values: checked.value,
    choice: chosen.value,
  })
}

function foundSettings({ lookups }: RawConfig): Settings {
  return new Map(
    [...lookups].flatMap(([id, lookup]) => (lookup.kind === 'found' ? [[id, lookup] as const] : [])),
  )
}

/** Without a target, or with a key that could not be read, every further complaint would be a guess. */
function chooseIfDecidable(
  stack: RawConfig,
  { settings, root }: { settings: Settings; root: string },
): ConfigResult<DatabaseChoice> {
  const { target, production } = stack
  if (target === undefined || isUndecidable(stack.lookups)) return { kind: 'faulty', faults: [] }
  return chooseDatabase(settings, { root, production, target })
}
