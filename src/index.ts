import type { Config } from './config/config.js'
import { loadConfig } from './config/load.js'
import { type Gate, startGate } from './gate/start-gate.js'
import { createLog, type Log, createLogReporter } from './logging/log.js'

export type { Catalog, Fact, Facts } from './core/model/catalog.js'
export type { Decision, Policy } from './core/history/policy.js'
export { type Difference, diff } from './core/model/diff.js'
export type { Snapshot } from './core/model/snapshot.js'
export { describeError, type ErrorCode, SchemaError } from './errors/schema-error.js'
export { exitCodes } from './errors/exit-codes.js'
export { schemaHealth, type SchemaHealthOptions } from './http/plugin.js'
export type { Gate } from './gate/start-gate.js'
export { readCatalog, type ReadOptions } from './postgres/introspect/read-catalog.js'
export { knexMigrationSource } from './project/migration-source.js'
export { loadSnapshot } from './snapshot/file.js'
export { type Config, loadConfig }

export interface OpenGateOptions {
  /** The process environment, one of the layers of the configuration. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The project's folder. Default: the current one. */
  readonly root?: string
  /** Settings by key that win over every layer: `{ ON_BEHIND: 'warn', VERIFY_IGNORE: 'schema:audit' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** A pino logger. Default: pino's JSON lines on stdout. */
  readonly log?: Log
  readonly signal?: AbortSignal
}

/**
 * Runs the gate in a service of one's own: to be awaited before `listen`. Migrates and verifies as configured, and keeps
 * verifying in the background until it is closed. Throws the SchemaError that says why this build may not serve; with
 * REFUSE_BY=unready it returns instead, `schemaHealth` answers 503 to every route, and `opened` says when that is over.
 */
export async function openGate({
  env,
  root = '.',
  settings = {},
  log,
  signal,
}: OpenGateOptions): Promise<Gate> {
  const config = loadConfig({ root, env, flags: settings })
  const used = log ?? createLog(config.logLevel, 'json', standardOutput())
  const report = createLogReporter(used)
  const { gate } = await startGate(config, { log: used, report, ...(signal ? { signal } : {}) })
  return gate
}

function standardOutput(): NodeJS.WritableStream {
  return process.stdout
}
