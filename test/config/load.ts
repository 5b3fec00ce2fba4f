import type { Test } from 'tap'
import { type Config } from '../../src/config/config.js'
import { loadConfig, type ConfigSource } from '../../src/config/load.js'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'

export type Settings = Readonly<Record<string, string>>

export const password = 'hunter2'

export const url = `postgres://app:${password}@db.internal:5432/shop`

export const consequence = 'Nothing was started.'

/** The shown value of a key and its source. */
export const origin = (config: Config, wanted: string) =>
  config.entries.filter(({ key }) => key === wanted).flatMap(({ value, source }) => [value, source])

export const fromEnvironment = (t: Test, env: Settings) => loadConfig({ root: t.testdir(), env })

/** The error as a person reads it. */
export function refusal(source: ConfigSource): string {
  try {
    const { database } = loadConfig(source)
    if ('error' in database) throw database.error
  } catch (error) {
    if (error instanceof SchemaError && error.code === 'SCHEMA_CONFIG_INVALID') return describeError(error)
    throw error
  }
  return 'accepted'
}

/** The lines of a refusal below its first one, without their indentation. */
export function faults(source: ConfigSource): string[] {
  const [, ...lines] = refusal(source)
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => line.trim().replace(/ {2,}/, ' '))
}
