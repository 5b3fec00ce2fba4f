import type { Knex } from 'knex'
import { isRecord } from '../core/text/is-record.js'
import { errorLines } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { importModule, loadFailureChoices } from './import-module.js'
import type { Surroundings } from './knex-project.js'

export interface LoadedMigration extends Surroundings {
  readonly up: (knex: Knex) => unknown
  /** Null where the migration has none. */
  readonly down: ((knex: Knex) => unknown) | null
  /** Whether it asks for a transaction; null where it does not say. */
  readonly transaction: boolean | null
  /** Throws, or returns false, where the rows are not what it promises; null where it promises nothing of them. */
  readonly verify: ((knex: Knex) => unknown) | null
  /** That it changes rows only, or nothing; null where it does not say: it changes the catalog then. */
  readonly changes: DeclaredChanges | null
}

/** What a migration says it changes instead of the catalog: `export const config = { changes: 'rows' }`. */
export type DeclaredChanges = (typeof declaredChanges)[number]

const declaredChanges = ['rows', 'none'] as const

/** Imports a migration file. Throws SCHEMA_MIGRATION_UNLOADABLE. */
export async function loadMigration(revision: string, path: string): Promise<LoadedMigration> {
  const exports = await importModule(path).catch((cause: unknown) => {
    throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
      what: 'A migration file could not be loaded. Nothing was done.',
      facts: [
        ['file', path],
        ['error', errorLines(cause)],
      ],
      choices: loadFailureChoices(path, cause, [
        ['--migrations DIR', 'names a folder with migrations built to JavaScript'],
      ]),
      cause,
    })
  })
  return toLoadedMigration(revision, exports)
}

/**
 * Reads the exports of a migration. The default export comes first: for CommonJS it is the whole `module.exports`, while
 * Node finds only some names in it. Throws SCHEMA_MIGRATION_UNLOADABLE where there is no `up`.
 */
export function toLoadedMigration(revision: string, exports: unknown): LoadedMigration {
  const candidates = [
    nestedDefaultExport(exports),
    exports,
    nestedDefaultExport(nestedDefaultExport(exports)),
  ]
  for (const candidate of candidates) {
    if (!isRecord(candidate) || !isMigrationFunction(candidate['up'])) continue
    const { up, down, config, verify } = candidate
    return {
      up: up.bind(candidate),
      down: isMigrationFunction(down) ? down.bind(candidate) : null,
      verify: readVerify(revision, verify)?.bind(candidate) ?? null,
      before: async () => {},
      after: async () => {},
      transaction:
        isRecord(config) && typeof config['transaction'] === 'boolean' ? config['transaction'] : null,
      changes: isRecord(config) ? readDeclaredChanges(revision, config['changes']) : null,
    }
  }
  throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
    what: `Migration ${revision} exports no up function. Nothing was done.`,
    choices: [['export async function up(knex) { … }', 'is what a migration needs']],
  })
}

function readVerify(revision: string, value: unknown): LoadedMigration['verify'] {
  if (value === undefined || isMigrationFunction(value)) return value ?? null
  throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
    what: `Migration ${revision} exports a verify that is no function. Nothing was done.`,
    choices: [
      ['export async function verify(knex) { … }', 'throws, or returns false, where its rows are not there'],
      ['another name', 'if it is something else'],
    ],
  })
}

function readDeclaredChanges(revision: string, value: unknown): DeclaredChanges | null {
  if (value === undefined) return null
  const found = declaredChanges.find((each) => each === value)
  if (found !== undefined) return found
  throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
    what: `Migration ${revision} has a config.changes that is neither 'rows' nor 'none': ${JSON.stringify(value) ?? typeof value}. Nothing was done.`,
    choices: [
      [`changes: 'rows'`, 'says that it changes rows and not the catalog'],
      [`changes: 'none'`, 'says that it changes nothing'],
      ['leave it out', 'if it changes the catalog'],
    ],
  })
}

function nestedDefaultExport(exports: unknown): unknown {
  return isRecord(exports) ? exports['default'] : undefined
}

function isMigrationFunction(value: unknown): value is (knex: Knex) => unknown {
  return typeof value === 'function'
}
