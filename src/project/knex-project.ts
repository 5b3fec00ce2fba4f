import type { Knex } from 'knex'
import type { KnexConnection } from './knexfile-connection.js'

/** The settings of a Knex project: what Knex reads from the knexfile, with Knex's defaults. */
export interface KnexProject {
  /** The path of the knexfile; null without one. */
  readonly knexfile: string | null
  /** The environments that have a section in it. */
  readonly environments: readonly string[]
  readonly directories: readonly string[]
  /** The folders that the knexfile names, or Knex's default, whatever MIGRATIONS_DIR says. */
  readonly ownDirectories: readonly string[]
  /** Those of the section `development`: the sources, where another section names what was compiled from them. */
  readonly sourceDirectories: readonly string[]
  readonly sortDirsSeparately: boolean
  readonly loadExtensions: readonly string[]
  readonly tableName: string
  readonly schemaName: string | null
  readonly searchPath: readonly string[]
  readonly disableTransactions: boolean
  /** The project's own migration source; null where migrations are files. */
  readonly source: Knex.MigrationSource<unknown> | null
  /** Whether plain Knex records revisions, because the source of the knexfile is that of `knexMigrationSource`. */
  readonly recordsRevisions: boolean
  readonly hooks: KnexHooks
  readonly connection: KnexConnection
  /** `pool.afterCreate`: what Knex does with each new connection; `done` gets an error where that failed. */
  readonly afterCreate: ((connection: unknown, done: (error?: unknown) => void) => unknown) | null
  readonly seeds: KnexSeeds
  readonly template: MigrationTemplate
  /** Further settings of the knexfile, for the Knex instance that migrates. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** What Knex runs around migrations, with those that it is about to run or has run, as their source lists them. */
export interface KnexHooks {
  readonly beforeAll: KnexHook | null
  readonly beforeEach: KnexHook | null
  readonly afterEach: KnexHook | null
  readonly afterAll: KnexHook | null
}

/** A function of the knexfile that is run around migrations. */
export type KnexHook = (knex: Knex, migrations: readonly unknown[]) => unknown

/** What runs before and after the code of a migration, in its transaction. */
export interface Surroundings {
  readonly before: (knex: Knex) => Promise<void>
  readonly after: (knex: Knex) => Promise<void>
}

/** What the knexfile says of new migrations. */
export interface MigrationTemplate {
  /** With its dot; null where the knexfile does not say. */
  readonly extension: string | null
  /** The path of the file that Knex makes them from, as in the knexfile; null for Knex's own. */
  readonly stub: string | null
  /** What that file reads as `d`. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** The `seeds` of a knexfile, with Knex's defaults. */
export interface KnexSeeds {
  /** Whether the knexfile says where they are; Knex looks in `./seeds` otherwise. */
  readonly isNamed: boolean
  readonly directories: readonly string[]
  readonly loadExtensions: readonly string[]
  readonly recursive: boolean
  readonly sortDirsSeparately: boolean
  /** The only file to run; null for all. */
  readonly specific: string | null
  /** The project's own `seedSource`; null where seeds are files. */
  readonly source: SeedSource | null
}

/** A `seedSource` of a knexfile. */
export interface SeedSource {
  readonly getSeeds: (config: unknown) => unknown
  readonly getSeed: (seed: unknown) => unknown
}
