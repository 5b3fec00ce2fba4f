import { basename } from 'node:path'
import type { Knex } from 'knex'
import { isRecord } from '../../core/text/is-record.js'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { listSeeds, type SeedFile } from '../../project/seed-files.js'
import type { KnexSession } from '../session/sessions.js'
import { withLockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import { serverFacts } from './run-error.js'
import { onServerError } from './server-messages.js'

/**
 * Runs the seeds in order, under the migration lock, each in a transaction of its own. Seeds run at every start and must be
 * idempotent. Throws SCHEMA_MIGRATION_FAILED with the file's name.
 */
export async function seed(options: MigrateOptions, directories: readonly string[]): Promise<void> {
  const started = performance.now()
  const { seeds } = options.target.project
  const files = await listSeeds(seeds, directories).catch(throwUnreadable)
  if (files.length === 0 && seeds.specific !== null)
    throwUnreadable(new Error(`seeds.specific names ${seeds.specific}, which does not exist`))
  await withLockedSession(options, async ({ session }) => {
    for (const file of files) await runSeed(session, file)
  })
  options.report({
    event: 'seeded',
    files: files.map(({ name }) => basename(name)),
    duration: performance.now() - started,
  })
}

function throwUnreadable(cause: unknown): never {
  throw new SchemaError('SCHEMA_CONFIG_INVALID', {
    what: `SEED_ON_START is set, and the seeds folder cannot be read: ${errorMessage(cause)}. The service did not start.`,
    choices: [['SEEDS_DIR', 'names the folder; so does seeds.directory of the knexfile']],
    cause,
  })
}

async function runSeed({ knex, client }: KnexSession, { name, load }: SeedFile): Promise<void> {
  const exports = await load()
  const run = findSeed(exports)
  const serverMessages = new Map<string, string>()
  const stopListening = onServerError(client, (code, message) => serverMessages.set(code, message))
  try {
    if (run === null) throw new TypeError('it exports no seed function')
    await knex.transaction(async (transaction) => {
      await run(transaction)
    })
  } catch (cause) {
    throw new SchemaError('SCHEMA_MIGRATION_FAILED', {
      what: 'A seed failed. Its transaction was rolled back.',
      facts: [['file', name], ...serverFacts(cause, serverMessages)],
      choices: [['SEED_ON_START=false', 'starts without seeds']],
      cause,
    })
  } finally {
    stopListening()
  }
}

function findSeed(exports: unknown): ((knex: Knex) => unknown) | null {
  if (!isRecord(exports)) return null
  if (isSeed(exports['seed'])) return exports['seed']
  return findSeed(exports['default'])
}

function isSeed(value: unknown): value is (knex: Knex) => unknown {
  return typeof value === 'function'
}
